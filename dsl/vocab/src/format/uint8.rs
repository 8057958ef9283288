//! The number format `uint8`.

use super::{FormatWord, RANGE, SYMMETRIC};
use crate::word;

word! {
    /// Whole numbers of 8 bits with a scale and a zero point, for activations.
    ///
    /// `x = (code − zero) · scale` with codes from 0 to 255. The range that the codes span is found as `range` says, and
    /// always holds 0. With `symmetric = true` the zero point is 128: the range is as wide below 0 as above.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { activations = uint8(range = percentile(99.99)) }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    pub(crate) static UINT8: FormatWord = {
        name: "uint8",
        params: &[RANGE, SYMMETRIC],
        aliases: &["quint8", "u8"],
    },
    weights: false,
    activations: true,
}
