//! The range `percentile`.

use super::RangeWord;
use crate::common::declare::param;
use crate::word;
use crate::word::{Default, Type};

word! {
    /// The range that holds this percentage of the numbers, with half of the others at each end.
    ///
    /// Of 100 numbers `percentile(98)` gives up the smallest and the largest.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { activations = uint8(range = percentile(99.9)) }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    pub(crate) static PERCENTILE: RangeWord = {
        name: "percentile",
        params: &[
            param(
                "percent",
                Type::Real { min: 50.0, max: 100.0, open_min: true, open_max: false },
                Default::Real(99.99),
                "How much of 100 the range holds.",
                &["percentile", "quantile"],
            ),
        ],
        aliases: &["PercentileObserver", "quantile"],
    },
}
