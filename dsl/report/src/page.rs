//! What the page of a run shows, as plain values. Whoever fills it formats nothing but program text; what
//! is not known is left empty, and the page leaves it out.

use crate::exact;
use serde::{Deserialize, Serialize};

/// A run of a program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Page {
    /// The program that ran.
    pub program: Program,
    /// When, where and how it ran.
    pub run: Run,
    /// The data that it read.
    pub datasets: Vec<Dataset>,
    /// What it made or loaded, in the order in which that happened.
    pub artifacts: Vec<Artifact>,
    /// What was expected, and what became of it.
    pub expectations: Vec<Expectation>,
    /// What was met and mended that its user should know of.
    pub warnings: Vec<Warning>,
}

/// A figure measured once for each seed; empty where it is not known or does not apply.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metric(#[serde(with = "exact::list")] pub Vec<f64>);

impl From<f64> for Metric {
    fn from(x: f64) -> Metric {
        Metric(vec![x])
    }
}

impl From<Option<f64>> for Metric {
    fn from(x: Option<f64>) -> Metric {
        x.into_iter().collect()
    }
}

impl FromIterator<f64> for Metric {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Metric {
        Metric(values.into_iter().collect())
    }
}

impl Metric {
    /// The mean over the seeds.
    pub fn mean(&self) -> Option<f64> {
        let n = self.0.len();
        (n > 0).then(|| self.0.iter().sum::<f64>() / n as f64)
    }

    /// The standard deviation over the seeds, `√(Σ (x − mean)² / (n − 1))`; none for fewer than two.
    pub fn deviation(&self) -> Option<f64> {
        let mean = self.mean().filter(|_| self.0.len() > 1)?;
        let squares: f64 = self.0.iter().map(|x| (x - mean).powi(2)).sum();
        Some((squares / (self.0.len() - 1) as f64).sqrt())
    }
}

/// The text of a program, with what the checker said of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Program {
    /// Its name: that of its file without the ending.
    pub name: String,
    /// The path of its file.
    pub file: String,
    /// Its text.
    pub text: String,
    /// What the checker said.
    pub diagnostics: Vec<Diagnostic>,
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The program cannot run.
    Error,
    /// The program runs, and probably does not do what was meant.
    #[default]
    Warning,
}

/// What the checker said of a place in the program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Its code: `W1003`.
    pub code: String,
    /// The fact.
    pub message: String,
    /// What to write.
    pub help: Option<String>,
    /// The line, from 1.
    pub line: usize,
    /// The first character of the place in its line, from 1.
    pub column: usize,
    /// How many characters of that line the place has.
    pub width: usize,
}

/// When, where and how a program ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Run {
    /// The date, as it shall be shown.
    pub date: String,
    /// Seconds from beginning to end.
    #[serde(with = "exact::option")]
    pub seconds: Option<f64>,
    /// The seeds, one for each time that the program ran.
    pub seeds: Vec<u64>,
    /// The version of dlm.
    pub version: String,
    /// The processor.
    pub cpu: String,
    /// What of the processor is used: `avx2`, `avx512vnni`.
    pub features: Vec<String>,
    /// Threads.
    pub threads: Option<usize>,
    /// Where files were written.
    pub folder: String,
}

/// A dataset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// Where it comes from: `builtin("digits")`.
    pub source: String,
    /// Samples of the training, the validation and the test part.
    pub samples: [u64; 3],
    /// A hash of what was read.
    pub hash: String,
}

/// How an artifact came about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// By training.
    #[default]
    Trained,
    /// By training from the answers of teachers.
    Distilled,
    /// By rounding another artifact.
    Quantized,
    /// It was there.
    Loaded,
}

/// What the run had to do for an artifact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was made in this run.
    #[default]
    Made,
    /// It was there from an earlier run, and nothing that it depends on has changed.
    UpToDate,
    /// An earlier run was interrupted, and this one went on.
    Resumed,
}

