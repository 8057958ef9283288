//! The innermost loops of products: a few rows by a few registers of channels.
#![allow(unsafe_code)]
// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

use super::lanes::{Ends, Lanes, Portable};
use super::pack::PANEL;
use super::product::{Job, Product, Runs, Sink};
use crate::simd::{Bytes, bytes};
use std::ops::Range;

/// Bytes of copies of rows that are shorter than four bytes.
pub(super) const MOST_COPIED: usize = 4096;

/// Pixels, and what each is a product of.
#[derive(Clone, Copy)]
pub(super) struct Region<'a> {
    /// The map.
    pub(super) source: &'a [u8],
    /// Place of the first pixel's first byte.
    pub(super) at: usize,
    /// Bytes between pixels, down and right.
    pub(super) step: [usize; 2],
    /// Pixels, down and right.
    pub(super) size: [usize; 2],
    /// Where each four bytes lie, from a pixel's first on.
    pub(super) fours: Fours<'a>,
}

impl Region<'_> {
    fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    fn check(&self) {
        let [down, right] = [0, 1].map(|i| (self.size[i] - 1) * self.step[i]);
        let end = self.at + down + right + self.fours.reach;
        assert!(end <= self.source.len(), "{end} in {}", self.source.len());
    }
}

/// Places of four bytes that a lane of the weights meets.
#[derive(Clone, Copy)]
pub(super) struct Fours<'a> {
    /// Numbers of 32 bits.
    places: &'a [u8],
    /// The end of the last.
    reach: usize,
}

impl<'a> Fours<'a> {
    /// The fours of `runs`, which lie `step` bytes apart, down and right. The last four of a run are
    /// its last bytes; of a run that is shorter, its first and what follows it.
    ///
    /// # Panics
    /// When `room` has not four bytes for each.
    pub(super) fn new(runs: &Runs, step: [usize; 2], room: &'a mut [u8]) -> Fours<'a> {
        assert_eq!(room.len(), 4 * runs.fours());
        let each = runs.len.div_ceil(4);
        let mut reach = 0;
        if each > 0 {
            for (i, run) in room.chunks_exact_mut(4 * each).enumerate() {
                let (down, right) = (i / runs.count[1], i % runs.count[1]);
                let first = down * step[0] + right * step[1];
                let last = first + runs.len.saturating_sub(4);
                reach = reach.max(last + 4);
                assert!(reach < u32::MAX as usize);
                let places = run.as_mut_ptr().cast::<u32>();
                for four in 0..each {
                    let from = (first as u32 + 4 * four as u32).min(last as u32);
                    // SAFETY: the run has four bytes for each four.
                    unsafe { places.add(four).write_unaligned(from) }
                }
            }
        }
        Fours { places: room, reach }
    }

    /// How many there are.
    fn count(&self) -> usize {
        self.places.len() / 4
    }
}

/// Where products go.
#[derive(Clone)]
pub(super) struct Target {
    /// Place of the first pixel's first channel of the group.
    pub(super) at: usize,
    /// Numbers between pixels, down and right.
    pub(super) step: [usize; 2],
    /// Which group.
    pub(super) group: usize,
    /// Channels of the group, from the start of a panel on.
    pub(super) channels: Range<usize>,
}

/// What the loops need to know of weights and outputs.
struct Panels<'a> {
    job: &'a Job<'a>,
    /// Codes of the group.
    codes: *const u8,
    /// Bytes of a panel.
    panel: usize,
    /// First channel of the group among all.
    base: usize,
    target: &'a Target,
}

