//! Batch normalisation as nodes of a graph.

use crate::internal::folded;
use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::Activation;
use dlm_kernels::norm::batch::{self, Lie};
use std::sync::Arc;

/// How a batch of this type lies in memory.
fn lie(ty: &Ty, batch: usize) -> Lie {
    match *ty.shape.sizes() {
        [channels] => Lie { rows: batch, channels, inner: 1 },
        [channels, time] => Lie { rows: batch, channels, inner: time },
        [channels, height, width] => Lie { rows: batch * height * width, channels, inner: 1 },
        ref sizes => panic!("batch_norm of {sizes:?}"),
    }
}

fn scratch(ins: &[Ty], batch: usize) -> usize {
    4 * lie(&ins[0], batch).scratch()
}

/// While training. Inputs: `x`, weight, bias, running mean and variance (both written). Outputs: `y`,
/// the batch's mean, and `1 / √(var + eps)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfBatch {
    momentum: f64,
    eps: f64,
    act: Option<Activation>,
}

impl OfBatch {
    pub(super) fn new(momentum: f64, eps: f64) -> OfBatch {
        OfBatch { momentum, eps, act: None }
    }
}

impl Op for OfBatch {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone(), ins[1].clone(), ins[1].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let lie = lie(&frame.tys[0], frame.batch);
        let (x, weight, bias) = (frame.f32(0), frame.f32(1), frame.f32(2));
        let (y, mean, inv) = (frame.out(0), frame.out(1), frame.out(2));
        let (running_mean, running_var) = (frame.state(0), frame.state(1));
        let scratch = frame.scratch();
        batch::statistics(lie, x, mean, inv, scratch);
        let new = self.momentum as f32;
        let n = lie.count() as f64;
        // Of one number there is no unbiased variance; the biased one (0) stands in.
        let unbiased = if n > 1.0 { (n / (n - 1.0)) as f32 } else { 1.0 };
        running_mean.iter_mut().zip(&*mean).for_each(|(r, m)| *r += new * (m - *r));
        running_var.iter_mut().zip(&*inv).for_each(|(r, v)| *r += new * (v * unbiased - *r));
        inv.iter_mut().for_each(|v| *v = inverse(*v, self.eps));
        batch::normalise(lie, Some(x), mean, inv, weight, bias, self.act, y, scratch);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let (inputs, outputs) = (g.node(node).inputs.clone(), g.node(node).outputs.clone());
        let Some(dy) = dys[0] else { return vec![None; 5] };
        let inputs = [inputs[0], inputs[1], outputs[1], outputs[2], dy];
        let grads = g.add_all(Arc::new(OfBatchGrad), &inputs);
        vec![Some(grads[0]), Some(grads[1]), Some(grads[2]), None, None]
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        scratch(ins, batch)
    }

    fn writes(&self) -> &[usize] {
        &[3, 4]
    }

    fn fuse(&self, next: &dyn Op) -> Option<Arc<dyn Op>> {
        let act = next.activation().filter(|_| self.act.is_none())?;
        Some(Arc::new(OfBatch { act: Some(act), ..*self }))
    }
}

/// `1 / √(var + eps)`.
fn inverse(var: f32, eps: f64) -> f32 {
    (1.0 / (f64::from(var) + eps).sqrt()) as f32
}

/// Inputs: `x`, weight, mean, `1 / √(var + eps)`, `dy`. Outputs: gradients of `x`, weight, bias.
#[derive(Clone, Copy, Debug)]
struct OfBatchGrad;

impl Op for OfBatchGrad {
    fn name(&self) -> &'static str {
        "batch_norm.grad"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone(), ins[1].clone(), ins[1].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let lie = lie(&frame.tys[0], frame.batch);
        let (x, weight, mean, inv) = (frame.f32(0), frame.f32(1), frame.f32(2), frame.f32(3));
        let (dx, dweight, dbias) = (frame.out(0), frame.out(1), frame.out(2));
        if !frame.taken {
            dx.copy_from_slice(frame.f32(4));
        }
        let scratch = frame.scratch();
        batch::gradient(lie, true, x, mean, inv, weight, dx, dweight, dbias, scratch);
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        scratch(ins, batch)
    }

    fn in_place(&self) -> Option<usize> {
        Some(4)
    }
}

/// With recorded statistics. Inputs: `x`, weight, bias, running mean and variance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recorded {
    eps: f64,
    act: Option<Activation>,
}

impl Recorded {
    pub(super) fn new(eps: f64) -> Recorded {
        Recorded { eps, act: None }
    }
}

/// Scratch memory with room for `1 / √(var + eps)` before that of the kernels.
fn with_inverse<'a>(frame: &mut Frame<'a>, var: &[f32], eps: f64) -> (&'a [f32], &'a mut [f32]) {
    let (inv, scratch) = frame.scratch().split_at_mut(var.len());
    inv.iter_mut().zip(var).for_each(|(inv, &var)| *inv = inverse(var, eps));
    (inv, scratch)
}

impl Op for Recorded {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let lie = lie(&frame.tys[0], frame.batch);
        let (weight, bias, mean, var) = (frame.f32(1), frame.f32(2), frame.f32(3), frame.f32(4));
        let x = (!frame.taken).then(|| frame.f32(0));
        let y = frame.out(0);
        let (inv, scratch) = with_inverse(frame, var, self.eps);
        batch::normalise(lie, x, mean, inv, weight, bias, self.act, y, scratch);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let inputs = g.node(node).inputs.clone();
        let Some(dy) = dys[0] else { return vec![None; 5] };
        let inputs = [inputs[0], inputs[1], inputs[3], inputs[4], dy];
        let grads = g.add_all(Arc::new(RecordedGrad { eps: self.eps }), &inputs);
        vec![Some(grads[0]), Some(grads[1]), Some(grads[2]), None, None]
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        scratch(ins, batch) + 4 * ins[1].len()
    }

    fn in_place(&self) -> Option<usize> {
        Some(0)
    }

    fn fuse(&self, next: &dyn Op) -> Option<Arc<dyn Op>> {
        let act = next.activation().filter(|_| self.act.is_none())?;
        Some(Arc::new(Recorded { act: Some(act), ..*self }))
    }

    fn affine(&self, g: &mut Graph, inputs: &[ValueId]) -> Option<(ValueId, ValueId)> {
        let &[_, weight, bias, mean, var] = inputs else { return None };
        self.act.is_none().then(|| folded::affine(g, [weight, bias, mean, var], self.eps))
    }
}

/// Inputs: `x`, weight, running mean and variance, `dy`. Outputs: gradients of `x`, weight, bias.
#[derive(Clone, Copy, Debug)]
struct RecordedGrad {
    eps: f64,
}

impl Op for RecordedGrad {
    fn name(&self) -> &'static str {
        "batch_norm.recorded_grad"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone(), ins[1].clone(), ins[1].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let lie = lie(&frame.tys[0], frame.batch);
        let (x, weight, mean, var) = (frame.f32(0), frame.f32(1), frame.f32(2), frame.f32(3));
        let (dx, dweight, dbias) = (frame.out(0), frame.out(1), frame.out(2));
        if !frame.taken {
            dx.copy_from_slice(frame.f32(4));
        }
        let (inv, scratch) = with_inverse(frame, var, self.eps);
        batch::gradient(lie, false, x, mean, inv, weight, dx, dweight, dbias, scratch);
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        scratch(ins, batch) + 4 * ins[1].len()
    }

    fn in_place(&self) -> Option<usize> {
        Some(4)
    }
}
