//! Steps on codes that select them, or compute them without weights.

use super::codes;
use dlm_base::Shape;
use dlm_graph::{Codes, Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::int8::Grid;
use dlm_kernels::lookup;
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

/// Rows of a table of codes by whole numbers. Input: the numbers.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The table, one row behind the other.
    pub table: Arc<[u8]>,
    /// The shape of the result, whose last axis is a row.
    pub shape: Shape,
}

impl Op for Rows {
    fn name(&self) -> &'static str {
        "rows"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![codes(&self.shape)]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (size, y) = (self.shape.sizes().last().copied().unwrap_or(1), frame.out_u8(0));
        lookup::lookup(&self.table, size, frame.i32(0), y);
    }

    /// Deployed networks do not learn.
    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None]
    }
}
