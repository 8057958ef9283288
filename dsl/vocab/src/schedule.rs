//! Schedules of the learning rate.

use crate::word::{Args, Word};
use std::fmt::Debug;

/// A schedule that a program may name.
#[derive(Debug)]
pub struct ScheduleWord {
    /// Name, documentation, parameters.
    pub word: Word,
    /// The schedule of one training.
    pub start: fn(&Args, Span) -> Box<dyn Schedule>,
}

/// How long a training is.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Updates in all.
    pub steps: u64,
    /// Updates in one pass over the training part.
    pub steps_per_epoch: u64,
    /// The optimiser's learning rate.
    pub lr: f64,
}

/// The learning rate over a training.
pub trait Schedule: Debug + Send {
    /// The learning rate of a step, from 0.
    fn lr(&self, step: u64) -> f64;

    /// Hears the validation loss at the end of each epoch.
    fn hear(&mut self, valid_loss: f64);

    /// What it has learnt from [`Schedule::hear`], to be stored in a checkpoint.
    fn state(&self) -> Vec<f64>;

    /// Goes on from a stored state.
    fn restore(&mut self, state: &[f64]);
}

/// All schedules, by name.
pub static SCHEDULES: &[&ScheduleWord] = &[];

/// The schedule of that name.
pub fn find(name: &str) -> Option<&'static ScheduleWord> {
    SCHEDULES.iter().copied().find(|schedule| schedule.word.name == name)
}
