//! The difference of two flows.

use crate::common::declare::case;
use crate::common::pair::{Pair, Sign};
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Graph, ValueId};
use std::sync::Arc;

word! {
    /// The difference of two flows, element by element: `a - b`.
    ///
    /// Shapes are broadcast as in NumPy: sizes are compared from the last axis on, and a size of 1 is repeated.
    ///
    /// ```dlm
    /// model Contrast(image: [3, 8, 8]) {
    ///     blurred = image -> depthwise_conv(3)
    ///     image - blurred -> conv(16, 3) -> relu -> global_avg_pool -> dense(10)
    /// }
    /// ```
    pub(crate) static SUB: Operator = {
        name: "sub", params: &[], aliases: &["Subtract"],
    },
    flows: Flows::Exactly(2),
    make: |_| Arc::new(Sign(Sub)),
    cases: || vec![
        case(&[], &[&[3, 4, 5], &[3, 4, 5]], TOLERANCE),
        case(&[], &[&[3, 4, 5], &[3, 1, 1]], TOLERANCE),
        case(&[], &[&[5], &[3, 4, 5]], TOLERANCE),
        case(&[], &[&[4, 1], &[3, 1, 5]], TOLERANCE),
        case(&[], &[&[6], &[2, 6]], TOLERANCE),
    ],
}

const TOLERANCE: f64 = 2e-3;

/// `a - b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sub;

impl Pair for Sub {
    const NAME: &'static str = "sub";
    const ONNX: &'static str = "Sub";
    const PRODUCT: Option<bool> = None;

    #[inline(always)]
    fn at(self, a: f32, b: f32) -> f32 {
        a - b
    }

    fn act(a: &str, b: &str) -> String {
        format!("subtract {b} from {a}")
    }

    fn grad(_: &mut Graph, _: ValueId, _: ValueId, _: ValueId, dy: ValueId) -> [(ValueId, f32); 2] {
        [(dy, 1.0), (dy, -1.0)]
    }
}
