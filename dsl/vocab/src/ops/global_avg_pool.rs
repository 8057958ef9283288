//! `global_avg_pool`

use super::avg_pool::node::Mean;
use super::max_pool::sequence;
use super::window::{map, shape};
use super::{Case, Flows, Operator};
use crate::common::codes::{Average, WholeAverage};
use crate::word;
use crate::word::Args;
use dlm_base::Shape;
use dlm_graph::{Attr, Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use dlm_kernels::pool::Pool;
use std::sync::Arc;

word! {
    /// The mean of each channel over all pixels: a map becomes a vector.
    ///
    /// `y[c] = Σ over (i, j) of x[c, i, j] / (height · width)`
    ///
    /// Takes `[channels, height, width]` or a sequence `[channels, time]` and gives `[channels]`.
    ///
    /// ```dlm
    /// model Net(image: [3, 32, 32]) {
    ///     image -> conv(64, 3, stride = 2) -> relu -> global_avg_pool -> dense(10)
    /// }
    /// ```
    ///
    /// Lin et al. 2014, *Network in network*.
    pub(crate) static GLOBAL_AVG_POOL: Operator = {
        name: "global_avg_pool",
        params: &[],
        aliases: &[
            "GlobalAveragePooling2D", "GlobalAvgPool2D", "GlobalAveragePool", "AdaptiveAvgPool2d", "gap",
        ],
    },
    flows: Flows::Exactly(1),
    make: |_| Arc::new(GlobalAvgPool),
    cases: cases,
}

#[derive(Clone, Debug)]
struct GlobalAvgPool;

impl Layer for GlobalAvgPool {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        infer("global_avg_pool", &flows[0])
    }

    fn weights(&self, _: &[Ty]) -> Vec<Weight> {
        Vec::new()
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        Role::Other
    }

    fn integer(&self, flows: &[Ty]) -> Integer {
        let pool = whole(&flows[0], "global_avg_pool");
        match flows[0].shape.rank() {
            2 => Integer::Compute(Arc::new(Average(pool))),
            _ => Integer::Compute(Arc::new(WholeAverage(pool))),
        }
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
        let sizes = whole(g.ty(flows[0]), "global_avg_pool");
        g.add(Mean { sizes, flat: true }, flows)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        let pooled = out.part("pool", "GlobalAveragePool", &[&flows[0].0], vec![]);
        let pooled = out.as_result(pooled);
        out.add("Flatten", &[pooled], vec![("axis", Attr::Int(1))])
    }
}

/// A number for each channel.
pub(super) fn infer(word: &str, flow: &Ty) -> Result<Ty, Reject> {
    let channels = match sequence(flow) {
        Some([channels, _]) => channels,
        None => map(flow, word)?[0],
    };
    Ok(Ty::flow(vec![channels]))
}

/// One window over the whole map of an accepted flow, or over each row of a sequence.
pub(super) fn whole(flow: &Ty, word: &str) -> Pool {
    if let Some([c, t]) = sequence(flow) {
        return Pool { input: [c, t, 1], size: [1, t], stride: [1, t] };
    }
    let [c, h, w] = map(flow, word).unwrap_or_else(|reject| panic!("not accepted: {reject:?}"));
    Pool { input: [h, w, c], size: [h, w], stride: [h, w] }
}

/// What pooling of whole maps is tried on.
pub(super) fn cases() -> Vec<Case> {
    let of = |flow| Case { args: Args::default(), flows: vec![Ty::flow(flow)], tolerance: 1e-2 };
    let case = |map| of(shape(map));
    vec![case([3, 4, 5]), case([2, 1, 1]), case([1, 17, 16]), of(Shape(vec![4, 7]))]
}
