//! Axes in another order.

use crate::common::declare::{case, param};
use crate::common::layout::{Move, Piece};
use crate::common::text::show;
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default, Type};
use dlm_base::Shape;
use dlm_graph::{Attr, Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use std::sync::Arc;

word! {
    /// The axes in another order.
    ///
    /// Axis i of the result is axis `axes[i]` of the input: `transpose([1, 0])` of `[time, features]` is
    /// `[features, time]`.
    ///
    /// ```dlm
    /// model Net(x: [20, 8]) {
    ///     x -> transpose([1, 0]) -> dense(4) -> flatten -> dense(10)
    /// }
    /// ```
    pub(crate) static TRANSPOSE: Operator = {
        name: "transpose",
        params: &[param(
            "axes",
            Type::Ints { min: 0 },
            Default::Required,
            "The axes of the input, each once, in their new order.",
            &["perm", "dims"],
        )],
        aliases: &["permute", "Permute", "Transpose"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Transpose {
        axes: args.shape("axes").0,
    }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let of =
        |axes: &[i64], shape: &[usize]| case(&[("axes", Arg::Ints(axes.to_vec()))], &[shape], 1e-3);
    vec![
        of(&[1, 0], &[4, 6]),
        of(&[2, 0, 1], &[3, 4, 5]),
        of(&[0, 2, 1], &[3, 4, 5]),
        of(&[1, 2, 0], &[18, 2, 5]),
    ]
}

#[derive(Clone, Debug)]
struct Transpose {
    axes: Vec<usize>,
}

impl Transpose {
    fn shape(&self, x: &Ty) -> Shape {
        Shape(self.axes.iter().map(|&axis| x.shape.0[axis]).collect())
    }
}

impl Layer for Transpose {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let x = &flows[0];
        let rank = x.shape.rank();
        let mut sorted = self.axes.clone();
        sorted.sort_unstable();
        if x.batched && sorted == (0..rank).collect::<Vec<_>>() {
            return Ok(Ty { shape: self.shape(x), ..x.clone() });
        }
        let backwards: Vec<usize> = (0..rank).rev().collect();
        Err(Reject::Value {
            param: "axes",
            message: format!(
                "{} is not an order of the {rank} axes of the input {}",
                Shape(self.axes.clone()),
                show(x)
            ),
            help: (rank > 1).then(|| {
                format!("name each axis from 0 to {} once: `{}`", rank - 1, Shape(backwards))
            }),
        })
    }

    fn weights(&self, _: &[Ty]) -> Vec<Weight> {
        Vec::new()
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        Role::Move
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        Integer::Move
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
        let x = g.ty(flows[0]).clone();
        let out = Ty { shape: self.shape(&x), ..x.clone() };
        let strides = x.strides();
        let from: Vec<usize> = self.axes.iter().map(|&axis| strides[axis]).collect();
        let piece = Piece::new(0, out.shape.sizes(), &from, &out.strides());
        g.add(Move::new(["transpose", "transpose.grad"], out, [piece]), flows)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        let axes = [0].into_iter().chain(self.axes.iter().map(|axis| axis + 1));
        out.add("Transpose", &[&flows[0].0], vec![("perm", Attr::sizes(axes))])
    }
}
