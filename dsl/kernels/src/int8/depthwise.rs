//! Convolution of each channel by itself: four elements of the window are interleaved in the lanes of
//! their channels and summed by one instruction.
#![allow(unsafe_code)]
// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

use super::frame::Source;
use super::lanes::{Ends, Lanes, Portable, interleave, place};
use super::product::{Job, Sink, Taps};
use super::tile::copy_some;
use crate::conv::Conv;
use crate::simd::{Bytes, bytes};

/// Places of all taps, four a group.
const PLACES: usize = 4 * Taps::MOST;

/// Writes the rows of output of one block. Callers see to it that nobody else writes them.
///
/// # Panics
/// When windows lie outside of the source, or the output is too short.
pub(super) fn run(g: &Conv, taps: &Taps, job: &Job<'_>, source: &Source<'_>) {
    let [ho, wo, c] = g.output;
    if source.rows.is_empty() || wo == 0 || c == 0 {
        return;
    }
    let last = (source.rows.len() - 1) * g.stride[0] + (g.kernel[0] - 1) * g.dilation[0];
    let right = (wo - 1) * g.stride[1] + (g.kernel[1] - 1) * g.dilation[1];
    let end = source.at + last * source.row + (right + 1) * source.pixel;
    assert!(end <= source.data.len(), "{end} in {}", source.data.len());
    assert!(source.pixel.is_multiple_of(16) && source.pixel >= c);
    assert!(c.next_multiple_of(64) * 4 * taps.groups() <= job.packed.codes().len());
    assert!((source.image * ho + source.rows.end) * wo * c <= job.outputs);
    // A tap that a group lacks meets a weight of 0.
    let mut places = [0; PLACES];
    for group in 0..taps.groups() {
        for (place, tap) in places[4 * group..].iter_mut().zip(taps.group(group)) {
            let [ky, kx] = taps.at(tap);
            *place = ky * g.dilation[0] * source.row + kx * g.dilation[1] * source.pixel;
        }
    }
    let block = Block { g, taps, job, source, places: &places };
    // SAFETY: `bytes` says that the CPU has the instructions; windows lie inside the source, weights
    // inside the packed codes and outputs inside the output, as asserted.
    unsafe {
        match bytes() {
            Bytes::Portable => rows::<Portable, Portable, Portable>(&block),
            #[cfg(target_arch = "x86_64")]
            level => x86::run(level, &block),
        }
    }
}

/// What the loops need.
struct Block<'a> {
    g: &'a Conv,
    taps: &'a Taps,
    job: &'a Job<'a>,
    source: &'a Source<'a>,
    /// Where the taps of each group lie.
    places: &'a [usize; PLACES],
}

/// All rows, by the widest registers that channels fill: `A`, then `B`, then `C` of 16 channels.
///
/// # Safety
/// The CPU has the instructions, and [`run`] has checked the sizes.
#[inline(always)]
unsafe fn rows<A: Lanes, B: Lanes, C: Lanes>(block: &Block<'_>) {
    for row in 0..block.source.rows.len() {
        let mut channel = 0;
        while channel < block.source.pixel {
            let left = block.source.pixel - channel;
            // SAFETY: the caller's; channels stay inside of pixels, whose channels are a multiple of
            // 16, and of a block of 64.
            channel += unsafe {
                if left >= 4 * A::LANES {
                    line::<A>(block, row, channel)
                } else if left >= 4 * B::LANES {
                    line::<B>(block, row, channel)
                } else {
                    line::<C>(block, row, channel)
                }
            };
        }
    }
}

