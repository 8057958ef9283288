//! Sums over axes, and their gradient: the same number everywhere along the axes.

use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::elementwise::{self, Axis2};
use dlm_kernels::reduce::{self, Kept, Summed};

/// The axes of one sample of `ty` in the order of memory. `f` is called with the number of each axis
/// and its distance from the end (1 for the last).
pub(crate) fn user_axes<T>(ty: &Ty, f: impl Fn(usize, usize) -> T) -> Vec<T> {
    let rank = ty.shape.rank();
    let strides = ty.strides();
    let mut order: Vec<usize> = (0..rank).collect();
    order.sort_by_key(|&axis| std::cmp::Reverse((strides[axis], rank - axis)));
    order.into_iter().map(|axis| f(axis, rank - axis)).collect()
}

/// Adds the sums of `x` over the axes along which a tensor of type `ty` was stretched, times `factor`.
pub(crate) fn sum_to(g: &mut Graph, x: ValueId, ty: &Ty, factor: f32) -> ValueId {
    let from = g.ty(x).clone();
    if from == *ty && factor == 1.0 {
        return x;
    }
    let missing = from.shape.rank() - ty.shape.rank();
    let own = |axis: usize| axis.checked_sub(missing).filter(|&own| ty.shape.0[own] > 1);
    g.add(SumOver::new("sum_to", &from, ty, factor, own), &[x])
}

/// `y[kept] = factor · Σ x[kept, summed]` for each sample.
#[derive(Clone, Debug)]
pub(crate) struct SumOver {
    name: &'static str,
    out: Ty,
    plan: reduce::Sum,
    /// The axes of the input in the order of memory, with the steps of the output.
    back: Vec<Axis2>,
}

impl SumOver {
    /// Sums of a tensor of type `from` as a tensor of type `out`; `own` is the axis of the output to
    /// which an axis of the input belongs, or `None` where it is summed.
    pub(crate) fn new(
        name: &'static str,
        from: &Ty,
        out: &Ty,
        factor: f32,
        own: impl Fn(usize) -> Option<usize>,
    ) -> SumOver {
        let (strides, to) = (from.strides(), out.strides());
        let (mut kept, mut summed) = (Vec::new(), Vec::new());
        for (axis, &size) in from.shape.0.iter().enumerate() {
            match own(axis) {
                Some(own) => kept.push(Kept { size, from: strides[axis], to: to[own] }),
                None => summed.push(Summed { size, from: strides[axis] }),
            }
        }
        let back = user_axes(from, |axis, _| Axis2 {
            size: from.shape.0[axis],
            a: own(axis).map_or(0, |own| to[own]),
            b: 0,
        });
        SumOver {
            name,
            out: out.clone(),
            plan: reduce::Sum { ins: from.len(), outs: out.len(), kept, summed, factor },
            back: elementwise::merge(&back),
        }
    }
}

impl Op for SumOver {
    fn name(&self) -> &'static str {
        self.name
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![self.out.clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        reduce::sum(&self.plan, frame.f32(0), frame.out(0));
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let out = g.ty(g.node(node).inputs[0]).clone();
        let spread = Spread { out, axes: self.back.clone(), factor: self.plan.factor };
        vec![dys[0].map(|dy| g.add(spread, &[dy]))]
    }
}

/// The gradient of [`SumOver`]: each number along all axes that were summed, times the factor.
#[derive(Clone, Debug)]
struct Spread {
    out: Ty,
    axes: Vec<Axis2>,
    factor: f32,
}

impl Op for Spread {
    fn name(&self) -> &'static str {
        "spread"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![self.out.clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let outer = Axis2 { size: frame.batch, a: frame.tys[0].len(), b: 0 };
        let (x, y) = (frame.f32(0), frame.out(0));
        elementwise::broadcast(outer, &self.axes, Some(x), &[self.factor], y, |x, f| x * f);
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }
}
