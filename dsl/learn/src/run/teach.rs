//! Teachers of a run: what they tell a student, and how it compares with them.

use super::{RunError, Runner, World};
use crate::data::Loaded;
use crate::event::Event;
use crate::lesson::{Lesson, Teacher};
use crate::metrics::{Answers, Taught, accuracy, agreement, error_overlap, kl};
use crate::signals::Signals;
use crate::teacher::kept::key;
use dlm_check::program::{Split, Training};
use dlm_vocab::data::Target;

impl Runner<'_> {
    /// What the teachers of a training tell it.
    pub(super) fn lesson(&self, training: &Training, data: &Loaded) -> Result<Lesson, RunError> {
        let signals = Signals::of(self.program, training);
        let mut teachers = Vec::new();
        for (number, used) in training.teachers.iter().enumerate() {
            let made = self.find(&used.artifact).ok_or_else(|| {
                RunError::plain(format!("the teacher `{}` has not been made", used.artifact))
            })?;
            let asked = made.body.asked(data, &signals.layers(number));
            let once = !asked.is_recorded() && !data.augments();
            let key = once.then(|| key(&made.mark, data));
            let name = used.artifact.clone();
            teachers.push(Teacher { name, asked, key, kept: None });
        }
        Ok(Lesson::new(signals, teachers))
    }

    /// Compares a student that has been made with its teachers.
    pub(super) fn compare(
        &mut self,
        training: &Training,
        world: &mut dyn World,
    ) -> Result<(), RunError> {
        let data = self.data(training.dataset, world)?;
        let mut taught = Vec::new();
        for used in &training.teachers {
            for split in [Split::Test, Split::Valid, Split::Train] {
                if data.len(split) == 0 {
                    continue;
                }
                let theirs = self.answers_of(&used.artifact, training.dataset, split)?;
                let Some(theirs) = theirs else { continue };
                let own = self.answers_of(&training.artifact, training.dataset, split)?;
                let Some(own) = own else { continue };
                taught.push(beside(
                    used.artifact.clone(),
                    used.weight,
                    split,
                    &own,
                    &theirs,
                    &data,
                ));
                break;
            }
        }
        if taught.is_empty() {
            return Ok(());
        }
        let artifact = training.artifact.clone();
        world.tell(Event::Compared { artifact: artifact.clone(), taught: taught.clone() });
        if let Some(made) = self.made.iter_mut().find(|made| made.summary.artifact == artifact) {
            made.summary.taught = taught;
        }
        Ok(())
    }
}

fn beside(
    teacher: String,
    weight: f64,
    split: Split,
    own: &Answers,
    theirs: &Answers,
    data: &Loaded,
) -> Taught {
    let split_name = crate::event::split_word(split);
    let classes = matches!(data.facts.target, Target::Classes(_) | Target::None);
    if !classes || own.width != theirs.width {
        return Taught { teacher, weight, split: split_name, ..Taught::default() };
    }
    let right =
        (data.labelled(split) && data.facts.target != Target::None).then(|| data.classes(split));
    Taught {
        teacher,
        weight,
        split: split_name,
        accuracy: right.map(|right| accuracy(theirs, right)),
        agreement: Some(agreement(own, theirs)),
        kl: Some(kl(own, theirs)),
        error_overlap: right.map(|right| error_overlap(own, theirs, right)),
    }
}
