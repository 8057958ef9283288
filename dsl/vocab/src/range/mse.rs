//! The range `mse`.

use super::RangeWord;
use crate::word;

word! {
    /// The range with the smallest mean squared error of rounding.
    ///
    /// Numbers outside the range err by their distance to it, numbers inside by half a step at most: `mean (x − x̂)²` is
    /// smallest somewhere between.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { activations = uint8(range = mse) }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    pub(crate) static MSE: RangeWord = {
        name: "mse",
        params: &[],
        aliases: &["HistogramObserver", "l2", "MSEObserver"],
    },
}
