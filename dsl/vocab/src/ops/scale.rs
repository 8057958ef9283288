//! A learned factor for each channel.

use super::layer_norm;
use crate::common::declare::{REAL, case, param};
use crate::common::pair::combine;
use crate::ops::mul::Mul;
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default};
use dlm_base::Shape;
use dlm_graph::{
    Frame, Graph, Init, Integer, Layer, Mode, NodeId, Onnx, Op, Reject, Role, Ty, ValueId, Weight,
};
use dlm_kernels::elementwise::{self, Axis2};
use dlm_kernels::reduce::{self, Kept, Summed};
use std::sync::Arc;

word! {
    /// Multiplies each channel by a factor of its own, which is learned.
    ///
    /// `y = x · weight`, with a weight for each channel of `[channels, height, width]`, for each feature of
    /// `[features]` and `[time, features]`. At the end of a branch that is added to a skip connection it
    /// lets a deep network begin as a shallow one: with `scale(init = 1e-6)` the branch hardly counts at first.
    ///
    /// Weights: `weight`, `[channels, 1, 1]` or `[features]`.
    ///
    /// ```dlm
    /// layer Block(x: [C, H, W]) {
    ///     main = x -> conv(C, 3) -> relu -> conv(C, 3) -> scale(init = 0.01)
    ///     x + main
    /// }
    /// model Net(image: [16, 8, 8]) { image -> Block -> Block -> global_avg_pool -> dense(10) }
    /// ```
    ///
    /// Touvron et al. 2021, arXiv 2103.17239.
    pub(crate) static SCALE: Operator = {
        name: "scale",
        params: &[param(
            "init",
            REAL,
            Default::Real(1.0),
            "What every factor is at first.",
            &["init_values", "gamma", "layer_scale_init_value"],
        )],
        aliases: &["LayerScale"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Scale { init: args.real("init") as f32 }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let shapes: [&[usize]; 3] = [&[3, 4, 5], &[19], &[4, 21]];
    shapes.into_iter().map(|shape| case(&[("init", Arg::Real(1.0))], &[shape], 1e-3)).collect()
}

#[derive(Clone, Copy, Debug)]
struct Scale {
    init: f32,
}

impl Layer for Scale {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        layer_norm::infer("scale", "scales", &flows[0])
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        let shape = match *flows[0].shape.sizes() {
            [channels, _, _] => Shape::of(&[channels, 1, 1]),
            ref sizes => Shape::of(&sizes[sizes.len() - 1..]),
        };
        vec![Weight {
            name: "weight",
            order: (0..shape.rank()).collect(),
            shape,
            init: Init::Constant(self.init),
            trained: true,
            decays: false,
        }]
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        Role::Other
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        Integer::Float("channels with factors of their own do not fit one grid")
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], weights: &[ValueId], _: Mode) -> ValueId {
        g.add(EachChannel, &[flows[0], weights[0]])
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        out.add("Mul", &[&flows[0].0, &weights[0]], vec![])
    }
}

/// `x · weight`, where the weights belong to the axis that is dense in memory. Inputs: `x`, weight.
#[derive(Clone, Copy, Debug)]
struct EachChannel;

impl Op for EachChannel {
    fn name(&self) -> &'static str {
        "scale"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (y, weight) = (frame.out(0), frame.f32(1));
        let x = (!frame.taken).then(|| frame.f32(0));
        let width = weight.len();
        let rows = Axis2 { size: y.len() / width, a: width, b: 0 };
        let row = [Axis2 { size: width, a: 1, b: 1 }];
        elementwise::broadcast(rows, &row, x, weight, y, |x, w| x * w);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let Some(dy) = dys[0] else { return vec![None, None] };
        let (x, weight) = (g.node(node).inputs[0], g.node(node).inputs[1]);
        let dx = g.add(EachChannel, &[dy, weight]);
        let product = combine(g, Mul, x, dy);
        let dweight = g.add(SumRows(g.ty(weight).clone()), &[product]);
        vec![Some(dx), Some(dweight)]
    }

    fn in_place(&self) -> Option<usize> {
        Some(0)
    }
}

/// The sum over all samples and places, a number for each channel.
#[derive(Clone, Debug)]
struct SumRows(Ty);

impl Op for SumRows {
    fn name(&self) -> &'static str {
        "scale.weight_grad"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![self.0.clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (x, width) = (frame.f32(0), self.0.len());
        let plan = reduce::Sum {
            ins: x.len(),
            outs: width,
            kept: vec![Kept { size: width, from: 1, to: 1 }],
            summed: vec![Summed { size: x.len() / width, from: width }],
            factor: 1.0,
        };
        reduce::sum(&plan, x, frame.out(0));
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }
}