/// Writes the products of every pixel of the region with the channels of the target. Callers see to
/// it that nobody else writes there.
///
/// # Panics
/// When the region lies outside of its source.
pub(super) fn run(p: &Product, job: &Job<'_>, region: &Region<'_>, target: &Target) {
    if region.pixels() == 0 || target.channels.is_empty() {
        return;
    }
    let (_, channels) = p.groups();
    let panel = PANEL * 4 * region.fours.count();
    let first = target.group * channels.div_ceil(PANEL) * panel;
    let codes = job.packed.codes();
    let last = target.channels.end.div_ceil(PANEL) * panel;
    assert!(target.channels.start.is_multiple_of(PANEL) && first + last <= codes.len());
    let end = target.at
        + (region.size[0] - 1) * target.step[0]
        + (region.size[1] - 1) * target.step[1]
        + target.channels.end;
    assert!(end <= job.outputs, "{end} of {}", job.outputs);
    region.check();
    let base = target.group * channels;
    let panels = Panels { job, codes: codes[first..].as_ptr(), panel, base, target };
    // SAFETY: `bytes` says that the CPU has the instructions; the region lies inside its source and
    // the panels inside the packed codes, as asserted; outputs lie where the sizes of the product put
    // them, and lengths are its sizes.
    unsafe {
        match bytes() {
            Bytes::Portable => narrow::<Portable>(&panels, region),
            #[cfg(target_arch = "x86_64")]
            level => x86::run(level, &panels, region),
        }
    }
}

/// Tiles for sixteen registers.
///
/// # Safety
/// The CPU has the instructions of `V`, and [`run`] has checked the sizes.
#[inline(always)]
unsafe fn narrow<V: Lanes>(panels: &Panels<'_>, region: &Region<'_>) {
    let pixels = region.pixels();
    let whole = pixels / 4 * 4;
    // SAFETY: the caller's.
    unsafe {
        stretch::<V, 4, 2>(panels, region, 0..whole);
        match pixels - whole {
            0 => {}
            1 => stretch::<V, 1, 4>(panels, region, whole..pixels),
            2 => stretch::<V, 2, 2>(panels, region, whole..pixels),
            _ => stretch::<V, 4, 2>(panels, region, whole..pixels),
        }
    }
}

/// Tiles for 32 registers.
///
/// # Safety
/// As for [`narrow`].
#[inline(always)]
unsafe fn wide<V: Lanes>(panels: &Panels<'_>, region: &Region<'_>) {
    let pixels = region.pixels();
    let whole = pixels / 12 * 12;
    let rest = whole..pixels;
    // SAFETY: the caller's.
    unsafe {
        stretch::<V, 12, 2>(panels, region, 0..whole);
        match rest.len() {
            0 => {}
            1 => stretch::<V, 1, 4>(panels, region, rest),
            2 => stretch::<V, 2, 4>(panels, region, rest),
            3..=4 => stretch::<V, 4, 4>(panels, region, rest),
            5..=6 => stretch::<V, 6, 4>(panels, region, rest),
            7..=8 => stretch::<V, 8, 2>(panels, region, rest),
            _ => stretch::<V, 12, 2>(panels, region, rest),
        }
    }
}

/// Tiles of `P` pixels by `N` registers over a range of pixels and all channels.
///
/// # Safety
/// As for [`narrow`].
#[inline(always)]
unsafe fn stretch<V: Lanes, const P: usize, const N: usize>(
    panels: &Panels<'_>,
    region: &Region<'_>,
    pixels: Range<usize>,
) {
    let Range { start: mut channel, end } = panels.target.channels;
    // SAFETY: the caller's; registers hold channels of whole panels.
    unsafe {
        while channel + (N - 1) * V::LANES < end {
            tiles::<V, P, N>(panels, region, pixels.clone(), channel);
            channel += N * V::LANES;
        }
        while channel < end {
            tiles::<V, P, 1>(panels, region, pixels.clone(), channel);
            channel += V::LANES;
        }
    }
}

