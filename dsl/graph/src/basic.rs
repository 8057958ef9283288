//! The two operators that a gradient needs before any word is known: one, and a sum of two.

use crate::graph::{Graph, NodeId, ValueId};
use crate::op::{Frame, Op};
use crate::ty::Ty;
use dlm_kernels::par;

/// The number 1: the gradient of a loss with respect to itself.
#[derive(Debug)]
pub(crate) struct One;

impl Op for One {
    fn name(&self) -> &'static str {
        "one"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![Ty::scalar()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        frame.out(0).fill(1.0);
    }

    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        Vec::new()
    }
}

/// `a + b`, of one shape: the gradients of two uses of a value.
#[derive(Debug)]
pub(crate) struct Accumulate;

impl Op for Accumulate {
    fn name(&self) -> &'static str {
        "accumulate"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let y = frame.out(0);
        let (a, b, work) = (frame.f32(0), frame.f32(1), y.len());
        let taken = frame.taken;
        par::chunks(y, 1 << 14, work, |i, y| {
            let at = i << 14;
            let b = &b[at..at + y.len()];
            if !taken {
                y.copy_from_slice(&a[at..at + y.len()]);
            }
            y.iter_mut().zip(b).for_each(|(y, b)| *y += b);
        });
    }

    fn grad(&self, _: &mut Graph, _: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![dys[0], dys[0]]
    }

    fn in_place(&self) -> Option<usize> {
        Some(0)
    }
}
