//! Numeric kernels on slices. No shapes are checked twice: callers have planned them; kernels assert
//! lengths. This is the only crate that names faer and the only one with `unsafe`.

mod activation;
pub mod arena;
pub mod conv;
pub mod gemm;
pub mod par;
pub mod pool;
#[cfg(test)]
mod reference;
pub mod rng;
pub mod simd;

pub use activation::Activation;
