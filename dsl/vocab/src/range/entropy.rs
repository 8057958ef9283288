//! The range `entropy`.

use super::RangeWord;
use crate::word;

word! {
    /// The range with the smallest divergence between the distributions before and after rounding.
    ///
    /// `KL(P ‖ Q)` of the histogram of the numbers and that of their codes, natural logarithm.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { activations = uint8(range = entropy) }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    ///
    /// Migacz 2017.
    pub(crate) static ENTROPY: RangeWord = {
        name: "entropy",
        params: &[],
        aliases: &["kl", "kl_divergence", "KLD", "kullback_leibler"],
    },
}
