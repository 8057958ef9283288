//! The nodes of upsampling.

use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId, View};
use dlm_kernels::par;
use dlm_kernels::pool::{self, Pool};

/// Each pixel becomes a block of this height and width.
#[derive(Clone, Debug)]
pub(super) struct Repeat(pub(super) [usize; 2]);

impl Op for Repeat {
    fn name(&self) -> &'static str {
        "upsample"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        let [c, h, w] = sizes(&ins[0]);
        vec![Ty { shape: vec![c, h * self.0[0], w * self.0[1]].into(), ..ins[0].clone() }]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        match frame.ins[0] {
            View::U8(x) => self.repeat(&frame.tys[0], x, frame.out_u8(0)),
            _ => self.repeat(&frame.tys[0], frame.f32(0), frame.out(0)),
        }
    }

    fn grad(&self, g: &mut Graph, _: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![dys[0].map(|dy| g.add(Gather(self.0), &[dy]))]
    }
}

impl Repeat {
    fn repeat<T: Copy + Send + Sync>(&self, from: &Ty, x: &[T], y: &mut [T]) {
        let [c, _, w] = sizes(from);
        let [down, right] = self.0;
        let (work, row) = (y.len(), w * right * c);
        // One row of the input becomes `down` equal rows.
        par::chunks(y, down * row, work, |i, y| {
            let x = &x[i * w * c..(i + 1) * w * c];
            let (first, others) = y.split_at_mut(row);
            for (x, block) in x.chunks_exact(c).zip(first.chunks_exact_mut(right * c)) {
                block.chunks_exact_mut(c).for_each(|y| y.copy_from_slice(x));
            }
            others.chunks_exact_mut(row).for_each(|other| other.copy_from_slice(first));
        });
    }
}

/// The gradient of [`Repeat`]: the sum over each block.
#[derive(Clone, Debug)]
struct Gather([usize; 2]);

impl Op for Gather {
    fn name(&self) -> &'static str {
        "upsample.grad"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        let [c, h, w] = sizes(&ins[0]);
        vec![Ty::flow(vec![c, h / self.0[0], w / self.0[1]])]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let [c, h, w] = sizes(&frame.tys[0]);
        let sizes = Pool { input: [h, w, c], size: self.0, stride: self.0 };
        pool::sum_pool(&sizes, frame.batch, frame.f32(0), frame.out(0));
    }

    fn grad(&self, g: &mut Graph, _: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![dys[0].map(|dy| g.add(Repeat(self.0), &[dy]))]
    }
}

fn sizes(ty: &Ty) -> [usize; 3] {
    ty.shape.sizes().try_into().unwrap_or_else(|_| panic!("a map, not {}", ty.shape))
}
