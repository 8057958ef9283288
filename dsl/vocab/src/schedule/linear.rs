//! Up a line, down a line.

use super::{Curve, ScheduleWord, WARMUP, curve, rise, steps};
use crate::word;

word! {
    /// The learning rate rises in a line over the warm-up, then falls in a line to 0 at the end.
    ///
    /// With N steps in all and W of warm-up, in step s from 0: `lr · (s + 1) / W` for `s < W`, then
    /// `lr · (N − s) / (N − W)`.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { schedule = linear(warmup = 50 steps) }
    /// ```
    pub(crate) static LINEAR: ScheduleWord = {
        name: "linear", params: &[WARMUP], aliases: &["LinearLR"],
    },
    start: |args, span| curve(Linear {
        lr: span.lr,
        warmup: steps(args, "warmup", &span),
        steps: span.steps as f64,
    }),
}

#[derive(Debug)]
struct Linear {
    lr: f64,
    warmup: f64,
    steps: f64,
}

impl Curve for Linear {
    fn at(&self, step: u64) -> f64 {
        let step = step as f64;
        if step < self.warmup {
            return self.lr * rise(step, self.warmup);
        }
        self.lr * ((self.steps - step) / (self.steps - self.warmup).max(1.0)).clamp(0.0, 1.0)
    }
}
