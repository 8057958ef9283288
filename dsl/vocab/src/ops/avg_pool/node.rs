//! The nodes of average pooling.

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

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        let ([h, w], c) = (self.sizes.output(), self.sizes.input[2]);
        vec![Ty::flow(if self.flat { vec![c] } else { vec![c, h, w] })]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        pool::avg_pool(&self.sizes, frame.batch, frame.f32(0), frame.out(0));
    }

    fn grad(&self, g: &mut Graph, _: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let grad = MeanGrad { sizes: self.sizes, flat: self.flat };
        vec![dys[0].map(|dy| g.add(grad, &[dy]))]
    }
}

/// The gradient of [`Mean`]: each number is shared equally among its window.
#[derive(Clone, Debug)]
struct MeanGrad {
    sizes: Pool,
    flat: bool,
}

impl Op for MeanGrad {
    fn name(&self) -> &'static str {
        "avg_pool.grad"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        let [h, w, c] = self.sizes.input;
        vec![Ty::flow(vec![c, h, w])]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        pool::avg_pool_grad(&self.sizes, frame.batch, frame.f32(0), frame.out(0));
    }

    fn grad(&self, g: &mut Graph, _: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let mean = Mean { sizes: self.sizes, flat: self.flat };
        vec![dys[0].map(|dy| g.add(mean, &[dy]))]
    }
}
