//! Operators that combine two flows element by element, with NumPy's broadcasting.

use super::codes;
use super::sum::{sum_to, user_axes};
use super::text::{axis_name, need_floats, show};
use dlm_base::Shape;
use dlm_graph::{
    Frame, Graph, Integer, Layer, Mode, NodeId, Onnx, Op, Reject, Role, Ty, ValueId, Weight,
};
use dlm_kernels::Activation;
use dlm_kernels::elementwise::{self, Axis2};
use std::fmt::Debug;
use std::sync::Arc;

/// A function of two numbers.
pub(crate) trait Pair: Copy + Debug + Send + Sync + 'static {
    /// The word.
    const NAME: &'static str;
    /// The operator of ONNX.
    const ONNX: &'static str;
    /// Whether it is the product (`true`) or the sum, which codes have; `None` where they have none.
    const PRODUCT: Option<bool>;

    /// The function.
    fn at(self, a: f32, b: f32) -> f32;

    /// What programs do, with both shapes filled in: "add [2] and [3]".
    fn act(a: &str, b: &str) -> String;

    /// The gradients with respect to `a` and `b` in the shape of the result, each with a factor by
    /// which it is multiplied.
    fn grad(g: &mut Graph, a: ValueId, b: ValueId, y: ValueId, dy: ValueId) -> [(ValueId, f32); 2];
}

/// The word of a sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sign<F>(pub(crate) F);

impl<F: Pair> Layer for Sign<F> {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let (a, b) = (&flows[0], &flows[1]);
        need_floats(F::NAME, a)?;
        need_floats(F::NAME, b)?;
        match a.shape.broadcast(&b.shape) {
            Some(_) => Ok(result(a, b)),
            None => Err(reject::<F>(&a.shape, &b.shape)),
        }
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
        match F::PRODUCT {
            Some(product) => codes::combined(product, &flows[0], &flows[1]),
            None => codes::NO_KERNEL,
        }
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
        combine(g, self.0, flows[0], flows[1])
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        let [a, b] = flows else { panic!("two flows, not {}", flows.len()) };
        // Sizes are compared from the last axis on, but the batch stands before the first.
        let rank = a.1.shape.rank().max(b.1.shape.rank());
        let words = ["first", "second"];
        let inputs = [a, b].into_iter().zip(words).map(|((value, ty), word)| {
            let own = ty.shape.rank();
            if !ty.batched || own == rank {
                return value.clone();
            }
            let new: Vec<i64> = (1..=(rank - own) as i64).collect();
            let axes = out.whole(&format!("{word}_axes"), &new);
            out.part(word, "Unsqueeze", &[value, &axes], vec![])
        });
        let inputs: Vec<String> = inputs.collect();
        out.add(F::ONNX, &inputs, vec![])
    }
}

/// Adds `f(a, b)`.
pub(crate) fn combine(g: &mut Graph, f: impl Pair, a: ValueId, b: ValueId) -> ValueId {
    let (x, y) = (g.ty(a).clone(), g.ty(b).clone());
    let out = result(&x, &y);
    let axes = user_axes(&out, |shape_axis, from_end| {
        let step = |ty: &Ty| match ty.shape.rank().checked_sub(from_end) {
            Some(own) if ty.shape.0[own] > 1 => ty.strides()[own],
            _ => 0,
        };
        Axis2 { size: out.shape.0[shape_axis], a: step(&x), b: step(&y) }
    });
    let axes = elementwise::merge(&axes);
    g.add(Combine { f, axes, same: x == y, act: None }, &[a, b])
}

/// The type of the result of broadcasting.
fn result(a: &Ty, b: &Ty) -> Ty {
    let shape = a.shape.broadcast(&b.shape).expect("shapes that fit");
    Ty { batched: a.batched || b.batched, shape, dtype: a.dtype }
}

#[derive(Clone, Debug)]
struct Combine<F> {
    f: F,
    /// The axes of one sample's result in the order of memory, with the steps of both operands.
    axes: Vec<Axis2>,
    /// Whether both operands have one type.
    same: bool,
    act: Option<Activation>,
}

impl<F: Pair> Combine<F> {
    fn run(&self, frame: &mut Frame<'_>, f: impl Fn(f32, f32) -> f32 + Copy + Send + Sync) {
        let (y, b) = (frame.out(0), frame.f32(1));
        let a = (!frame.taken).then(|| frame.f32(0));
        match a {
            Some(a) if self.same => elementwise::map2(a, b, y, 1, f),
            None if self.same => elementwise::update(
                b,
                y,
                1,
                #[inline(always)]
                move |b, a| f(a, b),
            ),
            _ => {
                let step = |ty: &Ty| if ty.batched { ty.len() } else { 0 };
                let (a_step, b_step) = (step(&frame.tys[0]), step(&frame.tys[1]));
                let outer = Axis2 { size: frame.batch, a: a_step, b: b_step };
                elementwise::broadcast(outer, &self.axes, a, b, y, f);
            }
        }
    }
}

