//! Sigmoid linear unit, also called swish.

use crate::common::codes::NO_KERNEL;
use crate::common::declare::case;
use crate::common::unary::{Map, Unary};
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Integer, Onnx, Role};
use dlm_kernels::Activation;
use dlm_kernels::math::sigmoid;
use std::sync::Arc;

word! {
    /// Each number is weighted by its sigmoid.
    ///
    /// `y = x / (1 + e⁻ˣ)`, element by element; any shape.
    ///
    /// ```dlm
    /// model Net(x: [16, 8, 8]) {
    ///     x -> conv(32, 3) -> silu -> global_avg_pool -> dense(10)
    /// }
    /// ```
    ///
    /// Elfwing et al. 2017, arXiv 1702.03118; Ramachandran et al. 2017, arXiv 1710.05941.
    pub(crate) static SILU: Operator = {
        name: "silu", params: &[], aliases: &["SiLU", "swish", "Swish"],
    },
    flows: Flows::Exactly(1),
    make: |_| Arc::new(Map(Silu)),
    cases: || vec![case(&[], &[&[3, 4, 5]], 2e-3), case(&[], &[&[7]], 2e-3)],
}

#[derive(Clone, Copy, Debug)]
struct Silu;

impl Unary for Silu {
    const NAME: &'static str = "silu";
    const GRAD: &'static str = "silu.grad";
    const COST: usize = 12;
    const ROLE: Role = Role::ReluLike;
    const FROM_OUTPUT: bool = false;

    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        x * sigmoid(x)
    }

    #[inline(always)]
    fn back(self, saved: f32, dy: f32) -> f32 {
        let s = sigmoid(saved);
        dy * s * (1.0 + saved * (1.0 - s))
    }

    fn activation(self) -> Option<Activation> {
        None
    }

    fn integer(self) -> Integer {
        NO_KERNEL
    }

    fn onnx(self, out: &mut Onnx, x: &str) -> String {
        let share = out.part("sigmoid", "Sigmoid", &[x], vec![]);
        out.add("Mul", &[x, &share], vec![])
    }
}
