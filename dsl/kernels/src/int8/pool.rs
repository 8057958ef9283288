//! Pooling of codes.

// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

use super::Grid;
use super::grid::{clip, rint};
use crate::par;
use crate::pool::Pool;

/// Channels that are worked on together.
const LANES: usize = 32;

/// How sums of codes become the code of their mean: `sat(rint(f32(sum − n · zx) · ratio) + zy)`.
#[derive(Clone, Copy)]
struct Mean {
    shift: i32,
    ratio: f32,
    to: Grid,
}

impl Mean {
    /// For windows of `n`: `ratio = f32(sx / f32(sy · n))`.
    fn new(n: usize, gx: Grid, gy: Grid) -> Mean {
        let shift = n as i32 * i32::from(gx.zero);
        Mean { shift, ratio: gx.scale / (gy.scale * n as f32), to: gy }
    }

    #[inline(always)]
    fn at(self, sum: i32) -> u8 {
        self.to.rounded((sum - self.shift) as f32 * self.ratio)
    }
}

/// How sums of numbers become the code of their mean: `sat(rint(f32(f32(f32(sum / n) / sy) + zy)))`.
#[derive(Clone, Copy)]
struct FloatMean {
    count: f32,
    from: Grid,
    to: Grid,
}

impl FloatMean {
    #[inline(always)]
    fn at(self, sum: f32) -> u8 {
        let code = sum / self.count / self.to.scale + f32::from(self.to.zero);
        rint(clip(code, 0.0, 255.0)) as u8
    }
}

crate::simd! {
    fn max_row(g: &Pool, oy: usize, x: &[u8], y: &mut [u8]) {
        for (ox, y) in y.chunks_exact_mut(g.input[2]).enumerate() {
            let mut channel = 0;
            while channel < y.len() {
                let live = LANES.min(y.len() - channel);
                let mut best = [0u8; LANES];
                g.window(oy, ox, #[inline(always)] |_, from| {
                    let x = &x[from + channel..][..live];
                    if live == LANES {
                        for lane in 0..LANES {
                            best[lane] = best[lane].max(x[lane]);
                        }
                    } else {
                        for (best, &x) in best.iter_mut().zip(x) {
                            *best = (*best).max(x);
                        }
                    }
                });
                y[channel..channel + live].copy_from_slice(&best[..live]);
                channel += live;
            }
        }
    }
}

crate::simd! {
    fn mean_row(g: &Pool, mean: Mean, oy: usize, x: &[u8], y: &mut [u8]) {
        for (ox, y) in y.chunks_exact_mut(g.input[2]).enumerate() {
            let mut channel = 0;
            while channel < y.len() {
                let live = LANES.min(y.len() - channel);
                let mut sums = [0i32; LANES];
                g.window(oy, ox, #[inline(always)] |_, from| {
                    let x = &x[from + channel..][..live];
                    if live == LANES {
                        for lane in 0..LANES {
                            sums[lane] += i32::from(x[lane]);
                        }
                    } else {
                        for (sum, &x) in sums.iter_mut().zip(x) {
                            *sum += i32::from(x);
                        }
                    }
                });
                let mut codes = [0; LANES];
                for lane in 0..LANES {
                    codes[lane] = mean.at(sums[lane]);
                }
                y[channel..channel + live].copy_from_slice(&codes[..live]);
                channel += live;
            }
        }
    }
}

crate::simd! {
    fn float_mean_row(g: &Pool, mean: FloatMean, oy: usize, x: &[u8], y: &mut [u8]) {
        for (ox, y) in y.chunks_exact_mut(g.input[2]).enumerate() {
            let mut channel = 0;
            while channel < y.len() {
                let live = LANES.min(y.len() - channel);
                let mut sums = [0f32; LANES];
                g.window(oy, ox, #[inline(always)] |_, from| {
                    let x = &x[from + channel..][..live];
                    if live == LANES {
                        for lane in 0..LANES {
                            sums[lane] += mean.from.value(x[lane]);
                        }
                    } else {
                        for (sum, &x) in sums.iter_mut().zip(x) {
                            *sum += mean.from.value(x);
                        }
                    }
                });
                let mut codes = [0; LANES];
                for lane in 0..LANES {
                    codes[lane] = mean.at(sums[lane]);
                }
                y[channel..channel + live].copy_from_slice(&codes[..live]);
                channel += live;
            }
        }
    }
}

/// The largest code of each window.
///
/// # Shapes
/// x `[batch, h, w, c]`, y `[batch, ho, wo, c]`.
///
/// # Panics
/// When lengths disagree.
pub fn max_pool(g: &Pool, batch: usize, x: &[u8], y: &mut [u8]) {
    rows(g, batch, x, y, |x, oy, y| max_row(g, oy, x, y));
}

/// The code of the mean of each window of `n`: `sat(rint(f32(f32(f32(Σ v / n) / sy) + zy)))`, where the
/// numbers `v = f32((x − zx) · sx)` are added in f32 one after the other, by rows. It is the order in which
/// ONNX Runtime's `QLinearAveragePool` computes; on ties it differs from a sum of whole numbers.
///
/// # Shapes
/// x `[batch, h, w, c]`, y `[batch, ho, wo, c]`.
///
/// # Panics
/// When lengths disagree.
pub fn avg_pool(g: &Pool, batch: usize, x: &[u8], gx: Grid, gy: Grid, y: &mut [u8]) {
    let mean = FloatMean { count: (g.size[0] * g.size[1]) as f32, from: gx, to: gy };
    rows(g, batch, x, y, |x, oy, y| float_mean_row(g, mean, oy, x, y));
}

/// The largest code of each channel of each sample; `sizes` are batch, pixels and channels.
///
/// # Shapes
/// x `[batch, pixels, channels]`, y `[batch, channels]`.
///
/// # Panics
/// When lengths disagree.
pub fn global_max_pool(sizes: [usize; 3], x: &[u8], y: &mut [u8]) {
    max_pool(&global(sizes), sizes[0], x, y);
}

/// The code of the mean of the `n` pixels of each channel of each sample: `sat(rint(f32(Σ x − n · zx) ·
/// f32(sx / f32(sy · n))) + zy)`, as ONNX Runtime's `QLinearGlobalAveragePool`; `sizes` are batch,
/// pixels and channels.
///
/// # Shapes
/// x `[batch, pixels, channels]`, y `[batch, channels]`.
///
/// # Panics
/// When lengths disagree.
pub fn global_avg_pool(sizes: [usize; 3], x: &[u8], gx: Grid, gy: Grid, y: &mut [u8]) {
    let (g, mean) = (global(sizes), Mean::new(sizes[1], gx, gy));
    rows(&g, sizes[0], x, y, |x, oy, y| mean_row(&g, mean, oy, x, y));
}

/// One window over all pixels.
fn global([_, pixels, channels]: [usize; 3]) -> Pool {
    Pool { input: [pixels, 1, channels], size: [pixels, 1], stride: [1, 1] }
}

/// Calls `f(image of x, row, output row)` for each row of each output image.
fn rows(
    g: &Pool,
    batch: usize,
    x: &[u8],
    y: &mut [u8],
    f: impl Fn(&[u8], usize, &mut [u8]) + Sync + Send,
) {
    assert_eq!((x.len(), y.len()), (batch * g.inputs(), batch * g.outputs()));
    let ([ho, wo], n) = (g.output(), g.inputs());
    par::chunks(y, wo * g.input[2], x.len(), |i, y| f(&x[i / ho * n..][..n], i % ho, y));
}
