//! The nodes of max pooling.

use super::result;
use dlm_graph::{DType, Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::pool::{self, Pool};

/// The largest number of each window; a second output holds its place in the window if `places`.
#[derive(Clone, Debug)]
pub struct Max {
    /// The sizes.
    pub sizes: Pool,
    /// Whether places are kept for the gradient.
    pub places: bool,
    /// Whether the result is a vector of channels instead of a map of one pixel.
    pub flat: bool,
}

impl Op for Max {
    fn name(&self) -> &'static str {
        "max_pool"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        let y = result(&self.sizes, ins[0].shape.rank(), self.flat);
        match self.places {
            true => vec![y.clone(), Ty { dtype: DType::U8, ..y }],
            false => vec![y],
        }
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (x, y) = (frame.f32(0), frame.out(0));
        match self.places {
            true => pool::max_pool_arg(&self.sizes, frame.batch, x, y, frame.out_u8(1)),
            false => pool::max_pool(&self.sizes, frame.batch, x, y),
        }
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let node = g.node(node);
        let from = if self.places { node.outputs[1] } else { node.inputs[0] };
        let x = g.ty(node.inputs[0]).clone();
        let grad = MaxGrad { sizes: self.sizes, places: self.places, x };
        vec![dys[0].map(|dy| g.add(grad, &[dy, from]))]
    }
}

/// The gradient of [`Max`]; inputs: dy, and the places or the input of the pooling.
#[derive(Clone, Debug)]
struct MaxGrad {
    sizes: Pool,
    places: bool,
    x: Ty,
}

impl Op for MaxGrad {
    fn name(&self) -> &'static str {
        "max_pool.grad"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![self.x.clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (dy, dx, batch) = (frame.f32(0), frame.out(0), frame.batch);
        match self.places {
            true => pool::max_pool_grad(&self.sizes, batch, frame.u8(1), dy, dx),
            false => pool::max_pool_grad_from(&self.sizes, batch, frame.f32(1), dy, dx),
        }
    }

    /// Losses do not depend on gradients, so none is taken of this.
    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; 2]
    }
}
