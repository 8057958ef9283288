//! `global_max_pool`

use super::global_avg_pool::{cases, infer, whole};
use super::max_pool::node::Max;
use super::{Flows, Operator};
use crate::common::codes::Largest;
use crate::word;
use dlm_graph::{Attr, Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use std::sync::Arc;

word! {
    /// The largest number of each channel over all pixels: a map becomes a vector.
    ///
    /// `y[c] = max over (i, j) of x[c, i, j]`
    ///
    /// Takes `[channels, height, width]` or a sequence `[channels, time]` and gives `[channels]`. Of equal
    /// numbers the first, by rows, gets the gradient.
    ///
    /// ```dlm
    /// model Net(image: [3, 32, 32]) {
    ///     image -> conv(64, 3, stride = 2) -> relu -> global_max_pool -> dense(10)
    /// }
    /// ```
    ///
    /// Oquab et al. 2015, *Is object localization for free?*
    pub(crate) static GLOBAL_MAX_POOL: Operator = {
        name: "global_max_pool",
        params: &[],
        aliases: &["GlobalMaxPooling2D", "GlobalMaxPool2D", "GlobalMaxPool", "AdaptiveMaxPool2d", "gmp"],
    },
    flows: Flows::Exactly(1),
    make: |_| Arc::new(GlobalMaxPool),
    cases: cases,
}

#[derive(Clone, Debug)]
struct GlobalMaxPool;

impl Layer for GlobalMaxPool {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        infer("global_max_pool", &flows[0])
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
        Integer::Select(Arc::new(Largest(whole(&flows[0], "global_max_pool"))))
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], _: &[ValueId], mode: Mode) -> ValueId {
        let sizes = whole(g.ty(flows[0]), "global_max_pool");
        let places = mode == Mode::Train && sizes.byte_places();
        g.add(Max { sizes, places, flat: true }, flows)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        // One window over all, which ONNX Runtime has for codes too.
        let kernel = flows[0].1.shape.sizes()[1..].iter().copied();
        let attrs = vec![("kernel_shape", Attr::sizes(kernel))];
        let pooled = out.part("pool", "MaxPool", &[&flows[0].0], attrs);
        let pooled = out.as_result(pooled);
        out.add("Flatten", &[pooled], vec![("axis", Attr::Int(1))])
    }
}