/// Tiles over a range of pixels, for `N` registers of channels.
///
/// # Safety
/// As for [`narrow`].
#[inline(always)]
unsafe fn tiles<V: Lanes, const P: usize, const N: usize>(
    panels: &Panels<'_>,
    region: &Region<'_>,
    pixels: Range<usize>,
    channel: usize,
) {
    let (wide, target) = (region.size[1], panels.target);
    let (mut y, mut x, mut left) = (pixels.start / wide, pixels.start % wide, pixels.len());
    // SAFETY: the caller's; pixels and channels lie inside.
    unsafe {
        let mut weights = [panels.codes; N];
        for j in 0..N {
            let channel = channel + j * V::LANES;
            weights[j] = panels.codes.add(channel / PANEL * panels.panel + channel % PANEL * 4);
        }
        while left > 0 {
            let count = left.min(P);
            let mut sources = [region.source.as_ptr(); P];
            let mut places = [0; P];
            for i in 0..P {
                sources[i] = sources[i].add(region.at + y * region.step[0] + x * region.step[1]);
                places[i] = target.at + y * target.step[0] + x * target.step[1] + channel;
                // The last tile repeats its last pixel.
                if i + 1 < count {
                    x += 1;
                    if x == wide {
                        (y, x) = (y + 1, 0);
                    }
                }
            }
            x += 1;
            if x == wide {
                (y, x) = (y + 1, 0);
            }
            left -= count;
            let start = panels.job.params.offset.add(4 * (panels.base + channel));
            let sums = sums::<V, P, N>(&region.fours, sources, weights, start);
            // Through memory: what follows is short there, and would not fit into registers.
            let mut full = [0u8; TILE];
            for i in 0..P {
                for j in 0..N {
                    sums[i][j].store(full.as_mut_ptr().add(4 * V::LANES * (i * N + j)));
                }
            }
            finish::<V, N>(panels, channel, full.as_ptr(), &places[..count]);
        }
    }
}

/// Bytes of the largest tile.
const TILE: usize = 24 * 64;

/// # Safety
/// As for [`narrow`]: every four lies inside the source from every pixel, `weights` have lanes for each
/// of them, and `start` a number for each channel.
#[inline(always)]
unsafe fn sums<V: Lanes, const P: usize, const N: usize>(
    fours: &Fours<'_>,
    sources: [*const u8; P],
    weights: [*const u8; N],
    start: *const u8,
) -> [[V; N]; P] {
    // SAFETY: the caller's.
    unsafe {
        let mut first = [V::splat(0); N];
        for j in 0..N {
            first[j] = V::load(start.add(4 * j * V::LANES));
        }
        let mut sums = [first; P];
        let (places, mut at) = (fours.places.as_ptr().cast::<u32>(), 0);
        for four in 0..fours.count() {
            let place = places.add(four).read_unaligned() as usize;
            let mut row = [V::splat(0).w(); N];
            for j in 0..N {
                row[j] = V::load(weights[j].add(at)).w();
            }
            at += 4 * PANEL;
            for i in 0..P {
                let x = V::splat(sources[i].add(place).cast::<i32>().read_unaligned()).x();
                for j in 0..N {
                    sums[i][j] = sums[i][j].dot(x, row[j]);
                }
            }
        }
        sums
    }
}

/// Makes sums what they shall be, and writes those of each pixel: `N` registers from `channel` on.
///
/// # Safety
/// As for [`narrow`]; `sums` has a row for each place.
#[inline(always)]
unsafe fn finish<V: Lanes, const N: usize>(
    panels: &Panels<'_>,
    channel: usize,
    sums: *const u8,
    places: &[usize],
) {
    let params = &panels.job.params;
    let from = panels.base + channel;
    let live = panels.target.channels.end - channel;
    let mult = params.mult.wrapping_add(from);
    let row = 4 * N * V::LANES;
    // SAFETY: the caller's.
    unsafe {
        match panels.job.sink {
            Sink::Codes { y, zero } => {
                let ends = Ends::new(zero);
                for (i, &place) in places.iter().enumerate() {
                    for j in 0..N {
                        let first = j * V::LANES;
                        let sum = V::load(sums.add(i * row + 4 * first));
                        let codes = sum.scale(mult.add(first)).codes(&ends);
                        let y = y.add(place + first);
                        if first + V::LANES <= live {
                            codes.narrow(y);
                        } else if first < live {
                            let mut full = [0u8; 16];
                            codes.narrow(full.as_mut_ptr());
                            copy_some(full.as_ptr(), y, live - first);
                        }
                    }
                }
            }
            Sink::Floats { y, bias } => {
                let shift = params.bias.wrapping_add(from);
                for (i, &place) in places.iter().enumerate() {
                    for j in 0..N {
                        let first = j * V::LANES;
                        let mut sum = V::load(sums.add(i * row + 4 * first)).scale(mult.add(first));
                        if bias {
                            sum = sum.shift(shift.add(first));
                        }
                        store_some(sum, y.add(place + first).cast(), live.saturating_sub(first));
                    }
                }
            }
            Sink::Sums { y } => {
                for (i, &place) in places.iter().enumerate() {
                    for j in 0..N {
                        let first = j * V::LANES;
                        let sum = V::load(sums.add(i * row + 4 * first));
                        store_some(sum, y.add(place + first).cast(), live.saturating_sub(first));
                    }
                }
            }
        }
    }
}

