//! Operators that move numbers without changing them.

use dlm_graph::{DType, Frame, Graph, NodeId, Op, Ty, ValueId, View, ViewMut};
use dlm_kernels::elementwise::Axis2;
use dlm_kernels::{movement, par};
use std::sync::Arc;

/// A box of numbers that is copied from an input to the output, in each sample.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// From which input.
    pub(crate) input: usize,
    /// Where it begins in the input.
    pub(crate) from: usize,
    /// Where it begins in the output.
    pub(crate) to: usize,
    axes: Vec<Axis2>,
}

impl Piece {
    /// A box of these sizes; `from` and `to` are the steps of both sides along each axis.
    pub(crate) fn new(input: usize, sizes: &[usize], from: &[usize], to: &[usize]) -> Piece {
        let axes = sizes.iter().zip(from).zip(to);
        let axes: Vec<Axis2> = axes.map(|((&size, &a), &b)| Axis2 { size, a, b }).collect();
        Piece { input, from: 0, to: 0, axes: movement::order(&axes) }
    }

    /// All numbers of a tensor of type `x`, in an order with these steps.
    pub(crate) fn whole(x: &Ty, to: &[usize]) -> Piece {
        Piece::new(0, x.shape.sizes(), &x.strides(), to)
    }

    fn len(&self) -> usize {
        self.axes.iter().map(|axis| axis.size).product()
    }

    /// The same box the other way.
    fn back(&self) -> Piece {
        let turned = self.axes.iter().map(|axis| Axis2 { size: axis.size, a: axis.b, b: axis.a });
        let axes = movement::order(&turned.collect::<Vec<_>>());
        Piece { input: 0, from: self.to, to: self.from, axes }
    }

    /// Whether nothing changes place.
    pub(crate) fn straight(&self) -> bool {
        self.from == 0 && self.to == 0 && movement::straight(&self.axes)
    }
}

/// Copies of boxes; what no box covers is 0.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    name: &'static str,
    grad: &'static str,
    out: Ty,
    pieces: Vec<Piece>,
    fill: bool,
}

impl Move {
    /// The operator `name` with its gradient's name, from pieces that do not overlap.
    pub(crate) fn new(
        [name, grad]: [&'static str; 2],
        out: Ty,
        pieces: impl IntoIterator<Item = Piece>,
    ) -> Move {
        let pieces: Vec<Piece> = pieces.into_iter().collect();
        let fill = pieces.iter().map(Piece::len).sum::<usize>() < out.len();
        Move { name, grad, out, pieces, fill }
    }

    /// Whether the output is the input, number for number.
    fn straight(&self) -> bool {
        matches!(&self.pieces[..], [piece] if piece.straight()) && !self.fill
    }

    fn run<T: Copy + Send + Sync>(
        &self,
        batch: usize,
        tys: &[Ty],
        ins: &[&[T]],
        y: &mut [T],
        zero: T,
    ) {
        if self.straight() && ins[0].len() == y.len() {
            y.copy_from_slice(ins[0]);
            return;
        }
        let work = 2 * y.len();
        debug_assert_eq!(y.len(), self.out.count(batch));
        par::chunks(y, self.out.len(), work, |sample, y| {
            if self.fill {
                y.fill(zero);
            }
            for piece in &self.pieces {
                let len = tys[piece.input].len();
                let x = &ins[piece.input][sample * len..][..len];
                movement::copy(&piece.axes, &x[piece.from..], &mut y[piece.to..]);
            }
        });
    }
}

impl Op for Move {
    fn name(&self) -> &'static str {
        self.name
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![self.out.clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        if frame.taken {
            return;
        }
        let (batch, tys) = (frame.batch, frame.tys);
        match &mut frame.outs[0] {
            ViewMut::F32(y) => {
                let each = frame.ins.iter().map(|view| match view {
                    View::F32(x) => *x,
                    other => panic!("not f32: {other:?}"),
                });
                self.run(batch, tys, &each.collect::<smallvec::SmallVec<[&[f32]; 8]>>(), y, 0.0);
            }
            ViewMut::I32(y) => {
                let each = frame.ins.iter().map(|view| match view {
                    View::I32(x) => *x,
                    other => panic!("not i32: {other:?}"),
                });
                self.run(batch, tys, &each.collect::<smallvec::SmallVec<[&[i32]; 8]>>(), y, 0);
            }
            ViewMut::U8(y) => {
                let each = frame.ins.iter().map(|view| match view {
                    View::U8(x) => *x,
                    other => panic!("not u8: {other:?}"),
                });
                self.run(batch, tys, &each.collect::<smallvec::SmallVec<[&[u8]; 8]>>(), y, 0);
            }
            other => panic!("{}: {other:?}", self.name),
        }
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let inputs = g.node(node).inputs.clone();
        let each = inputs.iter().enumerate().map(|(i, &input)| {
            let ty = g.ty(input).clone();
            let dy = dys[0].filter(|_| ty.dtype == DType::F32)?;
            let own = self.pieces.iter().filter(|piece| piece.input == i).map(Piece::back);
            let back = Move::new([self.grad, self.name], ty, own);
            Some(g.add_all(Arc::new(back), &[dy])[0])
        });
        each.collect()
    }

    fn in_place(&self) -> Option<usize> {
        self.straight().then_some(0)
    }
}
