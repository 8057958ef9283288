//! The product of two flows.

use crate::common::declare::case;
use crate::common::pair::{Pair, Sign, combine};
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Graph, ValueId};
use std::sync::Arc;

word! {
    /// The product of two flows, element by element: `a * b`.
    ///
    /// Shapes are broadcast as in NumPy: sizes are compared from the last axis on, and a size of 1 is repeated.
    ///
    /// ```dlm
    /// layer Gate(x: [C, H, W]) {
    ///     gate = x -> global_avg_pool -> dense(C) -> sigmoid -> reshape([C, 1, 1])
    ///     x * gate
    /// }
    /// model Net(image: [16, 8, 8]) { image -> Gate -> global_avg_pool -> dense(10) }
    /// ```
    pub(crate) static MUL: Operator = {
        name: "mul", params: &[], aliases: &["Multiply"],
    },
    flows: Flows::Exactly(2),
    make: |_| Arc::new(Sign(Mul)),
    cases: || vec![
        case(&[], &[&[3, 4, 5], &[3, 4, 5]], TOLERANCE),
        case(&[], &[&[3, 4, 5], &[3, 1, 1]], TOLERANCE),
        case(&[], &[&[5], &[3, 4, 5]], TOLERANCE),
        case(&[], &[&[4, 1], &[3, 1, 5]], TOLERANCE),
        case(&[], &[&[6], &[2, 6]], TOLERANCE),
    ],
}

const TOLERANCE: f64 = 2e-3;

/// `a * b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mul;

impl Pair for Mul {
    const NAME: &'static str = "mul";
    const ONNX: &'static str = "Mul";
    const PRODUCT: Option<bool> = Some(true);

    #[inline(always)]
    fn at(self, a: f32, b: f32) -> f32 {
        a * b
    }

    fn act(a: &str, b: &str) -> String {
        format!("multiply {a} and {b}")
    }

    fn grad(g: &mut Graph, a: ValueId, b: ValueId, _: ValueId, dy: ValueId) -> [(ValueId, f32); 2] {
        [(combine(g, Mul, dy, b), 1.0), (combine(g, Mul, dy, a), 1.0)]
    }
}
