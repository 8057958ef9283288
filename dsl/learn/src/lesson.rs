//! What teachers tell a student, batch by batch.

use crate::data::Loaded;
use crate::event::Event;
use crate::fit::span;
use crate::run::{RunError, World};
use crate::signals::Signals;
use crate::teacher::asked::Asked;
use crate::teacher::kept::{Kept, Key};
use dlm_check::program::{Split, Training};
use std::sync::{Arc, Mutex, PoisonError};

/// The teachers of a training. A teacher is never changed by it.
#[derive(Debug, Default)]
pub struct Lesson {
    /// What the loss takes from them.
    pub signals: Signals,
    teachers: Vec<Teacher>,
    /// The answers to the batch that was seen last, of each teacher.
    answers: Vec<Vec<f32>>,
}

/// A teacher of a training.
#[derive(Debug)]
pub struct Teacher {
    /// The artifact.
    pub name: String,
    /// Who answers.
    pub asked: Asked,
    /// What tells its answers to these data from all others.
    pub key: Option<Key>,
    /// The file in which its answers are kept.
    pub file: String,
    /// Held while they are looked for and asked for, where runs with other seeds ask for the same.
    pub turn: Option<Arc<Mutex<()>>>,
    /// Its answers to the whole training part, once they are known.
    pub kept: Option<Kept>,
}

impl Lesson {
    /// With these teachers; those of a plain training are none.
    pub fn new(signals: Signals, teachers: Vec<Teacher>) -> Lesson {
        let answers = teachers.iter().map(|_| Vec::new()).collect();
        Lesson { signals, teachers, answers }
    }

    /// Asks once and for all those teachers of whom only answers are wanted, where each pass shows the same
    /// samples and there is more than one pass.
    ///
    /// # Errors
    /// When a teacher cannot answer, or its answers cannot be kept.
    pub(crate) fn prepare(
        &mut self,
        training: &Training,
        data: &Loaded,
        world: &mut dyn World,
    ) -> Result<(), RunError> {
        let passes = span(training, data);
        if self.signals.shares.is_empty()
            || data.augments()
            || passes.steps <= passes.steps_per_epoch
        {
            return Ok(());
        }
        for number in 0..self.teachers.len() {
            if !self.signals.layers(number).is_empty() {
                continue;
            }
            let Teacher { name, asked, key: Some(key), file, turn, kept } =
                &mut self.teachers[number]
            else {
                continue;
            };
            let began = world.seconds();
            let _turn =
                turn.as_ref().map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner));
            let sizes = [data.len(Split::Train), asked.width()];
            let found = Kept::recall(file, key, sizes, world);
            let recalled = found.is_some();
            *kept = Some(match found {
                Some(kept) => kept,
                None => Kept::ask(file, key, asked, data, world)
                    .map_err(|error| failed(name, training, error.message))?,
            });
            world.tell(Event::Asked {
                artifact: training.artifact.clone(),
                teacher: name.clone(),
                samples: sizes[0],
                kept: recalled,
                seconds: world.seconds() - began,
            });
        }
        Ok(())
    }

    /// Shows a batch of the student's inputs, which stand at these places of the training part.
    ///
    /// # Errors
    /// When a teacher cannot answer.
    pub(crate) fn see(
        &mut self,
        training: &Training,
        places: &[u32],
        x: &[f32],
    ) -> Result<(), RunError> {
        if self.signals.is_empty() {
            return Ok(());
        }
        for (number, teacher) in self.teachers.iter_mut().enumerate() {
            let wanted = !self.signals.shares.is_empty();
            let shows = self.signals.features.iter().any(|(of, ..)| *of == number);
            let answers = &mut self.answers[number];
            match &teacher.kept {
                Some(kept) => {
                    answers.resize(places.len() * teacher.asked.width(), 0.0);
                    kept.fill(places, answers);
                }
                None if wanted || shows => {
                    let Teacher { name, asked, .. } = teacher;
                    asked.ask(x, places).map_err(|why| failed(name, training, why))?;
                    answers.clear();
                    answers.extend_from_slice(asked.answers());
                }
                None => {}
            }
        }
        Ok(())
    }

    /// The signals of the batch that was seen last, in the order of the inputs of the training's graph.
    pub(crate) fn tell(&self) -> impl Iterator<Item = &[f32]> {
        let answers = self.answers.iter().filter(|_| !self.signals.shares.is_empty());
        let features = self.signals.features.iter().enumerate().map(|(number, (of, ..))| {
            let before = &self.signals.features[..number];
            let own = before.iter().filter(|(other, ..)| other == of).count();
            self.teachers[*of].asked.features(own)
        });
        answers.map(Vec::as_slice).chain(features)
    }

    /// Bytes of the memory that teachers need for a batch, beside the student's.
    pub(crate) fn bytes(&mut self, batch: usize) -> usize {
        let live = self.teachers.iter_mut().filter(|teacher| teacher.kept.is_none());
        live.map(|teacher| teacher.asked.bytes(batch)).sum()
    }
}

/// A teacher that cannot answer.
fn failed(teacher: &str, training: &Training, why: String) -> RunError {
    RunError {
        message: format!("`{teacher}` cannot teach `{}`: {why}", training.artifact),
        help: None,
        span: Some(training.span),
    }
}