/// Something that was made or loaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Artifact {
    /// Its name.
    pub name: String,
    /// How it came about.
    pub kind: Kind,
    /// What the run had to do for it.
    pub state: State,
    /// What it was made of: the float artifact, the teachers, the file.
    pub source: String,
    /// The model with its settings; empty where only answers are known.
    pub model: String,
    /// The dataset.
    pub dataset: String,
    /// Parameters.
    pub params: Option<u64>,
    /// Multiply-adds for one sample.
    pub macs: Option<u64>,
    /// Bytes of the parameters as stored.
    pub size: Option<u64>,
    /// Bytes of the largest moment of answering one sample.
    pub memory: Option<u64>,
    /// Seconds for one sample.
    pub latency: Metric,
    /// Seconds that it took to make.
    pub seconds: Metric,
    /// What the data say of it.
    pub scores: Scores,
    /// The share of samples to which its source or teacher answers the same.
    pub agreement: Metric,
    /// The course of its training, one for each seed.
    pub curves: Vec<Curve>,
    /// What was taken for what.
    pub confusion: Confusion,
    /// Samples that it got wrong.
    pub mistakes: Mistakes,
    /// Its layers.
    pub layers: Vec<Layer>,
    /// Of a quantized artifact: what that did.
    pub quantization: Option<Quantization>,
    /// Of an artifact with teachers: how it compares with each.
    pub teachers: Vec<Taught>,
}

/// What a part of the data says of an artifact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scores {
    /// The part: `test`, or `valid` where there is no test.
    pub split: String,
    /// Samples of that part.
    pub samples: u64,
    /// The mean of the loss.
    pub loss: Metric,
    /// The share of right classes.
    pub accuracy: Metric,
    /// The share of samples whose right class is among the five first.
    pub top5: Metric,
    /// `e` to the mean surprise at the token that followed.
    pub perplexity: Metric,
    /// The surprise in bits for each character of a text.
    pub bits_per_character: Metric,
    /// The mean absolute error.
    pub mae: Metric,
    /// The share of the target's variance that is explained.
    pub r2: Metric,
}

/// The course of a training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Curve {
    /// The epochs, in order.
    pub epochs: Vec<Epoch>,
    /// The epoch whose validation loss was best, from 1.
    pub best: Option<u64>,
    /// Why it ended before its length, if it did.
    pub stopped: Option<String>,
}

/// An epoch of a training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Epoch {
    /// Its number, from 1.
    pub epoch: u64,
    /// The mean loss of its batches.
    #[serde(with = "exact::option")]
    pub train_loss: Option<f64>,
    /// The loss on the validation part.
    #[serde(with = "exact::option")]
    pub valid_loss: Option<f64>,
    /// The share of right classes on the validation part.
    #[serde(with = "exact::option")]
    pub valid_accuracy: Option<f64>,
    /// R² on the validation part.
    #[serde(with = "exact::option")]
    pub valid_r2: Option<f64>,
    /// The learning rate of its last update.
    #[serde(with = "exact::option")]
    pub lr: Option<f64>,
}

/// What was taken for what on a part of the data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Confusion {
    /// The part.
    pub split: String,
    /// The names of the classes; a class without a name is shown by its number.
    pub classes: Vec<String>,
    /// Samples by right class (row) and answered class (column).
    pub counts: Vec<Vec<u64>>,
}

/// Samples that an artifact got wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mistakes {
    /// The part of the data.
    pub split: String,
    /// How many there are in all; those shown may be fewer. Unknown for values, of which each is a bit wrong.
    pub wrong: Option<u64>,
    /// The names of the features, where samples are no pictures.
    pub features: Vec<String>,
    /// Those shown, worst first.
    pub shown: Vec<Mistake>,
}

/// A sample that an artifact got wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mistake {
    /// Its number in its part of the data.
    pub sample: u64,
    /// The right class or value.
    pub right: String,
    /// The class or value answered.
    pub answer: String,
    /// The probability that the artifact gave its answer.
    #[serde(with = "exact::option")]
    pub probability: Option<f64>,
    /// The sample, if it is a picture.
    pub picture: Option<Picture>,
    /// The values of its features, if it is none.
    pub values: Vec<String>,
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Picture {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: u8,
    /// `height × width × channels` bytes, channels innermost.
    pub pixels: Vec<u8>,
}

