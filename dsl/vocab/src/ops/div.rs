//! The quotient of two flows.

use crate::common::declare::case;
use crate::common::pair::{Pair, Sign, combine};
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Graph, ValueId};
use std::sync::Arc;

word! {
    /// The quotient of two flows, element by element: `a / b`.
    ///
    /// Shapes are broadcast as in NumPy: sizes are compared from the last axis on, and a size of 1 is repeated.
    ///
    /// ```dlm
    /// model Shares(x: [13]) {
    ///     h = x -> dense(16) -> sigmoid
    ///     h / (1 + h) -> dense(1)
    /// }
    /// ```
    pub(crate) static DIV: Operator = {
        name: "div", params: &[], aliases: &["Divide"],
    },
    flows: Flows::Exactly(2),
    make: |_| Arc::new(Sign(Div)),
    cases: || vec![
        case(&[], &[&[3, 4, 5], &[3, 4, 5]], TOLERANCE),
        case(&[], &[&[3, 4, 5], &[3, 1, 1]], TOLERANCE),
        case(&[], &[&[5], &[3, 4, 5]], TOLERANCE),
        case(&[], &[&[4, 1], &[3, 1, 5]], TOLERANCE),
        case(&[], &[&[6], &[2, 6]], TOLERANCE),
    ],
}

const TOLERANCE: f64 = 5e-3;

/// `a / b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Div;

impl Pair for Div {
    const NAME: &'static str = "div";
    const ONNX: &'static str = "Div";
    const PRODUCT: Option<bool> = None;

    #[inline(always)]
    fn at(self, a: f32, b: f32) -> f32 {
        a / b
    }

    fn act(a: &str, b: &str) -> String {
        format!("divide {a} by {b}")
    }

    fn grad(g: &mut Graph, _: ValueId, b: ValueId, y: ValueId, dy: ValueId) -> [(ValueId, f32); 2] {
        let quotient = combine(g, Div, y, b);
        [(combine(g, Div, dy, b), 1.0), (combine(g, super::mul::Mul, dy, quotient), -1.0)]
    }
}
