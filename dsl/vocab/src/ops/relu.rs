//! Rectified linear unit.

use crate::common::declare::case;
use crate::common::unary::{Map, Unary};
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Integer, Onnx, Role};
use dlm_kernels::Activation;
use std::sync::Arc;

word! {
    /// Negative numbers become 0.
    ///
    /// `y = max(x, 0)`, element by element; any shape.
    ///
    /// ```dlm
    /// model Net(x: [16, 8, 8]) {
    ///     x -> conv(32, 3) -> relu -> global_avg_pool -> dense(10)
    /// }
    /// ```
    ///
    /// Nair and Hinton 2010.
    pub(crate) static RELU: Operator = {
        name: "relu", params: &[], aliases: &["ReLU", "Relu", "rectifier"],
    },
    flows: Flows::Exactly(1),
    make: |_| Arc::new(Map(Relu)),
    cases: || vec![case(&[], &[&[3, 4, 5]], 2e-3), case(&[], &[&[7]], 2e-3)],
}

#[derive(Clone, Copy, Debug)]
struct Relu;

impl Unary for Relu {
    const NAME: &'static str = "relu";
    const GRAD: &'static str = "relu.grad";
    const COST: usize = 1;
    const ROLE: Role = Role::ReluLike;
    const FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        // NaN stays NaN, so that a broken training is seen.
        if x < 0.0 { 0.0 } else { x }
    }

    #[inline(always)]
    fn back(self, saved: f32, dy: f32) -> f32 {
        if saved > 0.0 { dy } else { 0.0 }
    }

    fn activation(self) -> Option<Activation> {
        Some(Activation::Relu)
    }

    fn integer(self) -> Integer {
        Integer::Cut(f32::INFINITY)
    }

    fn onnx(self, out: &mut Onnx, x: &str) -> String {
        out.add("Relu", &[x], vec![])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_not_hidden() {
        assert!(Relu.at(f32::NAN).is_nan());
        assert_eq!([-1.0, 0.0, 2.0].map(|x| Relu.at(x)), [0.0, 0.0, 2.0]);
    }
}
