//! Operators that apply one function to every element.

use super::text::need_floats;
use dlm_graph::{
    Frame, Graph, Integer, Layer, Mode, NodeId, Onnx, Op, Reject, Role, Ty, ValueId, Weight,
};
use dlm_kernels::{Activation, elementwise};
use std::fmt::Debug;

/// A function of one number.
pub(crate) trait Unary: Copy + Debug + Send + Sync + 'static {
    /// The word.
    const NAME: &'static str;
    /// The name of its gradient.
    const GRAD: &'static str;
    /// Operations for one element, roughly.
    const COST: usize;
    /// What it is to its neighbours.
    const ROLE: Role;
    /// Whether [`Unary::back`] is told the result (`true`) or the input. From the result, the input
    /// need not be kept until the gradient.
    const FROM_OUTPUT: bool;

    /// The function.
    fn at(self, x: f32) -> f32;

    /// `dy` times the derivative, from the input or the result.
    fn back(self, saved: f32, dy: f32) -> f32;

    /// The same function for operators that can apply it to their result.
    fn activation(self) -> Option<Activation>;

    /// What it is on 8-bit codes.
    fn integer(self) -> Integer;

    /// Adds its nodes in ONNX.
    fn onnx(self, out: &mut Onnx, x: &str) -> String;
}

/// The operator of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map<F>(pub(crate) F);

impl<F: Unary> Layer for Map<F> {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        need_floats(F::NAME, &flows[0])?;
        Ok(flows[0].clone())
    }

    fn weights(&self, _: &[Ty]) -> Vec<Weight> {
        Vec::new()
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        F::ROLE
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        self.0.integer()
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
        g.add(*self, flows)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        self.0.onnx(out, &flows[0].0)
    }
}

impl<F: Unary> Op for Map<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (f, y) = (self.0, frame.out(0));
        if frame.taken {
            elementwise::map_in_place(
                y,
                F::COST,
                #[inline(always)]
                move |x| f.at(x),
            );
        } else {
            elementwise::map(
                frame.f32(0),
                y,
                F::COST,
                #[inline(always)]
                move |x| f.at(x),
            );
        }
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let node = g.node(node);
        let saved = if F::FROM_OUTPUT { node.outputs[0] } else { node.inputs[0] };
        vec![dys[0].map(|dy| g.add(Back(self.0), &[saved, dy]))]
    }

    fn in_place(&self) -> Option<usize> {
        Some(0)
    }

    fn activation(&self) -> Option<Activation> {
        self.0.activation()
    }
}

/// The gradient of a function. Inputs: what was saved, `dy`.
#[derive(Clone, Copy, Debug)]
struct Back<F>(F);

impl<F: Unary> Op for Back<F> {
    fn name(&self) -> &'static str {
        F::GRAD
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[1].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (f, saved, dx) = (self.0, frame.f32(0), frame.out(0));
        if frame.taken {
            elementwise::update(
                saved,
                dx,
                F::COST,
                #[inline(always)]
                move |saved, dy| f.back(saved, dy),
            );
        } else {
            let dy = frame.f32(1);
            elementwise::map2(
                saved,
                dy,
                dx,
                F::COST,
                #[inline(always)]
                move |saved, dy| f.back(saved, dy),
            );
        }
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }

    fn in_place(&self) -> Option<usize> {
        Some(1)
    }
}
