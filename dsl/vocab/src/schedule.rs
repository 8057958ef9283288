//! Schedules of the learning rate.

mod constant;
mod cosine;
mod exponential;
mod linear;
mod one_cycle;
mod plateau;
mod step;

use crate::common::declare::{DECAY, param};
use crate::word::{Arg, Args, Default, Param, Type, Unit, Word};
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
pub static SCHEDULES: &[&ScheduleWord] = &[
    &constant::CONSTANT,
    &cosine::COSINE,
    &exponential::EXPONENTIAL,
    &linear::LINEAR,
    &one_cycle::ONE_CYCLE,
    &plateau::PLATEAU,
    &step::STEP,
];

/// The schedule of that name.
pub fn find(name: &str) -> Option<&'static ScheduleWord> {
    SCHEDULES.iter().copied().find(|schedule| schedule.word.name == name)
}

/// A schedule that depends on the step alone.
trait Curve: Debug + Send + 'static {
    fn at(&self, step: u64) -> f64;
}

/// A curve as a schedule.
fn curve(curve: impl Curve) -> Box<dyn Schedule> {
    Box::new(Deaf(curve))
}

#[derive(Debug)]
struct Deaf<C>(C);

impl<C: Curve> Schedule for Deaf<C> {
    fn lr(&self, step: u64) -> f64 {
        self.0.at(step)
    }

    fn hear(&mut self, _: f64) {}

    fn state(&self) -> Vec<f64> {
        Vec::new()
    }

    fn restore(&mut self, _: &[f64]) {}
}

/// The parameter `warmup`.
const WARMUP: Param = param(
    "warmup",
    Type::Duration,
    Default::Quantity(0.0, Unit::Epochs),
    "How long the learning rate rises, in epochs or steps.",
    &["warmup_steps", "warmup_epochs"],
);

/// The parameter `factor`.
const fn factor(default: Default, doc: &'static str) -> Param {
    param("factor", DECAY, default, doc, &["gamma"])
}

/// The share of the learning rate in a step of the warm-up.
fn rise(step: f64, warmup: f64) -> f64 {
    ((step + 1.0) / warmup).min(1.0)
}

/// A duration in steps.
fn steps(args: &Args, name: &str, span: &Span) -> f64 {
    match args.get(name) {
        Some(&Arg::Quantity(n, Unit::Epochs)) => (n * span.steps_per_epoch as f64).round(),
        Some(&Arg::Quantity(n, _)) => n.round(),
        other => panic!("{name}: duration, not {other:?}"),
    }
}
