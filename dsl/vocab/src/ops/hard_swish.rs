//! Swish of straight pieces.

use crate::common::codes::NO_KERNEL;
use crate::common::declare::case;
use crate::common::unary::{Map, Unary};
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Integer, Onnx, Role};
use dlm_kernels::Activation;
use std::sync::Arc;

word! {
    /// Swish made of straight pieces, which costs no exponential.
    ///
    /// `y = x · min(max(x + 3, 0), 6) / 6`, element by element; any shape.
    ///
    /// ```dlm
    /// model Net(x: [16, 8, 8]) {
    ///     x -> conv(32, 3) -> hard_swish -> global_avg_pool -> dense(10)
    /// }
    /// ```
    ///
    /// Howard et al. 2019, arXiv 1905.02244.
    pub(crate) static HARD_SWISH: Operator = {
        name: "hard_swish", params: &[], aliases: &["Hardswish", "HardSwish", "hardswish"],
    },
    flows: Flows::Exactly(1),
    make: |_| Arc::new(Map(HardSwish)),
    cases: || vec![case(&[], &[&[3, 4, 5]], 2e-3), case(&[], &[&[7]], 2e-3)],
}

#[derive(Clone, Copy, Debug)]
struct HardSwish;

impl Unary for HardSwish {
    const NAME: &'static str = "hard_swish";
    const GRAD: &'static str = "hard_swish.grad";
    const COST: usize = 3;
    const ROLE: Role = Role::ReluLike;
    const FROM_OUTPUT: bool = false;

    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        x * ((x + 3.0).clamp(0.0, 6.0) * (1.0 / 6.0))
    }

    #[inline(always)]
    fn back(self, saved: f32, dy: f32) -> f32 {
        let slope = if saved >= 3.0 { 1.0 } else { (2.0 * saved + 3.0) * (1.0 / 6.0) };
        if saved <= -3.0 { 0.0 } else { dy * slope }
    }

    fn activation(self) -> Option<Activation> {
        None
    }

    fn integer(self) -> Integer {
        NO_KERNEL
    }

    fn onnx(self, out: &mut Onnx, x: &str) -> String {
        out.add("HardSwish", &[x], vec![])
    }
}
