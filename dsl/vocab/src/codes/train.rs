//! Training with rounded numbers: every number that will be a code lies on its grid, forward; backward,
//! rounding counts as the identity and saturation as constant (Bengio et al. 2013; Jacob et al. 2018).

use super::runs;
use crate::ops::{conv, dense};
use dlm_graph::{Codes, DType, Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::arena::{as_f32, cast_mut};
use dlm_kernels::int8::{self, Grid, Out};
use smallvec::SmallVec;
use std::sync::Arc;

/// The numbers of a state that holds a range: smallest, largest, scale, zero.
pub const RANGE: usize = 4;

/// What a state that holds a range says of the grid.
pub fn grid_of(range: &[f32]) -> Grid {
    Grid { scale: range[2], zero: range[3] as u8 }
}

/// A range as a state holds it.
pub fn range_of(lo: f32, hi: f32, grid: Grid) -> [f32; RANGE] {
    [lo, hi, grid.scale, f32::from(grid.zero)]
}

/// How a range follows what is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Follow {
    /// The share of the old range that each batch leaves: `range ← keep · range + (1 − keep) · seen`.
    pub keep: f32,
    /// Whether 0 lies in the middle of the codes.
    pub symmetric: bool,
    /// Behind relu or relu6: the range begins at 0 and ends here at most.
    pub cut: Option<f32>,
}

impl Follow {
    /// Moves the range towards the smallest and largest number of a batch.
    fn update(&self, range: &mut [f32], (lo, hi): (f32, f32)) {
        if self.cut.is_some_and(f32::is_finite) || !lo.is_finite() || !hi.is_finite() {
            return;
        }
        let (lo, hi) = if self.cut.is_some() { (0.0, hi.max(0.0)) } else { (lo, hi) };
        let toward = |old: f32, new: f32| old + (1.0 - self.keep) * (new - old);
        let (lo, hi) = (toward(range[0], lo), toward(range[1], hi));
        let symmetric = self.symmetric && lo < 0.0;
        let grid = if symmetric { Grid::symmetric(lo, hi) } else { Grid::of(lo, hi) };
        range.copy_from_slice(&range_of(lo, hi, grid));
    }
}

/// Rounds weights to −most..=most with a scale for each output channel, or one for all. Input: w.
/// Outputs: the rounded weights, their scales, and their codes as the kernels read them.
#[derive(Clone, Debug)]
pub struct RoundWeights {
    /// The product that they belong to.
    pub sizes: int8::Product,
    /// Whether each output channel has a scale of its own.
    pub per_channel: bool,
    /// The largest code: 127, or 7 for 4 bits.
    pub most: i8,
}

impl RoundWeights {
    fn scales(&self) -> usize {
        if self.per_channel { self.sizes.channels() } else { 1 }
    }
}

impl Op for RoundWeights {
    fn name(&self) -> &'static str {
        "round_weights"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        let packed = vec![int8::packed_len(&self.sizes)];
        vec![
            ins[0].clone(),
            Ty::fixed(vec![self.sizes.channels()]),
            Ty { dtype: DType::U8, batched: false, shape: packed.into() },
        ]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (w, channels) = (frame.f32(0), self.sizes.channels());
        let codes: &mut [i8] = &mut cast_mut(std::mem::take(&mut frame.scratch))[..w.len()];
        let (rounded, scales, packed) = (frame.out(0), frame.out(1), frame.out_u8(2));
        int8::round_weights(w, channels, self.most, &mut scales[..self.scales()], codes);
        if !self.per_channel {
            let scale = scales[0];
            scales.fill(scale);
        }
        for (row, codes) in rounded.chunks_exact_mut(channels).zip(codes.chunks_exact(channels)) {
            let each = row.iter_mut().zip(codes).zip(&*scales);
            each.for_each(|((w, &q), s)| *w = f32::from(q) * s);
        }
        int8::pack(&self.sizes, codes, packed);
    }

    fn grad(&self, _: &mut Graph, _: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![dys[0]]
    }

    fn scratch(&self, ins: &[Ty], _: usize) -> usize {
        ins[0].len()
    }
}

/// A product of numbers on a grid with rounded weights, rounded to a grid: the integers of
/// [`super::Product`], as floats. Inputs: x, the three outputs of [`RoundWeights`], the range of x, the
/// range of the result, and the bias if there is one. Outputs: the result, and where gradients pass.
#[derive(Clone, Debug)]
pub struct TrainedProduct {
    /// The sizes.
    pub sizes: int8::Product,
    /// Whether a bias is the last input.
    pub bias: bool,
    /// Whether negative sums have no gradient: a relu is part of the rounding.
    pub relu: bool,
    /// How the range of the result follows what is seen; absent when it stays.
    pub follow: Option<Follow>,
}

