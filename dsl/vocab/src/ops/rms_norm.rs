//! Normalisation by the root mean square.

use super::layer_norm::{infer, normalised, weight};
use crate::common::codes::NO_KERNEL;
use crate::common::declare::{POSITIVE, case, param};
use crate::common::sets::Normalise;
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default};
use dlm_graph::{Attr, Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use dlm_kernels::norm::set::Sets;
use std::sync::Arc;

word! {
    /// Brings each sample to a root mean square of 1, then scales each of its numbers.
    ///
    /// `y = x / √(mean(x²) + eps) · weight`, over the same numbers as `layer_norm`, of which it is the
    /// cheaper kin: no mean is subtracted, and there is no bias.
    ///
    /// Weights: `weight`, of the shape that is normalised.
    ///
    /// ```dlm
    /// model Net(x: [64]) {
    ///     x -> dense(32) -> rms_norm -> silu -> dense(10)
    /// }
    /// ```
    ///
    /// Zhang and Sennrich 2019, arXiv 1910.07467.
    pub(crate) static RMS_NORM: Operator = {
        name: "rms_norm",
        params: &[param(
            "eps",
            POSITIVE,
            Default::Real(1e-6),
            "Added to the mean square, to keep the divisor from 0.",
            &["epsilon"],
        )],
        aliases: &["RMSNorm", "RMSNormalization"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(RmsNorm { eps: args.real("eps") as f32 }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let args = [("eps", Arg::Real(1e-6))];
    let shapes: [&[usize]; 3] = [&[3, 4, 5], &[19], &[4, 21]];
    shapes.into_iter().map(|shape| case(&args, &[shape], 1e-2)).collect()
}

#[derive(Clone, Copy, Debug)]
struct RmsNorm {
    eps: f32,
}

impl Layer for RmsNorm {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        infer("rms_norm", "normalises", &flows[0])
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        vec![weight("weight", 1.0, normalised(&flows[0].shape).0)]
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
        let (shape, _) = normalised(&g.ty(flows[0]).shape);
        let node = Normalise {
            names: ["rms_norm", "rms_norm.grad", "rms_norm.weight_grad"],
            sets: Sets { places: 1, sets: 1, len: shape.len(), center: false },
            repeat: 1,
            eps: self.eps,
        };
        g.add(node, &[flows[0], weights[0]])
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        let (x, ty) = &flows[0];
        let axes = match ty.shape.rank() {
            2 => vec![2],
            rank => (1..=rank).collect(),
        };
        let eps = out.floats("eps", &[], &[self.eps]);
        let square = out.part("square", "Mul", &[x, x], vec![]);
        let attrs = vec![("axes", Attr::sizes(axes)), ("keepdims", Attr::Int(1))];
        let mean = out.part("mean", "ReduceMean", &[square], attrs);
        let sum = out.part("guarded", "Add", &[mean, eps], vec![]);
        let root = out.part("root", "Sqrt", &[sum], vec![]);
        let y = out.part("normal", "Div", &[x, &root], vec![]);
        out.add("Mul", &[&y, &weights[0]], vec![])
    }
}
