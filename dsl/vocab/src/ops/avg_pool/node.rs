//! The nodes of average pooling.

use crate::ops::max_pool::result;
use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::pool::{self, Pool};

/// The mean of each window.
#[derive(Clone, Debug)]
pub struct Mean {
    /// The sizes.
    pub sizes: Pool,
    /// Whether the result is a vector of channels instead of a map of one pixel.
    pub flat: bool,
}

impl Op for Mean {
    fn name(&self) -> &'static str {
        "avg_pool"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![result(&self.sizes, ins[0].shape.rank(), self.flat)]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        pool::avg_pool(&self.sizes, frame.batch, frame.f32(0), frame.out(0));
    }

    fn grad(&self, g: &mut Graph, id: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let x = g.ty(g.node(id).inputs[0]).clone();
        let grad = MeanGrad { sizes: self.sizes, flat: self.flat, x };
        vec![dys[0].map(|dy| g.add(grad, &[dy]))]
    }
}

/// The gradient of [`Mean`]: each number is shared equally among its window.
#[derive(Clone, Debug)]
struct MeanGrad {
    sizes: Pool,
    flat: bool,
    x: Ty,
}

impl Op for MeanGrad {
    fn name(&self) -> &'static str {
        "avg_pool.grad"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![self.x.clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        pool::avg_pool_grad(&self.sizes, frame.batch, frame.f32(0), frame.out(0));
    }

    fn grad(&self, g: &mut Graph, _: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let mean = Mean { sizes: self.sizes, flat: self.flat };
        vec![dys[0].map(|dy| g.add(mean, &[dy]))]
    }
}
