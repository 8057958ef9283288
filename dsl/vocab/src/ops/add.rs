//! The sum of two flows.

use crate::common::declare::case;
use crate::common::pair::{Pair, Sign};
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Graph, ValueId};
use std::sync::Arc;

word! {
    /// The sum of two flows, element by element: `a + b`.
    ///
    /// Shapes are broadcast as in NumPy: sizes are compared from the last axis on, and a size of 1 is repeated.
    ///
    /// ```dlm
    /// layer Residual(x: [C, H, W]) {
    ///     main = x -> conv(C, 3, bias = false) -> batch_norm
    ///     main + x -> relu
    /// }
    /// model Net(image: [16, 8, 8]) { image -> Residual -> global_avg_pool -> dense(10) }
    /// ```
    pub(crate) static ADD: Operator = {
        name: "add", params: &[], aliases: &["Add"],
    },
    flows: Flows::Exactly(2),
    make: |_| Arc::new(Sign(Add)),
    cases: || vec![
        case(&[], &[&[3, 4, 5], &[3, 4, 5]], TOLERANCE),
        case(&[], &[&[3, 4, 5], &[3, 1, 1]], TOLERANCE),
        case(&[], &[&[5], &[3, 4, 5]], TOLERANCE),
        case(&[], &[&[4, 1], &[3, 1, 5]], TOLERANCE),
        case(&[], &[&[6], &[2, 6]], TOLERANCE),
    ],
}

const TOLERANCE: f64 = 2e-3;

/// `a + b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Add;

impl Pair for Add {
    const NAME: &'static str = "add";
    const ONNX: &'static str = "Add";
    const PRODUCT: Option<bool> = Some(false);

    #[inline(always)]
    fn at(self, a: f32, b: f32) -> f32 {
        a + b
    }

    fn act(a: &str, b: &str) -> String {
        format!("add {a} and {b}")
    }

    fn grad(_: &mut Graph, _: ValueId, _: ValueId, _: ValueId, dy: ValueId) -> [(ValueId, f32); 2] {
        [(dy, 1.0), (dy, 1.0)]
    }
}
