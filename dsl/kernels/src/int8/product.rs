//! Products with weights: dense layers and convolutions.
#![allow(unsafe_code)]

use super::depthwise;
use super::frame::{Frame, Source};
use super::lanes::place;
use super::pack::{Packed, packed_len};
use super::tile::{self, Fours, Region, Target};
use crate::conv::Conv;
use crate::par;
use std::ops::Range;

/// A product with weights. Weight codes are given in the memory order of the float weights, with the
/// output channel as the last axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Product {
    /// Rows of `features` numbers by weights `[features, units]`.
    Dense {
        /// Numbers of an input row.
        features: usize,
        /// Numbers of an output row.
        units: usize,
    },
    /// Maps `[h, w, ci]` by weights `[kh, kw, ci / groups, co]`; the padding is code `zero_x`.
    Conv(Conv),
}

impl Product {
    /// How many numbers the input of a sample has.
    pub fn inputs(&self) -> usize {
        match self {
            Product::Dense { features, .. } => *features,
            Product::Conv(g) => g.inputs(),
        }
    }

    /// How many numbers the output of a sample has.
    pub fn outputs(&self) -> usize {
        match self {
            Product::Dense { units, .. } => *units,
            Product::Conv(g) => g.outputs(),
        }
    }

    /// Output channels: units of a dense layer.
    pub fn channels(&self) -> usize {
        match self {
            Product::Dense { units, .. } => *units,
            Product::Conv(g) => g.output[2],
        }
    }

    /// How many weights there are.
    pub fn weights(&self) -> usize {
        match self {
            Product::Dense { features, units } => features * units,
            Product::Conv(g) => g.weights(),
        }
    }

    /// Multiply-adds of one sample, with those on padding.
    pub fn macs(&self) -> usize {
        match self {
            Product::Dense { features, units } => features * units,
            Product::Conv(g) => g.macs(),
        }
    }

    /// The sizes of a convolution of each channel by itself.
    pub(super) fn taps(&self) -> Option<Taps> {
        match self {
            Product::Conv(g) if g.groups > 1 && crate::depthwise::fits(g) => {
                Some(Taps { kernel: g.kernel }).filter(|taps| taps.groups() <= Taps::MOST)
            }
            _ => None,
        }
    }

    /// Groups, and the output channels of each.
    pub(super) fn groups(&self) -> (usize, usize) {
        match self {
            Product::Dense { units, .. } => (1, *units),
            Product::Conv(g) => (g.groups, g.output[2] / g.groups),
        }
    }

    /// The runs of bytes that an output is a product of.
    pub(super) fn runs(&self) -> Runs {
        match self {
            Product::Dense { features, .. } => Runs { count: [1, 1], len: *features },
            Product::Conv(g) => {
                let [kh, kw] = g.kernel;
                // Neighbouring pixels are neighbouring bytes.
                if g.groups == 1 && (g.dilation[1] == 1 || kw == 1) {
                    Runs { count: [kh, 1], len: kw * g.input[2] }
                } else {
                    Runs { count: g.kernel, len: g.input[2] / g.groups }
                }
            }
        }
    }

    /// Whether each sample, or each pixel of it, is a row by itself: how many there are in a sample.
    fn rows(&self) -> Option<usize> {
        match self {
            Product::Dense { .. } => Some(1),
            Product::Conv(g) => g.pointwise().then_some(g.output[0] * g.output[1]),
        }
    }
}

/// Runs of neighbouring bytes of the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runs {
    /// How many, down and right.
    pub(super) count: [usize; 2],
    /// Bytes of each.
    pub(super) len: usize,
}

impl Runs {
    /// Fours of bytes of all runs.
    pub(super) fn fours(&self) -> usize {
        self.count[0] * self.count[1] * self.len.div_ceil(4)
    }
}

/// The window of a convolution of each channel by itself. Its elements are counted down the columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taps {
    /// Height and width.
    pub(super) kernel: [usize; 2],
}

