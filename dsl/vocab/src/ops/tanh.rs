//! The hyperbolic tangent.

use crate::common::codes::NO_KERNEL;
use crate::common::declare::case;
use crate::common::unary::{Map, Unary};
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Integer, Onnx, Role};
use dlm_kernels::Activation;
use dlm_kernels::math::tanh;
use std::sync::Arc;

word! {
    /// Squeezes every number between -1 and 1.
    ///
    /// `y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)`, element by element; any shape.
    ///
    /// ```dlm
    /// model Net(x: [16, 8, 8]) {
    ///     x -> flatten -> dense(32) -> tanh -> dense(10)
    /// }
    /// ```
    pub(crate) static TANH: Operator = {
        name: "tanh", params: &[], aliases: &["Tanh"],
    },
    flows: Flows::Exactly(1),
    make: |_| Arc::new(Map(Tanh)),
    cases: || vec![case(&[], &[&[3, 4, 5]], 2e-3), case(&[], &[&[7]], 2e-3)],
}

#[derive(Clone, Copy, Debug)]
struct Tanh;

impl Unary for Tanh {
    const NAME: &'static str = "tanh";
    const GRAD: &'static str = "tanh.grad";
    const COST: usize = 16;
    const ROLE: Role = Role::Elementwise;
    const FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        tanh(x)
    }

    #[inline(always)]
    fn back(self, saved: f32, dy: f32) -> f32 {
        dy * (1.0 - saved * saved)
    }

    fn activation(self) -> Option<Activation> {
        None
    }

    fn integer(self) -> Integer {
        NO_KERNEL
    }

    fn onnx(self, out: &mut Onnx, x: &str) -> String {
        out.add("Tanh", &[x], vec![])
    }
}
