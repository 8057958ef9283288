//! Adam, and AdamW's step.

use super::{LR, Optimizer, update_op};
use crate::common::declare::{DECAY, POSITIVE, param};
use crate::word;
use crate::word::{Args, Default, Param};
use dlm_graph::{Frame, Op};
use dlm_kernels::elementwise;
use std::sync::Arc;

word! {
    /// Steps scaled by running means of the gradient and of its square.
    ///
    /// For a weight `w` with gradient `g` in step `t` from 1 (as in PyTorch):
    ///
    /// - `m ← beta1 · m + (1 − beta1) · g`
    /// - `v ← beta2 · v + (1 − beta2) · g²`
    /// - `w ← w − lr · m̂ / (√v̂ + eps)` with `m̂ = m / (1 − beta1ᵗ)`, `v̂ = v / (1 − beta2ᵗ)`
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { optimizer = adam(lr = 2e-3) }
    /// ```
    ///
    /// Kingma and Ba 2014, arXiv 1412.6980.
    pub(crate) static ADAM: Optimizer = {
        name: "adam",
        params: &[
            param("lr", LR, Default::Real(1e-3), "The learning rate.", &["learning_rate"]),
            BETA1, BETA2, EPS,
        ],
        aliases: &["Adam"],
    },
    keeps: |_| &["m", "v"],
    update: |args, _| Arc::new(Adam::new(args, 0.0)),
}

/// Decay of the mean of gradients.
pub(super) const BETA1: Param =
    param("beta1", DECAY, Default::Real(0.9), "Decay of the mean of gradients.", &["beta_1"]);

/// Decay of the mean of squared gradients.
pub(super) const BETA2: Param = param(
    "beta2",
    DECAY,
    Default::Real(0.999),
    "Decay of the mean of squared gradients.",
    &["beta_2"],
);

/// Keeps the divisor from 0.
pub(super) const EPS: Param =
    param("eps", POSITIVE, Default::Real(1e-8), "Keeps the divisor from 0.", &["epsilon"]);

/// One step, with the weight shrunk first by `lr · decay`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adam {
    beta1: f64,
    beta2: f64,
    eps: f32,
    decay: f64,
}

impl Adam {
    /// The step with these arguments.
    pub(super) fn new(args: &Args, decay: f64) -> Adam {
        let [beta1, beta2] = ["beta1", "beta2"].map(|name| args.real(name));
        Adam { beta1, beta2, eps: args.real("eps") as f32, decay }
    }

    fn run(self, frame: &mut Frame<'_>) {
        let (g, scale, lr) = (frame.f32(1), frame.f32(4)[0], f64::from(frame.clock.lr));
        let (w, m, v) = (frame.state(0), frame.state(1), frame.state(2));
        let correct = |beta: f64| 1.0 - beta.powf(frame.clock.step as f64);
        let step = (lr / correct(self.beta1)) as f32;
        let root = (1.0 / correct(self.beta2).sqrt()) as f32;
        let keep = (1.0 - lr * self.decay) as f32;
        let (new1, new2) = ((1.0 - self.beta1) as f32, (1.0 - self.beta2) as f32);
        let (beta2, eps) = (self.beta2 as f32, self.eps);
        elementwise::update3(
            g,
            w,
            m,
            v,
            16,
            #[inline(always)]
            move |g, w, m, v| {
                let g = g * scale;
                let m = m + (g - m) * new1;
                let v = v * beta2 + g * g * new2;
                (w * keep - step * m / (v.sqrt() * root + eps), m, v)
            },
        );
    }

    fn writes(self) -> &'static [usize] {
        &[0, 2, 3]
    }
}

update_op!(Adam, "adam");
