//! The range `minmax`.

use super::RangeWord;
use crate::word;

word! {
    /// From the smallest number seen to the largest.
    ///
    /// `lo = min x`, `hi = max x` over all that is looked at. Nothing is cut off, and one outlier widens every step.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { activations = uint8(range = minmax) }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    pub(crate) static MINMAX: RangeWord = {
        name: "minmax",
        params: &[],
        aliases: &["MinMaxObserver", "min_max", "absmax", "abs_max"],
    },
}
