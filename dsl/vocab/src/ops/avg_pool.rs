//! `avg_pool`

pub mod node;

use super::max_pool::{SIZE, STRIDE, cases, infer, sizes, window_attrs, windows};
use super::window::Windows;
use super::{Flows, Operator};
use crate::common::codes::Average;
use crate::word;
use dlm_graph::{Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use std::sync::Arc;

word! {
    /// The mean of each window.
    ///
    /// `y[c, i, j] = Σ over (u, v) of x[c, i·stride + u, j·stride + v] / (height · width of the window)`
    ///
    /// Takes `[channels, height, width]` or a sequence `[channels, time]`; the result has
    /// `(n − size) / stride + 1` pixels or moments, rounded down: what does not fill a window is left out.
    /// The stride is the size unless given.
    ///
    /// ```dlm
    /// model Net(image: [1, 28, 28]) {
    ///     image -> conv(6, 5, padding = valid) -> tanh -> avg_pool(2) -> flatten -> dense(10)
    /// }
    /// ```
    ///
    /// LeCun et al. 1989, *Backpropagation applied to handwritten zip code recognition*.
    pub static AVG_POOL: Operator = {
        name: "avg_pool",
        params: &[SIZE, STRIDE],
        aliases: &["AvgPool2d", "AveragePooling2D", "AveragePool", "avgpool", "avg_pool2d", "mean_pool"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(AvgPool(windows(args))),
    cases: cases,
}

#[derive(Clone, Debug)]
struct AvgPool(Windows);

impl Layer for AvgPool {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        infer(&self.0, &flows[0], "avg_pool")
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
        let sizes = sizes(&self.0, &flows[0], "avg_pool");
        let sizes = sizes.unwrap_or_else(|reject| panic!("not accepted before: {reject:?}"));
        Integer::Compute(Arc::new(Average(sizes)))
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
        let sizes = sizes(&self.0, g.ty(flows[0]), "avg_pool")
            .unwrap_or_else(|reject| panic!("not accepted before: {reject:?}"));
        g.add(node::Mean { sizes, flat: false }, flows)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        out.add("AveragePool", &[&flows[0].0], window_attrs(&self.0, &flows[0].1))
    }
}
