//! One of several inputs from the row of a sample.

use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};

/// The numbers of each sample from `start` on, as many as a tensor of the type `ty` has, in the order in which
/// they lie in memory.
#[derive(Clone, Debug)]
pub struct Piece {
    start: usize,
    ty: Ty,
}

impl Piece {
    /// The floats of the type `ty` from the place `start` of a row on.
    pub fn new(start: usize, ty: Ty) -> Piece {
        Piece { start, ty }
    }
}

impl Op for Piece {
    fn name(&self) -> &'static str {
        "piece"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![self.ty.clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (size, row) = (self.ty.shape.len(), frame.tys[0].shape.len());
        let rows = frame.f32(0).chunks_exact(row);
        for (piece, row) in frame.out(0).chunks_exact_mut(size).zip(rows) {
            piece.copy_from_slice(&row[self.start..][..size]);
        }
    }

    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None]
    }
}
