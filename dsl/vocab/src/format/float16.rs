//! The number format `float16`.

use super::FormatWord;
use crate::word;

word! {
    /// Half precision, for weights: 2 bytes a number, about three digits.
    ///
    /// The layers compute in float32, so `activations = float32` goes with it.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { weights = float16   activations = float32 }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    pub(crate) static FLOAT16: FormatWord = {
        name: "float16",
        params: &[],
        aliases: &["fp16", "half", "f16"],
    },
    weights: true,
    activations: false,
}
