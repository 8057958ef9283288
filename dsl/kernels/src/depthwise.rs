//! Convolution of each channel by itself, and its gradients: direct loops, vectorised over channels.
//!
//! Maps are `[batch, height, width, channels]`, weights `[kh, kw, channels]`. The sizes are those of
//! [`Conv`] with as many groups as channels.

use crate::conv::Conv;
use crate::gemm::{Epilogue, add};
use crate::par;
use crate::simd::madd;
use std::ops::Range;

/// Whether the sizes are those of a depthwise convolution.
pub(crate) fn fits(g: &Conv) -> bool {
    g.groups == g.input[2] && g.groups == g.output[2]
}

/// The elements `u` of a window whose pixels `o · stride + u · dilation − before` lie on a map of
/// `n` pixels.
#[inline(always)]
fn inside(g: &Conv, axis: usize, o: usize) -> Range<usize> {
    let (start, step) = (o * g.stride[axis], g.dilation[axis]);
    let from = g.pad[axis].saturating_sub(start).div_ceil(step);
    let to = (g.input[axis] + g.pad[axis]).saturating_sub(start).div_ceil(step);
    from.min(g.kernel[axis])..to.min(g.kernel[axis])
}

/// The outputs `o` for which element `u` of the window lies on the map.
#[inline(always)]
fn outside_in(g: &Conv, axis: usize, u: usize) -> Range<usize> {
    let (at, stride) = (u * g.dilation[axis], g.stride[axis]);
    let from = g.pad[axis].saturating_sub(at).div_ceil(stride);
    let to = (g.input[axis] + g.pad[axis]).saturating_sub(at).div_ceil(stride);
    from.min(g.output[axis])..to.min(g.output[axis])
}

/// See [`crate::conv::forward`].
pub(crate) fn forward(
    g: &Conv,
    batch: usize,
    x: &[f32],
    w: &[f32],
    epilogue: Epilogue<'_>,
    y: &mut [f32],
) {
    let [ho, wo, c] = g.output;
    par::chunks(y, wo * c, 2 * batch * g.macs(), |i, y| {
        let (image, oy) = (i / ho, i % ho);
        row(g, oy, &x[image * g.inputs()..][..g.inputs()], w, y);
        epilogue.apply(y, c, c);
    });
}

crate::simd! {
    /// One row of the output.
    fn row(g: &Conv, oy: usize, x: &[f32], w: &[f32], y: &mut [f32]) {
        let (wo, c) = (g.output[1], g.output[2]);
        // Pixels whose windows lie whole between left and right border.
        let whole = {
            let first = outside_in(g, 1, 0);
            let last = outside_in(g, 1, g.kernel[1] - 1);
            first.start.max(last.start)..first.end.min(last.end)
        };
        let mut at = 0;
        while at + 8 <= c {
            let lanes = if at + 32 <= c { 32 } else { 8 };
            let mut ox = 0;
            while ox < wo {
                let ahead = if whole.contains(&ox) { whole.end - ox } else { 0 };
                ox += match (lanes, ahead) {
                    (32, _) => pixels::<FMA, 32, 1>(g, (oy, ox), at, x, w, y),
                    (_, 4..) => pixels::<FMA, 8, 4>(g, (oy, ox), at, x, w, y),
                    _ => pixels::<FMA, 8, 1>(g, (oy, ox), at, x, w, y),
                };
            }
            at += lanes;
        }
        while at < c {
            for ox in 0..wo {
                pixels::<FMA, 1, 1>(g, (oy, ox), at, x, w, y);
            }
            at += 1;
        }
    }
}

/// `P` neighbouring pixels of output, `L` channels from `at` on; returns `P`. If `P` is more than 1,
/// the windows lie whole between left and right border.
#[inline(always)]
fn pixels<const FMA: bool, const L: usize, const P: usize>(
    g: &Conv,
    (oy, ox): (usize, usize),
    at: usize,
    x: &[f32],
    w: &[f32],
    y: &mut [f32],
) -> usize {
    let (wi, c, kw) = (g.input[1], g.input[2], g.kernel[1]);
    let across = if P == 1 { inside(g, 1, ox) } else { 0..kw };
    let mut sums = [[0.0f32; L]; P];
    for ky in inside(g, 0, oy) {
        let iy = oy * g.stride[0] + ky * g.dilation[0] - g.pad[0];
        for kx in across.clone() {
            let ix = ox * g.stride[1] + kx * g.dilation[1] - g.pad[1];
            let tap = lanes::<L>(w, (ky * kw + kx) * c + at);
            for (p, sums) in sums.iter_mut().enumerate() {
                let pixel = lanes::<L>(x, (iy * wi + ix + p * g.stride[1]) * c + at);
                for lane in 0..L {
                    sums[lane] = madd::<FMA>(pixel[lane], tap[lane], sums[lane]);
                }
            }
        }
    }
    for (p, sums) in sums.iter().enumerate() {
        y[(ox + p) * c + at..][..L].copy_from_slice(sums);
    }
    P
}

