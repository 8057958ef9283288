//! Flows side by side.

use crate::common::codes;
use crate::common::declare::{AXIS, case, param};
use crate::common::layout::{Move, Piece};
use crate::common::text::{axis, axis_name, show};
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default};
use dlm_graph::{Attr, Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use std::sync::Arc;

word! {
    /// Puts flows side by side along an axis: by default channels after channels.
    ///
    /// The sizes of all other axes are equal; the size of `axis` is the sum.
    ///
    /// ```dlm
    /// model Net(image: [3, 32, 32]) {
    ///     fine   = image -> conv(16, 3)
    ///     coarse = image -> conv(16, 5)
    ///     concat(fine, coarse) -> relu -> global_avg_pool -> dense(10)
    /// }
    /// ```
    pub(crate) static CONCAT: Operator = {
        name: "concat",
        params: &[param(
            "axis",
            AXIS,
            Default::Int(0),
            "The axis along which they lie; -1 is the last.",
            &["dim"],
        )],
        aliases: &["Concatenate", "concatenate", "cat", "Concat"],
    },
    flows: Flows::AtLeast(1),
    make: |args| Arc::new(Concat { axis: args.int("axis") }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let of = |axis, shapes: &[&[usize]]| case(&[("axis", Arg::Int(axis))], shapes, 1e-3);
    vec![
        of(0, &[&[3, 4, 5], &[2, 4, 5], &[1, 4, 5]]),
        of(1, &[&[3, 4, 5], &[3, 2, 5]]),
        of(-1, &[&[3, 4, 5], &[3, 4, 1]]),
        of(0, &[&[7], &[4]]),
        of(1, &[&[4, 6], &[4, 2]]),
    ]
}

#[derive(Clone, Copy, Debug)]
struct Concat {
    axis: i64,
}

impl Layer for Concat {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let first = &flows[0];
        let along = axis("concat", first, self.axis)?;
        let mut ty = first.clone();
        for (place, other) in flows.iter().enumerate().skip(1) {
            if other.dtype != first.dtype || other.batched != first.batched {
                return Err(Reject::Combine {
                    message: format!("cannot concat {} and {}", show(first), show(other)),
                    help: None,
                });
            }
            let rank = first.shape.rank();
            if other.shape.rank() != rank {
                return Err(Reject::Combine {
                    message: format!(
                        "cannot concat {} and {}: one has {rank} axes, the other {}",
                        show(first),
                        show(other),
                        other.shape.rank()
                    ),
                    help: Some(
                        "bring both to one number of axes with `flatten` or `reshape`".into(),
                    ),
                });
            }
            let sizes = |axis: usize| (first.shape.0[axis], other.shape.0[axis]);
            let differs = |axis: &usize| *axis != along && sizes(*axis).0 != sizes(*axis).1;
            let differing: Vec<usize> = (0..rank).filter(differs).collect();
            if let &[at, ..] = &differing[..] {
                let facts = differing.iter().map(|&axis| {
                    let (a, b) = sizes(axis);
                    format!("the {} differ: {a} and {b}", axis_name(axis, rank))
                });
                let facts = facts.collect::<Vec<_>>().join(", ");
                let only = differing.len() == 1 && sizes(along).0 == sizes(along).1;
                let which = if place == 1 { "both".to_string() } else { "all".to_string() };
                return Err(Reject::Combine {
                    message: format!(
                        "cannot concat {} and {} along axis {along}: {facts}",
                        show(first),
                        show(other)
                    ),
                    help: Some(if only {
                        format!("along axis {at} they fit: `axis = {at}`")
                    } else {
                        format!("bring {which} to one size on every axis but {along}")
                    }),
                });
            }
            ty.shape.0[along] += other.shape.0[along];
        }
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

    fn integer(&self, flows: &[Ty]) -> Integer {
        let along = axis("concat", &flows[0], self.axis).expect("infer has accepted the axis");
        codes::joined(flows, along)
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
        let tys: Vec<Ty> = flows.iter().map(|&flow| g.ty(flow).clone()).collect();
        let out = self.infer(&tys).expect("infer has accepted the flows");
        let along = axis("concat", &out, self.axis).expect("infer has accepted the axis");
        let strides = out.strides();
        let mut at = 0;
        let pieces = tys.iter().enumerate().map(|(input, ty)| {
            let mut piece = Piece::new(input, ty.shape.sizes(), &ty.strides(), &strides);
            piece.to = at * strides[along];
            at += ty.shape.0[along];
            piece
        });
        let pieces: Vec<Piece> = pieces.collect();
        g.add(Move::new(["concat", "concat.grad"], out, pieces), flows)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        let along = axis("concat", &flows[0].1, self.axis).expect("infer has accepted the axis");
        let values: Vec<&String> = flows.iter().map(|(value, _)| value).collect();
        out.add("Concat", &values, vec![("axis", Attr::Int(along as i64 + 1))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(axis: i64, a: &[usize], b: &[usize]) -> (String, String) {
        let flows = [a, b].map(|shape| Ty::flow(shape.to_vec()));
        match (Concat { axis }).infer(&flows) {
            Err(Reject::Combine { message, help }) => (message, help.unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_rejection_names_the_axes_that_differ() {
        let (message, help) = told(0, &[3, 8, 8], &[4, 4, 4]);
        assert_eq!(
            message,
            "cannot concat [3, 8, 8] and [4, 4, 4] along axis 0: the heights differ: 8 and 4, \
             the widths differ: 8 and 4"
        );
        assert_eq!(help, "bring both to one size on every axis but 0");
        assert_eq!(told(0, &[3, 8], &[3, 4]).1, "along axis 1 they fit: `axis = 1`");
        assert_eq!(
            told(0, &[3, 8], &[3]).0,
            "cannot concat [3, 8] and [3]: one has 2 axes, the other 1"
        );
    }
}
