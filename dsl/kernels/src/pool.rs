//! Pooling over windows of feature maps `[batch, height, width, channels]`, without padding.

// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

use crate::par;

/// The sizes of a pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pool {
    /// Height, width and channels of one input image.
    pub input: [usize; 3],
    /// Height and width of the window.
    pub size: [usize; 2],
    /// Distance between neighbouring windows, down and right.
    pub stride: [usize; 2],
}

impl Pool {
    /// Height and width of the output: `(n − size) / stride + 1`, rounded down.
    pub fn output(&self) -> [usize; 2] {
        [0, 1].map(|i| (self.input[i] - self.size[i]) / self.stride[i] + 1)
    }

    /// How many numbers one input image has.
    pub fn inputs(&self) -> usize {
        self.input.iter().product()
    }

    /// How many numbers one output image has.
    pub fn outputs(&self) -> usize {
        let [h, w] = self.output();
        h * w * self.input[2]
    }

    /// Whether the place in a window fits into a byte.
    pub fn byte_places(&self) -> bool {
        self.size[0] * self.size[1] <= 256
    }

    /// Calls `f(place in the window, place in the image)` for the first channel of each element of
    /// the window that begins at the output pixel `(oy, ox)`.
    #[inline(always)]
    pub(crate) fn window(&self, oy: usize, ox: usize, mut f: impl FnMut(usize, usize)) {
        let [_, w, c] = self.input;
        for ky in 0..self.size[0] {
            for kx in 0..self.size[1] {
                let (y, x) = (oy * self.stride[0] + ky, ox * self.stride[1] + kx);
                f(ky * self.size[1] + kx, (y * w + x) * c);
            }
        }
    }
}

/// `L` neighbouring numbers.
#[inline(always)]
fn lanes<const L: usize>(x: &[f32], at: usize) -> &[f32; L] {
    match x[at..].first_chunk() {
        Some(lanes) => lanes,
        None => panic!("{L} numbers from {at} on, of {}", x.len()),
    }
}

/// `L` neighbouring numbers to change.
#[inline(always)]
fn lanes_mut<const L: usize>(x: &mut [f32], at: usize) -> &mut [f32; L] {
    let len = x.len();
    match x[at..].first_chunk_mut() {
        Some(lanes) => lanes,
        None => panic!("{L} numbers from {at} on, of {len}"),
    }
}

/// `L` channels from `at` on of one window: the largest of each, and its place.
#[inline(always)]
fn largest<const L: usize>(
    g: &Pool,
    (oy, ox): (usize, usize),
    at: usize,
    x: &[f32],
) -> ([f32; L], [u32; L]) {
    let mut best = [f32::NEG_INFINITY; L];
    let mut arg = [0; L];
    g.window(
        oy,
        ox,
        #[inline(always)]
        |place, from| {
            let x = lanes::<L>(x, from + at);
            for lane in 0..L {
                // The first is taken even if it is no number.
                let more = x[lane] > best[lane] || place == 0;
                best[lane] = if more { x[lane] } else { best[lane] };
                arg[lane] = if more { place as u32 } else { arg[lane] };
            }
        },
    );
    (best, arg)
}

crate::simd! {
    /// One row of [`max_pool`].
    fn max_row(g: &Pool, oy: usize, x: &[f32], y: &mut [f32]) {
        let (wo, c) = (g.output()[1], g.input[2]);
        for ox in 0..wo {
            let mut at = 0;
            while at + 16 <= c {
                *lanes_mut::<16>(y, ox * c + at) = largest::<16>(g, (oy, ox), at, x).0;
                at += 16;
            }
            while at < c {
                y[ox * c + at] = largest::<1>(g, (oy, ox), at, x).0[0];
                at += 1;
            }
        }
    }
}

crate::simd! {
    /// One row of [`max_pool_arg`].
    fn max_arg_row(g: &Pool, oy: usize, x: &[f32], y: &mut [f32], arg: &mut [u8]) {
        let (wo, c) = (g.output()[1], g.input[2]);
        for ox in 0..wo {
            let mut at = 0;
            while at + 16 <= c {
                let (best, places) = largest::<16>(g, (oy, ox), at, x);
                *lanes_mut::<16>(y, ox * c + at) = best;
                let arg = &mut arg[ox * c + at..ox * c + at + 16];
                for lane in 0..16 {
                    arg[lane] = places[lane] as u8;
                }
                at += 16;
            }
            while at < c {
                let ([best], [place]) = largest::<1>(g, (oy, ox), at, x);
                (y[ox * c + at], arg[ox * c + at]) = (best, place as u8);
                at += 1;
            }
        }
    }
}

