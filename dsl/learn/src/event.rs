//! What a run tells the outside while it goes on.

use crate::metrics::{Scores, Taught};
use crate::quant::report::Report;
use crate::record::Epoch;
use crate::teacher::state_dict::Fitted;
use dlm_check::program::Split;
use serde::Serialize;

/// Something that happened in a run. Serialised, it is one object with its kind under `event`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A dataset has been read.
    DataLoaded {
        /// Its name.
        dataset: String,
        /// Samples of the training part.
        train: usize,
        /// Samples of the validation part.
        valid: usize,
        /// Samples of the test part.
        test: usize,
    },
    /// A teacher has been loaded from a file.
    Loaded {
        /// The artifact.
        artifact: String,
        /// The file.
        file: String,
        /// What of the file became what, of weights for a declared model.
        fitted: Option<Fitted>,
        /// What the file holds, in words: `10 classes, probabilities`.
        about: String,
    },
    /// A teacher has answered to the training part once and for all.
    Asked {
        /// The student.
        artifact: String,
        /// The teacher.
        teacher: String,
        /// Samples of the training part.
        samples: usize,
        /// Whether the answers of an earlier run were taken.
        kept: bool,
        /// Seconds that it took.
        seconds: f64,
    },
    /// A student's answers have been compared with those of its teachers.
    Compared {
        /// The student.
        artifact: String,
        /// One for each teacher.
        taught: Vec<Taught>,
    },
    /// A training begins.
    TrainStarted {
        /// The artifact that it gives.
        artifact: String,
        /// The model with its settings.
        model: String,
        /// The dataset.
        dataset: String,
        /// Parameters of the model.
        params: u64,
        /// Passes over the training part; the last may be cut short.
        epochs: u64,
        /// Updates in all.
        steps: u64,
        /// Updates in a pass.
        steps_per_epoch: u64,
        /// Samples in an update.
        batch: usize,
        /// Bytes of the memory for one update: activations, gradients and scratch.
        workspace_bytes: usize,
    },
    /// An artifact is what an earlier run made, and is not made again.
    UpToDate {
        /// The artifact.
        artifact: String,
    },
    /// An artifact of an earlier run is made again.
    OutOfDate {
        /// The artifact.
        artifact: String,
        /// What has changed since, a short text each.
        why: Vec<String>,
    },
    /// A training goes on from a checkpoint.
    Resumed {
        /// The artifact.
        artifact: String,
        /// Passes completed.
        epoch: u64,
        /// Updates made.
        step: u64,
        /// Updates in all.
        steps: u64,
        /// The passes that an earlier run has made.
        #[serde(skip)]
        passed: Vec<Epoch>,
    },
    /// Work that takes a while has come so far: `reading`, `calibrating`, `evaluating`.
    Working {
        /// What is done.
        what: &'static str,
        /// To what: a file, a dataset, an artifact.
        name: String,
        /// How much is done.
        done: u64,
        /// Of how much: samples, or bytes of a file.
        of: u64,
    },
    /// An update has been made.
    Step {
        /// The artifact.
        artifact: String,
        /// The pass, from 1.
        epoch: u64,
        /// The update, from 1, counted over the whole training.
        step: u64,
        /// Samples in this update.
        samples: usize,
        /// The loss of this batch.
        loss: f64,
    },
    /// A pass over the training part has ended.
    EpochEnded {
        /// The artifact.
        artifact: String,
        /// The pass.
        #[serde(flatten)]
        passed: Epoch,
    },
    /// A training has ended.
    TrainEnded {
        /// The artifact.
        artifact: String,
        /// Passes made.
        epochs: u64,
        /// Updates made.
        steps: u64,
        /// Why it ended before its length, if it did.
        stopped: Option<String>,
        /// The pass whose weights are kept, if they are not those of the last.
        kept: Option<u64>,
        /// Seconds in all.
        seconds: f64,
    },
    /// A quantization begins.
    QuantizeStarted {
        /// The artifact that it gives.
        artifact: String,
        /// The float artifact.
        source: String,
        /// The policy.
        policy: String,
        /// `dynamic`, `static` or `qat`.
        method: String,
        /// Samples on which ranges are found.
        samples: usize,
    },
    /// Something was met and mended that its user should know of.
    Warned {
        /// The artifact.
        artifact: String,
        /// The code of the warning.
        code: String,
        /// What is so.
        message: String,
    },
    /// A quantization has ended.
    Quantized {
        /// The artifact.
        artifact: String,
        /// What it did, layer by layer.
        report: Box<Report>,
    },
    /// An artifact has been evaluated.
    Evaluated {
        /// The artifact.
        artifact: String,
        /// The part of its data.
        #[serde(serialize_with = "split_name")]
        split: Split,
        /// What it says.
        scores: Scores,
    },
    /// A file has been written.
    Saved {
        /// The artifact.
        artifact: String,
        /// The path.
        file: String,
    },
    /// An expectation has been judged.
    Judged {
        /// As written.
        text: String,
        /// Whether it holds.
        held: bool,
        /// The left side.
        left: f64,
        /// The right side.
        right: f64,
    },
}

/// A part of a dataset as programs name it.
pub fn split_word(split: Split) -> &'static str {
    match split {
        Split::Train => "train",
        Split::Valid => "valid",
        Split::Test => "test",
    }
}

fn split_name<S: serde::Serializer>(split: &Split, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(split_word(*split))
}
