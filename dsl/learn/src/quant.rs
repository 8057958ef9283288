//! Quantization: ranges from data, numbers to codes, training with rounded numbers, and what it did
//! to the answers.

pub mod calibrate;
pub mod folded;
pub mod network;
pub mod observe;
pub mod round;
pub mod stored;

pub use folded::Folded;
pub use stored::{Bias, Codes, Quantized, Stored};
