//! RMSProp.

use super::{LR, Optimizer, update_op};
use crate::common::declare::{DECAY, POSITIVE, param};
use crate::word;
use crate::word::Default;
use dlm_graph::{Frame, Op};
use dlm_kernels::elementwise;
use std::sync::Arc;

word! {
    /// Steps scaled by a running mean of the squared gradient.
    ///
    /// For a weight `w` with gradient `g` in each step (as in PyTorch):
    ///
    /// - `v ← alpha · v + (1 − alpha) · g²`
    /// - `w ← w − lr · g / (√v + eps)`
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { optimizer = rmsprop(lr = 1e-3) }
    /// ```
    ///
    /// Tieleman and Hinton 2012, lecture 6.5.
    pub(crate) static RMSPROP: Optimizer = {
        name: "rmsprop",
        params: &[
            param("lr", LR, Default::Required, "The learning rate.", &["learning_rate"]),
            param("alpha", DECAY, Default::Real(0.99), "Decay of the mean.", &["rho", "decay"]),
            param("eps", POSITIVE, Default::Real(1e-8), "Keeps the divisor from 0.", &["epsilon"]),
        ],
        aliases: &["RMSprop"],
    },
    keeps: |_| &["v"],
    update: |args, _| -> Arc<dyn Op> {
        Arc::new(RmsProp { alpha: args.real("alpha"), eps: args.real("eps") as f32 })
    },
}

#[derive(Clone, Copy, Debug)]
struct RmsProp {
    alpha: f64,
    eps: f32,
}

impl RmsProp {
    fn run(self, frame: &mut Frame<'_>) {
        let (g, scale, lr) = (frame.f32(1), frame.f32(3)[0], frame.clock.lr);
        let (alpha, new, eps) = (self.alpha as f32, (1.0 - self.alpha) as f32, self.eps);
        let (w, v) = (frame.state(0), frame.state(1));
        elementwise::update2(
            g,
            w,
            v,
            12,
            #[inline(always)]
            move |g, w, v| {
                let g = g * scale;
                let v = alpha * v + new * g * g;
                (w - lr * g / (v.sqrt() + eps), v)
            },
        );
    }

    fn writes(self) -> &'static [usize] {
        &[0, 2]
    }
}

update_op!(RmsProp, "rmsprop");