/// `L` neighbouring numbers.
#[inline(always)]
fn lanes<const L: usize>(x: &[f32], at: usize) -> &[f32; L] {
    match x[at..at + L].first_chunk() {
        Some(lanes) => lanes,
        None => unreachable!(),
    }
}

/// Floats of scratch for [`input_grad`].
pub(crate) fn input_grad_scratch(g: &Conv) -> usize {
    g.turned().map_or(0, |_| g.weights())
}

/// See [`crate::conv::input_grad`].
pub(crate) fn input_grad(
    g: &Conv,
    batch: usize,
    dy: &[f32],
    w: &[f32],
    dx: &mut [f32],
    scratch: &mut [f32],
) {
    if let Some(turned) = g.turned() {
        let c = g.input[2];
        let weights = &mut scratch[..w.len()];
        for (to, from) in weights.chunks_exact_mut(c).zip(w.chunks_exact(c).rev()) {
            to.copy_from_slice(from);
        }
        return forward(&turned, batch, dy, weights, Epilogue::NONE, dx);
    }
    par::chunks(dx, g.inputs(), 2 * batch * g.macs(), |image, dx| {
        scatter(g, &dy[image * g.outputs()..][..g.outputs()], w, dx);
    });
}

crate::simd! {
    /// The gradient of one image's input.
    fn scatter(g: &Conv, dy: &[f32], w: &[f32], dx: &mut [f32]) {
        let ([_, wi, c], [ho, wo, _]) = (g.input, g.output);
        dx.fill(0.0);
        for oy in 0..ho {
            for ky in inside(g, 0, oy) {
                let iy = oy * g.stride[0] + ky * g.dilation[0] - g.pad[0];
                for ox in 0..wo {
                    let dy = &dy[(oy * wo + ox) * c..][..c];
                    for kx in inside(g, 1, ox) {
                        let ix = ox * g.stride[1] + kx * g.dilation[1] - g.pad[1];
                        let w = &w[(ky * g.kernel[1] + kx) * c..][..c];
                        let dx = &mut dx[(iy * wi + ix) * c..][..c];
                        for ((dx, &dy), &w) in dx.iter_mut().zip(dy).zip(w) {
                            *dx = madd::<FMA>(dy, w, *dx);
                        }
                    }
                }
            }
        }
    }
}

/// Pieces of a batch that have sums of their own.
fn pieces(batch: usize) -> usize {
    batch.clamp(1, 8)
}

/// Floats of scratch for [`weight_grad`].
pub(crate) fn weight_grad_scratch(g: &Conv, batch: usize) -> usize {
    pieces(batch) * g.weights()
}

/// See [`crate::conv::weight_grad`].
pub(crate) fn weight_grad(
    g: &Conv,
    batch: usize,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) {
    let (pieces, n) = (pieces(batch), dw.len());
    let sums = &mut scratch[..pieces * n];
    par::chunks(sums, n, 2 * batch * g.macs(), |i, sum| {
        sum.fill(0.0);
        for image in i * batch / pieces..(i + 1) * batch / pieces {
            let x = &x[image * g.inputs()..][..g.inputs()];
            correlate(g, x, &dy[image * g.outputs()..][..g.outputs()], sum);
        }
    });
    dw.copy_from_slice(&sums[..n]);
    sums.chunks_exact(n).skip(1).for_each(|sum| add(dw, sum));
}

crate::simd! {
    /// Adds one image's gradient of the weights to `dw`.
    fn correlate(g: &Conv, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        let c = g.output[2];
        for oy in 0..g.output[0] {
            for ky in inside(g, 0, oy) {
                let mut at = 0;
                while at < c {
                    at += match c - at {
                        32.. => taps::<FMA, 32>(g, (oy, ky), at, x, dy, dw),
                        8.. => taps::<FMA, 8>(g, (oy, ky), at, x, dy, dw),
                        _ => taps::<FMA, 1>(g, (oy, ky), at, x, dy, dw),
                    };
                }
            }
        }
    }
}

/// Adds what one row of output gives to one row of the windows, for `L` channels from `at` on;
/// returns `L`.
#[inline(always)]
fn taps<const FMA: bool, const L: usize>(
    g: &Conv,
    (oy, ky): (usize, usize),
    at: usize,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
) -> usize {
    let (wi, wo, c) = (g.input[1], g.output[1], g.input[2]);
    let iy = oy * g.stride[0] + ky * g.dilation[0] - g.pad[0];
    for kx in 0..g.kernel[1] {
        let mut sums = [0.0f32; L];
        for ox in outside_in(g, 1, kx) {
            let ix = ox * g.stride[1] + kx * g.dilation[1] - g.pad[1];
            let pixel = lanes::<L>(x, (iy * wi + ix) * c + at);
            let slope = lanes::<L>(dy, (oy * wo + ox) * c + at);
            for lane in 0..L {
                sums[lane] = madd::<FMA>(pixel[lane], slope[lane], sums[lane]);
            }
        }
        let dw = &mut dw[(ky * g.kernel[1] + kx) * c + at..][..L];
        dw.iter_mut().zip(&sums).for_each(|(dw, sum)| *dw += sum);
    }
    L
}
