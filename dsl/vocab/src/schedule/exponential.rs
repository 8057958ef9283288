//! A fixed factor an epoch.

use super::{Curve, ScheduleWord, curve, factor};
use crate::word;
use crate::word::Default;

word! {
    /// The learning rate is multiplied by `factor` after each epoch.
    ///
    /// In epoch e from 0: `lr · factorᵉ`.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { schedule = exponential(factor = 0.9) }
    /// ```
    pub(crate) static EXPONENTIAL: ScheduleWord = {
        name: "exponential",
        params: &[factor(
            Default::Required,
            "By which the learning rate is multiplied after each epoch.",
        )],
        aliases: &["ExponentialLR", "ExponentialDecay"],
    },
    start: |args, span| curve(Exponential {
        lr: span.lr,
        factor: args.real("factor"),
        epoch: span.steps_per_epoch.max(1),
    }),
}

#[derive(Debug)]
struct Exponential {
    lr: f64,
    factor: f64,
    epoch: u64,
}

impl Curve for Exponential {
    fn at(&self, step: u64) -> f64 {
        self.lr * self.factor.powf((step / self.epoch) as f64)
    }
}