/// One row of output, for as many channels as four registers of lanes hold; returns how many.
///
/// # Safety
/// As for [`rows`].
#[inline(always)]
unsafe fn line<V: Lanes>(block: &Block<'_>, row: usize, channel: usize) -> usize {
    let Block { g, taps, job, source, .. } = *block;
    let (wo, c) = (g.output[1], g.output[2]);
    let lane = place(channel);
    let step = g.stride[1] * source.pixel;
    // SAFETY: the caller's.
    unsafe {
        let x = source.data.as_ptr().add(source.at + row * g.stride[0] * source.row + channel);
        let weights = channel / 64 * 256 * taps.groups() + lane % 64 * 4;
        let weights = job.packed.codes().as_ptr().add(weights);
        let to = ((source.image * g.output[0] + source.rows.start + row) * wo) * c + channel;
        let out = Outs { job, lane, live: c.saturating_sub(channel) };
        if g.kernel == [3, 3] && g.stride[1] == 1 && g.dilation[1] == 1 {
            let down = g.dilation[0] * source.row;
            slide::<V>(x, (down, source.pixel), weights, wo, &out, (to, c));
        } else {
            for ox in 0..wo {
                let sums = window::<V>(block, x.add(ox * step), weights, &out);
                out.write(sums, to + ox * c);
            }
        }
    }
    4 * V::LANES
}

/// The sums of one window.
///
/// # Safety
/// As for [`rows`]; x is the window's first element.
#[inline(always)]
unsafe fn window<V: Lanes>(
    block: &Block<'_>,
    x: *const u8,
    weights: *const u8,
    out: &Outs<'_>,
) -> [V; 4] {
    let Block { taps, places, .. } = *block;
    // SAFETY: the caller's.
    unsafe {
        let mut sums = out.start::<V>();
        for group in 0..taps.groups() {
            let mut bytes = [V::splat(0); 4];
            for (i, bytes) in bytes.iter_mut().enumerate() {
                *bytes = V::load(x.add(*places.get_unchecked(4 * group + i)));
            }
            let bytes = interleave(bytes);
            let weights = weights.add(256 * group);
            for j in 0..4 {
                sums[j] = sums[j].dot(bytes[j].x(), V::load(weights.add(64 * j)).w());
            }
        }
        sums
    }
}

/// A row of 3×3 windows that move by one pixel: each column of three is interleaved once and used by
/// three windows.
///
/// # Safety
/// As for [`rows`]; x is the first window's first element, `down` and `right` the distances of its
/// elements.
#[inline(always)]
unsafe fn slide<V: Lanes>(
    x: *const u8,
    (down, right): (usize, usize),
    weights: *const u8,
    count: usize,
    out: &Outs<'_>,
    (to, step): (usize, usize),
) {
    // SAFETY: the caller's.
    unsafe {
        let mut columns = [[V::splat(0).w(); 4]; 3];
        for kx in 0..3 {
            for j in 0..4 {
                columns[kx][j] = V::load(weights.add(256 * kx + 64 * j)).w();
            }
        }
        let start = out.start::<V>();
        let (mut near, mut far) = (start, start);
        for ix in 0..count + 2 {
            let x = x.add(ix * right);
            let three = [V::load(x), V::load(x.add(down)), V::load(x.add(2 * down))];
            let bytes = interleave([three[0], three[1], three[2], V::splat(0)]);
            let (mut done, mut next) = (near, far);
            let mut new = start;
            for j in 0..4 {
                let x = bytes[j].x();
                done[j] = done[j].dot(x, columns[2][j]);
                next[j] = next[j].dot(x, columns[1][j]);
                new[j] = new[j].dot(x, columns[0][j]);
            }
            (near, far) = (next, new);
            if ix >= 2 {
                out.write(done, to + (ix - 2) * step);
            }
        }
    }
}

/// Where sums of some channels go.
struct Outs<'a> {
    job: &'a Job<'a>,
    /// Lane of the first channel among all.
    lane: usize,
    /// Channels that count.
    live: usize,
}

