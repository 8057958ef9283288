//! Softmax.

use crate::common::declare::{AXIS, case, param};
use crate::common::text::{axis, need_floats};
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default};
use dlm_graph::{
    Attr, Frame, Graph, Integer, Layer, Mode, NodeId, Onnx, Op, Reject, Role, Ty, ValueId, Weight,
};
use dlm_kernels::softmax::{softmax, softmax_grad};
use std::sync::Arc;

word! {
    /// Turns numbers into shares of 1 along an axis.
    ///
    /// `yᵢ = e^(xᵢ − max) / Σ_j e^(x_j − max)`; any shape. The losses for classes expect logits, without
    /// softmax.
    ///
    /// ```dlm
    /// model Weighted(x: [16, 8, 8]) {
    ///     weight = x -> conv(1, 1) -> reshape([64]) -> softmax -> reshape([1, 8, 8])
    ///     x * weight -> sum(2) -> sum(1) -> dense(10)
    /// }
    /// ```
    pub(crate) static SOFTMAX: Operator = {
        name: "softmax",
        params: &[param(
            "axis",
            AXIS,
            Default::Int(-1),
            "The axis whose numbers add up to 1; -1 is the last.",
            &["dim"],
        )],
        aliases: &["Softmax"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Softmax { axis: args.int("axis") }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let of = |axis, shape: &[usize]| case(&[("axis", Arg::Int(axis))], &[shape], 5e-3);
    vec![of(-1, &[7]), of(0, &[3, 4, 5]), of(1, &[3, 4, 5]), of(-1, &[18, 2, 5]), of(0, &[4, 6])]
}

#[derive(Clone, Copy, Debug)]
struct Softmax {
    axis: i64,
}

impl Layer for Softmax {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        need_floats("softmax", &flows[0])?;
        axis("softmax", &flows[0], self.axis)?;
        Ok(flows[0].clone())
    }

    fn weights(&self, _: &[Ty]) -> Vec<Weight> {
        Vec::new()
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        Role::Softmax
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        Integer::Float("runtimes round softmax on 8-bit codes differently")
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
        let ty = g.ty(flows[0]);
        let axis = axis("softmax", ty, self.axis).expect("infer has accepted the axis");
        let node = AlongAxis { size: ty.shape.0[axis], step: ty.strides()[axis] };
        g.add(node, flows)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        let (value, ty) = &flows[0];
        let axis = axis("softmax", ty, self.axis).expect("infer has accepted the axis");
        out.add("Softmax", &[value], vec![("axis", Attr::Int(axis as i64 + 1))])
    }
}

/// Softmax over `size` numbers that lie `step` apart.
#[derive(Clone, Copy, Debug)]
struct AlongAxis {
    size: usize,
    step: usize,
}

impl Op for AlongAxis {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let x = (!frame.taken).then(|| frame.f32(0));
        softmax(x, frame.out(0), self.size, self.step);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let y = g.node(node).outputs[0];
        vec![dys[0].map(|dy| g.add(AlongAxisGrad(*self), &[y, dy]))]
    }

    fn in_place(&self) -> Option<usize> {
        Some(0)
    }
}

/// Inputs: `y`, `dy`.
#[derive(Clone, Copy, Debug)]
struct AlongAxisGrad(AlongAxis);

impl Op for AlongAxisGrad {
    fn name(&self) -> &'static str {
        "softmax.grad"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let dx = frame.out(0);
        if !frame.taken {
            dx.copy_from_slice(frame.f32(1));
        }
        softmax_grad(frame.f32(0), dx, self.0.size, self.0.step);
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }

    fn in_place(&self) -> Option<usize> {
        Some(1)
    }
}
