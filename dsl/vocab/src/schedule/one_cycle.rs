//! One cycle.

use super::{Curve, ScheduleWord, curve};
use crate::common::declare::{POSITIVE, param};
use crate::word;
use crate::word::Default;

word! {
    /// The learning rate rises to a peak and falls to nearly 0, each along half a cosine.
    ///
    /// From the optimiser's `lr` it reaches `peak` after three tenths of the training, and `lr / 10,000` in
    /// the last step. With `lr = peak / 25` this is PyTorch's `OneCycleLR`. With N steps, U = 0.3 · N − 1, and
    /// `bend(a, b, q) = b + (a − b) · ½ · (1 + cos(π · q))`, in step s from 0: `bend(lr, peak, s / U)`
    /// for `s ≤ U`, then `bend(peak, lr / 10,000, (s − U) / (N − 1 − U))`.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits {
    ///     optimizer = sgd(lr = 0.01, momentum = 0.9)
    ///     schedule  = one_cycle(peak = 0.25)
    /// }
    /// ```
    ///
    /// Smith and Topin 2017, arXiv 1708.07120.
    pub(crate) static ONE_CYCLE: ScheduleWord = {
        name: "one_cycle",
        params: &[param(
            "peak",
            POSITIVE,
            Default::Required,
            "The largest learning rate.",
            &["max_lr"],
        )],
        aliases: &["OneCycleLR"],
    },
    start: |args, span| curve(OneCycle {
        lr: span.lr,
        peak: args.real("peak"),
        steps: span.steps as f64,
    }),
}

#[derive(Debug)]
struct OneCycle {
    lr: f64,
    peak: f64,
    steps: f64,
}

impl Curve for OneCycle {
    fn at(&self, step: u64) -> f64 {
        let (step, up) = (step as f64, (0.3 * self.steps - 1.0).max(0.0));
        let bend =
            |a: f64, b: f64, q: f64| b + (a - b) * 0.5 * (1.0 + (std::f64::consts::PI * q).cos());
        if step <= up && up > 0.0 {
            return bend(self.lr, self.peak, step / up);
        }
        let down = (self.steps - 1.0 - up).max(1.0);
        bend(self.peak, self.lr / 1e4, ((step - up) / down).min(1.0))
    }
}
