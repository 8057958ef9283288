//! What a run gives: the artifacts with all that is said of them, and the expectations.

use crate::key::Key;
use crate::metrics::{Scores, Taught};
use crate::quant::report::Report;
use crate::record::{Epoch, Mistake, Warned};
use dlm_check::program::Split;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a run gave.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The artifacts in the order in which they were made.
    pub artifacts: Vec<Summary>,
    /// Whether each expectation that was judged holds.
    pub judged: Vec<Judgement>,
    /// For each dataset of the program that was used the hash of its content, in hex.
    pub data: BTreeMap<String, String>,
}

/// How an artifact came about in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was made.
    #[default]
    Made,
    /// Its training went on from a checkpoint of an earlier run.
    Resumed,
    /// An earlier run had made it.
    UpToDate,
}

/// An artifact in the table of results.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Its name.
    pub artifact: String,
    /// The model with its settings.
    pub model: String,
    /// The dataset.
    pub dataset: String,
    /// Parameters; unknown where only answers are known.
    pub params: Option<u64>,
    /// Multiply-adds for one sample; unknown where only answers are known.
    pub macs: Option<u64>,
    /// Bytes of the parameters as stored; of a closed network those of its file.
    pub size: u64,
    /// Bytes of the activations of one sample, at their peak.
    pub memory: Option<u64>,
    /// The median time of one sample, in seconds.
    pub latency: Option<f64>,
    /// What the parts of the data say.
    #[serde(with = "by_split")]
    pub scores: BTreeMap<Split, Scores>,
    /// Seconds of training.
    pub seconds: f64,
    /// The seed of its training, if it was trained.
    pub seed: Option<u64>,
    /// How it came about.
    pub state: State,
    /// What made it what it is.
    pub key: Key,
    /// Where the weights were written.
    pub file: String,
    /// The passes of its training.
    pub history: Vec<Epoch>,
    /// Why its training ended before its length, if it did.
    pub stopped: Option<String>,
    /// Samples of test, or else of valid, to which it answered wrongly: those of which it was most sure.
    pub mistakes: Vec<Mistake>,
    /// What its user should know.
    pub warnings: Vec<Warned>,
    /// Of a quantized artifact: what was done to it.
    pub quantized: Option<Box<Quantized>>,
    /// Of an artifact with teachers: how it compares with each.
    pub taught: Vec<Taught>,
}

/// What a quantization was, and did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Quantized {
    /// The float artifact.
    pub source: String,
    /// The policy.
    pub policy: String,
    /// `dynamic`, `static` or `qat`.
    pub method: String,
    /// What it did, layer by layer.
    pub report: Report,
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

/// Scores by the word of their part.
mod by_split {
    use super::{BTreeMap, Scores, Split};
    use crate::event::split_word;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        scores: &BTreeMap<Split, Scores>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        let named: BTreeMap<&str, &Scores> =
            scores.iter().map(|(split, scores)| (split_word(*split), scores)).collect();
        named.serialize(s)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(
        d: D,
    ) -> Result<BTreeMap<Split, Scores>, D::Error> {
        let mut named = BTreeMap::<String, Scores>::deserialize(d)?;
        let all = [Split::Train, Split::Valid, Split::Test].into_iter();
        Ok(all.filter_map(|split| Some((split, named.remove(split_word(split))?))).collect())
    }
}
