//! The node of a transposed convolution.

use crate::ops::conv::node::{BiasGrad, Convolve, WeightGrad};
use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::Activation;
use dlm_kernels::conv::{self, Conv};
use dlm_kernels::gemm::Epilogue;
use std::sync::Arc;

/// The input gradient of a convolution, with bias and activation; inputs: x, w, and b if there is one.
#[derive(Clone, Debug)]
pub(super) struct Transpose {
    /// The sizes of the convolution: its output is this operator's input.
    pub(super) sizes: Conv,
    /// Whether a bias is the third input.
    pub(super) bias: bool,
    /// What is applied to each result.
    pub(super) activation: Option<Activation>,
}

impl Op for Transpose {
    fn name(&self) -> &'static str {
        "conv_transpose"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        let [h, w, c] = self.sizes.input;
        vec![Ty::flow(vec![c, h, w])]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (y, scratch) = (frame.out(0), frame.scratch());
        conv::input_grad(&self.sizes, frame.batch, frame.f32(0), frame.f32(1), y, scratch);
        let bias = self.bias.then(|| frame.f32(2));
        let channels = self.sizes.input[2];
        Epilogue { bias, activation: self.activation }.apply(y, channels, channels);
    }

    /// # Panics
    /// When an activation is fused in: gradients are taken before.
    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        assert_eq!(self.activation, None, "gradients are taken before operators are fused");
        let inputs = g.node(node).inputs.clone();
        let Some(dy) = dys[0] else { return vec![None; inputs.len()] };
        let weights = g.ty(inputs[1]).clone();
        let conv = Convolve { sizes: self.sizes, bias: false, activation: None };
        let mut grads = vec![
            Some(g.add(conv, &[dy, inputs[1]])),
            Some(g.add(WeightGrad { sizes: self.sizes, weights }, &[dy, inputs[0]])),
        ];
        if self.bias {
            grads.push(Some(g.add(BiasGrad { units: self.sizes.input[2] }, &[dy])));
        }
        grads
    }

    fn scratch(&self, _: &[Ty], batch: usize) -> usize {
        4 * conv::input_grad_scratch(&self.sizes, batch)
    }

    fn fuse(&self, next: &dyn Op) -> Option<Arc<dyn Op>> {
        let activation = Some(next.activation()?);
        self.activation.is_none().then(|| Arc::new(Transpose { activation, ..self.clone() }) as _)
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        self.sizes.macs() as u64
    }
}
