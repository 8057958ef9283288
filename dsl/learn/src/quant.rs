//! Quantization: ranges from data, numbers to codes, training with rounded numbers, and what it did
//! to the answers.

pub mod advise;
pub mod calibrate;
pub mod compare;
pub mod deploy;
pub mod file;
pub mod folded;
pub mod network;
pub mod observe;
pub mod pipeline;
pub mod report;
pub mod round;
mod runs;
pub mod stored;
pub mod tune;

pub use folded::Folded;
pub use stored::{Bias, Codes, Quantized, Stored};
