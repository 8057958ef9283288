//! Numeric kernels on slices. No shapes are checked twice: callers have planned them; kernels assert
//! lengths. This is the only crate that names faer and the only one with `unsafe`.

mod activation;
pub mod arena;
pub mod attention;
pub mod conv;
mod depthwise;
pub mod elementwise;
pub mod gemm;
pub mod int8;
pub mod lookup;
pub mod mapped;
pub mod math;
pub mod movement;
pub mod norm;
pub mod par;
pub mod pool;
pub mod recurrent;
pub mod reduce;
#[cfg(test)]
mod reference;
pub mod rng;
pub mod simd;
pub mod softmax;

pub use activation::Activation;
