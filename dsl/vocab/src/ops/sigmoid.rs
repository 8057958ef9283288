//! The logistic function.

use crate::common::codes::Lookup;
use crate::common::declare::case;
use crate::common::unary::{Map, Unary};
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Integer, Onnx, Role};
use dlm_kernels::Activation;
use dlm_kernels::math::sigmoid;
use std::sync::Arc;

word! {
    /// Squeezes every number between 0 and 1.
    ///
    /// `y = 1 / (1 + e⁻ˣ)`, element by element; any shape. The loss `binary_cross_entropy` has it inside.
    ///
    /// ```dlm
    /// model Net(x: [16, 8, 8]) {
    ///     gate = x -> global_avg_pool -> dense(16) -> sigmoid -> reshape([16, 1, 1])
    ///     x * gate -> global_avg_pool -> dense(10)
    /// }
    /// ```
    pub(crate) static SIGMOID: Operator = {
        name: "sigmoid", params: &[], aliases: &["Sigmoid", "logistic"],
    },
    flows: Flows::Exactly(1),
    make: |_| Arc::new(Map(Sigmoid)),
    cases: || vec![case(&[], &[&[3, 4, 5]], 2e-3), case(&[], &[&[7]], 2e-3)],
}

#[derive(Clone, Copy, Debug)]
struct Sigmoid;

impl Unary for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const GRAD: &'static str = "sigmoid.grad";
    const COST: usize = 12;
    const ROLE: Role = Role::Elementwise;
    const FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        sigmoid(x)
    }

    #[inline(always)]
    fn back(self, saved: f32, dy: f32) -> f32 {
        dy * saved * (1.0 - saved)
    }

    fn activation(self) -> Option<Activation> {
        None
    }

    fn integer(self) -> Integer {
        Integer::Compute(Arc::new(Lookup("sigmoid", |x: f64| 1.0 / (1.0 + (-x).exp()))))
    }

    fn onnx(self, out: &mut Onnx, x: &str) -> String {
        out.add("Sigmoid", &[x], vec![])
    }
}
