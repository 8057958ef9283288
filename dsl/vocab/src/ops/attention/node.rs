//! The nodes of attention between its projections.

use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::attention::{Attention, Gradients, Inputs, KEPT, Projected};
use std::sync::Arc;

/// What the heads find; inputs: rows of q, k and v one behind the other, or rows of q and rows of k and v
/// (`apart`), and the mask if there is one. A second output keeps what the gradient needs.
#[derive(Clone, Debug)]
pub(super) struct Attend {
    /// The sizes.
    pub(super) sizes: Attention,
    /// Whether k and v stand in rows of their own.
    pub(super) apart: bool,
    /// Whether a mask is the last input.
    pub(super) masked: bool,
}

impl Attend {
    /// How many inputs hold projections.
    fn projected(&self) -> usize {
        1 + usize::from(self.apart)
    }

    /// What the kernels read, from the input `first` on.
    fn inputs<'a>(&self, frame: &Frame<'a>, first: usize) -> Inputs<'a> {
        let d = self.sizes.width;
        let part =
            |input, stride, offset| Projected { data: frame.f32(first + input), stride, offset };
        let mask = self.masked.then(|| frame.i32(first + self.projected()));
        match self.apart {
            false => Inputs {
                q: part(0, 3 * d, 0),
                k: part(0, 3 * d, d),
                v: part(0, 3 * d, 2 * d),
                mask,
            },
            true => Inputs { q: part(0, d, 0), k: part(1, 2 * d, 0), v: part(1, 2 * d, d), mask },
        }
    }
}

impl Op for Attend {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        let it = self.sizes;
        vec![Ty::flow(vec![it.queries, it.width]), Ty::flow(vec![it.heads, it.queries * KEPT])]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let inputs = self.inputs(frame, 0);
        let (y, kept, scratch) = (frame.out(0), frame.out(1), std::mem::take(&mut frame.scratch));
        self.sizes.forward(frame.batch, &inputs, (y, kept), scratch);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let node = g.node(node);
        let (inputs, outputs) = (node.inputs.clone(), node.outputs.clone());
        let Some(dy) = dys[0] else { return vec![None; inputs.len()] };
        let all: Vec<ValueId> =
            [dy, outputs[0], outputs[1]].into_iter().chain(inputs.iter().copied()).collect();
        let made = g.add_all(Arc::new(AttendGrad(self.clone())), &all);
        let grads = made.iter().copied().map(Some);
        grads.chain(self.masked.then_some(None)).collect()
    }

    fn scratch(&self, _: &[Ty], batch: usize) -> usize {
        self.sizes.forward_scratch(batch)
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        self.sizes.macs() as u64
    }
}

/// The gradients of the projections; inputs: dy, both outputs of [`Attend`], and its inputs.
#[derive(Clone, Debug)]
struct AttendGrad(Attend);

impl Op for AttendGrad {
    fn name(&self) -> &'static str {
        "attention.grad"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        ins[3..3 + self.0.projected()].to_vec()
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let inputs = self.0.inputs(frame, 3);
        let of = (frame.f32(1), frame.f32(2), frame.f32(0));
        let first = frame.out(0);
        let gradients = match self.0.apart {
            false => Gradients::One(first),
            true => Gradients::Two(first, frame.out(1)),
        };
        let scratch = std::mem::take(&mut frame.scratch);
        self.0.sizes.backward(frame.batch, &inputs, of, gradients, scratch);
    }

    /// Losses do not depend on gradients, so none is taken of this.
    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }

    fn scratch(&self, _: &[Ty], batch: usize) -> usize {
        self.0.sizes.backward_scratch(batch)
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        (self.0.sizes.macs() * 5 / 2) as u64
    }
}
