//! Adam with decoupled weight decay.

use super::adam::{Adam, BETA1, BETA2, EPS};
use super::{LR, Optimizer, decay};
use crate::common::declare::param;
use crate::word;
use crate::word::Default;
use std::sync::Arc;

word! {
    /// Adam with weight decay that does not pass through the running means.
    ///
    /// In each step `w ← w · (1 − lr · weight_decay)`, then the step of `adam` (as in PyTorch). Weight
    /// decay acts on the weights of `dense`, convolutions and their kin, not on biases and normalisation.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { optimizer = adamw(lr = 1e-3, weight_decay = 0.05) }
    /// ```
    ///
    /// Loshchilov and Hutter 2017, arXiv 1711.05101.
    pub(crate) static ADAMW: Optimizer = {
        name: "adamw",
        params: &[
            param("lr", LR, Default::Real(1e-3), "The learning rate.", &["learning_rate"]),
            decay(1e-2), BETA1, BETA2, EPS,
        ],
        aliases: &["AdamW"],
    },
    keeps: |_| &["m", "v"],
    update: |args, decays| {
        Arc::new(Adam::new(args, if decays { args.real("weight_decay") } else { 0.0 }))
    },
}
