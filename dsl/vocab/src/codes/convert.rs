//! Floats to codes and back.

use super::codes;
use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::int8::{self, Grid};

/// `q = sat(rint(x / scale) + zero)`
#[derive(Clone, Copy, Debug)]
pub struct Quantize(pub Grid);

impl Op for Quantize {
    fn name(&self) -> &'static str {
        "quantize"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![codes(&ins[0].shape)]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let y = frame.out_u8(0);
        int8::quantize(frame.f32(0), self.0, y);
    }

    /// Deployed networks do not learn.
    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None]
    }
}

/// `x = (q − zero) · scale`
#[derive(Clone, Copy, Debug)]
pub struct Dequantize(pub Grid);

impl Op for Dequantize {
    fn name(&self) -> &'static str {
        "dequantize"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![Ty::flow(ins[0].shape.clone())]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let y = frame.out(0);
        int8::dequantize(frame.u8(0), self.0, y);
    }

    /// Deployed networks do not learn.
    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None]
    }
}
