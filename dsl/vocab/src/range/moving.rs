//! The range `moving`.

use super::RangeWord;
use crate::common::declare::param;
use crate::word;
use crate::word::{Default, Type};

word! {
    /// A moving average of the smallest and the largest number of each batch.
    ///
    /// `lo ← decay · lo + (1 − decay) · min x`, and so for `hi`; the first batch gives both their first values.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { activations = uint8(range = moving(0.9)) }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    pub(crate) static MOVING: RangeWord = {
        name: "moving",
        params: &[
            param(
                "decay",
                Type::Real { min: 0.0, max: 1.0, open_min: true, open_max: true },
                Default::Real(0.99),
                "The share of the old range that each batch keeps.",
                &["momentum", "averaging_constant", "keep"],
            ),
        ],
        aliases: &["MovingAverageMinMaxObserver", "moving_average", "ema"],
    },
}