impl Taps {
    /// Groups that a window may have.
    pub(super) const MOST: usize = 32;

    /// Elements summed by one instruction: a column of three, or any four.
    fn together(&self) -> usize {
        if self.kernel[0] == 3 { 3 } else { 4 }
    }

    /// How many groups of such elements there are.
    pub(super) fn groups(&self) -> usize {
        (self.kernel[0] * self.kernel[1]).div_ceil(self.together())
    }

    /// The elements of a group.
    pub(super) fn group(&self, i: usize) -> Range<usize> {
        let from = i * self.together();
        from..(from + self.together()).min(self.kernel[0] * self.kernel[1])
    }

    /// Row and column of an element.
    pub(super) fn at(&self, tap: usize) -> [usize; 2] {
        [tap % self.kernel[0], tap / self.kernel[0]]
    }
}

/// Where a product goes, and as what.
pub enum Out<'a> {
    /// `y = sat(rint(f32(sum) · mult[channel]) + zero)`.
    Codes {
        /// The codes.
        y: &'a mut [u8],
        /// Steps of the output for 1 in the sum.
        mult: &'a [f32],
        /// The code of 0.
        zero: u8,
    },
    /// `y = f32(sum) · mult[channel] + bias[channel]`: product and sum each rounded.
    Floats {
        /// The numbers.
        y: &'a mut [f32],
        /// What 1 in the sum is worth.
        mult: &'a [f32],
        /// Added to each row.
        bias: Option<&'a [f32]>,
    },
    /// `y = sum`.
    Sums {
        /// The sums.
        y: &'a mut [i32],
    },
}

/// [`Out`] for many threads, each of which writes places of its own.
#[derive(Clone, Copy)]
pub(super) enum Sink {
    Codes { y: *mut u8, zero: u8 },
    Floats { y: *mut f32, bias: bool },
    Sums { y: *mut i32 },
}

/// The numbers of each channel.
#[derive(Clone, Copy)]
pub(super) struct Params {
    /// What the sum of `x · w` lacks: `bias − zero_x · Σ w`.
    pub(super) offset: *const u8,
    /// `mult` of [`Out`].
    pub(super) mult: *const f32,
    /// `bias` of [`Out::Floats`].
    pub(super) bias: *const f32,
}

/// Channels for which [`Params`] have room.
fn room(p: &Product) -> usize {
    p.channels().next_multiple_of(64) + 64
}

/// Everything that stays the same within a product.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) packed: Packed<'a>,
    pub(super) params: Params,
    pub(super) sink: Sink,
    /// How many numbers the output has.
    pub(super) outputs: usize,
}

// SAFETY: the pointers are to memory that is borrowed while the job lives; parameters are only read,
// and each piece of the work writes outputs that no other piece writes.
unsafe impl Sync for Job<'_> {}
// SAFETY: as above.
unsafe impl Send for Job<'_> {}

/// Bytes of scratch for [`product`].
pub fn product_scratch(p: &Product, batch: usize) -> usize {
    let frames = match p {
        Product::Conv(g) if p.rows().is_none() => {
            let frame = Frame::new(p, g, batch);
            frame.bytes() * pieces(frame.blocks()).len()
        }
        _ => tile::MOST_COPIED,
    };
    12 * room(p) + 4 * fours(p) + frames
}

/// Fours of bytes whose places are listed.
fn fours(p: &Product) -> usize {
    if p.taps().is_some() { 0 } else { p.runs().fours() }
}

/// How blocks are cut into pieces for the threads.
fn pieces(blocks: usize) -> Range<usize> {
    0..blocks.min(32)
}

/// Rows of a block.
const ROWS: usize = 48;

/// Channels of a block when there is one row; whole panels.
const CHANNELS: usize = 64;