/// A layer of an artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layer {
    /// Its path: `stage[1].conv1`.
    pub path: String,
    /// The operator with its arguments.
    pub operator: String,
    /// What comes out, for one sample.
    pub shape: Vec<usize>,
    /// Parameters.
    pub params: u64,
    /// Multiply-adds for one sample.
    pub macs: u64,
    /// Bytes of its parameters in float32.
    pub bytes: u64,
    /// Bytes of its parameters as a quantized network stores them.
    pub quantized_bytes: Option<u64>,
    /// How it runs: `float`, `integers`, `folded into conv1`.
    pub runs: String,
}

/// What a quantization did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quantization {
    /// The policy.
    pub policy: String,
    /// `dynamic`, `static` or `qat`.
    pub method: String,
    /// The float artifact.
    pub before: Cost,
    /// The quantized one.
    pub after: Cost,
    /// The steps of the network.
    pub layers: Vec<Damage>,
    /// Layers that were given back to float32.
    pub given_back: Vec<String>,
    /// Of the numbers compared between training and deployment: those that differ, and all.
    pub differing: Option<[u64; 2]>,
}

/// What an artifact costs who runs it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// Bytes of the parameters as stored.
    pub size: Option<u64>,
    /// Seconds for one sample.
    pub latency: Metric,
}

/// What rounding did to one step of a network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Damage {
    /// The layer.
    pub path: String,
    /// The layers that are one step with it.
    pub with: Vec<String>,
    /// The format of its weights: `int8 per channel`.
    pub weights: String,
    /// What it runs in: `integers`, `float`.
    pub runs: String,
    /// Why it does not run in integers.
    pub why: String,
    /// The smallest value of its grid.
    #[serde(with = "exact::option")]
    pub low: Option<f64>,
    /// The largest value of its grid.
    #[serde(with = "exact::option")]
    pub high: Option<f64>,
    /// The share of values outside of the grid.
    #[serde(with = "exact::option")]
    pub clipped: Option<f64>,
    /// Signal to noise where the whole network is rounded, in dB.
    #[serde(with = "exact::option")]
    pub sqnr: Option<f64>,
    /// Signal to noise of the network's answer where this step alone is rounded, in dB.
    #[serde(with = "exact::option")]
    pub alone: Option<f64>,
    /// Its rank by damage, from 1.
    pub rank: Option<usize>,
    /// The line of dlm that would help.
    pub line: Option<String>,
    /// What `alone` would be with that line.
    #[serde(with = "exact::option")]
    pub with_line: Option<f64>,
}

/// A student beside one of its teachers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Taught {
    /// The teacher.
    pub teacher: String,
    /// Its share of the answers.
    #[serde(with = "exact::option")]
    pub weight: Option<f64>,
    /// The part of the data.
    pub split: String,
    /// The teacher's own accuracy there.
    pub teacher_accuracy: Metric,
    /// The student's accuracy there.
    pub student_accuracy: Metric,
    /// The share of samples to which both answer the same class.
    pub agreement: Metric,
    /// The mean of KL(teacher ‖ student), in nats.
    pub kl: Metric,
    /// Of the samples that one of them gets wrong, the share that both get wrong.
    pub error_overlap: Metric,
}

/// What a figure of an expectation counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A plain number.
    #[default]
    Number,
    /// A share of 1, shown in percent.
    Share,
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
}

/// What was expected, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Expectation {
    /// As written.
    pub text: String,
    /// Whether it holds.
    pub held: bool,
    /// What the figures count.
    pub unit: Unit,
    /// The left side.
    pub left: Metric,
    /// The right side.
    pub right: Metric,
}

/// Something that was met and mended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Warning {
    /// The artifact, or empty.
    pub artifact: String,
    /// Its code.
    pub code: String,
    /// What is so.
    pub message: String,
}
