//! Normalisation within each sample as nodes of a graph.

use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::norm::set::{self, Sets};
use std::sync::Arc;

/// `y = (x − mean) / √(variance + eps) · weight + bias` within the sets of each sample. Inputs: `x`,
/// weight and, where the mean is subtracted, bias. The weights have one number for each of
/// `repeat` neighbours. Outputs: `y`, `1 / √(variance + eps)`, and the mean where it is subtracted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Normalise {
    /// The word, and the names of its gradients with respect to `x` and to the weights.
    pub(crate) names: [&'static str; 3],
    /// What is normalised together.
    pub(crate) sets: Sets,
    /// Neighbours that share a weight.
    pub(crate) repeat: usize,
    /// Added to the variance.
    pub(crate) eps: f32,
}

impl Normalise {
    fn width(&self) -> usize {
        self.sets.sets * self.sets.len
    }

    /// Numbers of scratch memory for weight and bias, one for each number of a set.
    fn spread(&self) -> usize {
        if self.repeat > 1 { 2 * self.width() } else { 0 }
    }

    /// `w` with each number repeated, in memory of `scratch` if need be.
    fn widen<'a>(&self, w: &'a [f32], scratch: &'a mut [f32]) -> &'a [f32] {
        if self.repeat == 1 || w.is_empty() {
            return w;
        }
        let wide = &mut scratch[..self.width()];
        wide.chunks_exact_mut(self.repeat).zip(w).for_each(|(wide, &w)| wide.fill(w));
        wide
    }
}

impl Op for Normalise {
    fn name(&self) -> &'static str {
        self.names[0]
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        let of_sets = Ty::flow(vec![ins[0].len() / (self.sets.places * self.sets.len)]);
        let mut outs = vec![ins[0].clone(), of_sets.clone()];
        outs.extend(self.sets.center.then_some(of_sets));
        outs
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (x, y, inv) = (frame.f32(0), frame.out(0), frame.out(1));
        let (bias, mean): (&[f32], &mut [f32]) =
            if self.sets.center { (frame.f32(2), frame.out(2)) } else { (&[], &mut []) };
        let scratch = frame.scratch();
        let (a, b) = scratch.split_at_mut(scratch.len() / 2);
        let (weight, bias) = (self.widen(frame.f32(1), a), self.widen(bias, b));
        set::normalise(self.sets, self.eps, x, weight, bias, y, mean, inv);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let (inputs, outputs) = (g.node(node).inputs.clone(), g.node(node).outputs.clone());
        let Some(dy) = dys[0] else { return vec![None; inputs.len()] };
        let mut saved = vec![inputs[0], inputs[1], dy];
        saved.extend(&outputs[1..]);
        let dx = g.add(InputGrad(*self), &saved);
        let weights = g.add_all(Arc::new(WeightGrad(*self)), &saved);
        [dx].into_iter().chain(weights).map(Some).collect()
    }

    fn scratch(&self, _: &[Ty], _: usize) -> usize {
        4 * self.spread()
    }
}

/// Inputs of both gradients: `x`, weight, `dy`, `1 / √(variance + eps)`, mean where it is subtracted.
fn mean<'a>(of: &Normalise, frame: &Frame<'a>) -> &'a [f32] {
    if of.sets.center { frame.f32(4) } else { &[] }
}

#[derive(Clone, Copy, Debug)]
struct InputGrad(Normalise);

impl Op for InputGrad {
    fn name(&self) -> &'static str {
        self.0.names[1]
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let dx = frame.out(0);
        if !frame.taken {
            dx.copy_from_slice(frame.f32(2));
        }
        let weight = self.0.widen(frame.f32(1), frame.scratch());
        set::gradient(self.0.sets, frame.f32(0), weight, mean(&self.0, frame), frame.f32(3), dx);
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }

    fn scratch(&self, _: &[Ty], _: usize) -> usize {
        4 * self.0.spread()
    }

    fn in_place(&self) -> Option<usize> {
        Some(2)
    }
}

/// Outputs: the gradient of the weight, and of the bias where there is one.
#[derive(Clone, Copy, Debug)]
struct WeightGrad(Normalise);

impl Op for WeightGrad {
    fn name(&self) -> &'static str {
        self.0.names[2]
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[1].clone(); 1 + usize::from(self.0.sets.center)]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (x, dy, inv, mean) = (frame.f32(0), frame.f32(2), frame.f32(3), mean(&self.0, frame));
        let dweight = frame.out(0);
        let dbias: &mut [f32] = if self.0.sets.center { frame.out(1) } else { &mut [] };
        if self.0.repeat == 1 {
            set::weight_gradient(self.0.sets, x, mean, inv, dy, dweight, dbias);
            return;
        }
        let (wide, wide_bias) = frame.scratch().split_at_mut(self.0.width());
        let bias_len = if self.0.sets.center { self.0.width() } else { 0 };
        let wide_bias = &mut wide_bias[..bias_len];
        set::weight_gradient(self.0.sets, x, mean, inv, dy, wide, wide_bias);
        let fold = |wide: &[f32], d: &mut [f32]| {
            let each = wide.chunks_exact(self.0.repeat).zip(d);
            each.for_each(|(wide, d)| {
                *d = wide.iter().map(|&v| f64::from(v)).sum::<f64>() as f32;
            });
        };
        fold(wide, dweight);
        fold(wide_bias, dbias);
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }

    fn scratch(&self, _: &[Ty], _: usize) -> usize {
        4 * self.0.spread()
    }
}
