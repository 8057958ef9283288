//! Steps without weights on codes.

use super::codes;
use dlm_base::Shape;
use dlm_graph::{Codes, Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::int8::Grid;
use smallvec::SmallVec;
use std::sync::Arc;

/// An operator on codes, with the grids of its inputs and of its result.
#[derive(Clone, Debug)]
pub struct Coded {
    /// What is computed.
    pub codes: Arc<dyn Codes>,
    /// The grids of the inputs.
    pub ins: Vec<Grid>,
    /// The grid of the result.
    pub out: Grid,
    /// The shape of the result.
    pub shape: Shape,
}

impl Op for Coded {
    fn name(&self) -> &'static str {
        "coded"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![codes(&self.shape)]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let y = frame.out_u8(0);
        let ins: SmallVec<[(&[u8], Grid); 4]> =
            self.ins.iter().enumerate().map(|(i, &grid)| (frame.u8(i), grid)).collect();
        self.codes.run(frame.batch, &ins, self.out, y);
    }

    /// Deployed networks do not learn.
    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }
}
