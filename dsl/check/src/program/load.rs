//! The `load` verbs of a program.

use super::{LossUse, Normalize};
use dlm_base::Span;

/// A `load` verb.
#[derive(Debug)]
pub struct Load {
    /// The artifact that it gives.
    pub artifact: String,
    /// The place of the artifact's name.
    pub span: Span,
    /// What is loaded.
    pub what: Loaded,
    /// The data on which it is evaluated: those of recorded answers, or those of the first verb that
    /// uses the artifact; an index into [`Program::datasets`].
    pub dataset: Option<usize>,
    /// The loss with which it is evaluated, the default of a training on these data; empty without data.
    pub loss: Vec<LossUse>,
}

/// What a `load` reads.
#[derive(Debug)]
pub enum Loaded {
    /// Weights for a declared model.
    Weights {
        /// The model: an index into [`Program::networks`].
        network: usize,
        /// The file, resolved: `.safetensors`, `.pt` or `.pth`.
        file: String,
        /// The place of the file's string.
        span: Span,
    },
    /// A network in ONNX, which answers and is not trained.
    Closed {
        /// The file, resolved.
        file: String,
        /// The place of the file's string.
        span: Span,
        /// The sizes of a sample, the batch left out, where the file says how many; `None` for open ones.
        sample: Option<Vec<Option<u64>>>,
        /// What it is fed with.
        input: ClosedInput,
        /// How its inputs are normalised after that; `None`: not at all, or as `input` says.
        normalize: Option<Normalize>,
        /// How many classes it tells apart, as the file or else its data say; `None` where neither does.
        classes: Option<usize>,
    },
    /// The answers of a teacher to the training part of a dataset.
    Answers {
        /// The file, resolved: a NumPy array `[samples, classes]`.
        file: String,
        /// The place of the file's string.
        span: Span,
        /// Probabilities (`true`) or logits.
        probabilities: bool,
        /// The numbers in each answer.
        classes: usize,
        /// The data: an index into [`Program::datasets`].
        dataset: usize,
    },
}

/// What a closed teacher is fed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedInput {
    /// What the student sees: the inputs as the data normalise them.
    Data,
    /// Bytes of images, as numbers from 0 to 255.
    Pixels,
    /// Images from 0 to 1, tables as they are.
    Unit,
}

impl Load {
    /// Its network: an index into [`Program::networks`].
    pub fn network(&self) -> Option<usize> {
        match self.what {
            Loaded::Weights { network, .. } => Some(network),
            Loaded::Closed { .. } | Loaded::Answers { .. } => None,
        }
    }

    /// Its file, resolved.
    pub fn file(&self) -> &str {
        match &self.what {
            Loaded::Weights { file, .. }
            | Loaded::Closed { file, .. }
            | Loaded::Answers { file, .. } => file,
        }
    }
}
