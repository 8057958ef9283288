//! The run of a whole program: data, trainings, evaluations, exports, expectations.

use crate::event::Event;
use crate::metrics::Scores;
use dlm_check::Program;
use dlm_check::program::Split;
use std::collections::BTreeMap;

/// What the caller decides.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Threads; as many as there are processors when absent.
    pub threads: Option<usize>,
    /// Run this artifact alone, with what it needs.
    pub only: Option<String>,
    /// Added to the seed of every training.
    pub seed_offset: u64,
}

/// The outside of a run: files, time, and ears.
pub trait World: Send {
    /// Keeps `bytes` as the weights of an artifact, replacing what was there only when all is
    /// written, and returns the path.
    ///
    /// # Errors
    /// With the reason.
    fn save(&mut self, artifact: &str, bytes: &[u8]) -> Result<String, String>;

    /// Writes `bytes` to a path that the program names, replacing what was there only when all is
    /// written.
    ///
    /// # Errors
    /// With the reason.
    fn export(&mut self, path: &str, bytes: &[u8]) -> Result<(), String>;

    /// Seconds since some moment.
    fn seconds(&self) -> f64;

    /// Hears what happens.
    fn tell(&mut self, event: Event);
}

/// What a run gave.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The artifacts in the order in which they were made.
    pub artifacts: Vec<Summary>,
    /// Whether each expectation that was judged holds.
    pub judged: Vec<Judgement>,
}

/// An artifact in the table of results.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its name.
    pub artifact: String,
    /// The model with its settings.
    pub model: String,
    /// The dataset.
    pub dataset: String,
    /// Parameters.
    pub params: u64,
    /// Multiply-adds for one sample.
    pub macs: u64,
    /// Bytes of the parameters as stored.
    pub size: u64,
    /// What the parts of the data say.
    pub scores: BTreeMap<Split, Scores>,
    /// Seconds of training.
    pub seconds: f64,
    /// Where the weights were written.
    pub file: String,
}

/// An expectation and what became of it.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Its place among [`Program::expectations`].
    pub index: usize,
    /// Whether it holds.
    pub held: bool,
    /// The left side.
    pub left: f64,
    /// The right side.
    pub right: f64,
}

/// Why a run ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunError {
    /// The fact: "the loss became NaN in epoch 3, step 212".
    pub message: String,
    /// What to try.
    pub help: Option<String>,
    /// The place in the program that it concerns.
    pub span: Option<dlm_base::Span>,
}
