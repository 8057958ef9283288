//! Quantization, as checked: formats of each layer, and which layers will run on 8-bit codes.

pub mod scheme;
mod size;

pub use scheme::{Cut, Form, Point, Scheme, Unit, Why, scheme};
pub use size::{memory, size, unit_size};

use crate::program::{LossUse, Training};
use dlm_base::Span;
use dlm_base::diag::Code;

/// A `quantize` verb with its policy.
#[derive(Debug)]
pub struct Quantization {
    /// The artifact that it gives.
    pub artifact: String,
    /// The place of the artifact's name.
    pub span: Span,
    /// The float artifact that is quantized.
    pub source: String,
    /// Its network: an index into [`crate::Program::networks`].
    pub network: usize,
    /// The data of calibration, tuning and evaluation: an index into [`crate::Program::datasets`].
    pub dataset: usize,
    /// The policy's name.
    pub policy: String,
    /// When ranges are found.
    pub method: Method,
    /// What the policy says of each layer of the network.
    pub formats: Vec<Format>,
    /// What follows from it.
    pub scheme: Scheme,
    /// At most so many training samples are looked at to find ranges.
    pub calibrate: usize,
    /// Give layers back to float32 until validation accuracy drops by no more.
    pub max_drop: Option<f64>,
    /// The warnings of the run that the file does not want to see.
    pub silenced: Vec<&'static Code>,
    /// How training goes on under `qat`.
    pub tuning: Option<Tuning>,
    /// The loss of the float artifact.
    pub source_loss: Vec<LossUse>,
}

impl Quantization {
    /// The loss with which it is evaluated: that of its tuning, or of its source.
    pub fn loss(&self) -> &[LossUse] {
        match &self.tuning {
            Some(tuning) => &tuning.training.judged,
            None => &self.source_loss,
        }
    }
}

/// When the ranges of activations are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Anew for each batch as the network runs.
    Dynamic,
    /// Once, on samples of the training part.
    Static,
    /// While training goes on with rounded numbers.
    Qat,
}

impl Method {
    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Method::Dynamic => "dynamic",
            Method::Static => "static",
            Method::Qat => "qat",
        }
    }
}

/// The training of `qat`.
#[derive(Debug)]
pub struct Tuning {
    /// The settings; its artifact, network and data are those of the quantization.
    pub training: Training,
    /// The last part of the training, in which ranges stay as they are.
    pub freeze_ranges: Tail,
}

/// The last part of a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tail {
    /// A share of its steps.
    Share(f64),
    /// So many epochs.
    Epochs(f64),
    /// So many steps.
    Steps(f64),
}

/// What a policy says of one layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Format {
    /// The format of its weights.
    pub weights: Weights,
    /// The format of its result.
    pub activations: Activations,
    /// Whether `keep` names it.
    pub keep: bool,
}

/// A format of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// As trained.
    Float32,
    /// Half precision.
    Float16,
    /// Whole numbers with scales.
    Int {
        /// 8 (−127 to 127) or 4 (−7 to 7; −8 to 7 when not symmetric).
        bits: u8,
        /// What shares a scale.
        per: Per,
        /// Whether the code of 0 is 0; only [`Per::Group`] and tables on codes may say no.
        symmetric: bool,
    },
}

/// Which weights share a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// All of a layer.
    Tensor,
    /// Those of one output channel.
    Channel,
    /// So many neighbours of one output channel.
    Group(usize),
}

/// A format of activations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activations {
    /// As computed.
    Float32,
    /// 8-bit codes.
    Codes {
        /// Whether 0 lies in the middle of the codes.
        symmetric: bool,
        /// How the range is found.
        range: Range,
    },
}

/// How the range of activations is found from what is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// From the smallest to the largest.
    MinMax,
    /// A moving average of the smallest and largest of each batch, of which this share is kept.
    Moving(f64),
    /// The one that holds this percentage, with half of the others at each end.
    Percentile(f64),
    /// With the smallest mean squared error of rounding.
    Mse,
    /// With the smallest divergence between the distributions before and after (Migacz 2017).
    Entropy,
}

impl Default for Format {
    /// The defaults of a policy.
    fn default() -> Format {
        Format {
            weights: Weights::Int { bits: 8, per: Per::Channel, symmetric: true },
            activations: Activations::Codes { symmetric: false, range: Range::MinMax },
            keep: false,
        }
    }
}
