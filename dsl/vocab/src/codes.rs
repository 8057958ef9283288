//! The nodes of quantized networks: floats to codes and back, products and other steps on codes, and
//! the same with gradients, for training with rounded numbers.
//!
//! What trains and what is deployed call the same kernels with the same grids, so that they compute
//! the same integers.

mod convert;
mod product;
mod select;
mod train;

pub use crate::common::codes::cut;
pub use convert::{Dequantize, Quantize};
pub use product::{Product, RoundedProduct};
pub use select::{Coded, Rows};
pub use train::{Follow, RANGE, Recoded, RoundWeights, Rounded, TrainedProduct, grid_of, range_of};

use crate::ops::conv1d::node::{FromRow, ToRow};
use dlm_base::Shape;
use dlm_graph::{DType, Graph, Ty, ValueId};
use dlm_kernels::int8;

/// Codes, one tensor a sample.
pub fn codes(shape: &Shape) -> Ty {
    Ty { dtype: DType::U8, batched: true, shape: shape.clone() }
}

/// How many times a product runs for each sample: once, or for each step of a sequence.
fn runs(product: &int8::Product, flow: &Ty) -> usize {
    flow.len() / product.inputs().max(1)
}

/// A sequence `[channels, time]` as a map of one row, which convolutions take.
pub fn to_row(g: &mut Graph, x: ValueId) -> ValueId {
    g.add(ToRow, &[x])
}

/// A map of one row as a sequence `[channels, time]`.
pub fn from_row(g: &mut Graph, x: ValueId) -> ValueId {
    g.add(FromRow, &[x])
}
