//! The nodes of every convolution: the product, its gradients, and the gradient of a bias.

use crate::internal::folded;
use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::Activation;
use dlm_kernels::conv::{self, Conv};
use dlm_kernels::gemm::{self, Epilogue};
use std::sync::Arc;

/// `y = activation(x ∗ w + b)`; inputs: x, w, and b if there is one.
#[derive(Clone, Debug)]
pub struct Convolve {
    /// The sizes.
    pub sizes: Conv,
    /// Whether a bias is the third input.
    pub bias: bool,
    /// What is applied to each result.
    pub activation: Option<Activation>,
}

impl Op for Convolve {
    fn name(&self) -> &'static str {
        "conv"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        let [h, w, c] = self.sizes.output;
        vec![Ty::flow(vec![c, h, w])]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (y, scratch) = (frame.out(0), frame.scratch());
        let bias = self.bias.then(|| frame.f32(2));
        let epilogue = Epilogue { bias, activation: self.activation };
        conv::forward(&self.sizes, frame.batch, frame.f32(0), frame.f32(1), epilogue, y, scratch);
    }

    /// # Panics
    /// When an activation is fused in: gradients are taken before.
    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        assert_eq!(self.activation, None, "gradients are taken before operators are fused");
        let inputs = g.node(node).inputs.clone();
        let Some(dy) = dys[0] else { return vec![None; inputs.len()] };
        let weights = g.ty(inputs[1]).clone();
        let mut grads = vec![
            Some(g.add(InputGrad { sizes: self.sizes }, &[dy, inputs[1]])),
            Some(g.add(WeightGrad { sizes: self.sizes, weights }, &[inputs[0], dy])),
        ];
        if self.bias {
            grads.push(Some(g.add(BiasGrad { units: self.sizes.output[2] }, &[dy])));
        }
        grads
    }

    fn scratch(&self, _: &[Ty], batch: usize) -> usize {
        4 * conv::forward_scratch(&self.sizes, batch)
    }

    fn fuse(&self, next: &dyn Op) -> Option<Arc<dyn Op>> {
        let activation = Some(next.activation()?);
        self.activation.is_none().then(|| Arc::new(Convolve { activation, ..self.clone() }) as _)
    }

    fn absorb(
        &self,
        g: &mut Graph,
        inputs: &[ValueId],
        affine: (ValueId, ValueId),
    ) -> Option<(Arc<dyn Op>, Vec<ValueId>)> {
        let inputs = self.activation.is_none().then(|| folded::product(g, inputs, affine))?;
        Some((Arc::new(Convolve { bias: true, ..self.clone() }), inputs))
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        self.sizes.macs() as u64
    }
}

/// The gradient of a convolution with respect to its input; inputs: dy, w.
#[derive(Clone, Debug)]
pub struct InputGrad {
    /// The sizes of the convolution.
    pub sizes: Conv,
}

impl Op for InputGrad {
    fn name(&self) -> &'static str {
        "conv.input_grad"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        let [h, w, c] = self.sizes.input;
        vec![Ty::flow(vec![c, h, w])]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (dx, scratch) = (frame.out(0), frame.scratch());
        conv::input_grad(&self.sizes, frame.batch, frame.f32(0), frame.f32(1), dx, scratch);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let inputs = g.node(node).inputs.clone();
        let Some(dy) = dys[0] else { return vec![None; 2] };
        let weights = g.ty(inputs[1]).clone();
        let plain = Convolve { sizes: self.sizes, bias: false, activation: None };
        vec![
            Some(g.add(plain, &[dy, inputs[1]])),
            Some(g.add(WeightGrad { sizes: self.sizes, weights }, &[dy, inputs[0]])),
        ]
    }

    fn scratch(&self, _: &[Ty], batch: usize) -> usize {
        4 * conv::input_grad_scratch(&self.sizes, batch)
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        self.sizes.macs() as u64
    }
}

/// The gradient of a convolution with respect to its weights; inputs: x, dy.
#[derive(Clone, Debug)]
pub struct WeightGrad {
    /// The sizes of the convolution.
    pub sizes: Conv,
    /// The type of the weights.
    pub weights: Ty,
}

impl Op for WeightGrad {
    fn name(&self) -> &'static str {
        "conv.weight_grad"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![self.weights.clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (dw, scratch) = (frame.out(0), frame.scratch());
        conv::weight_grad(&self.sizes, frame.batch, frame.f32(0), frame.f32(1), dw, scratch);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let inputs = g.node(node).inputs.clone();
        let Some(dw) = dys[0] else { return vec![None; 2] };
        let plain = Convolve { sizes: self.sizes, bias: false, activation: None };
        vec![
            Some(g.add(InputGrad { sizes: self.sizes }, &[inputs[1], dw])),
            Some(g.add(plain, &[inputs[0], dw])),
        ]
    }

    fn scratch(&self, _: &[Ty], batch: usize) -> usize {
        4 * conv::weight_grad_scratch(&self.sizes, batch)
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        self.sizes.macs() as u64
    }
}

/// The gradient of a bias: the sum over all rows of `units` numbers.
#[derive(Clone, Debug)]
pub struct BiasGrad {
    /// Numbers of the bias.
    pub units: usize,
}

impl Op for BiasGrad {
    fn name(&self) -> &'static str {
        "bias_grad"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![Ty::fixed(vec![self.units])]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (sums, scratch) = (frame.out(0), frame.scratch());
        gemm::column_sums(frame.f32(0), sums, scratch);
    }

    /// The gradient of a bias is a sum: nothing here is differentiated twice, and no loss reads it.
    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None]
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        4 * gemm::column_sums_scratch(ins[0].count(batch), self.units)
    }
}
