//! The nodes of dense layers: the product and its gradients.

use crate::internal::folded;
use crate::ops::conv::node::BiasGrad;
use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::Activation;
use dlm_kernels::gemm::{Epilogue, Mat, par_gemm};
use std::sync::Arc;

/// `y = activation(x · w + b)` along the last axis; inputs: x, w `[features, units]` (`[units, features]`
/// where it is transposed), and b if there is one.
#[derive(Clone, Debug)]
pub struct Product {
    /// Inputs summed for one output.
    pub features: usize,
    /// Outputs.
    pub units: usize,
    /// Whether a bias is the third input.
    pub bias: bool,
    /// What is applied to each result.
    pub activation: Option<Activation>,
    /// Whether w lies in memory as `[units, features]`.
    pub transposed: bool,
}

/// The weight as `[features, units]`.
fn matrix(w: &[f32], features: usize, units: usize, transposed: bool) -> Mat<'_> {
    match transposed {
        true => Mat::new(w, units, features).t(),
        false => Mat::new(w, features, units),
    }
}

impl Op for Product {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![with_last(&ins[0], self.units)]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let y = frame.out(0);
        let rows = y.len() / self.units;
        let bias = self.bias.then(|| frame.f32(2));
        let epilogue = Epilogue { bias, activation: self.activation };
        let x = Mat::new(frame.f32(0), rows, self.features);
        let w = matrix(frame.f32(1), self.features, self.units, self.transposed);
        par_gemm(y, x, w, false, epilogue);
    }

    /// # Panics
    /// When an activation is fused in: gradients are taken before.
    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        assert_eq!(self.activation, None, "gradients are taken before operators are fused");
        let inputs = g.node(node).inputs.clone();
        let Some(dy) = dys[0] else { return vec![None; inputs.len()] };
        let Self { features, units, transposed, .. } = *self;
        let mut grads = vec![
            Some(g.add(InputGrad { features, units, transposed }, &[dy, inputs[1]])),
            Some(g.add(WeightGrad { features, units, transposed }, &[inputs[0], dy])),
        ];
        if self.bias {
            grads.push(Some(g.add(BiasGrad { units }, &[dy])));
        }
        grads
    }

    fn fuse(&self, next: &dyn Op) -> Option<Arc<dyn Op>> {
        let activation = Some(next.activation()?);
        self.activation.is_none().then(|| Arc::new(Product { activation, ..self.clone() }) as _)
    }

    fn absorb(
        &self,
        g: &mut Graph,
        inputs: &[ValueId],
        affine: (ValueId, ValueId),
    ) -> Option<(Arc<dyn Op>, Vec<ValueId>)> {
        // Along a sequence the units are not the channels.
        let fits =
            self.activation.is_none() && !self.transposed && g.ty(inputs[0]).shape.rank() == 1;
        let inputs = fits.then(|| folded::product(g, inputs, affine))?;
        Some((Arc::new(Product { bias: true, ..self.clone() }), inputs))
    }

    fn macs(&self, ins: &[Ty]) -> u64 {
        (ins[0].len() * self.units) as u64
    }
}

/// The gradient with respect to x: `dx = dy · wᵀ`; inputs: dy, w.
#[derive(Clone, Debug)]
pub struct InputGrad {
    /// Inputs summed for one output.
    pub features: usize,
    /// Outputs.
    pub units: usize,
    /// Whether w lies in memory as `[units, features]`.
    pub transposed: bool,
}

impl Op for InputGrad {
    fn name(&self) -> &'static str {
        "dense.input_grad"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![with_last(&ins[0], self.features)]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let dx = frame.out(0);
        let dy = Mat::new(frame.f32(0), dx.len() / self.features, self.units);
        let w = matrix(frame.f32(1), self.features, self.units, self.transposed);
        par_gemm(dx, dy, w.t(), false, Epilogue::NONE);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let inputs = g.node(node).inputs.clone();
        let Some(dy) = dys[0] else { return vec![None; 2] };
        let Self { features, units, transposed, .. } = *self;
        let product = Product { features, units, bias: false, activation: None, transposed };
        vec![
            Some(g.add(product, &[dy, inputs[1]])),
            Some(g.add(WeightGrad { features, units, transposed }, &[dy, inputs[0]])),
        ]
    }

    fn macs(&self, ins: &[Ty]) -> u64 {
        (ins[0].len() * self.features) as u64
    }
}

/// The gradient with respect to w: `dw = xᵀ · dy`; inputs: x, dy.
#[derive(Clone, Debug)]
pub struct WeightGrad {
    /// Inputs summed for one output.
    pub features: usize,
    /// Outputs.
    pub units: usize,
    /// Whether w lies in memory as `[units, features]`.
    pub transposed: bool,
}

impl Op for WeightGrad {
    fn name(&self) -> &'static str {
        "dense.weight_grad"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![Ty::fixed(match self.transposed {
            true => vec![self.units, self.features],
            false => vec![self.features, self.units],
        })]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let dw = frame.out(0);
        let (x, dy) = (frame.f32(0), frame.f32(1));
        let rows = x.len() / self.features;
        let (x, dy) = (Mat::new(x, rows, self.features), Mat::new(dy, rows, self.units));
        match self.transposed {
            true => par_gemm(dw, dy.t(), x, false, Epilogue::NONE),
            false => par_gemm(dw, x.t(), dy, false, Epilogue::NONE),
        }
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let inputs = g.node(node).inputs.clone();
        let Some(dw) = dys[0] else { return vec![None; 2] };
        let Self { features, units, transposed, .. } = *self;
        let product = Product { features, units, bias: false, activation: None, transposed };
        vec![
            Some(g.add(InputGrad { features, units, transposed }, &[inputs[1], dw])),
            Some(g.add(product, &[inputs[0], dw])),
        ]
    }

    fn macs(&self, ins: &[Ty]) -> u64 {
        (ins[0].len() * self.units) as u64
    }
}

/// The same type with another last axis.
fn with_last(ty: &Ty, last: usize) -> Ty {
    let mut ty = ty.clone();
    if let Some(size) = ty.shape.0.last_mut() {
        *size = last;
    }
    ty
}
