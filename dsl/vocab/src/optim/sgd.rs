//! Stochastic gradient descent.

use super::{LR, Optimizer, decay};
use crate::common::declare::{DECAY, param};
use crate::optim::update_op;
use crate::word;
use crate::word::{Default, Type};
use dlm_graph::{Frame, Op};
use dlm_kernels::elementwise;
use std::sync::Arc;

word! {
    /// Stochastic gradient descent, with momentum if wanted.
    ///
    /// For a weight `w` with gradient `g` in each step (as in PyTorch):
    ///
    /// - `g ← g + weight_decay · w`
    /// - `v ← momentum · v + g`
    /// - `w ← w − lr · v`, or with `nesterov` `w ← w − lr · (g + momentum · v)`
    ///
    /// `v` starts at 0 and is kept only when `momentum` is above 0. Weight decay acts on the weights of
    /// `dense`, convolutions and their kin.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { optimizer = sgd(lr = 0.1, momentum = 0.9, nesterov = true) }
    /// ```
    ///
    /// Sutskever et al. 2013.
    pub(crate) static SGD: Optimizer = {
        name: "sgd",
        params: &[
            param("lr", LR, Default::Required, "The learning rate.", &["learning_rate"]),
            param("momentum", DECAY, Default::Real(0.0), "Share of the last step that is kept.", &[]),
            param("nesterov", Type::Bool, Default::Bool(false), "Look ahead along the momentum.", &[]),
            decay(0.0),
        ],
        aliases: &["SGD", "momentum"],
    },
    keeps: |args| if args.real("momentum") > 0.0 { &["momentum"] } else { &[] },
    update: |args, decays| -> Arc<dyn Op> {
        Arc::new(Sgd {
            momentum: args.real("momentum") as f32,
            nesterov: args.bool("nesterov"),
            decay: if decays { args.real("weight_decay") as f32 } else { 0.0 },
        })
    },
}

#[derive(Clone, Copy, Debug)]
struct Sgd {
    momentum: f32,
    nesterov: bool,
    decay: f32,
}

impl Sgd {
    fn run(self, frame: &mut Frame<'_>) {
        let (g, w, lr) = (frame.f32(1), frame.state(0), frame.clock.lr);
        let Sgd { momentum, nesterov, decay } = self;
        if momentum == 0.0 {
            let scale = frame.f32(2)[0];
            elementwise::update(
                g,
                w,
                4,
                #[inline(always)]
                move |g, w| w - lr * (g * scale + decay * w),
            );
            return;
        }
        let (v, scale) = (frame.state(1), frame.f32(3)[0]);
        elementwise::update2(
            g,
            w,
            v,
            6,
            #[inline(always)]
            move |g, w, v| {
                let g = g * scale + decay * w;
                let v = momentum * v + g;
                let step = if nesterov { g + momentum * v } else { v };
                (w - lr * step, v)
            },
        );
    }

    fn writes(self) -> &'static [usize] {
        if self.momentum > 0.0 { &[0, 2] } else { &[0] }
    }
}

update_op!(Sgd, "sgd");
