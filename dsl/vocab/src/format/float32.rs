//! The number format `float32`.

use super::FormatWord;
use crate::word;

word! {
    /// Single precision, as trained: 4 bytes a number, about seven digits.
    ///
    /// With `activations = float32` weights alone are rounded, and the layers compute in float32.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { activations = float32 }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    pub(crate) static FLOAT32: FormatWord = {
        name: "float32",
        params: &[],
        aliases: &["fp32", "float", "f32", "single", "none"],
    },
    weights: true,
    activations: true,
}
