//! The innermost loops of the gradient of weights: sums over pixels of a few places of the source by
//! a few vectors of channels, kept in registers.
#![allow(unsafe_code)]
// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

use super::tile::{Grid, WIDEST, load, store, width};
#[cfg(target_arch = "x86_64")]
use crate::simd::vector::{Avx2, Avx512};
use crate::simd::vector::{Plain, Vector};
use crate::simd::{Level, level};

/// Places of the source in a tile, at most.
const MOST: usize = 10;

/// Floats of scratch for [`outer`] over so many pixels.
pub(super) fn outer_scratch(pixels: usize, channels: usize) -> usize {
    pixels * width(channels)
}

/// Adds to `sums` (rows `stride` apart) the products of every pixel's runs with its channels in `dy`
/// (pixels `stride` apart too): `sums[k, c] += Σ source[pixel, k] · dy[pixel, c]`.
///
/// # Panics
/// When something lies outside of its slice.
pub(super) fn outer(
    grid: &Grid<'_>,
    dy: &[f32],
    (channels, stride): (usize, usize),
    sums: &mut [f32],
    scratch: &mut [f32],
) {
    let pixels = grid.size[0] * grid.size[1];
    let depth = grid.depth();
    if pixels == 0 || depth == 0 || channels == 0 {
        return;
    }
    grid.check();
    assert!((pixels - 1) * stride + channels <= dy.len());
    assert!((depth - 1) * stride + channels <= sums.len());
    assert!(outer_scratch(pixels, channels) <= scratch.len());
    let slopes = Slopes { data: dy.as_ptr(), channels, stride };
    let (sums, packed) = (sums.as_mut_ptr(), scratch.as_mut_ptr());
    // SAFETY: `level` says that the CPU has the instructions, and the assertions above that all that
    // is read and written lies inside the slices.
    unsafe {
        match level() {
            Level::Plain => outer_in::<Plain, 6, 2>(grid, slopes, sums, packed),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => outer_avx2(grid, slopes, sums, packed),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => outer_avx512(grid, slopes, sums, packed),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn outer_avx2(grid: &Grid<'_>, slopes: Slopes, sums: *mut f32, packed: *mut f32) {
    // SAFETY: as for `outer`, which has checked.
    unsafe { outer_in::<Avx2, 6, 2>(grid, slopes, sums, packed) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn outer_avx512(grid: &Grid<'_>, slopes: Slopes, sums: *mut f32, packed: *mut f32) {
    // SAFETY: as for `outer`, which has checked.
    unsafe {
        match slopes.channels <= 16 {
            true => outer_in::<Avx512, 10, 1>(grid, slopes, sums, packed),
            false => outer_in::<Avx512, 8, 2>(grid, slopes, sums, packed),
        }
    }
}

/// The gradient of the output.
#[derive(Clone, Copy)]
struct Slopes {
    data: *const f32,
    channels: usize,
    /// Floats between pixels.
    stride: usize,
}

/// # Safety
/// The CPU has the instructions of `V`, and [`outer`] has checked the sizes.
#[inline(always)]
unsafe fn outer_in<V: Vector, const K: usize, const N: usize>(
    grid: &Grid<'_>,
    slopes: Slopes,
    sums: *mut f32,
    packed: *mut f32,
) {
    let width = N * V::LANES;
    let pixels = grid.size[0] * grid.size[1];
    let mut first = 0;
    while first < slopes.channels {
        let live = width.min(slopes.channels - first);
        // SAFETY: channels stay below `channels`, and there is room to pack.
        unsafe {
            let from = slopes.data.add(first);
            // Few pixels stay in cache where they are; many would crowd one place of it.
            let panel = if live == width && pixels <= 64 {
                Panel { data: from, step: slopes.stride, live }
            } else {
                for pixel in 0..pixels {
                    let (from, to) = (from.add(pixel * slopes.stride), packed.add(pixel * width));
                    if live == width {
                        store(load::<V, N>(from), to);
                    } else {
                        for lane in 0..width {
                            *to.add(lane) = if lane < live { *from.add(lane) } else { 0.0 };
                        }
                    }
                }
                Panel { data: packed, step: width, live }
            };
            panel_in::<V, K, N>(grid, panel, sums.add(first), slopes.stride);
        }
        first += width;
    }
}

/// A few channels of the gradient of the output.
#[derive(Clone, Copy)]
struct Panel {
    data: *const f32,
    /// Floats between pixels.
    step: usize,
    /// Channels that count.
    live: usize,
}

/// # Safety
/// As for [`outer_in`].
#[inline(always)]
unsafe fn panel_in<V: Vector, const K: usize, const N: usize>(
    grid: &Grid<'_>,
    panel: Panel,
    sums: *mut f32,
    stride: usize,
) {
    let [high, wide] = grid.size;
    let (mut row, depth) = (0, grid.depth());
    let (mut run, mut within) = (0, 0);
    while row < depth {
        let count = (depth - row).min(K);
        // SAFETY: places of runs, whose every pixel lies inside the source; the panel has a row for
        // each pixel, and sums one for each place.
        unsafe {
            // The last tile repeats its last row.
            let mut sources = [grid.source.as_ptr(); K];
            for i in 0..K {
                if i < count {
                    while within == grid.runs[run].len {
                        (run, within) = (run + 1, 0);
                    }
                    sources[i] = sources[i].add(grid.runs[run].offset + within);
                    within += 1;
                } else {
                    sources[i] = sources[i - 1];
                }
            }
            let mut tile = [[V::splat(0.0); N]; K];
            let mut from = panel.data;
            for y in 0..high {
                let mut at = y * grid.step[0];
                for _ in 0..wide {
                    let slope = load::<V, N>(from);
                    for i in 0..K {
                        let pixel = V::splat(*sources[i].add(at));
                        for j in 0..N {
                            tile[i][j] = pixel.madd(slope[j], tile[i][j]);
                        }
                    }
                    from = from.wrapping_add(panel.step);
                    at += grid.step[1];
                }
            }
            // Loops over constants alone, or the compiler keeps the tile in memory throughout.
            let mut full = [0.0f32; MOST * WIDEST];
            let full = full.as_mut_ptr();
            for i in 0..K {
                store(tile[i], full.add(i * WIDEST));
            }
            for i in 0..count {
                let (from, to) = (full.add(i * WIDEST), sums.add((row + i) * stride));
                if panel.live == N * V::LANES {
                    for j in 0..N {
                        let at = j * V::LANES;
                        V::load(from.add(at)).add(V::load(to.add(at))).store(to.add(at));
                    }
                } else {
                    for lane in 0..panel.live {
                        *to.add(lane) += *from.add(lane);
                    }
                }
            }
        }
        row += count;
    }
}
