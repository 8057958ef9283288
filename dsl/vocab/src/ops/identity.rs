//! Nothing.

use crate::common::declare::case;
use crate::ops::{Flows, Operator};
use crate::word;
use dlm_graph::{Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use std::sync::Arc;

word! {
    /// Passes the flow on as it is.
    ///
    /// It is a place for a name, or the branch of a choice in which nothing is done.
    ///
    /// ```dlm
    /// layer Block(x: [C, H, W], wide: bool = false) {
    ///     x -> if wide { conv(2 * C, 1) } else { identity } -> relu
    /// }
    /// model Net(image: [3, 8, 8]) { image -> Block(wide = true) -> global_avg_pool -> dense(10) }
    /// ```
    pub(crate) static IDENTITY: Operator = {
        name: "identity", params: &[], aliases: &["Identity", "pass", "noop"],
    },
    flows: Flows::Exactly(1),
    make: |_| Arc::new(Identity),
    cases: || vec![case(&[], &[&[3, 4, 5]], 1e-3)],
}

#[derive(Clone, Copy, Debug)]
struct Identity;

impl Layer for Identity {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        Ok(flows[0].clone())
    }

    fn weights(&self, _: &[Ty]) -> Vec<Weight> {
        Vec::new()
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        Role::Transparent
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        Integer::Pass
    }

    fn build(&self, _: &mut Graph, flows: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
        flows[0]
    }

    fn onnx(&self, _: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        flows[0].0.clone()
    }
}
