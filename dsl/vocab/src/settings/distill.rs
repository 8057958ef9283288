//! Settings of `distill` that differ from those of `train`.

use super::{Takes, settings};

settings! {
    /// The settings of `distill` that differ from those of `train`.
    pub static DISTILL;

    /// What is made small: a sum of weighted terms, those that compare with the teacher among them.
    ///
    /// Without labels in the training part the default is `soft_targets(temperature = 4)` alone. Where values
    /// are predicted it is `0.9 * logits + 0.1 * mse`.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Large(features: [4]) { features -> dense(64) -> relu -> dense(3) }
    /// model Small(features: [4]) { features -> dense(4) -> relu -> dense(3) }
    /// train Large on Iris
    /// distill Small from Large on Iris {
    ///     loss = 0.7 * soft_targets(temperature = 2) + 0.3 * cross_entropy
    /// }
    /// ```
    "loss": Takes::Loss, "`0.9 * soft_targets(temperature = 4) + 0.1 * cross_entropy`",
        ["criterion", "objective"];
}
