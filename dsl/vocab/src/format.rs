//! Number formats of weights and activations.

mod float16;
mod float32;
mod int4;
mod int8;
mod uint8;

use crate::common::declare::param;
use crate::word::{Default, Param, Type, Word};

/// A number format that a policy may name.
#[derive(Debug)]
pub struct FormatWord {
    /// Name, documentation, parameters.
    pub word: Word,
    /// Whether weights can have it.
    pub weights: bool,
    /// Whether activations can have it.
    pub activations: bool,
}

/// All formats, by name.
pub static FORMATS: &[&FormatWord] =
    &[&float16::FLOAT16, &float32::FLOAT32, &int4::INT4, &int8::INT8, &uint8::UINT8];

/// The format of that name.
pub fn find(name: &str) -> Option<&'static FormatWord> {
    FORMATS.iter().copied().find(|format| format.word.name == name)
}

/// The parameter `per`.
const PER: Param = param(
    "per",
    Type::Per,
    Default::Name("channel"),
    "Which weights share a scale; of weights alone.",
    &["granularity", "per_channel", "per_tensor", "group_size", "block_size", "axis", "ch_axis"],
);

/// The parameter `symmetric`.
const SYMMETRIC: Param = param(
    "symmetric",
    Type::Bool,
    Default::Absent,
    "Whether the range is as wide below 0 as above: `true` for weights, `false` for activations.",
    &["sym", "is_symmetric", "qscheme"],
);

/// The parameter `range`.
const RANGE: Param = param(
    "range",
    Type::Range,
    Default::Name("minmax"),
    "How the range is found from what is seen; of activations alone.",
    &["observer", "calibrator", "calibration_method", "calibrate_method", "range_estimator"],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_order_and_found() {
        assert!(FORMATS.windows(2).all(|w| w[0].word.name < w[1].word.name));
        assert!(
            FORMATS
                .iter()
                .all(|it| find(it.word.name).is_some_and(|found| std::ptr::eq(found, *it)))
        );
        assert!(find("int8s").is_none());
    }
}
