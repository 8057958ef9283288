//! The innermost loops of convolutions: a few pixels by a few vectors of channels, kept in registers.
#![allow(unsafe_code)]
// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

use crate::Activation;
use crate::gemm::Epilogue;
#[cfg(target_arch = "x86_64")]
use crate::simd::vector::{Avx2, Avx512};
use crate::simd::vector::{Plain, Vector, activate};
use crate::simd::{Level, level};

/// Neighbouring floats of the source that meet neighbouring rows of the weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Place of the first, from the pixel's own.
    pub(super) offset: usize,
    /// How many.
    pub(super) len: usize,
}

/// The widest panel, in floats.
pub(super) const WIDEST: usize = 32;

/// Channels of output in one panel, when there are `channels`.
pub(super) fn width(channels: usize) -> usize {
    match level() {
        Level::Plain => 8,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => 16,
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 if channels <= 16 => 16,
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => 32,
    }
}

/// Floats of all panels for weights `[depth, channels]`.
pub(super) fn panels(depth: usize, channels: usize) -> usize {
    let width = width(channels);
    channels.div_ceil(width) * width * depth
}

/// Fills panels `[channels / width, depth, width]` from `weight(row, channel)`; zeros fill the last.
pub(super) fn pack(
    depth: usize,
    channels: usize,
    out: &mut [f32],
    weight: impl Fn(usize, usize) -> f32,
) {
    if depth == 0 {
        return;
    }
    let width = width(channels);
    for (panel, out) in out.chunks_exact_mut(depth * width).enumerate() {
        for (row, out) in out.chunks_exact_mut(width).enumerate() {
            for (lane, out) in out.iter_mut().enumerate() {
                let channel = panel * width + lane;
                *out = if channel < channels { weight(row, channel) } else { 0.0 };
            }
        }
    }
}

/// [`pack`] of weights whose rows lie `stride` apart.
pub(super) fn pack_rows(
    (depth, channels): (usize, usize),
    out: &mut [f32],
    weights: &[f32],
    stride: usize,
) {
    let width = width(channels);
    for (panel, out) in out.chunks_exact_mut(depth * width).enumerate() {
        let first = panel * width;
        let live = width.min(channels - first);
        for (row, out) in out.chunks_exact_mut(width).enumerate() {
            out[..live].copy_from_slice(&weights[row * stride + first..][..live]);
            out[live..].fill(0.0);
        }
    }
}

/// A grid of pixels and what they are sums of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid<'a> {
    /// The map.
    pub(super) source: &'a [f32],
    /// Floats between neighbouring pixels in the map, down and right.
    pub(super) step: [usize; 2],
    /// Pixels, down and right.
    pub(super) size: [usize; 2],
    /// What each pixel reads.
    pub(super) runs: &'a [Run],
}

impl Grid<'_> {
    pub(super) fn depth(&self) -> usize {
        self.runs.iter().map(|run| run.len).sum()
    }

    pub(super) fn check(&self) {
        let last = self.runs.iter().map(|run| run.offset + run.len).max().unwrap_or(0);
        let pixel = (self.size[0] - 1) * self.step[0] + (self.size[1] - 1) * self.step[1];
        assert!(pixel + last <= self.source.len(), "{pixel} + {last} in {}", self.source.len());
    }
}

/// Where products go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    /// Place of the first pixel's first channel.
    pub(super) at: usize,
    /// Floats between neighbouring pixels, down and right.
    pub(super) step: [usize; 2],
    /// Channels.
    pub(super) channels: usize,
    /// Bias and activation, for these channels.
    pub(super) epilogue: Epilogue<'a>,
}

