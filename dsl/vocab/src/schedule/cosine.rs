//! Half a cosine.

use super::{Curve, ScheduleWord, WARMUP, curve, rise, steps};
use crate::common::declare::{NOT_NEGATIVE, param};
use crate::word;
use crate::word::Default;

word! {
    /// The learning rate rises in a line over the warm-up, then falls along half a cosine to the end.
    ///
    /// With N steps in all and W of warm-up, in step s from 0: `lr · (s + 1) / W` for `s < W`, then
    /// `floor + (lr − floor) · ½ · (1 + cos(π · (s − W) / (N − W)))`.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { schedule = cosine(warmup = 1 epoch, floor = 1e-5) }
    /// ```
    ///
    /// Loshchilov and Hutter 2016, arXiv 1608.03983; warm-up: Goyal et al. 2017.
    pub(crate) static COSINE: ScheduleWord = {
        name: "cosine",
        params: &[
            WARMUP,
            param(
                "floor",
                NOT_NEGATIVE,
                Default::Real(0.0),
                "The learning rate at the end.",
                &["eta_min", "min_lr"],
            ),
        ],
        aliases: &["CosineAnnealingLR", "CosineDecay"],
    },
    start: |args, span| curve(Cosine {
        lr: span.lr,
        floor: args.real("floor"),
        warmup: steps(args, "warmup", &span),
        steps: span.steps as f64,
    }),
}

#[derive(Debug)]
struct Cosine {
    lr: f64,
    floor: f64,
    warmup: f64,
    steps: f64,
}

impl Curve for Cosine {
    fn at(&self, step: u64) -> f64 {
        let step = step as f64;
        if step < self.warmup {
            return self.lr * rise(step, self.warmup);
        }
        let done = ((step - self.warmup) / (self.steps - self.warmup).max(1.0)).min(1.0);
        let half = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
        self.floor + (self.lr - self.floor) * half
    }
}