/// Adds `L` slopes of one window from channel `at` on to the places that were largest.
#[inline(always)]
fn pass<const L: usize>(
    g: &Pool,
    (oy, ox): (usize, usize),
    at: usize,
    arg: &[u8],
    dy: &[f32],
    dx: &mut [f32],
) {
    let mut places = [0u32; L];
    for lane in 0..L {
        places[lane] = u32::from(arg[at + lane]);
    }
    let dy = *lanes::<L>(dy, at);
    g.window(
        oy,
        ox,
        #[inline(always)]
        |place, to| {
            let dx = lanes_mut::<L>(dx, to + at);
            for lane in 0..L {
                dx[lane] += if places[lane] == place as u32 { dy[lane] } else { 0.0 };
            }
        },
    );
}

crate::simd! {
    /// Adds one row of slopes to the places that were largest.
    fn pass_row(g: &Pool, oy: usize, arg: &[u8], dy: &[f32], dx: &mut [f32]) {
        let (wo, c) = (g.output()[1], g.input[2]);
        for ox in 0..wo {
            let (arg, dy) = (&arg[ox * c..(ox + 1) * c], &dy[ox * c..(ox + 1) * c]);
            let mut at = 0;
            while at + 16 <= c {
                pass::<16>(g, (oy, ox), at, arg, dy, dx);
                at += 16;
            }
            while at < c {
                pass::<1>(g, (oy, ox), at, arg, dy, dx);
                at += 1;
            }
        }
    }
}

/// The sum of `L` channels from `at` on over one window.
#[inline(always)]
fn sum<const L: usize>(g: &Pool, (oy, ox): (usize, usize), at: usize, x: &[f32]) -> [f32; L] {
    let mut sums = [0.0; L];
    g.window(
        oy,
        ox,
        #[inline(always)]
        |_, from| {
            let x = lanes::<L>(x, from + at);
            for lane in 0..L {
                sums[lane] += x[lane];
            }
        },
    );
    sums
}

crate::simd! {
    /// One row of sums over windows, scaled.
    fn sum_row(g: &Pool, oy: usize, share: f32, x: &[f32], y: &mut [f32]) {
        let (wo, c) = (g.output()[1], g.input[2]);
        for ox in 0..wo {
            let mut at = 0;
            while at + 16 <= c {
                let sums = sum::<16>(g, (oy, ox), at, x);
                let y = lanes_mut::<16>(y, ox * c + at);
                for lane in 0..16 {
                    y[lane] = share * sums[lane];
                }
                at += 16;
            }
            while at < c {
                y[ox * c + at] = share * sum::<1>(g, (oy, ox), at, x)[0];
                at += 1;
            }
        }
    }
}

/// Adds `L` scaled slopes of one window from channel `at` on to each of its places.
#[inline(always)]
fn spread<const L: usize>(
    g: &Pool,
    (oy, ox): (usize, usize),
    at: usize,
    share: f32,
    dy: &[f32],
    dx: &mut [f32],
) {
    let dy = *lanes::<L>(dy, at);
    g.window(
        oy,
        ox,
        #[inline(always)]
        |_, to| {
            let dx = lanes_mut::<L>(dx, to + at);
            for lane in 0..L {
                dx[lane] += share * dy[lane];
            }
        },
    );
}

crate::simd! {
    /// Adds one row of slopes, scaled, to every place of its windows.
    fn share_row(g: &Pool, oy: usize, share: f32, dy: &[f32], dx: &mut [f32]) {
        let (wo, c) = (g.output()[1], g.input[2]);
        for ox in 0..wo {
            let dy = &dy[ox * c..(ox + 1) * c];
            let mut at = 0;
            while at + 16 <= c {
                spread::<16>(g, (oy, ox), at, share, dy, dx);
                at += 16;
            }
            while at < c {
                spread::<1>(g, (oy, ox), at, share, dy, dx);
                at += 1;
            }
        }
    }
}

