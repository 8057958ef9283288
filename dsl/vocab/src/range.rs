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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_order_and_found() {
        assert!(RANGES.windows(2).all(|w| w[0].word.name < w[1].word.name));
        assert!(
            RANGES
                .iter()
                .all(|it| find(it.word.name).is_some_and(|found| std::ptr::eq(found, *it)))
        );
        assert!(find("mses").is_none());
    }
}
