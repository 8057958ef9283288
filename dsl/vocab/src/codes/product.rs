//! Products of codes with weights.

use super::{codes, runs};
use dlm_base::Shape;
use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::int8::{self, Grid, Out};
use std::sync::Arc;

/// `y = sat(rint(f32(Σ (q − zero_x) · w + b) · f32(f32(s_x · s_w) / s_y)) + zero_y)`: codes in, codes
/// out; the sum is a 32-bit whole number.
#[derive(Clone, Debug)]
pub struct Product {
    /// The sizes.
    pub sizes: int8::Product,
    /// The weights as the kernel reads them.
    pub packed: Arc<[u8]>,
    /// The bias in units of `s_x · s_w`.
    pub bias: Arc<[i32]>,
    /// What the sums of each channel are multiplied by.
    pub mult: Arc<[f32]>,
    /// The zero of the input's grid.
    pub zero: u8,
    /// The grid of the result.
    pub out: Grid,
    /// The shape of the result.
    pub shape: Shape,
}

impl Op for Product {
    fn name(&self) -> &'static str {
        "product"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![codes(&self.shape)]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let scratch = std::mem::take(&mut frame.scratch);
        let times = frame.batch * runs(&self.sizes, &frame.tys[0]);
        let y = frame.out_u8(0);
        let out = Out::Codes { y, mult: &self.mult, zero: self.out.zero };
        let (x, packed) = (frame.u8(0), &self.packed);
        int8::product(&self.sizes, times, x, self.zero, packed, &self.bias, out, scratch);
    }

    /// Deployed networks do not learn.
    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None]
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        int8::product_scratch(&self.sizes, batch * runs(&self.sizes, &ins[0]))
    }

    fn macs(&self, ins: &[Ty]) -> u64 {
        (self.sizes.macs() * runs(&self.sizes, &ins[0])) as u64
    }
}

/// A product whose float input is rounded to codes on a grid of its own for each batch, from its
/// smallest to its largest number: `y = f32(Σ (q − zero) · w) · f32(s_x · s_w) + b`.
#[derive(Clone, Debug)]
pub struct RoundedProduct {
    /// The sizes.
    pub sizes: int8::Product,
    /// The weights as the kernel reads them.
    pub packed: Arc<[u8]>,
    /// The scales of the weights, one for each channel.
    pub scales: Arc<[f32]>,
    /// The bias.
    pub bias: Option<Arc<[f32]>>,
    /// The shape of the result.
    pub shape: Shape,
}

impl Op for RoundedProduct {
    fn name(&self) -> &'static str {
        "rounded_product"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![Ty::flow(self.shape.clone())]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let scratch = std::mem::take(&mut frame.scratch);
        let times = frame.batch * runs(&self.sizes, &frame.tys[0]);
        let (x, y) = (frame.f32(0), frame.out(0));
        let (mult, scratch) = scratch.split_at_mut(floats(self.scales.len()));
        let (q, scratch) = scratch.split_at_mut(x.len().next_multiple_of(64));
        let q = &mut q[..x.len()];
        let grid = grid_of_batch(int8::extent(x));
        int8::quantize(x, grid, q);
        let mult = &mut dlm_kernels::arena::as_f32(mult)[..self.scales.len()];
        mult.iter_mut().zip(&*self.scales).for_each(|(m, s)| *m = grid.scale * s);
        let out = Out::Floats { y, mult, bias: self.bias.as_deref() };
        int8::product(&self.sizes, times, q, grid.zero, &self.packed, &[], out, scratch);
    }

    /// Deployed networks do not learn.
    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None]
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        let times = batch * runs(&self.sizes, &ins[0]);
        floats(self.scales.len())
            + ins[0].count(batch).next_multiple_of(64)
            + int8::product_scratch(&self.sizes, times)
    }

    fn macs(&self, ins: &[Ty]) -> u64 {
        (self.sizes.macs() * runs(&self.sizes, &ins[0])) as u64
    }
}

/// The grid of a batch, in f32 as ONNX's `DynamicQuantizeLinear` has it.
fn grid_of_batch((lo, hi): (f32, f32)) -> Grid {
    let (lo, hi) = (lo.min(0.0), hi.max(0.0));
    let scale = (hi - lo) / 255.0;
    if !(scale > 0.0 && scale.is_finite()) {
        return Grid { scale: 1.0, zero: 0 };
    }
    let zero = (0.0 - lo / scale).round_ties_even().clamp(0.0, 255.0);
    Grid { scale, zero: zero as u8 }
}

/// The bytes of so many floats, rounded up so that what follows begins well.
fn floats(n: usize) -> usize {
    (4 * n).next_multiple_of(64)
}