/// The largest number of each window.
///
/// # Shapes
/// x `[batch, h, w, c]`, y `[batch, ho, wo, c]`.
///
/// # Panics
/// When lengths disagree.
pub fn max_pool(g: &Pool, batch: usize, x: &[f32], y: &mut [f32]) {
    rows(g, batch, x, y, |x, oy, y| max_row(g, oy, x, y));
}

/// [`max_pool`], and for each result its place in the window, counted by rows; the first of equals.
///
/// # Panics
/// When lengths disagree, or a window has more than 256 elements.
pub fn max_pool_arg(g: &Pool, batch: usize, x: &[f32], y: &mut [f32], arg: &mut [u8]) {
    assert!(g.byte_places());
    assert_eq!((x.len(), y.len(), arg.len()), (batch * g.inputs(), y.len(), batch * g.outputs()));
    let ([ho, wo], c) = (g.output(), g.input[2]);
    let row = wo * c;
    par::chunks2((y, row), (arg, row), batch * g.inputs(), |i, y, arg| {
        let (image, oy) = (i / ho, i % ho);
        max_arg_row(g, oy, &x[image * g.inputs()..][..g.inputs()], y, arg);
    });
}

/// The gradient of [`max_pool_arg`]: each dy goes to the place that was largest.
///
/// # Shapes
/// dy and arg `[batch, ho, wo, c]`, dx `[batch, h, w, c]`.
///
/// # Panics
/// When lengths disagree.
pub fn max_pool_grad(g: &Pool, batch: usize, arg: &[u8], dy: &[f32], dx: &mut [f32]) {
    assert_eq!((dy.len(), arg.len()), (batch * g.outputs(), batch * g.outputs()));
    let ([ho, wo], c) = (g.output(), g.input[2]);
    let row = wo * c;
    images(g, batch, dx, |image, dx| {
        for oy in 0..ho {
            let at = (image * ho + oy) * row;
            pass_row(g, oy, &arg[at..at + row], &dy[at..at + row], dx);
        }
    });
}

/// The gradient of [`max_pool`] from its input, for windows of any size.
///
/// # Shapes
/// x and dx `[batch, h, w, c]`, dy `[batch, ho, wo, c]`.
///
/// # Panics
/// When lengths disagree.
pub fn max_pool_grad_from(g: &Pool, batch: usize, x: &[f32], dy: &[f32], dx: &mut [f32]) {
    assert_eq!((x.len(), dy.len()), (batch * g.inputs(), batch * g.outputs()));
    let ([ho, wo], c) = (g.output(), g.input[2]);
    images(g, batch, dx, |image, dx| {
        let x = &x[image * g.inputs()..][..g.inputs()];
        for pixel in 0..ho * wo {
            let dy = &dy[(image * ho * wo + pixel) * c..][..c];
            for (channel, &dy) in dy.iter().enumerate() {
                let mut best = (f32::NEG_INFINITY, usize::MAX);
                g.window(pixel / wo, pixel % wo, |_, at| {
                    let x = x[at + channel];
                    if x > best.0 || best.1 == usize::MAX {
                        best = (x, at + channel);
                    }
                });
                dx[best.1] += dy;
            }
        }
    });
}

/// The mean of each window.
///
/// # Shapes
/// x `[batch, h, w, c]`, y `[batch, ho, wo, c]`.
///
/// # Panics
/// When lengths disagree.
pub fn avg_pool(g: &Pool, batch: usize, x: &[f32], y: &mut [f32]) {
    scaled_sum(g, batch, x, y, 1.0 / (g.size[0] * g.size[1]) as f32);
}

/// The sum of each window: shapes as in [`avg_pool`].
///
/// # Panics
/// When lengths disagree.
pub fn sum_pool(g: &Pool, batch: usize, x: &[f32], y: &mut [f32]) {
    scaled_sum(g, batch, x, y, 1.0);
}

fn scaled_sum(g: &Pool, batch: usize, x: &[f32], y: &mut [f32], share: f32) {
    rows(g, batch, x, y, |x, oy, y| sum_row(g, oy, share, x, y));
}

