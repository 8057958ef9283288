//! Rectified linear unit that leaks.

use crate::common::codes::Lookup;
use crate::common::declare::{case, param, real};
use crate::common::unary::{Map, Unary};
use crate::ops::{Flows, Operator};
use crate::word;
use crate::word::{Arg, Default};
use dlm_graph::{Attr, Integer, Onnx, Role};
use dlm_kernels::Activation;
use std::sync::Arc;

word! {
    /// Negative numbers are made small instead of 0.
    ///
    /// `y = x` where `x > 0`, `slope · x` elsewhere, element by element; any shape.
    ///
    /// ```dlm
    /// model Net(x: [16, 8, 8]) {
    ///     x -> conv(32, 3) -> leaky_relu(slope = 0.2) -> global_avg_pool -> dense(10)
    /// }
    /// ```
    ///
    /// Maas et al. 2013.
    pub(crate) static LEAKY_RELU: Operator = {
        name: "leaky_relu",
        params: &[param(
            "slope",
            real(0.0, 1.0),
            Default::Real(0.01),
            "By which negative numbers are multiplied, from 0 to 1.",
            &["negative_slope", "alpha"],
        )],
        aliases: &["LeakyReLU"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Map(LeakyRelu { slope: args.real("slope") as f32 })),
    cases: || vec![
        case(&[("slope", Arg::Real(0.01))], &[&[3, 4, 5]], 2e-3),
        case(&[("slope", Arg::Real(0.5))], &[&[7]], 2e-3),
    ],
}

#[derive(Clone, Copy, Debug)]
struct LeakyRelu {
    slope: f32,
}

impl Unary for LeakyRelu {
    const NAME: &'static str = "leaky_relu";
    const GRAD: &'static str = "leaky_relu.grad";
    const COST: usize = 1;
    const ROLE: Role = Role::ReluLike;
    const FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        if x > 0.0 { x } else { self.slope * x }
    }

    #[inline(always)]
    fn back(self, saved: f32, dy: f32) -> f32 {
        if saved > 0.0 { dy } else { self.slope * dy }
    }

    fn activation(self) -> Option<Activation> {
        Some(Activation::LeakyRelu(self.slope))
    }

    fn integer(self) -> Integer {
        let slope = f64::from(self.slope);
        let leak = move |x: f64| if x > 0.0 { x } else { slope * x };
        Integer::Compute(Arc::new(Lookup("leaky_relu", leak)))
    }

    fn onnx(self, out: &mut Onnx, x: &str) -> String {
        out.add("LeakyRelu", &[x], vec![("alpha", Attr::Float(self.slope))])
    }
}
