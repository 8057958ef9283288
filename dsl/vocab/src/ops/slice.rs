//! A piece of an axis.

use crate::common::declare::{AXIS, case, param};
use crate::common::layout::{Move, Piece};
use crate::common::text::{axis, show};
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default};
use dlm_graph::{Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use std::sync::Arc;

word! {
    /// A piece of an axis, from one place up to another.
    ///
    /// `slice(axis, from, to)` keeps the places `from`, `from + 1`, …, `to - 1`. Negative numbers count from
    /// the end.
    ///
    /// ```dlm
    /// model Net(x: [20, 8]) {
    ///     last = x -> slice(0, -1, 20)
    ///     last -> flatten -> dense(10)
    /// }
    /// ```
    pub(crate) static SLICE: Operator = {
        name: "slice",
        params: &[
            param("axis", AXIS, Default::Required, "The axis; -1 is the last.", &["dim"]),
            param("from", AXIS, Default::Required, "The first place that is kept.", &["start", "begin"]),
            param("to", AXIS, Default::Required, "The place behind the last that is kept.", &["end", "stop"]),
        ],
        aliases: &["Slice", "narrow", "crop"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Slice {
        axis: args.int("axis"),
        from: args.int("from"),
        to: args.int("to"),
    }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let of = |axis, from, to, shape: &[usize]| {
        let args = [("axis", Arg::Int(axis)), ("from", Arg::Int(from)), ("to", Arg::Int(to))];
        case(&args, &[shape], 1e-3)
    };
    vec![
        of(0, 1, 3, &[4, 3, 5]),
        of(1, 0, 2, &[4, 3, 5]),
        of(-1, -3, -1, &[4, 3, 5]),
        of(0, 2, 7, &[7]),
        of(0, -1, 4, &[4, 6]),
    ]
}

#[derive(Clone, Copy, Debug)]
struct Slice {
    axis: i64,
    from: i64,
    to: i64,
}

impl Slice {
    /// The axis, the first place, and how many are kept.
    fn range(&self, x: &Ty) -> Result<(usize, usize, usize), Reject> {
        let axis = axis("slice", x, self.axis)?;
        let size = x.shape.0[axis];
        let place = |param: &'static str, at: i64| {
            let own = if at < 0 { at + size as i64 } else { at };
            usize::try_from(own).ok().filter(|&own| own <= size).ok_or_else(|| Reject::Value {
                param,
                message: format!(
                    "{param} = {at} lies outside of axis {axis} of {}, which has {size} places",
                    show(x)
                ),
                help: Some(format!("write a place from 0 to {size}, or from -{size} to -1")),
            })
        };
        let (from, to) = (place("from", self.from)?, place("to", self.to)?);
        if from < to {
            return Ok((axis, from, to - from));
        }
        Err(Reject::Size {
            formula: format!("axis {axis}: {to} − {from} = {}", to as i64 - from as i64),
            help: Some("`to` is the place behind the last one that is kept".into()),
        })
    }
}

impl Layer for Slice {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let (axis, _, len) = self.range(&flows[0])?;
        let mut ty = flows[0].clone();
        ty.shape.0[axis] = len;
        Ok(ty)
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
        let (axis, from, len) = self.range(&x).expect("infer has accepted the range");
        let mut out = x.clone();
        out.shape.0[axis] = len;
        let mut piece = Piece::new(0, out.shape.sizes(), &x.strides(), &out.strides());
        piece.from = from * x.strides()[axis];
        g.add(Move::new(["slice", "slice.grad"], out, [piece]), flows)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        let (value, ty) = &flows[0];
        let (axis, from, len) = self.range(ty).expect("infer has accepted the range");
        let starts = out.whole("from", &[from as i64]);
        let ends = out.whole("to", &[(from + len) as i64]);
        let axes = out.whole("axis", &[axis as i64 + 1]);
        out.add("Slice", &[value, &starts, &ends, &axes], vec![])
    }
}
