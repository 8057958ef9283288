//! One axis out of all.

use super::reshape::{reorder, row_major};
use crate::common::declare::case;
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Attr, Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use std::sync::Arc;

word! {
    /// Makes one axis of all: `[channels, height, width]` becomes `[channels · height · width]`.
    ///
    /// The order is that of the axes, the last one fastest, as in PyTorch: all of channel 0 row by row,
    /// then channel 1.
    ///
    /// ```dlm
    /// model Net(image: [1, 28, 28]) {
    ///     image -> conv(8, 3, stride = 2) -> relu -> flatten -> dense(10)
    /// }
    /// ```
    pub(crate) static FLATTEN: Operator = {
        name: "flatten", params: &[], aliases: &["Flatten"],
    },
    flows: Flows::Exactly(1),
    make: |_| Arc::new(Flatten),
    cases: || vec![
        case(&[], &[&[3, 4, 5]], 1e-3),
        case(&[], &[&[1, 4, 5]], 1e-3),
        case(&[], &[&[18, 1, 1]], 1e-3),
        case(&[], &[&[4, 6]], 1e-3),
        case(&[], &[&[7]], 1e-3),
    ],
}

#[derive(Clone, Copy, Debug)]
struct Flatten;

impl Layer for Flatten {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let x = &flows[0];
        if !x.batched {
            return Err(Reject::Shape {
                message: "`flatten` takes a tensor, but its input is a single number".into(),
                expects: "expects a flow of any shape".into(),
                help: None,
                insert: None,
            });
        }
        Ok(row_major(x))
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
        let out = row_major(g.ty(flows[0]));
        reorder(g, ["flatten", "flatten.grad"], flows[0], &out)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        out.add("Flatten", &[&flows[0].0], vec![("axis", Attr::Int(1))])
    }
}
