//! Clipping of gradients by the norm of all of them.

use crate::ops::constant::Constant;
use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::reduce;

/// `min(1, clip / ‖g‖)`, where `g` are all inputs together: the factor by which gradients are scaled
/// so that their Euclidean norm is at most `clip`. Summed in float64 in the order of the inputs.
#[derive(Clone, Copy, Debug)]
pub struct GradNorm {
    clip: f64,
}

impl GradNorm {
    /// Adds the factor for these gradients: 1 without `clip`.
    pub fn scale(g: &mut Graph, clip: Option<f64>, grads: &[ValueId]) -> ValueId {
        match clip {
            Some(clip) => g.add(GradNorm { clip }, grads),
            None => g.add(Constant::new(1.0), &[]),
        }
    }
}

impl Op for GradNorm {
    fn name(&self) -> &'static str {
        "grad_norm"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![Ty::scalar()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let squares: f64 = (0..frame.ins.len()).map(|i| reduce::sum_squares(frame.f32(i))).sum();
        let norm = squares.sqrt();
        frame.out(0)[0] = if norm > self.clip { (self.clip / norm) as f32 } else { 1.0 };
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }
}
