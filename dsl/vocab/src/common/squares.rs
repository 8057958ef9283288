//! The mean squared difference from a weighted mean of others.

use crate::common::comparison::{self, Comparison, teachers};
use dlm_graph::{Frame, Graph, ValueId};
use dlm_kernels::{elementwise, reduce};

/// Adds the mean over all numbers of a batch of `(x − Σ w · y)²`; inputs: x, and a y for each weight.
pub(crate) fn build(g: &mut Graph, weights: Vec<f32>, inputs: &[ValueId]) -> ValueId {
    comparison::build(g, Squares { weights }, inputs)
}

#[derive(Clone, Debug)]
struct Squares {
    weights: Vec<f32>,
}

impl Comparison for Squares {
    const NAME: &'static str = "squares";
    const GRAD: &'static str = "squares.grad";

    fn compare(&self, frame: &mut Frame<'_>, grad: &mut [f32]) -> f64 {
        grad.copy_from_slice(frame.f32(0));
        for (weight, y) in teachers(frame, &self.weights) {
            elementwise::update(y, grad, 2, move |y, rest| rest - weight * y);
        }
        let count = grad.len() as f64;
        let mean = reduce::sum_squares(grad) / count;
        let scale = (2.0 / count) as f32;
        elementwise::map_in_place(grad, 1, move |d| d * scale);
        mean
    }
}