/// The gradient of [`avg_pool`]: each dy is shared equally among its window.
///
/// # Shapes
/// dy `[batch, ho, wo, c]`, dx `[batch, h, w, c]`.
///
/// # Panics
/// When lengths disagree.
pub fn avg_pool_grad(g: &Pool, batch: usize, dy: &[f32], dx: &mut [f32]) {
    assert_eq!(dy.len(), batch * g.outputs());
    let ([ho, wo], c) = (g.output(), g.input[2]);
    let share = 1.0 / (g.size[0] * g.size[1]) as f32;
    let row = wo * c;
    images(g, batch, dx, |image, dx| {
        for oy in 0..ho {
            share_row(g, oy, share, &dy[(image * ho + oy) * row..][..row], dx);
        }
    });
}

/// Calls `f(image of x, row, output row)` for each row of each output image.
fn rows(
    g: &Pool,
    batch: usize,
    x: &[f32],
    y: &mut [f32],
    f: impl Fn(&[f32], usize, &mut [f32]) + Sync + Send,
) {
    assert_eq!((x.len(), y.len()), (batch * g.inputs(), batch * g.outputs()));
    let ([ho, wo], n) = (g.output(), g.inputs());
    par::chunks(y, wo * g.input[2], x.len(), |i, y| f(&x[i / ho * n..][..n], i % ho, y));
}

/// Calls `f(image number, zeroed image of dx)` for each image.
fn images(g: &Pool, batch: usize, dx: &mut [f32], f: impl Fn(usize, &mut [f32]) + Sync + Send) {
    assert_eq!(dx.len(), batch * g.inputs());
    let work = dx.len();
    par::chunks(dx, g.inputs(), work, |image, dx| {
        dx.fill(0.0);
        f(image, dx);
    });
}

#[cfg(test)]
mod speed;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{reference, rng};

    /// Few values, so that windows have equals.
    fn numbers(n: usize, seed: u64) -> Vec<f32> {
        (0..n).map(|i| (rng::bits(seed, i as u64) % 7) as f32 - 3.0).collect()
    }

    fn agrees(g: &Pool, batch: usize) {
        let x = numbers(batch * g.inputs(), 1);
        let dy = numbers(batch * g.outputs(), 2);
        let (want, want_arg) = reference::max_pool(g, batch, &x);
        let want_dx = reference::max_pool_grad(g, batch, &x, &dy);
        let mut y = vec![f32::NAN; dy.len()];
        max_pool(g, batch, &x, &mut y);
        assert_eq!(y, want, "{g:?}");
        let mut dx = vec![f32::NAN; x.len()];
        max_pool_grad_from(g, batch, &x, &dy, &mut dx);
        assert_eq!(dx, want_dx, "{g:?}");
        if g.byte_places() {
            let mut arg = vec![9; y.len()];
            max_pool_arg(g, batch, &x, &mut y, &mut arg);
            assert_eq!(y, want, "{g:?}");
            assert!(arg.iter().map(|&a| a as usize).eq(want_arg), "{g:?}");
            max_pool_grad(g, batch, &arg, &dy, &mut dx);
            assert_eq!(dx, want_dx, "{g:?}");
        }
        let close = |got: &[f32], want: Vec<f32>| {
            assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-5), "{g:?}");
        };
        avg_pool(g, batch, &x, &mut y);
        close(&y, reference::avg_pool(g, batch, &x));
        avg_pool_grad(g, batch, &dy, &mut dx);
        close(&dx, reference::avg_pool_grad(g, batch, &dy));
    }

    #[test]
    fn pools_agree_with_the_naive_loops() {
        let mut stream = rng::Stream::new(5);
        let mut pick =
            |from: usize, to: usize| from + stream.below((to - from + 1) as u64) as usize;
        for _ in 0..60 {
            let input = [pick(1, 9), pick(1, 9), pick(1, 19)];
            let size = [pick(1, input[0]), pick(1, input[1])];
            agrees(&Pool { input, size, stride: [pick(1, 4), pick(1, 4)] }, pick(1, 3));
        }
        agrees(&Pool { input: [18, 17, 2], size: [18, 17], stride: [1, 1] }, 2);
    }
}
