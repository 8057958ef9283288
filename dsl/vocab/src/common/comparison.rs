//! Losses that compare a student with its teachers. The value and its gradient come from one pass;
//! gradients go to the student alone.

use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use std::fmt::Debug;
use std::sync::Arc;

/// A comparison: its first input is the student's, the gradient goes there.
pub(crate) trait Comparison: Clone + Debug + Send + Sync + 'static {
    /// The word.
    const NAME: &'static str;
    /// The name of its gradient.
    const GRAD: &'static str;

    /// The value; `grad` becomes the gradient with respect to the first input.
    fn compare(&self, frame: &mut Frame<'_>, grad: &mut [f32]) -> f64;

    /// Bytes of scratch memory for a batch of this size.
    fn scratch(&self, _ins: &[Ty], _batch: usize) -> usize {
        0
    }
}

/// Adds a comparison.
pub(crate) fn build(g: &mut Graph, how: impl Comparison, inputs: &[ValueId]) -> ValueId {
    g.add_all(Arc::new(Compare(how)), inputs)[0]
}

/// The answers of all teachers behind those of the student, and the weights of the teachers.
pub(crate) fn with_teachers(
    student: ValueId,
    answers: &[(f32, ValueId)],
) -> (Vec<f32>, Vec<ValueId>) {
    let weights = answers.iter().map(|&(weight, _)| weight).collect();
    let teachers = answers.iter().map(|&(_, teacher)| teacher);
    (weights, std::iter::once(student).chain(teachers).collect())
}

/// The teachers of an operator whose inputs [`with_teachers`] has ordered.
pub(crate) fn teachers<'a>(frame: &Frame<'a>, weights: &[f32]) -> Vec<(f32, &'a [f32])> {
    weights.iter().enumerate().map(|(i, &weight)| (weight, frame.f32(1 + i))).collect()
}

/// How many classes logits `[classes]` or `[steps, classes]` are of.
pub(crate) fn classes(logits: &Ty) -> usize {
    logits.shape.sizes().last().copied().unwrap_or(1)
}

/// Scratch memory of a frame as float64.
pub(crate) fn scratch<'a>(frame: &mut Frame<'a>) -> &'a mut [f64] {
    dlm_kernels::arena::cast_mut(std::mem::take(&mut frame.scratch))
}

/// Outputs: the value, the gradient of the value with respect to the first input.
#[derive(Clone, Debug)]
struct Compare<C>(C);

impl<C: Comparison> Op for Compare<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![Ty::scalar(), ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (value, grad) = (frame.out(0), frame.out(1));
        value[0] = self.0.compare(frame, grad) as f32;
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let (inputs, slope) = (g.node(node).inputs.len(), g.node(node).outputs[1]);
        let mut grads = vec![None; inputs];
        grads[0] = dys[0].map(|scale| g.add(Scaled(C::GRAD), &[slope, scale]));
        grads
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        self.0.scratch(ins, batch)
    }
}

/// Inputs: a gradient, what it is multiplied with.
#[derive(Clone, Copy, Debug)]
struct Scaled(&'static str);

impl Op for Scaled {
    fn name(&self) -> &'static str {
        self.0
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (y, scale) = (frame.out(0), frame.f32(1)[0]);
        if !frame.taken {
            y.copy_from_slice(frame.f32(0));
        }
        dlm_kernels::elementwise::map_in_place(y, 1, move |y| y * scale);
    }

    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None, None]
    }

    fn in_place(&self) -> Option<usize> {
        Some(0)
    }
}
