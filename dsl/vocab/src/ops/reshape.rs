//! Another shape for the same numbers.

use crate::common::declare::{case, param};
use crate::common::layout::{Move, Piece};
use crate::common::text::{count, show};
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default, Type};
use dlm_base::Shape;
use dlm_graph::{Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use std::sync::Arc;

word! {
    /// The same numbers in another shape.
    ///
    /// The numbers are read and written in the order of the axes, the last one fastest, as in PyTorch;
    /// both shapes hold equally many.
    ///
    /// ```dlm
    /// model Net(x: [64]) {
    ///     x -> reshape([1, 8, 8]) -> conv(8, 3) -> relu -> global_avg_pool -> dense(10)
    /// }
    /// ```
    pub(crate) static RESHAPE: Operator = {
        name: "reshape",
        params: &[param("shape", Type::Sizes, Default::Required, "The new shape.", &["size", "target_shape"])],
        aliases: &["Reshape", "view", "Unflatten"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Reshape { shape: args.shape("shape") }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let of = |from: &[usize], to: &[i64]| case(&[("shape", Arg::Ints(to.to_vec()))], &[from], 1e-3);
    vec![
        of(&[60], &[3, 4, 5]),
        of(&[3, 4, 5], &[5, 2, 6]),
        of(&[3, 4, 5], &[4, 15]),
        of(&[16], &[16, 1, 1]),
        of(&[6, 4], &[4, 6]),
    ]
}

#[derive(Clone, Debug)]
struct Reshape {
    shape: Shape,
}

/// The type of all numbers of `x` in a row.
pub(super) fn row_major(x: &Ty) -> Ty {
    Ty { shape: Shape(vec![x.len()]), ..x.clone() }
}

/// Adds nodes that bring `x`, read in the order of its axes, to the type `out`, written in the order
/// of its axes. One copy at most where one of both lies in that order already.
pub(super) fn reorder(g: &mut Graph, names: [&'static str; 2], x: ValueId, out: &Ty) -> ValueId {
    let from = g.ty(x).clone();
    let read = Piece::whole(&from, &from.shape.strides());
    let write = Piece::new(0, out.shape.sizes(), &out.shape.strides(), &out.strides());
    match (read.straight(), write.straight()) {
        (_, true) => g.add(Move::new(names, out.clone(), [read]), &[x]),
        (true, false) => g.add(Move::new(names, out.clone(), [write]), &[x]),
        (false, false) => {
            let row = g.add(Move::new(names, row_major(&from), [read]), &[x]);
            g.add(Move::new(names, out.clone(), [write]), &[row])
        }
    }
}

impl Layer for Reshape {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let x = &flows[0];
        if x.batched && x.len() == self.shape.len() {
            return Ok(Ty { shape: self.shape.clone(), ..x.clone() });
        }
        let (have, want) = (count(x.len()), count(self.shape.len()));
        let message =
            format!("{} holds {want} numbers, but the input {} holds {have}", self.shape, show(x));
        // The axis that can make up for the difference, if one can.
        let help = (0..self.shape.rank()).rev().find_map(|axis| {
            let rest = self.shape.len() / self.shape.0[axis];
            x.len().is_multiple_of(rest).then(|| {
                let mut shape = self.shape.clone();
                shape.0[axis] = x.len() / rest;
                format!("`reshape({shape})` holds {have}")
            })
        });
        Err(Reject::Value { param: "shape", message, help })
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
        let out = Ty { shape: self.shape.clone(), ..g.ty(flows[0]).clone() };
        reorder(g, ["reshape", "reshape.grad"], flows[0], &out)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        // 0 stands for the batch.
        let sizes = self.shape.sizes().iter().map(|&size| size as i64);
        let shape = out.whole("shape", &[0].into_iter().chain(sizes).collect::<Vec<i64>>());
        out.add("Reshape", &[&flows[0].0, &shape], vec![])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_differs_is_rejected_with_a_shape_that_fits() {
        let reshape = Reshape { shape: Shape::of(&[16, 7, 7]) };
        let Err(Reject::Value { message, help, .. }) = reshape.infer(&[Ty::flow(vec![16, 8, 7])])
        else {
            panic!()
        };
        assert_eq!(message, "[16, 7, 7] holds 784 numbers, but the input [16, 8, 7] holds 896");
        assert_eq!(help.as_deref(), Some("`reshape([16, 7, 8])` holds 896"));
    }
}