/// The sums of products `Σ (x − zero_x) · w + bias[channel]`, in 32 bits, and what `out` makes of them.
///
/// # Shapes
/// x `[batch, inputs]`, packed from [`pack`](super::pack()), bias `[channels]` or empty, y `[batch,
/// outputs]`.
///
/// # Panics
/// When lengths disagree or scratch is shorter than [`product_scratch`].
#[allow(clippy::too_many_arguments)]
pub fn product(
    p: &Product,
    batch: usize,
    x: &[u8],
    zero_x: u8,
    packed: &[u8],
    bias: &[i32],
    out: Out<'_>,
    scratch: &mut [u8],
) {
    let channels = p.channels();
    assert_eq!(x.len(), batch * p.inputs(), "input of {p:?}");
    assert_eq!(packed.len(), packed_len(p), "packed weights of {p:?}");
    assert!(bias.is_empty() || bias.len() == channels, "{} biases of {p:?}", bias.len());
    let needed = product_scratch(p, batch);
    assert!(needed <= scratch.len(), "{} bytes of scratch, not {needed}", scratch.len());
    let packed = Packed::new(p, packed);
    let (mult, shift, len) = match &out {
        Out::Codes { y, mult, .. } => (*mult, None, y.len()),
        Out::Floats { y, mult, bias } => (*mult, *bias, y.len()),
        Out::Sums { y } => (&[][..], None, y.len()),
    };
    assert_eq!(len, batch * p.outputs(), "output of {p:?}");
    assert!(shift.is_none_or(|shift| shift.len() == channels));
    let (params, rest) = scratch.split_at_mut(12 * room(p));
    let (places, frames) = rest.split_at_mut(4 * fours(p));
    let (offsets, floats) = params.split_at_mut(4 * room(p));
    let (mults, shifts) = floats.split_at_mut(4 * room(p));
    let (sums, zero) = (packed.sums(), i32::from(zero_x));
    let own = |c: usize| {
        let sum = &sums[4 * c..4 * c + 4];
        let sum = i32::from_ne_bytes([sum[0], sum[1], sum[2], sum[3]]);
        sum.wrapping_mul(zero).wrapping_neg()
    };
    match bias {
        [] => spread(p, offsets, own),
        _ => spread(p, offsets, |c| own(c).wrapping_add(bias[c])),
    }
    let sink = match out {
        Out::Codes { y, zero, .. } => Sink::Codes { y: y.as_mut_ptr(), zero },
        Out::Floats { y, bias, .. } => Sink::Floats { y: y.as_mut_ptr(), bias: bias.is_some() },
        Out::Sums { y } => Sink::Sums { y: y.as_mut_ptr() },
    };
    if !matches!(sink, Sink::Sums { .. }) {
        assert_eq!(mult.len(), channels, "factors of {p:?}");
        spread(p, mults, |c| mult[c].to_bits() as i32);
    }
    if let Some(shift) = shift {
        spread(p, shifts, |c| shift[c].to_bits() as i32);
    }
    let params = Params {
        offset: offsets.as_ptr(),
        mult: mults.as_ptr().cast(),
        bias: shifts.as_ptr().cast(),
    };
    let job = Job { packed, params, sink, outputs: len };
    match (p, p.rows()) {
        (_, Some(rows)) => {
            let fours = Fours::new(&p.runs(), [0, 0], places);
            run_rows(p, batch * rows, x, &job, fours, frames);
        }
        (Product::Conv(g), None) => run_maps(p, g, (batch, x, zero_x), &job, places, frames),
        (Product::Dense { .. }, None) => {}
    }
}

/// Writes a number of each channel where its lane looks for it, and zeros behind the last.
#[inline(always)]
fn spread(p: &Product, to: &mut [u8], number: impl Fn(usize) -> i32) {
    let channels = p.channels();
    assert!(channels.next_multiple_of(64) * 4 <= to.len());
    let lanes = to.as_mut_ptr().cast::<i32>();
    let each = p.taps().is_some();
    to[if each { 0 } else { 4 * channels }..].fill(0);
    for c in 0..channels {
        let lane = if each { place(c) } else { c };
        // SAFETY: the lane of a channel lies in the first multiple of 64 lanes, as asserted.
        unsafe { lanes.add(lane).write_unaligned(number(c)) }
    }
}