impl Op for TrainedProduct {
    fn name(&self) -> &'static str {
        "trained_product"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        let shape = match self.sizes {
            int8::Product::Dense { units, .. } => {
                let mut shape = ins[0].shape.clone();
                shape.0.iter_mut().last().into_iter().for_each(|last| *last = units);
                shape
            }
            int8::Product::Conv(sizes) => {
                let [h, w, c] = sizes.output;
                vec![c, h, w].into()
            }
        };
        vec![Ty::flow(shape.clone()), Ty { dtype: DType::U8, batched: true, shape }]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let channels = self.sizes.channels();
        let times = frame.batch * runs(&self.sizes, &frame.tys[0]);
        let (x, scales, packed) = (frame.f32(0), frame.f32(2), frame.u8(3));
        let (y, pass) = (frame.out(0), frame.out_u8(1));
        let from = grid_of(frame.f32(4));
        let mut pieces = Pieces(std::mem::take(&mut frame.scratch));
        let codes = &mut pieces.take(x.len())[..x.len()];
        let sums: &mut [i32] = &mut cast_mut(pieces.take(4 * y.len()))[..y.len()];
        let mult = &mut as_f32(pieces.take(4 * channels))[..channels];
        let bias: &mut [i32] = &mut cast_mut(pieces.take(4 * channels))[..channels];
        int8::recover(x, from, codes);
        let bias: &[i32] = match self.bias {
            true => {
                int8::round_bias(frame.f32(6), from.scale, scales, bias);
                bias
            }
            false => &[],
        };
        let out = Out::Sums { y: sums };
        int8::product(&self.sizes, times, codes, from.zero, packed, bias, out, pieces.0);
        let grid = match self.follow {
            Some(follow) => {
                mult.iter_mut().zip(scales).for_each(|(m, s)| *m = from.scale * s);
                let seen = int8::sums_extent(sums, mult);
                let range = frame.state(0);
                follow.update(range, seen);
                grid_of(range)
            }
            None => grid_of(frame.f32(5)),
        };
        int8::multipliers(from.scale, scales, grid.scale, mult);
        int8::requantize_train(sums, mult, grid, self.relu, y, pass);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let (inputs, pass) = (g.node(node).inputs.clone(), g.node(node).outputs[1]);
        let mut grads = vec![None; inputs.len()];
        let Some(dy) = dys[0] else { return grads };
        let (x, w) = (inputs[0], inputs[1]);
        let dz = g.add(Masked, &[dy, pass]);
        let channels = self.sizes.channels();
        (grads[0], grads[1]) = match self.sizes {
            int8::Product::Dense { features, units } => (
                Some(
                    g.add(dense::node::InputGrad { features, units, transposed: false }, &[dz, w]),
                ),
                Some(
                    g.add(dense::node::WeightGrad { features, units, transposed: false }, &[x, dz]),
                ),
            ),
            int8::Product::Conv(sizes) => {
                let weights = g.ty(w).clone();
                (
                    Some(g.add(conv::node::InputGrad { sizes }, &[dz, w])),
                    Some(g.add(conv::node::WeightGrad { sizes, weights }, &[x, dz])),
                )
            }
        };
        if self.bias {
            grads[6] = Some(g.add(conv::node::BiasGrad { units: channels }, &[dz]));
        }
        grads
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        let times = batch * runs(&self.sizes, &ins[0]);
        let outputs = times * self.sizes.outputs();
        let channels = self.sizes.channels();
        let pieces = [ins[0].count(batch), 4 * outputs, 4 * channels, 4 * channels];
        pieces.map(|n| n.next_multiple_of(64)).iter().sum::<usize>()
            + int8::product_scratch(&self.sizes, times)
    }

    fn writes(&self) -> &[usize] {
        if self.follow.is_some() { &[5] } else { &[] }
    }

    fn macs(&self, ins: &[Ty]) -> u64 {
        (self.sizes.macs() * runs(&self.sizes, &ins[0])) as u64
    }
}

/// Rounds floats to a grid. Inputs: x, the range. Outputs: the rounded numbers, and where gradients
/// pass.
#[derive(Clone, Debug)]
pub struct Rounded {
    /// How the range follows what is seen; absent when it stays.
    pub follow: Option<Follow>,
}

