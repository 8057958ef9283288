//! Penalties on the size of weights.

use crate::loss::Terms;
use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::{elementwise, reduce};

/// What is summed over all weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Norm {
    /// `|w|`.
    Abs,
    /// `w²`.
    Square,
}

/// Adds `factor · Σ norm(w)` over all weights on which penalties act.
pub(crate) fn build(g: &mut Graph, norm: Norm, factor: f64, terms: &Terms<'_>) -> ValueId {
    g.add(Penalty { norm, factor }, terms.weights)
}

#[derive(Clone, Copy, Debug)]
struct Penalty {
    norm: Norm,
    factor: f64,
}

impl Op for Penalty {
    fn name(&self) -> &'static str {
        match self.norm {
            Norm::Abs => "l1",
            Norm::Square => "l2",
        }
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![Ty::scalar()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let sum = |i| match self.norm {
            Norm::Abs => reduce::sum_abs(frame.f32(i)),
            Norm::Square => reduce::sum_squares(frame.f32(i)),
        };
        let total: f64 = (0..frame.ins.len()).map(sum).sum();
        frame.out(0)[0] = (self.factor * total) as f32;
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let weights = g.node(node).inputs.clone();
        let slope = |w| dys[0].map(|scale| g.add(Slope(*self), &[w, scale]));
        weights.into_iter().map(slope).collect()
    }
}

/// Inputs: a weight, the gradient of the loss.
#[derive(Clone, Copy, Debug)]
struct Slope(Penalty);

impl Op for Slope {
    fn name(&self) -> &'static str {
        match self.0.norm {
            Norm::Abs => "l1.grad",
            Norm::Square => "l2.grad",
        }
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (w, scale) = (frame.f32(0), frame.f32(1)[0] * self.0.factor as f32);
        let y = frame.out(0);
        match self.0.norm {
            Norm::Abs => elementwise::map(w, y, 2, move |w| match w {
                w if w > 0.0 => scale,
                w if w < 0.0 => -scale,
                _ => 0.0,
            }),
            Norm::Square => elementwise::map(w, y, 2, move |w| 2.0 * scale * w),
        }
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }
}