impl Outs<'_> {
    /// What sums begin with.
    ///
    /// # Safety
    /// As for [`rows`].
    #[inline(always)]
    unsafe fn start<V: Lanes>(&self) -> [V; 4] {
        // SAFETY: the caller's; parameters have room for whole blocks.
        unsafe {
            let mut sums = [V::splat(0); 4];
            for j in 0..4 {
                sums[j] = V::load(self.job.params.offset.add(4 * (self.lane + 16 * j)));
            }
            sums
        }
    }

    /// Writes what is to become of sums to the channels from `at` on.
    ///
    /// # Safety
    /// As for [`rows`].
    #[inline(always)]
    unsafe fn write<V: Lanes>(&self, mut sums: [V; 4], at: usize) {
        let params = &self.job.params;
        // SAFETY: the caller's.
        unsafe {
            match self.job.sink {
                Sink::Codes { y, zero } => {
                    let ends = Ends::new(zero);
                    for j in 0..4 {
                        let mult = params.mult.add(self.lane + 16 * j);
                        sums[j] = sums[j].scale(mult).codes(&ends);
                    }
                    if self.live >= 4 * V::LANES {
                        V::narrow4(sums, y.add(at));
                    } else {
                        let mut full = [0u8; 64];
                        V::narrow4(sums, full.as_mut_ptr());
                        copy_some(full.as_ptr(), y.add(at), self.live);
                    }
                }
                Sink::Floats { y, bias } => {
                    for j in 0..4 {
                        let lane = self.lane + 16 * j;
                        sums[j] = sums[j].scale(params.mult.add(lane));
                        if bias {
                            sums[j] = sums[j].shift(params.bias.add(lane));
                        }
                    }
                    self.ordered(sums, y.add(at).cast());
                }
                Sink::Sums { y } => self.ordered(sums, y.add(at).cast()),
            }
        }
    }

    /// Writes lanes in the order of their channels.
    ///
    /// # Safety
    /// As for [`rows`]; `y` has room for the channels that count.
    #[inline(always)]
    unsafe fn ordered<V: Lanes>(&self, sums: [V; 4], y: *mut u8) {
        let mut full = [0u8; 256];
        // SAFETY: the caller's.
        unsafe {
            for j in 0..4 {
                sums[j].store(full.as_mut_ptr().add(4 * j * V::LANES));
            }
            let live = self.live.min(4 * V::LANES);
            // Four neighbouring channels at a time.
            for first in (0..live).step_by(4) {
                let (l, j) = (first / 16, first / 4 % 4);
                let from = full.as_ptr().add(4 * (j * V::LANES + 4 * l));
                let count = 4.min(live - first);
                copy_some(from, y.add(4 * first), 4 * count);
            }
        }
    }
}

/// The same loops with the instructions of newer CPUs.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::super::lanes::{Avx2, Sse2, Vnni128, Vnni256, Vnni512, VnniVex128, VnniVex256};
    use super::{Block, Bytes, rows};

    /// # Safety
    /// The CPU has the instructions of the level, and [`super::run`] has checked the sizes.
    pub(super) unsafe fn run(level: Bytes, block: &Block<'_>) {
        // SAFETY: the caller's.
        unsafe {
            match level {
                Bytes::Portable | Bytes::Sse2 => rows::<Sse2, Sse2, Sse2>(block),
                Bytes::Avx2 => avx2(block),
                Bytes::AvxVnni => avx_vnni(block),
                Bytes::Avx512 => avx512(block),
            }
        }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2(block: &Block<'_>) {
        // SAFETY: the caller's.
        unsafe { rows::<Avx2, Avx2, Sse2>(block) }
    }

    #[target_feature(enable = "avx2,fma,avxvnni")]
    unsafe fn avx_vnni(block: &Block<'_>) {
        // SAFETY: the caller's.
        unsafe { rows::<VnniVex256, VnniVex256, VnniVex128>(block) }
    }

    #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn avx512(block: &Block<'_>) {
        // SAFETY: the caller's.
        unsafe { rows::<Vnni512, Vnni256, Vnni128>(block) }
    }
}