/// Writes the first `live` lanes, or all.
///
/// # Safety
/// The CPU has the instructions of `V`, and `y` room for the lanes.
#[inline(always)]
unsafe fn store_some<V: Lanes>(v: V, y: *mut u8, live: usize) {
    // SAFETY: the caller's.
    unsafe {
        if live >= V::LANES {
            v.store(y);
        } else {
            let mut full = [0u8; 64];
            v.store(full.as_mut_ptr());
            copy_some(full.as_ptr(), y, 4 * live);
        }
    }
}

/// Copies less than 64 bytes, without the call that a copy of any length would be.
///
/// # Safety
/// Both are valid for so many bytes and do not overlap.
#[inline(always)]
pub(super) unsafe fn copy_some(mut from: *const u8, mut to: *mut u8, count: usize) {
    /// Copies `SIZE` bytes if the count has that bit.
    ///
    /// # Safety
    /// As for [`copy_some`].
    #[inline(always)]
    unsafe fn some<const SIZE: usize>(from: &mut *const u8, to: &mut *mut u8, count: usize) {
        if count & SIZE != 0 {
            // SAFETY: the caller's.
            unsafe {
                to.cast::<[u8; SIZE]>().write(from.cast::<[u8; SIZE]>().read());
                (*from, *to) = (from.add(SIZE), to.add(SIZE));
            }
        }
    }
    // SAFETY: the caller's.
    unsafe {
        some::<32>(&mut from, &mut to, count);
        some::<16>(&mut from, &mut to, count);
        some::<8>(&mut from, &mut to, count);
        some::<4>(&mut from, &mut to, count);
        some::<2>(&mut from, &mut to, count);
        some::<1>(&mut from, &mut to, count);
    }
}

/// The same loops with the instructions of newer CPUs.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::super::lanes::{Avx2, Avx2Pairs, Sse2, Vnni512, VnniVex256};
    use super::{Bytes, Panels, Region, narrow, wide};

    /// # Safety
    /// The CPU has the instructions of the level, and [`super::run`] has checked the sizes.
    pub(super) unsafe fn run(level: Bytes, panels: &Panels<'_>, region: &Region<'_>) {
        // SAFETY: the caller's.
        unsafe {
            match level {
                Bytes::Portable | Bytes::Sse2 => narrow::<Sse2>(panels, region),
                Bytes::Avx2 if panels.job.packed.small_pairs => avx2_pairs(panels, region),
                Bytes::Avx2 => avx2(panels, region),
                Bytes::AvxVnni => avx_vnni(panels, region),
                Bytes::Avx512 => avx512(panels, region),
            }
        }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2(panels: &Panels<'_>, region: &Region<'_>) {
        // SAFETY: the caller's.
        unsafe { narrow::<Avx2>(panels, region) }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2_pairs(panels: &Panels<'_>, region: &Region<'_>) {
        // SAFETY: the caller's; pairs are small.
        unsafe { narrow::<Avx2Pairs>(panels, region) }
    }

    #[target_feature(enable = "avx2,fma,avxvnni")]
    unsafe fn avx_vnni(panels: &Panels<'_>, region: &Region<'_>) {
        // SAFETY: the caller's.
        unsafe { narrow::<VnniVex256>(panels, region) }
    }

    #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn avx512(panels: &Panels<'_>, region: &Region<'_>) {
        // SAFETY: the caller's.
        unsafe { wide::<Vnni512>(panels, region) }
    }
}
