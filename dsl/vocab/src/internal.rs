//! Operators of training graphs that no program names.

mod ema;
pub(crate) mod folded;
mod grad_norm;
mod tokens;
mod weighted_sum;

pub use ema::Ema;
pub use grad_norm::GradNorm;
pub use tokens::Tokens;
pub use weighted_sum::WeightedSum;
