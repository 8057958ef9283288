//! Words that sum over one axis.

use super::codes::NO_KERNEL;
use super::sum::SumOver;
use super::text::{axis, need_floats};
use dlm_graph::{Attr, Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};

/// The sum over an axis, divided by its size or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverAxis {
    /// The word.
    pub(crate) name: &'static str,
    /// The axis as the program has it.
    pub(crate) axis: i64,
    /// Whether the sum is divided by the size of the axis.
    pub(crate) mean: bool,
}

impl Layer for OverAxis {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        need_floats(self.name, &flows[0])?;
        let gone = axis(self.name, &flows[0], self.axis)?;
        let mut ty = flows[0].clone();
        ty.shape.0.remove(gone);
        Ok(ty)
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
        NO_KERNEL
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
        let from = g.ty(flows[0]).clone();
        let gone = axis(self.name, &from, self.axis).expect("infer has accepted the axis");
        let mut out = from.clone();
        let size = out.shape.0.remove(gone);
        let factor = if self.mean { 1.0 / size as f32 } else { 1.0 };
        let own = |axis: usize| match axis {
            axis if axis < gone => Some(axis),
            axis if axis > gone => Some(axis - 1),
            _ => None,
        };
        g.add(SumOver::new(self.name, &from, &out, factor, own), flows)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        let (value, ty) = &flows[0];
        let gone = axis(self.name, ty, self.axis).expect("infer has accepted the axis");
        let axes = vec![gone as i64 + 1];
        if self.mean {
            let attrs = vec![("axes", Attr::Ints(axes)), ("keepdims", Attr::Int(0))];
            return out.add("ReduceMean", &[value], attrs);
        }
        let axes = out.whole("axes", &axes);
        out.add("ReduceSum", &[value, &axes], vec![("keepdims", Attr::Int(0))])
    }
}
