//! The number format `int4`.

use super::{FormatWord, PER, SYMMETRIC};
use crate::word;

word! {
    /// Whole numbers of 4 bits with a scale, for weights.
    ///
    /// Weights are `code · scale` with codes from −7 to 7 and `scale = max|w| / 7`. With `per = group(n)` each `n` neighbours
    /// of one output channel have a scale of their own; then `symmetric = false` gives each group a zero point too, and
    /// codes from −8 to 7. A layer whose weights are in groups computes in float32.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { weights = int4(per = channel) }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    pub(crate) static INT4: FormatWord = {
        name: "int4",
        params: &[PER, SYMMETRIC],
        aliases: &["qint4", "i4", "uint4", "quint4x2"],
    },
    weights: true,
    activations: false,
}
