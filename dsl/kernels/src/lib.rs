//! Numeric kernels on slices. No shapes are checked twice: callers have planned them; kernels assert
//! lengths. This is the only crate that names faer and the only one with `unsafe`.

mod activation;
pub mod arena;
pub mod par;
pub mod rng;
pub mod simd;

pub use activation::Activation;
