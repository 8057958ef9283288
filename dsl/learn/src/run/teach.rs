//! Teachers of a run: what they tell a student, and how it compares with them.

use super::{RunError, Runner, World};
use crate::data::Loaded;
use crate::event::{Event, split_word};
use crate::lesson::{Lesson, Teacher};
use crate::metrics::{
    Answers, Taught, accuracy, agreement, better_by_more_than_chance, error_overlap, kl,
};
use crate::signals::Signals;
use crate::teacher::kept::key;
use dlm_base::diag::codes::runs::{W1017, worse_teacher};
use dlm_check::program::{Split, TeacherUse, Training};
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
            let asked = made.body().asked(data, &signals.layers(number));
            let once = !asked.is_recorded() && !data.augments();
            let key = once.then(|| key(&made.mark, data));
            let name = used.artifact.clone();
            let file = self.place(&name, &format!("answers/{name}.{}.bin", data.name));
            let shared = self.keys.is_seedless(&name);
            let turn = shared.then(|| self.common.answers.clone());
            teachers.push(Teacher { name, asked, key, file, turn, kept: None });
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
        if matches!(data.facts.target, Target::Values(_)) {
            return Ok(());
        }
        let mut taught = Vec::new();
        let mut worse = Vec::new();
        for used in &training.teachers {
            for split in [Split::Test, Split::Valid, Split::Train] {
                if data.len(split) == 0 {
                    continue;
                }
                let theirs = self.answers_of(&used.artifact, training.dataset, split, world)?;
                let Some(theirs) = theirs else { continue };
                let own = self.answers_of(&training.artifact, training.dataset, split, world)?;
                let Some(own) = own else { continue };
                let right = right(&data, split);
                if let Some(right) = right.filter(|_| split != Split::Train)
                    && better_by_more_than_chance(&own, &theirs, right)
                {
                    let teacher = (used.artifact.as_str(), accuracy(&theirs, right));
                    let student = (training.artifact.as_str(), accuracy(&own, right));
                    worse.push(worse_teacher(teacher, student, split_word(split)));
                }
                taught.push(beside(used, split, &own, &theirs, right));
                break;
            }
        }
        if taught.is_empty() {
            return Ok(());
        }
        let artifact = training.artifact.clone();
        for message in worse {
            self.warn(&artifact, W1017.id, message, world);
        }
        world.tell(Event::Compared { artifact: artifact.clone(), taught: taught.clone() });
        if let Some(made) = self.made.iter_mut().find(|made| made.summary.artifact == artifact) {
            made.summary.taught = taught;
        }
        Ok(())
    }
}

/// The right classes of a part, where there are some.
fn right(data: &Loaded, split: Split) -> Option<&[u32]> {
    let classes = data.facts.target.classes().is_some();
    (classes && data.labelled(split)).then(|| data.classes(split))
}

fn beside(
    used: &TeacherUse,
    split: Split,
    own: &Answers,
    theirs: &Answers,
    right: Option<&[u32]>,
) -> Taught {
    Taught {
        teacher: used.artifact.clone(),
        weight: used.weight,
        split: split_word(split).to_string(),
        accuracy: right.map(|right| accuracy(theirs, right)),
        agreement: Some(agreement(own, theirs)),
        kl: Some(kl(own, theirs)),
        error_overlap: right.map(|right| error_overlap(own, theirs, right)),
    }
}
