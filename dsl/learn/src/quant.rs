//! Quantization: what a quantized network consists of.

pub mod stored;

pub use stored::{Bias, Codes, Quantized, Stored};
