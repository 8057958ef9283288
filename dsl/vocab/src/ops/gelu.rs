//! Gaussian error linear unit.

use crate::common::codes::NO_KERNEL;
use crate::common::declare::case;
use crate::common::unary::{Map, Unary};
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Integer, Onnx, Role};
use dlm_kernels::Activation;
use dlm_kernels::math::{erf, exp};
use std::f32::consts::FRAC_1_SQRT_2;
use std::sync::Arc;

word! {
    /// Each number is weighted by how much of the normal distribution lies below it.
    ///
    /// `y = x · ½ · (1 + erf(x / √2))`, element by element; any shape. The exact form, not the one with `tanh`.
    ///
    /// ```dlm
    /// model Net(x: [16, 8, 8]) {
    ///     x -> conv(32, 3) -> gelu -> global_avg_pool -> dense(10)
    /// }
    /// ```
    ///
    /// Hendrycks and Gimpel 2016, arXiv 1606.08415.
    pub(crate) static GELU: Operator = {
        name: "gelu", params: &[], aliases: &["GELU"],
    },
    flows: Flows::Exactly(1),
    make: |_| Arc::new(Map(Gelu)),
    cases: || vec![case(&[], &[&[3, 4, 5]], 2e-3), case(&[], &[&[7]], 2e-3)],
}

#[derive(Clone, Copy, Debug)]
struct Gelu;

impl Unary for Gelu {
    const NAME: &'static str = "gelu";
    const GRAD: &'static str = "gelu.grad";
    const COST: usize = 24;
    const ROLE: Role = Role::ReluLike;
    const FROM_OUTPUT: bool = false;

    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        0.5 * x * (1.0 + erf(x * FRAC_1_SQRT_2))
    }

    #[inline(always)]
    fn back(self, saved: f32, dy: f32) -> f32 {
        let below = 0.5 * (1.0 + erf(saved * FRAC_1_SQRT_2));
        let density = exp(-0.5 * saved * saved) * 0.398_942_3;
        dy * (below + saved * density)
    }

    fn activation(self) -> Option<Activation> {
        None
    }

    fn integer(self) -> Integer {
        NO_KERNEL
    }

    fn onnx(self, out: &mut Onnx, x: &str) -> String {
        let root = out.floats("root", &[], &[std::f32::consts::SQRT_2]);
        let (one, half) = (out.floats("one", &[], &[1.0]), out.floats("half", &[], &[0.5]));
        let scaled = out.part("scaled", "Div", &[x, &root], vec![]);
        let erf = out.part("erf", "Erf", &[&scaled], vec![]);
        let twice = out.part("share", "Add", &[&erf, &one], vec![]);
        let weighted = out.part("weighted", "Mul", &[x, &twice], vec![]);
        out.add("Mul", &[&weighted, &half], vec![])
    }
}
