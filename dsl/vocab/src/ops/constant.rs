//! A number in a flow.

use crate::common::declare::{REAL, case, param};
use crate::ops::{Flows, Operator};
use crate::word;
use crate::word::{Arg, Default};
use dlm_graph::{
    Frame, Graph, Integer, Layer, Mode, NodeId, Onnx, Op, Reject, Role, Ty, ValueId, Weight,
};
use std::sync::Arc;

word! {
    /// A number in a flow: `x * 0.5`, `1 - x`. It is combined with every element.
    ///
    /// ```dlm
    /// model Halved(x: [13]) {
    ///     h = x -> dense(32) -> tanh
    ///     1 - h * 0.5 -> dense(1)
    /// }
    /// ```
    pub(crate) static CONSTANT: Operator = {
        name: "constant",
        params: &[param("value", REAL, Default::Required, "The number.", &[])],
        aliases: &[],
    },
    flows: Flows::Exactly(0),
    make: |args| Arc::new(Constant::new(args.real("value"))),
    cases: || vec![case(&[("value", Arg::Real(-1.5))], &[], 1e-3)],
}

/// The number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Constant {
    value: f32,
}

impl Constant {
    /// This number.
    pub(crate) fn new(value: f64) -> Constant {
        Constant { value: value as f32 }
    }
}

impl Layer for Constant {
    fn infer(&self, _: &[Ty]) -> Result<Ty, Reject> {
        Ok(Ty::scalar())
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

    fn integer(&self, _: &[Ty]) -> Integer {
        Integer::Float("a constant has no codes")
    }

    fn build(&self, g: &mut Graph, _: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
        g.add(*self, &[])
    }

    fn onnx(&self, out: &mut Onnx, _: &[(String, Ty)], _: &[String]) -> String {
        out.floats("value", &[], &[self.value])
    }
}

impl Op for Constant {
    fn name(&self) -> &'static str {
        "constant"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![Ty::scalar()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        frame.out(0)[0] = self.value;
    }

    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        Vec::new()
    }
}
