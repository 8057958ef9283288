//! Lion.

use super::{LR, Optimizer, decay, update_op};
use crate::common::declare::{DECAY, param};
use crate::word;
use crate::word::Default;
use dlm_graph::{Frame, Op};
use dlm_kernels::elementwise;
use std::sync::Arc;

word! {
    /// Steps of one size in each weight, in the direction of the sign of a running mean.
    ///
    /// For a weight `w` with gradient `g` in each step:
    ///
    /// - `u = sign(beta1 · m + (1 − beta1) · g)`
    /// - `w ← w − lr · (u + weight_decay · w)`
    /// - `m ← beta2 · m + (1 − beta2) · g`
    ///
    /// A good `lr` is three to ten times smaller than for `adamw`, a good `weight_decay` as much larger.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { optimizer = lion(lr = 3e-4, weight_decay = 0.1) }
    /// ```
    ///
    /// Chen et al. 2023, arXiv 2302.06675.
    pub(crate) static LION: Optimizer = {
        name: "lion",
        params: &[
            param("lr", LR, Default::Required, "The learning rate.", &["learning_rate"]),
            param("beta1", DECAY, Default::Real(0.9), "Share of the mean in the step.", &["beta_1"]),
            param("beta2", DECAY, Default::Real(0.99), "Decay of the mean.", &["beta_2"]),
            decay(0.0),
        ],
        aliases: &["Lion"],
    },
    keeps: |_| &["m"],
    update: |args, decays| -> Arc<dyn Op> {
        let [beta1, beta2] = ["beta1", "beta2"].map(|name| args.real(name));
        let decay = if decays { args.real("weight_decay") } else { 0.0 };
        Arc::new(Lion { beta1, beta2, decay: decay as f32 })
    },
}

#[derive(Clone, Copy, Debug)]
struct Lion {
    beta1: f64,
    beta2: f64,
    decay: f32,
}

impl Lion {
    fn run(self, frame: &mut Frame<'_>) {
        let (g, scale, lr) = (frame.f32(1), frame.f32(3)[0], frame.clock.lr);
        let (old1, new1) = (self.beta1 as f32, (1.0 - self.beta1) as f32);
        let (old2, new2) = (self.beta2 as f32, (1.0 - self.beta2) as f32);
        let decay = self.decay;
        let (w, m) = (frame.state(0), frame.state(1));
        elementwise::update2(
            g,
            w,
            m,
            10,
            #[inline(always)]
            move |g, w, m| {
                let g = g * scale;
                let u = old1 * m + new1 * g;
                let sign = if u == 0.0 { u } else { 1f32.copysign(u) };
                // NaN has no sign: it must stay NaN.
                let sign = if u.is_nan() { u } else { sign };
                (w - lr * (sign + decay * w), old2 * m + new2 * g)
            },
        );
    }

    fn writes(self) -> &'static [usize] {
        &[0, 2]
    }
}

update_op!(Lion, "lion");
