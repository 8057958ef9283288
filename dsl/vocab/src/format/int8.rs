//! The number format `int8`.

use super::{FormatWord, PER, RANGE, SYMMETRIC};
use crate::word;

word! {
    /// Whole numbers of 8 bits with a scale.
    ///
    /// Weights are `code · scale` with codes from −127 to 127 and `scale = max|w| / 127`, for each output channel unless
    /// `per` says otherwise. As activations they are `uint8` less 128: the same 256 steps.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { weights = int8(per = channel) }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    pub(crate) static INT8: FormatWord = {
        name: "int8",
        params: &[PER, SYMMETRIC, RANGE],
        aliases: &["qint8", "i8", "s8"],
    },
    weights: true,
    activations: true,
}
