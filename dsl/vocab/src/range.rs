//! How the range of activations is found from what is seen.

mod entropy;
mod minmax;
mod moving;
mod mse;
mod percentile;

use crate::word::Word;

/// A range that a number format may name.
#[derive(Debug)]
pub struct RangeWord {
    /// Name, documentation, parameters.
    pub word: Word,
}

/// All ranges, by name.
pub static RANGES: &[&RangeWord] =
    &[&entropy::ENTROPY, &minmax::MINMAX, &moving::MOVING, &mse::MSE, &percentile::PERCENTILE];

/// The range of that name.
pub fn find(name: &str) -> Option<&'static RangeWord> {
    RANGES.iter().copied().find(|range| range.word.name == name)
}
