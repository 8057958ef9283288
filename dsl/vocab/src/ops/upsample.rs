//! `upsample`

mod node;

use super::conv::{args, both};
use super::window::{MOST_NUMBERS, affordable, map, shape};
use super::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default, Param, Type};
use dlm_graph::{Attr, Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use std::sync::Arc;

word! {
    /// Enlarges a map: each pixel becomes a block of equal pixels (nearest neighbour).
    ///
    /// `y[c, i, j] = x[c, i / factor, j / factor]`, divisions rounded down.
    ///
    /// Takes `[channels, height, width]` and gives `[channels, factor · height, factor · width]`.
    ///
    /// ```dlm
    /// model Decoder(code: [16, 7, 7]) {
    ///     code -> upsample(2) -> conv(8, 3) -> relu -> upsample([2, 2]) -> conv(1, 3)
    /// }
    /// ```
    ///
    /// Odena et al. 2016, *Deconvolution and checkerboard artifacts*.
    pub(crate) static UPSAMPLE: Operator = {
        name: "upsample",
        params: &[Param {
            name: "factor",
            ty: Type::Pair { min: 1 },
            default: Default::Required,
            doc: "How many times as high and as wide the result is.",
            aliases: &["scale_factor", "scale", "size"],
        }],
        aliases: &["Upsample", "UpSampling2D", "UpsamplingNearest2d", "Resize", "interpolate"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Upsample(args.pair("factor"))),
    cases: cases,
}

#[derive(Clone, Debug)]
struct Upsample([usize; 2]);

impl Layer for Upsample {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let [c, h, w] = map(&flows[0], "upsample")?;
        affordable("factor", &[c, h, w, self.0[0], self.0[1]], MOST_NUMBERS)?;
        Ok(Ty::flow(shape([c, h * self.0[0], w * self.0[1]])))
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
        g.add(node::Repeat(self.0), flows)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        let [rows, columns] = self.0.map(|n| n as f32);
        let scales = out.floats("scales", &[4], &[1.0, 1.0, rows, columns]);
        let attrs = vec![
            ("mode", Attr::Text("nearest")),
            ("coordinate_transformation_mode", Attr::Text("asymmetric")),
            ("nearest_mode", Attr::Text("floor")),
        ];
        out.add("Resize", &[flows[0].0.as_str(), "", &scales], attrs)
    }
}

fn cases() -> Vec<Case> {
    let case = |map, factor: Arg| Case {
        args: args(&[("factor", factor)]),
        flows: vec![Ty::flow(shape(map))],
        tolerance: 1e-2,
    };
    vec![
        case([3, 2, 3], both(2)),
        case([1, 3, 2], Arg::Ints(vec![1, 3])),
        case([2, 1, 1], Arg::Ints(vec![4, 1])),
    ]
}
