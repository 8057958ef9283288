//! Rectified linear unit up to 6.

use crate::common::declare::case;
use crate::common::unary::{Map, Unary};
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Integer, Onnx, Role};
use dlm_kernels::Activation;
use std::sync::Arc;

word! {
    /// Negative numbers become 0, numbers above 6 become 6.
    ///
    /// `y = min(max(x, 0), 6)`, element by element; any shape. The bound keeps 8-bit steps small.
    ///
    /// ```dlm
    /// model Net(x: [16, 8, 8]) {
    ///     x -> conv(32, 3) -> relu6 -> global_avg_pool -> dense(10)
    /// }
    /// ```
    ///
    /// Krizhevsky 2010.
    pub(crate) static RELU6: Operator = {
        name: "relu6", params: &[], aliases: &["ReLU6"],
    },
    flows: Flows::Exactly(1),
    make: |_| Arc::new(Map(Relu6)),
    cases: || vec![case(&[], &[&[3, 4, 5]], 2e-3), case(&[], &[&[7]], 2e-3)],
}

#[derive(Clone, Copy, Debug)]
struct Relu6;

impl Unary for Relu6 {
    const NAME: &'static str = "relu6";
    const GRAD: &'static str = "relu6.grad";
    const COST: usize = 1;
    const ROLE: Role = Role::ReluLike;
    const FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        x.clamp(0.0, 6.0)
    }

    #[inline(always)]
    fn back(self, saved: f32, dy: f32) -> f32 {
        if saved > 0.0 && saved < 6.0 { dy } else { 0.0 }
    }

    fn activation(self) -> Option<Activation> {
        Some(Activation::Relu6)
    }

    fn integer(self) -> Integer {
        Integer::Cut(6.0)
    }

    fn onnx(self, out: &mut Onnx, x: &str) -> String {
        let (min, max) = (out.floats("min", &[], &[0.0]), out.floats("max", &[], &[6.0]));
        out.add("Clip", &[x, &min, &max], vec![])
    }
}
