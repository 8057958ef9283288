//! A border of zeros.

use crate::common::codes::Bordered;
use crate::common::declare::{case, param};
use crate::common::layout::{Move, Piece};
use crate::common::text::show;
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default, Type};
use dlm_graph::{Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use std::sync::Arc;

word! {
    /// A border of zeros around a feature map.
    ///
    /// `[channels, height, width]` becomes `[channels, height + 2n, width + 2n]`; a pair
    /// `[rows, columns]` gives both directions their own.
    ///
    /// ```dlm
    /// model Net(image: [3, 32, 32]) {
    ///     image -> pad(2) -> conv(16, 5, padding = valid) -> relu -> global_avg_pool -> dense(10)
    /// }
    /// ```
    pub(crate) static PAD: Operator = {
        name: "pad",
        params: &[param(
            "n",
            Type::Pair { min: 0 },
            Default::Required,
            "Rows and columns of zeros on each side.",
            &["padding"],
        )],
        aliases: &["ZeroPad2d", "ZeroPadding2D", "Pad"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Pad { border: args.pair("n") }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let of = |border: &[i64], shape: &[usize]| {
        case(&[("n", Arg::Ints(border.to_vec()))], &[shape], 1e-3)
    };
    vec![of(&[1, 1], &[3, 4, 5]), of(&[0, 2], &[2, 3, 3]), of(&[0, 0], &[2, 3, 3])]
}

#[derive(Clone, Copy, Debug)]
struct Pad {
    border: [usize; 2],
}

impl Layer for Pad {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let x = &flows[0];
        match *x.shape.sizes() {
            [c, h, w] if x.batched => {
                let [rows, columns] = self.border;
                let shape = vec![c, h + 2 * rows, w + 2 * columns];
                Ok(Ty { shape: shape.into(), ..x.clone() })
            }
            _ => Err(Reject::Shape {
                message: format!("`pad` takes a feature map, but its input is {}", show(x)),
                expects: "expects [channels, height, width]".into(),
                help: None,
                insert: None,
            }),
        }
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
        let [c, h, w] = *flows[0].shape.sizes() else { panic!("infer has accepted a map") };
        Integer::Select(Arc::new(Bordered { map: [h, w, c], border: self.border }))
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
        let x = g.ty(flows[0]).clone();
        let out = self.infer(std::slice::from_ref(&x)).expect("infer has accepted the flow");
        let strides = out.strides();
        let mut piece = Piece::whole(&x, &strides);
        piece.to = self.border[0] * strides[1] + self.border[1] * strides[2];
        g.add(Move::new(["pad", "pad.grad"], out, [piece]), flows)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        let [rows, columns] = self.border.map(|n| n as i64);
        let pads = out.whole("pads", &[0, 0, rows, columns, 0, 0, rows, columns]);
        out.add("Pad", &[&flows[0].0, &pads], vec![])
    }
}