impl Op for Rounded {
    fn name(&self) -> &'static str {
        "rounded"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone(), Ty { dtype: DType::U8, ..ins[0].clone() }]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (x, y, pass) = (frame.f32(0), frame.out(0), frame.out_u8(1));
        let grid = followed(self.follow, frame, 1, || int8::extent(x));
        int8::round_train(x, grid, y, pass);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let pass = g.node(node).outputs[1];
        vec![dys[0].map(|dy| g.add(Masked, &[dy, pass])), None]
    }

    fn writes(&self) -> &[usize] {
        if self.follow.is_some() { &[1] } else { &[] }
    }
}

/// An operator without weights: the integers of [`super::Coded`], as floats. Inputs: what the operator
/// computes in float from the same inputs, the range of the result, then each input with its range.
/// Outputs: the result, and where gradients pass; they go to the float operator alone.
#[derive(Clone, Debug)]
pub struct Recoded {
    /// What is computed.
    pub codes: Arc<dyn Codes>,
    /// Whether negative numbers have no gradient: a relu is part of the rounding.
    pub relu: bool,
    /// How the range of the result follows what is seen; absent when it stays.
    pub follow: Option<Follow>,
}

impl Op for Recoded {
    fn name(&self) -> &'static str {
        "recoded"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone(), Ty { dtype: DType::U8, ..ins[0].clone() }]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (float, y, pass) = (frame.f32(0), frame.out(0), frame.out_u8(1));
        let grid = followed(self.follow, frame, 1, || int8::extent(float));
        let mut pieces = Pieces(std::mem::take(&mut frame.scratch));
        let mut ins: SmallVec<[(&[u8], Grid); 4]> = SmallVec::new();
        for i in (2..frame.ins.len()).step_by(2) {
            let (x, from) = (frame.f32(i), grid_of(frame.f32(i + 1)));
            let codes = &mut pieces.take(x.len())[..x.len()];
            int8::recover(x, from, codes);
            ins.push((codes, from));
        }
        self.codes.run(frame.batch, &ins, grid, pass);
        int8::dequantize(pass, grid, y);
        inside(float, grid, self.relu, pass);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let (count, pass) = (g.node(node).inputs.len(), g.node(node).outputs[1]);
        let mut grads = vec![None; count];
        grads[0] = dys[0].map(|dy| g.add(Masked, &[dy, pass]));
        grads
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        ins.iter().skip(2).step_by(2).map(|x| x.count(batch).next_multiple_of(64)).sum()
    }

    fn writes(&self) -> &[usize] {
        if self.follow.is_some() { &[1] } else { &[] }
    }
}

/// `dx = dy` where gradients pass, 0 elsewhere. Inputs: dy, where they pass.
#[derive(Clone, Copy, Debug)]
struct Masked;

impl Op for Masked {
    fn name(&self) -> &'static str {
        "masked"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let y = frame.out(0);
        match frame.taken {
            true => int8::mask_in_place(frame.u8(1), y),
            false => int8::mask(frame.f32(0), frame.u8(1), y),
        }
    }

    fn in_place(&self) -> Option<usize> {
        Some(0)
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let pass = g.node(node).inputs[1];
        vec![dys[0].map(|dy| g.add(Masked, &[dy, pass])), None]
    }
}

/// The grid of a result: that of the range at `input`, or of the same range once it has followed
/// what `seen` finds.
fn followed(
    follow: Option<Follow>,
    frame: &mut Frame<'_>,
    input: usize,
    seen: impl FnOnce() -> (f32, f32),
) -> Grid {
    match follow {
        Some(follow) => {
            let range = frame.state(0);
            follow.update(range, seen());
            grid_of(range)
        }
        None => grid_of(frame.f32(input)),
    }
}

/// Where rounding did not cut off, and, with `relu`, numbers are positive.
fn inside(x: &[f32], grid: Grid, relu: bool, pass: &mut [u8]) {
    // Codes from −½ to 255½ round to themselves or their neighbour.
    let zero = f32::from(grid.zero);
    let lo = if relu { f32::MIN_POSITIVE } else { (-0.5 - zero) * grid.scale };
    let hi = (255.5 - zero) * grid.scale;
    dlm_kernels::elementwise::within(x, lo, hi, pass);
}

/// Scratch memory, from which pieces are cut that begin at multiples of 64 bytes.
struct Pieces<'a>(&'a mut [u8]);

impl<'a> Pieces<'a> {
    fn take(&mut self, bytes: usize) -> &'a mut [u8] {
        let rest = std::mem::take(&mut self.0);
        let (piece, rest) = rest.split_at_mut(bytes.next_multiple_of(64));
        self.0 = rest;
        piece
    }
}