/// Writes the sums of products of every pixel with the packed weights.
pub(super) fn products(grid: &Grid<'_>, panels: &[f32], target: &Target<'_>, out: &mut [f32]) {
    if grid.size.contains(&0) {
        return;
    }
    grid.check();
    let [high, wide] = grid.size;
    let last = target.at + (high - 1) * target.step[0] + (wide - 1) * target.step[1];
    assert!(last + target.channels <= out.len());
    assert_eq!(panels.len(), self::panels(grid.depth(), target.channels));
    // SAFETY: `level` says that the CPU has the instructions, and the assertions above that all that
    // is read and written lies inside the slices.
    unsafe {
        match level() {
            Level::Plain => products_in::<Plain, 6, 2>(grid, panels, target, out),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => products_avx2(grid, panels, target, out),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => products_avx512(grid, panels, target, out),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn products_avx2(grid: &Grid<'_>, panels: &[f32], target: &Target<'_>, out: &mut [f32]) {
    // SAFETY: as for `products`, which has checked.
    unsafe { products_in::<Avx2, 6, 2>(grid, panels, target, out) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn products_avx512(grid: &Grid<'_>, panels: &[f32], target: &Target<'_>, out: &mut [f32]) {
    // SAFETY: as for `products`, which has checked.
    unsafe {
        match target.channels <= 16 {
            true => products_in::<Avx512, 10, 1>(grid, panels, target, out),
            false => products_in::<Avx512, 8, 2>(grid, panels, target, out),
        }
    }
}

/// # Safety
/// The CPU has the instructions of `V`, and [`products`] has checked the sizes.
#[inline(always)]
unsafe fn products_in<V: Vector, const P: usize, const N: usize>(
    grid: &Grid<'_>,
    panels: &[f32],
    target: &Target<'_>,
    out: &mut [f32],
) {
    let width = N * V::LANES;
    let [high, wide] = grid.size;
    let panel = grid.depth() * width;
    for first in (0..target.channels).step_by(width) {
        let live = width.min(target.channels - first);
        let mut bias = [0.0f32; WIDEST];
        if let Some(given) = target.epilogue.bias {
            bias[..live].copy_from_slice(&given[first..first + live]);
        }
        // SAFETY: the panel lies inside `panels`, pixels inside the source and outputs inside `out`,
        // as `products` has checked; `bias` has room for the widest panel.
        unsafe {
            let weights = panels.as_ptr().add(first / width * panel);
            let start = load::<V, N>(bias.as_ptr());
            let (mut y, mut x, mut left) = (0, 0, high * wide);
            while left > 0 {
                let count = left.min(P);
                let mut sources = [grid.source.as_ptr(); P];
                let mut places = [0; P];
                for i in 0..P {
                    sources[i] = grid.source.as_ptr().add(y * grid.step[0] + x * grid.step[1]);
                    places[i] = target.at + y * target.step[0] + x * target.step[1] + first;
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
                let mut sums = sums::<V, P, N>(sources, grid.runs, weights, start);
                finish(target.epilogue.activation, &mut sums);
                // Loops over constants alone, or the compiler keeps the sums in memory throughout.
                for i in 0..P {
                    if i < count && live == width {
                        store(sums[i], out.as_mut_ptr().add(places[i]));
                    } else if i < count {
                        let mut full = [0.0f32; WIDEST];
                        store(sums[i], full.as_mut_ptr());
                        out[places[i]..places[i] + live].copy_from_slice(&full[..live]);
                    }
                }
            }
        }
    }
}

/// # Safety
/// The CPU has the instructions of `V`; every run lies inside the source from every pixel, and
/// `weights` has a row for each of its floats.
#[inline(always)]
unsafe fn sums<V: Vector, const P: usize, const N: usize>(
    sources: [*const f32; P],
    runs: &[Run],
    mut weights: *const f32,
    start: [V; N],
) -> [[V; N]; P] {
    let mut sums = [start; P];
    for run in runs {
        // SAFETY: the caller's.
        unsafe {
            // A loop: `map` is called, and every sum goes through memory for it.
            let mut pixels = sources;
            for pixel in &mut pixels {
                *pixel = pixel.add(run.offset);
            }
            for t in 0..run.len {
                let row = load::<V, N>(weights);
                weights = weights.add(N * V::LANES);
                for i in 0..P {
                    let pixel = V::splat(*pixels[i].add(t));
                    for j in 0..N {
                        sums[i][j] = pixel.madd(row[j], sums[i][j]);
                    }
                }
            }
        }
    }
    sums
}

/// # Safety
/// The CPU has the instructions of `V`; `p` is valid for reads of `N` vectors.
#[inline(always)]
pub(super) unsafe fn load<V: Vector, const N: usize>(p: *const f32) -> [V; N] {
    // SAFETY: the caller's.
    unsafe {
        let mut row = [V::splat(0.0); N];
        for (j, vector) in row.iter_mut().enumerate() {
            *vector = V::load(p.add(j * V::LANES));
        }
        row
    }
}

/// # Safety
/// The CPU has the instructions of `V`; `p` is valid for writes of `N` vectors.
#[inline(always)]
pub(super) unsafe fn store<V: Vector, const N: usize>(row: [V; N], p: *mut f32) {
    for (j, vector) in row.into_iter().enumerate() {
        // SAFETY: the caller's.
        unsafe { vector.store(p.add(j * V::LANES)) }
    }
}

/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn finish<V: Vector, const P: usize, const N: usize>(
    activation: Option<Activation>,
    sums: &mut [[V; N]; P],
) {
    // Loops over constants alone, as above.
    for i in 0..P {
        for j in 0..N {
            // SAFETY: the caller's.
            sums[i][j] = unsafe { activate(activation, sums[i][j]) };
        }
    }
}