impl<F: Pair> Op for Combine<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![result(&ins[0], &ins[1])]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let f = self.f;
        match self.act {
            None => self.run(
                frame,
                #[inline(always)]
                move |a, b| f.at(a, b),
            ),
            Some(Activation::Relu) => self.run(
                frame,
                #[inline(always)]
                move |a, b| {
                    let y = f.at(a, b);
                    if y < 0.0 { 0.0 } else { y }
                },
            ),
            Some(act) => self.run(
                frame,
                #[inline(always)]
                move |a, b| act.at(f.at(a, b)),
            ),
        }
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let (inputs, y) = (g.node(node).inputs.clone(), g.node(node).outputs[0]);
        let Some(dy) = dys[0] else { return vec![None, None] };
        let grads = F::grad(g, inputs[0], inputs[1], y, dy);
        let each = inputs.iter().zip(grads);
        each.map(|(&input, (dy, factor))| {
            let ty = g.ty(input).clone();
            // A number of the program stands for all samples; nothing below it learns.
            (ty.batched == g.ty(dy).batched).then(|| sum_to(g, dy, &ty, factor))
        })
        .collect()
    }

    fn in_place(&self) -> Option<usize> {
        Some(0)
    }

    fn fuse(&self, next: &dyn Op) -> Option<Arc<dyn Op>> {
        let act = next.activation().filter(|_| self.act.is_none())?;
        Some(Arc::new(Combine { act: Some(act), ..self.clone() }))
    }
}

fn reject<F: Pair>(a: &Shape, b: &Shape) -> Reject {
    let rank = a.rank().max(b.rank());
    let at =
        |shape: &Shape, axis: usize| (axis + shape.rank()).checked_sub(rank).map(|i| shape.0[i]);
    let differing: Vec<usize> = (0..rank)
        .filter(|&axis| match (at(a, axis), at(b, axis)) {
            (Some(x), Some(y)) => x != y && x != 1 && y != 1,
            _ => false,
        })
        .collect();
    let facts = differing.iter().map(|&axis| {
        let [x, y] = [a, b].map(|shape| at(shape, axis).unwrap_or(1));
        format!("{} differ: {x} and {y}", axis_name(axis, rank))
    });
    let message = format!(
        "cannot {}: the {}",
        F::act(&a.to_string(), &b.to_string()),
        facts.collect::<Vec<_>>().join(", the ")
    );
    Reject::Combine { message, help: help(a, b) }
}

/// What to write so that the second fits the first, or the other way round.
fn help(a: &Shape, b: &Shape) -> Option<String> {
    match (a.sizes(), b.sizes()) {
        (&[c, h, w], &[d, i, j]) => {
            // The larger map is brought to the size of the smaller one.
            let (from, to) =
                if h * w >= i * j { ([c, h, w], [d, i, j]) } else { ([d, i, j], [c, h, w]) };
            let (stride, rest) = (from[1] / to[1], from[1] % to[1]);
            if from[1..] == to[1..] {
                return Some(format!(
                    "project the shortcut: `-> conv({}, 1)` turns {} into {}",
                    to[0],
                    Shape::of(&from),
                    Shape::of(&to)
                ));
            }
            let strided = rest == 0 && from[2] == stride * to[2];
            strided.then(|| {
                format!(
                    "project the shortcut: `-> conv({}, 1, stride = {stride})` turns {} into {}",
                    to[0],
                    Shape::of(&from),
                    Shape::of(&to)
                )
            })
        }
        (&[x], &[y]) => {
            Some(format!("project one of them: `-> dense({y})` turns [{x}] into [{y}]"))
        }
        (&[c], &[d, ..]) | (&[d, ..], &[c]) if c == d && a.rank().max(b.rank()) == 3 => {
            let shape = Shape::of(&[c, 1, 1]);
            Some(format!("give [{c}] a height and a width of 1: `-> reshape({shape})`"))
        }
        _ => Some(format!(
            "sizes are compared from the last axis on; {} must become {}, or 1 where it is to be repeated",
            show(&Ty::flow(b.clone())),
            show(&Ty::flow(a.clone()))
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::add::Add;

    fn told(a: &[usize], b: &[usize]) -> (String, String) {
        let flows = [a, b].map(|shape| Ty::flow(shape.to_vec()));
        match Sign(Add).infer(&flows) {
            Err(Reject::Combine { message, help }) => (message, help.unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_rejection_says_what_differs_and_what_to_write() {
        let (message, help) = told(&[64, 56, 56], &[128, 56, 56]);
        assert_eq!(
            message,
            "cannot add [64, 56, 56] and [128, 56, 56]: the channels differ: 64 and 128"
        );
        assert_eq!(
            help,
            "project the shortcut: `-> conv(128, 1)` turns [64, 56, 56] into [128, 56, 56]"
        );
        let (message, help) = told(&[128, 28, 28], &[64, 56, 56]);
        assert!(message.ends_with(
            "the channels differ: 128 and 64, the heights differ: 28 and 56, the widths differ: 28 and 56"
        ));
        assert_eq!(
            help,
            "project the shortcut: `-> conv(128, 1, stride = 2)` turns [64, 56, 56] into [128, 28, 28]"
        );
        assert_eq!(
            told(&[16, 8, 8], &[16]).1,
            "give [16] a height and a width of 1: `-> reshape([16, 1, 1])`"
        );
        assert_eq!(told(&[3], &[4]).1, "project one of them: `-> dense(4)` turns [3] into [4]");
    }
}
