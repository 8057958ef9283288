//! What an operator is on 8-bit codes: the form that a quantized network runs.

use dlm_kernels::int8::{Grid, Product};
use std::fmt::Debug;
use std::sync::Arc;

/// The integer form of an operator.
#[derive(Clone, Debug)]
pub enum Integer {
    /// A product of its flow with its first weight, whose first axis (as files store it) is the output
    /// channel; the second weight, if there is one, is the bias.
    Product(Product),
    /// Reads rows of its only weight by whole numbers: the weight lies on the grid of the result.
    Table,
    /// Moves codes as it moves floats: its graph is the same over bytes, and the grid stays.
    Move,
    /// Selects codes, on the grid of its input.
    Select(Arc<dyn Codes>),
    /// Computes codes on a grid of their own.
    Compute(Arc<dyn Codes>),
    /// Keeps numbers between 0 and this limit: the grid of what comes before begins at 0, and
    /// saturates.
    Cut(f32),
    /// Multiplies each channel by a factor and shifts it, from weights `weight`, `bias`,
    /// `running_mean` and `running_var` and this `eps`: moves into the product before it.
    Fold {
        /// Added to the variance.
        eps: f64,
    },
    /// Passes the flow on when the network answers.
    Pass,
    /// There is none, and why: "tanh has no kernel for 8-bit codes in ONNX Runtime".
    Float(&'static str),
}

/// An operator without weights, on codes.
pub trait Codes: Debug + Send + Sync {
    /// Computes the codes `y` on the grid `out` from those of the inputs with their grids; where codes are
    /// only selected, `out` is the grid of the first input.
    fn run(&self, batch: usize, ins: &[(&[u8], Grid)], out: Grid, y: &mut [u8]);
}
