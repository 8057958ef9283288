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
    /// The map; four bytes are read from the beginning of shorter runs.
    pub(super) source: &'a [u8],
    /// Place of the first pixel's first run.
    pub(super) at: usize,
    /// Bytes between pixels, down and right.
    pub(super) step: [usize; 2],
    /// Pixels, down and right.
    pub(super) size: [usize; 2],
    /// What each pixel reads.
    pub(super) runs: Runs,
    /// Bytes between runs, down and right.
    pub(super) run_step: [usize; 2],
}

impl Region<'_> {
    fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    fn check(&self) {
        let far =
            |size: [usize; 2], step: [usize; 2]| (size[0] - 1) * step[0] + (size[1] - 1) * step[1];
        let last = self.at + far(self.size, self.step) + far(self.runs.count, self.run_step);
        assert!(last + self.runs.len.max(4) <= self.source.len(), "{last}, {:?}", self.runs);
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
    let panel = PANEL * 4 * region.runs.fours();
    let first = target.group * channels.div_ceil(PANEL) * panel;
    let codes = job.packed.codes();
    let last = target.channels.end.div_ceil(PANEL) * panel;
    assert!(target.channels.start.is_multiple_of(PANEL) && first + last <= codes.len());
    let end = target.at
        + (region.size[0] - 1) * target.step[0]
        + (region.size[1] - 1) * target.step[1]
        + target.channels.end;
    assert!(end <= job.outputs, "{end} of {}", job.outputs);
    if region.runs.fours() > 0 {
        region.check();
    }
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
            let sums = sums::<V, P, N>(&region.runs, region.run_step, sources, weights, start);
            finish(panels, channel, sums, (places, count));
        }
    }
}

/// # Safety
/// As for [`narrow`]: every run lies inside the source from every pixel, `weights` have a lane of
/// four for each four of its bytes, and `start` a number for each channel.
#[inline(always)]
unsafe fn sums<V: Lanes, const P: usize, const N: usize>(
    runs: &Runs,
    run_step: [usize; 2],
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
        let mut at = 0;
        let whole = runs.len / 4 * 4;
        for down in 0..runs.count[0] {
            for right in 0..runs.count[1] {
                let run = down * run_step[0] + right * run_step[1];
                let mut pixels = sources;
                for pixel in &mut pixels {
                    *pixel = pixel.add(run);
                }
                for t in (0..whole).step_by(4) {
                    four::<V, P, N>(&mut sums, pixels, t, weights, at);
                    at += 4 * PANEL;
                }
                if whole < runs.len {
                    // The last bytes; those that have been counted meet zeros.
                    four::<V, P, N>(&mut sums, pixels, runs.len.max(4) - 4, weights, at);
                    at += 4 * PANEL;
                }
            }
        }
        sums
    }
}

/// # Safety
/// As for [`sums`].
#[inline(always)]
unsafe fn four<V: Lanes, const P: usize, const N: usize>(
    sums: &mut [[V; N]; P],
    pixels: [*const u8; P],
    t: usize,
    weights: [*const u8; N],
    at: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut row = [V::splat(0).w(); N];
        for j in 0..N {
            row[j] = V::load(weights[j].add(at)).w();
        }
        for i in 0..P {
            let x = V::splat(pixels[i].add(t).cast::<i32>().read_unaligned()).x();
            for j in 0..N {
                sums[i][j] = sums[i][j].dot(x, row[j]);
            }
        }
    }
}

/// Makes sums what they shall be, and writes those of the first `count` pixels.
///
/// # Safety
/// As for [`narrow`].
#[inline(always)]
unsafe fn finish<V: Lanes, const P: usize, const N: usize>(
    panels: &Panels<'_>,
    channel: usize,
    mut sums: [[V; N]; P],
    (places, count): ([usize; P], usize),
) {
    let params = &panels.job.params;
    let from = panels.base + channel;
    let live = panels.target.channels.end - channel;
    // SAFETY: the caller's.
    unsafe {
        match panels.job.sink {
            Sink::Codes { y, zero } => {
                let ends = Ends::new(zero);
                let mult = params.mult.add(from);
                for i in 0..P {
                    for j in 0..N {
                        sums[i][j] = sums[i][j].scale(mult.add(j * V::LANES)).codes(&ends);
                    }
                }
                for i in 0..P {
                    if i < count {
                        for j in 0..N {
                            narrow_some(sums[i][j], y.add(places[i]), j * V::LANES, live);
                        }
                    }
                }
            }
            Sink::Floats { y, bias } => {
                let (mult, shift) = (params.mult.add(from), params.bias.add(from));
                for i in 0..P {
                    for j in 0..N {
                        sums[i][j] = sums[i][j].scale(mult.add(j * V::LANES));
                        if bias {
                            sums[i][j] = sums[i][j].shift(shift.add(j * V::LANES));
                        }
                    }
                }
                for i in 0..P {
                    if i < count {
                        for j in 0..N {
                            store_some(sums[i][j], y.add(places[i]).cast(), j * V::LANES, live);
                        }
                    }
                }
            }
            Sink::Sums { y } => {
                for i in 0..P {
                    if i < count {
                        for j in 0..N {
                            store_some(sums[i][j], y.add(places[i]).cast(), j * V::LANES, live);
                        }
                    }
                }
            }
        }
    }
}

/// Writes the low bytes of lanes that belong to one of `live` channels, the first lane being channel
/// `first`.
///
/// # Safety
/// The CPU has the instructions of `V`, and `y` room for the channels.
#[inline(always)]
pub(super) unsafe fn narrow_some<V: Lanes>(v: V, y: *mut u8, first: usize, live: usize) {
    // SAFETY: the caller's.
    unsafe {
        if first + V::LANES <= live {
            v.narrow(y.add(first));
        } else if first < live {
            let mut full = [0u8; 16];
            v.narrow(full.as_mut_ptr());
            y.add(first).copy_from_nonoverlapping(full.as_ptr(), live - first);
        }
    }
}

/// [`narrow_some`] for whole lanes; `y` counts bytes.
///
/// # Safety
/// As for [`narrow_some`].
#[inline(always)]
unsafe fn store_some<V: Lanes>(v: V, y: *mut u8, first: usize, live: usize) {
    // SAFETY: the caller's.
    unsafe {
        if first + V::LANES <= live {
            v.store(y.add(4 * first));
        } else if first < live {
            let mut full = [0u8; 64];
            v.store(full.as_mut_ptr());
            y.add(4 * first).copy_from_nonoverlapping(full.as_ptr(), 4 * (live - first));
        }
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