/// Rows that are products by themselves.
fn run_rows(
    p: &Product,
    rows: usize,
    x: &[u8],
    job: &Job<'_>,
    fours: Fours<'_>,
    copied: &mut [u8],
) {
    let (row, channels) = (p.runs().len, p.channels());
    let work = rows * row * channels;
    if rows == 0 || channels == 0 {
        return;
    }
    fn region<'a>(
        source: &'a [u8],
        row: usize,
        from: usize,
        rows: usize,
        fours: Fours<'a>,
    ) -> Region<'a> {
        Region { source, at: from * row, step: [0, row], size: [1, rows], fours }
    }
    let target = |from: usize, channels: Range<usize>| Target {
        at: from * p.channels(),
        step: [0, p.channels()],
        group: 0,
        channels,
    };
    if row < 4 {
        // Too short to be read in fours where they end.
        let most = tile::MOST_COPIED / 4;
        for from in (0..rows).step_by(most) {
            let count = most.min(rows - from);
            let bytes = count * row;
            copied[..bytes].copy_from_slice(&x[from * row..][..bytes]);
            copied[bytes..bytes + 4].fill(0);
            tile::run(p, job, &region(copied, row, 0, count, fours), &target(from, 0..channels));
        }
        return;
    }
    if rows == 1 {
        let blocks = channels.div_ceil(CHANNELS);
        return par::pieces(blocks, work, |i| {
            let first = i * CHANNELS;
            let channels = first..(first + CHANNELS).min(channels);
            tile::run(p, job, &region(x, row, 0, 1, fours), &target(0, channels));
        });
    }
    // A block for each thread's turn; one thread keeps the weights in cache for all rows.
    let block = if par::worth(work) { ROWS } else { rows };
    par::pieces(rows.div_ceil(block), work, |i| {
        let from = i * block;
        let count = block.min(rows - from);
        tile::run(p, job, &region(x, row, from, count, fours), &target(from, 0..channels));
    });
}

/// Windows of maps.
fn run_maps(
    p: &Product,
    g: &Conv,
    (batch, x, zero_x): (usize, &[u8], u8),
    job: &Job<'_>,
    places: &mut [u8],
    scratch: &mut [u8],
) {
    let frame = Frame::new(p, g, batch);
    let step = [g.dilation[0] * frame.row(), g.dilation[1] * frame.pixel()];
    let fours = p.taps().is_none().then(|| Fours::new(&p.runs(), step, places));
    let pieces = pieces(frame.blocks());
    par::pieces_with(pieces.len(), batch * g.macs(), (scratch, frame.bytes()), |i, scratch| {
        let items = i * frame.blocks() / pieces.len()..(i + 1) * frame.blocks() / pieces.len();
        for item in items {
            let source = frame.source(item, x, zero_x, scratch);
            match (p.taps(), fours) {
                (Some(taps), _) => depthwise::run(g, &taps, job, &source),
                (None, Some(fours)) => run_groups(p, g, job, fours, &source),
                (None, None) => {}
            }
        }
    });
}

/// All groups of one block.
fn run_groups(p: &Product, g: &Conv, job: &Job<'_>, fours: Fours<'_>, source: &Source<'_>) {
    let (groups, channels) = p.groups();
    let [_, wo, co] = g.output;
    let each = g.input[2] / groups;
    for group in 0..groups {
        let region = Region {
            source: source.data,
            at: source.at + group * each,
            step: [g.stride[0] * source.row, g.stride[1] * source.pixel],
            size: [source.rows.len(), wo],
            fours,
        };
        let target = Target {
            at: (source.image * g.output[0] + source.rows.start) * wo * co + group * channels,
            step: [wo * co, co],
            group,
            channels: 0..channels,
        };
        tile::run(p, job, &region, &target);
    }
}
