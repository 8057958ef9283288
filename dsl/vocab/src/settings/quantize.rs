//! Settings of `quantize` that `train` does not have.

use super::{Takes, settings};

settings! {
    /// The settings of `quantize` that `train` does not have.
    pub static QUANTIZE;

    /// The last part of the training of `qat`, in which the ranges of activations stay as they are: a
    /// share, so many epochs or so many steps.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { method = qat }
    /// quantize Net with Edge on Iris as Net8 { epochs = 6   freeze_ranges = 2 epochs }
    /// ```
    "freeze_ranges": Takes::Tail, "the last third",
        ["freeze_observers", "disable_observer", "observer_epochs", "freeze_quant_delay"];
}
