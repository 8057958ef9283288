//! Normalisation of each sample.

use crate::common::codes::NO_KERNEL;
use crate::common::declare::{AXIS, POSITIVE, case, param};
use crate::common::sets::Normalise;
use crate::common::text::{axis, need_floats, show};
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default};
use dlm_base::Shape;
use dlm_graph::{Attr, Graph, Init, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use dlm_kernels::norm::set::Sets;
use std::sync::Arc;

word! {
    /// Brings each sample to mean 0 and deviation 1, then scales and shifts each of its numbers.
    ///
    /// `y = (x − mean) / √(var + eps) · weight + bias`. Of `[features]` and `[channels, height, width]`
    /// mean and variance are taken over the whole sample, of `[time, features]` over the features of
    /// each moment. With `axis = 0` they are taken over the channels of each pixel of a map, as ConvNeXt does.
    /// The batch does not matter, so training and answering are the same.
    ///
    /// Weights: `weight` and `bias`, of the shape that is normalised together.
    ///
    /// ```dlm
    /// model Net(x: [64]) {
    ///     x -> dense(32) -> layer_norm -> gelu -> dense(10)
    /// }
    /// ```
    ///
    /// Ba, Kiros and Hinton 2016, arXiv 1607.06450.
    pub(crate) static LAYER_NORM: Operator = {
        name: "layer_norm",
        params: &[
            EPS,
            param(
                "axis",
                AXIS,
                Default::Absent,
                "The axis along which numbers are normalised together; without it as above.",
                &["dim"],
            ),
        ],
        aliases: &["LayerNorm", "LayerNormalization", "LayerNorm2d", "ln"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(LayerNorm {
        eps: args.real("eps") as f32,
        axis: match args.get("axis") {
            Some(Arg::Int(axis)) => Some(*axis),
            _ => None,
        },
    }),
    cases: cases,
}

/// Keeps the divisor from 0.
pub(super) const EPS: crate::word::Param = param(
    "eps",
    POSITIVE,
    Default::Real(1e-5),
    "Added to the variance, to keep the divisor from 0.",
    &["epsilon"],
);

fn cases() -> Vec<Case> {
    let args = [("eps", Arg::Real(1e-5))];
    let shapes: [&[usize]; 3] = [&[3, 4, 5], &[19], &[4, 21]];
    let mut cases: Vec<Case> =
        shapes.into_iter().map(|shape| case(&args, &[shape], 1e-2)).collect();
    let [eps] = args;
    cases.push(case(&[eps, ("axis", Arg::Int(0))], &[&[7, 3, 2]], 1e-2));
    cases
}

#[derive(Clone, Copy, Debug)]
struct LayerNorm {
    eps: f32,
    axis: Option<i64>,
}

impl LayerNorm {
    /// The shape that is normalised together.
    fn together(&self, shape: &Shape) -> Shape {
        match (self.axis, shape.sizes()) {
            (Some(_), &[channels, _, _]) => Shape::of(&[channels]),
            _ => normalised(shape).0,
        }
    }
}

/// The shape that is normalised together, and how often a sample has it.
pub(super) fn normalised(shape: &Shape) -> (Shape, usize) {
    match *shape.sizes() {
        [time, features] => (Shape::of(&[features]), time),
        _ => (shape.clone(), 1),
    }
}

/// A weight for each number that is normalised together, in the order of memory.
pub(super) fn weight(name: &'static str, start: f32, shape: Shape) -> Weight {
    let order = if shape.rank() == 3 { vec![1, 2, 0] } else { (0..shape.rank()).collect() };
    let init = Init::Constant(start);
    Weight { name, shape, order, init, trained: true, decays: false }
}

/// Accepts samples of one, two or three axes, of which the word `does` something to the features.
pub(super) fn infer(word: &str, does: &str, x: &Ty) -> Result<Ty, Reject> {
    need_floats(word, x)?;
    if x.batched && (1..=3).contains(&x.shape.rank()) {
        return Ok(x.clone());
    }
    Err(Reject::Shape {
        message: format!("`{word}` {does} features, but its input is {}", show(x)),
        expects: "expects [features], [time, features] or [channels, height, width]".into(),
        help: None,
        insert: None,
    })
}

impl Layer for LayerNorm {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let x = infer("layer_norm", "normalises", &flows[0])?;
        let rank = x.shape.rank();
        // The axis that is dense in memory.
        let dense = if rank == 2 { 1 } else { 0 };
        match self.axis {
            Some(given) if axis("layer_norm", &x, given)? != dense => Err(Reject::Value {
                param: "axis",
                message: match rank {
                    2 => "`layer_norm` normalises [time, features] along axis 1".into(),
                    _ => "`layer_norm` normalises a map along axis 0, its channels".into(),
                },
                help: Some("bring the axis there with `transpose`, and back behind it".into()),
            }),
            _ => Ok(x),
        }
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        let shape = self.together(&flows[0].shape);
        vec![weight("weight", 1.0, shape.clone()), weight("bias", 0.0, shape)]
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        Role::Norm { cancels_bias: false }
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        NO_KERNEL
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], weights: &[ValueId], _: Mode) -> ValueId {
        let shape = self.together(&g.ty(flows[0]).shape);
        let node = Normalise {
            names: ["layer_norm", "layer_norm.grad", "layer_norm.weight_grad"],
            sets: Sets { places: 1, sets: 1, len: shape.len(), center: true },
            repeat: 1,
            eps: self.eps,
        };
        g.add(node, &[flows[0], weights[0], weights[1]])
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        // Of [time, features] the last axis is normalised, of all others everything behind the batch.
        let (x, ty) = &flows[0];
        let axis = if ty.shape.rank() == 2 { 2 } else { 1 };
        let attrs = |axis| vec![("axis", Attr::Int(axis)), ("epsilon", Attr::Float(self.eps))];
        if self.axis.is_some() && ty.shape.rank() == 3 {
            let order = |axes: [i64; 4]| vec![("perm", Attr::Ints(axes.to_vec()))];
            let last = out.part("last", "Transpose", &[x], order([0, 2, 3, 1]));
            let inputs = [&last, &weights[0], &weights[1]];
            let y = out.part("normal", "LayerNormalization", &inputs, attrs(-1));
            return out.add("Transpose", &[y], order([0, 3, 1, 2]));
        }
        let inputs: Vec<&String> = [x].into_iter().chain(weights).collect();
        out.add("LayerNormalization", &inputs, attrs(axis))
    }
}
