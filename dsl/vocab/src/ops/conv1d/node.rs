//! Between a sequence `[channels, time]`, stored channel after channel, and a map of one row,
//! `[channels, 1, time]`, stored channels last.

use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId, View};
use dlm_kernels::par;

/// `[c, t]` → `[c, 1, t]`.
#[derive(Debug)]
pub(crate) struct ToRow;

/// `[c, 1, t]` → `[c, t]`.
#[derive(Debug)]
pub(crate) struct FromRow;

impl Op for ToRow {
    fn name(&self) -> &'static str {
        "conv1d.to_row"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        let [c, t] = ins[0].shape.sizes() else { panic!("a sequence, not {}", ins[0].shape) };
        vec![Ty { shape: vec![*c, 1, *t].into(), ..ins[0].clone() }]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let [c, t] = frame.tys[0].shape.sizes() else { panic!("a sequence") };
        turn_any((*c, *t), frame);
    }

    fn grad(&self, g: &mut Graph, _: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![dys[0].map(|dy| g.add(FromRow, &[dy]))]
    }
}

impl Op for FromRow {
    fn name(&self) -> &'static str {
        "conv1d.from_row"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        let [c, _, t] = ins[0].shape.sizes() else { panic!("a map, not {}", ins[0].shape) };
        vec![Ty { shape: vec![*c, *t].into(), ..ins[0].clone() }]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let [c, _, t] = frame.tys[0].shape.sizes() else { panic!("a map") };
        turn_any((*t, *c), frame);
    }

    fn grad(&self, g: &mut Graph, _: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![dys[0].map(|dy| g.add(ToRow, &[dy]))]
    }
}

/// Floats or codes of a frame, transposed.
fn turn_any(sizes: (usize, usize), frame: &mut Frame<'_>) {
    match frame.ins[0] {
        View::U8(x) => turn(sizes, x, frame.out_u8(0)),
        _ => turn(sizes, frame.f32(0), frame.out(0)),
    }
}

/// Each `[rows, cols]` of x transposed into y.
fn turn<T: Copy + Send + Sync>((rows, cols): (usize, usize), x: &[T], y: &mut [T]) {
    let n = rows * cols;
    par::chunks(y, n, x.len(), |i, y| {
        let x = &x[i * n..(i + 1) * n];
        for (row, x) in x.chunks_exact(cols).enumerate() {
            for (col, &x) in x.iter().enumerate() {
                y[col * rows + row] = x;
            }
        }
    });
}
