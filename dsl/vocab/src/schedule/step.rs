//! Stairs.

use super::{Curve, ScheduleWord, curve, factor, steps};
use crate::common::declare::param;
use crate::word;
use crate::word::{Default, Type, Unit};

word! {
    /// The learning rate is multiplied by `factor` after every so many epochs or steps.
    ///
    /// In step s from 0, with E steps for `every`: `lr · factor^⌊s / E⌋`.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { epochs = 30   schedule = step(every = 10 epochs) }
    /// ```
    pub(crate) static STEP: ScheduleWord = {
        name: "step",
        params: &[
            param(
                "every",
                Type::Duration,
                Default::Quantity(10.0, Unit::Epochs),
                "The length of a stair, in epochs or steps.",
                &["step_size"],
            ),
            factor(Default::Real(0.1), "By which the learning rate is multiplied at each stair."),
        ],
        aliases: &["StepLR"],
    },
    start: |args, span| curve(Step {
        lr: span.lr,
        factor: args.real("factor"),
        every: steps(args, "every", &span).max(1.0),
    }),
}

#[derive(Debug)]
struct Step {
    lr: f64,
    factor: f64,
    every: f64,
}

impl Curve for Step {
    fn at(&self, step: u64) -> f64 {
        self.lr * self.factor.powf((step as f64 / self.every).floor())
    }
}
