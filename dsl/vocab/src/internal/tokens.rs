//! Whole numbers from floats that hold them.

use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};

/// The whole numbers that floats of a batch are: samples come as floats, and tokens up to 2²⁴ are exact
/// in them.
#[derive(Clone, Copy, Debug)]
pub struct Tokens;

impl Op for Tokens {
    fn name(&self) -> &'static str {
        "tokens"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![Ty::tokens(ins[0].shape.clone())]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let each = frame.out_i32(0).iter_mut().zip(frame.f32(0));
        each.for_each(|(token, &x)| *token = x as i32);
    }

    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None]
    }
}
