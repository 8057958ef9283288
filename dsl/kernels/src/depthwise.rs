//! Convolution of each channel by itself, and its gradients: direct loops, vectorised over channels.
//!
//! Maps are `[batch, height, width, channels]`, weights `[kh, kw, channels]`. The sizes are those of
//! [`Conv`] with as many groups as channels. Where a 3×3 window lies whole on the map, its weights (or
//! the sums of their gradients) stay in registers along the row; elsewhere each pixel lists what it
//! sums.
#![allow(unsafe_code)]
// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

use crate::conv::Conv;
use crate::gemm::{Epilogue, add};
use crate::par;
use crate::simd::vector::{Single, Vector, activate, at_level};
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

/// The outputs along an axis whose windows lie whole on the map.
fn whole(g: &Conv, axis: usize) -> Range<usize> {
    let (first, last) = (outside_in(g, axis, 0), outside_in(g, axis, g.kernel[axis] - 1));
    let from = first.start.max(last.start);
    from..first.end.min(last.end).max(from)
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
    assert_eq!((x.len(), w.len(), y.len()), (batch * g.inputs(), g.weights(), batch * g.outputs()));
    assert!(epilogue.bias.is_none_or(|bias| bias.len() == c));
    par::chunks(y, wo * c, 2 * batch * g.macs(), |i, y| {
        let (image, oy) = (i / ho, i % ho);
        let x = x[image * g.inputs()..].as_ptr();
        // SAFETY: x, w, y and the bias have the lengths of the sizes, as asserted; y is one row.
        unsafe { row(g, oy, x, w.as_ptr(), epilogue, y.as_mut_ptr()) }
    });
}

at_level! {
    /// One row of the output.
    ///
    /// # Safety
    /// x is an image, w the weights, y a row of output.
    unsafe fn row(
        g: &Conv, oy: usize, x: *const f32, w: *const f32, epilogue: Epilogue<'_>, y: *mut f32,
    ) = row_in;
}

/// # Safety
/// As for [`row`], and the CPU has the instructions of `V`.
#[inline(always)]
unsafe fn row_in<V: Vector>(
    g: &Conv,
    oy: usize,
    x: *const f32,
    w: *const f32,
    epilogue: Epilogue<'_>,
    y: *mut f32,
) {
    let (wo, c) = (g.output[1], g.output[2]);
    let rows = inside(g, 0, oy);
    let fast = g.kernel == [3, 3] && rows.len() == 3;
    let columns = if fast { whole(g, 1) } else { 0..0 };
    // SAFETY: the caller's; `inside` and `whole` keep to the map.
    unsafe {
        for ox in (0..columns.start).chain(columns.end..wo) {
            let taps = Taps { rows: rows.clone(), columns: inside(g, 1, ox) };
            pixel::<V>(g, (oy, ox), &taps, x, w, epilogue, y.add(ox * c));
        }
        if columns.is_empty() {
            return;
        }
        let top = (oy * g.stride[0] - g.pad[0]) * g.input[1] * c;
        let mut at = 0;
        while at < c {
            let (x, w, y) = (x.add(top + at), w.add(at), y.add(at));
            if at + V::LANES <= c {
                let start = match epilogue.bias {
                    Some(bias) => V::load(bias.as_ptr().add(at)),
                    None => V::splat(0.0),
                };
                stretch::<V>(g, columns.clone(), x, w, start, epilogue, y);
                at += V::LANES;
            } else {
                let start = Single::splat(epilogue.bias.map_or(0.0, |bias| bias[at]));
                stretch::<Single>(g, columns.clone(), x, w, start, epilogue, y);
                at += 1;
            }
        }
    }
}

/// The elements of a window that lie on the map.
struct Taps {
    rows: Range<usize>,
    columns: Range<usize>,
}

/// One pixel of output, all channels.
///
/// # Safety
/// As for [`row_in`]; y is the pixel.
#[inline(always)]
unsafe fn pixel<V: Vector>(
    g: &Conv,
    (oy, ox): (usize, usize),
    taps: &Taps,
    x: *const f32,
    w: *const f32,
    epilogue: Epilogue<'_>,
    y: *mut f32,
) {
    let ([_, wi, c], kw) = (g.input, g.kernel[1]);
    // SAFETY: the caller's; channels stay below `c`.
    unsafe {
        let place = |ky: usize, kx: usize| {
            let iy = oy * g.stride[0] + ky * g.dilation[0] - g.pad[0];
            let ix = ox * g.stride[1] + kx * g.dilation[1] - g.pad[1];
            (iy * wi + ix) * c
        };
        let mut at = 0;
        while at + V::LANES <= c {
            let mut sum = match epilogue.bias {
                Some(bias) => V::load(bias.as_ptr().add(at)),
                None => V::splat(0.0),
            };
            for ky in taps.rows.clone() {
                for kx in taps.columns.clone() {
                    let tap = V::load(w.add((ky * kw + kx) * c + at));
                    sum = V::load(x.add(place(ky, kx) + at)).madd(tap, sum);
                }
            }
            activate(epilogue.activation, sum).store(y.add(at));
            at += V::LANES;
        }
        while at < c {
            let mut sum = Single::splat(epilogue.bias.map_or(0.0, |bias| bias[at]));
            for ky in taps.rows.clone() {
                for kx in taps.columns.clone() {
                    let tap = Single::load(w.add((ky * kw + kx) * c + at));
                    sum = Single::load(x.add(place(ky, kx) + at)).madd(tap, sum);
                }
            }
            activate(epilogue.activation, sum).store(y.add(at));
            at += 1;
        }
    }
}

/// The pixels `columns` of a row whose 3×3 windows lie whole on the map, for one vector of channels.
///
/// # Safety
/// As for [`row_in`]; x is the first row of the windows, all pointers at the channel.
#[inline(always)]
unsafe fn stretch<V: Vector>(
    g: &Conv,
    columns: Range<usize>,
    x: *const f32,
    w: *const f32,
    start: V,
    epilogue: Epilogue<'_>,
    y: *mut f32,
) {
    let (wi, c) = (g.input[1], g.input[2]);
    let (down, right, step) = (g.dilation[0] * wi * c, g.dilation[1] * c, g.stride[1] * c);
    // SAFETY: the caller's.
    unsafe {
        let mut taps = [start; 9];
        for tap in 0..9 {
            taps[tap] = V::load(w.add(tap * c));
        }
        let mut ox = columns.start;
        while ox + 4 <= columns.end {
            let x = x.add(ox * step - g.pad[1] * c);
            let mut sums = [start; 4];
            for ky in 0..3 {
                for kx in 0..3 {
                    for p in 0..4 {
                        let pixel = V::load(x.add(ky * down + kx * right + p * step));
                        sums[p] = pixel.madd(taps[3 * ky + kx], sums[p]);
                    }
                }
            }
            for p in 0..4 {
                activate(epilogue.activation, sums[p]).store(y.add((ox + p) * c));
            }
            ox += 4;
        }
        while ox < columns.end {
            let x = x.add(ox * step - g.pad[1] * c);
            let mut sum = start;
            for ky in 0..3 {
                for kx in 0..3 {
                    let pixel = V::load(x.add(ky * down + kx * right));
                    sum = pixel.madd(taps[3 * ky + kx], sum);
                }
            }
            activate(epilogue.activation, sum).store(y.add(ox * c));
            ox += 1;
        }
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
    let [hi, wi, c] = g.input;
    if let Some(turned) = g.turned() {
        let weights = &mut scratch[..w.len()];
        for (to, from) in weights.chunks_exact_mut(c).zip(w.chunks_exact(c).rev()) {
            to.copy_from_slice(from);
        }
        return forward(&turned, batch, dy, weights, Epilogue::NONE, dx);
    }
    assert_eq!(
        (dy.len(), w.len(), dx.len()),
        (batch * g.outputs(), g.weights(), batch * g.inputs())
    );
    par::chunks(dx, wi * c, 2 * batch * g.macs(), |i, dx| {
        let (image, iy) = (i / hi, i % hi);
        let dy = dy[image * g.outputs()..].as_ptr();
        // SAFETY: dy, w and dx have the lengths of the sizes, as asserted; dx is one row.
        unsafe { back_row(g, iy, dy, w.as_ptr(), dx.as_mut_ptr()) }
    });
}

at_level! {
    /// One row of the gradient of the input, for any stride.
    ///
    /// # Safety
    /// dy is an image of it, w the weights, dx a row.
    unsafe fn back_row(g: &Conv, iy: usize, dy: *const f32, w: *const f32, dx: *mut f32) = back_row_in;
}

/// # Safety
/// As for [`back_row`], and the CPU has the instructions of `V`.
#[inline(always)]
unsafe fn back_row_in<V: Vector>(g: &Conv, iy: usize, dy: *const f32, w: *const f32, dx: *mut f32) {
    let ([_, wi, c], [ho, wo, _]) = (g.input, g.output);
    let [kh, kw] = g.kernel;
    let whole = c / V::LANES * V::LANES;
    // SAFETY: the caller's; rows and columns keep to the maps, and channels stay below `c`.
    unsafe {
        for at in 0..wi * c {
            *dx.add(at) = 0.0;
        }
        for ky in 0..kh {
            let ahead = (iy + g.pad[0]).wrapping_sub(ky * g.dilation[0]);
            if !ahead.is_multiple_of(g.stride[0]) || ahead / g.stride[0] >= ho {
                continue;
            }
            let dy = dy.add(ahead / g.stride[0] * wo * c);
            for ox in 0..wo {
                let dy = dy.add(ox * c);
                for kx in 0..kw {
                    let ix = (ox * g.stride[1] + kx * g.dilation[1]).wrapping_sub(g.pad[1]);
                    if ix >= wi {
                        continue;
                    }
                    let (w, dx) = (w.add((ky * kw + kx) * c), dx.add(ix * c));
                    let mut at = 0;
                    while at < whole {
                        let sum = V::load(dx.add(at));
                        V::load(dy.add(at)).madd(V::load(w.add(at)), sum).store(dx.add(at));
                        at += V::LANES;
                    }
                    while at < c {
                        *dx.add(at) += *dy.add(at) * *w.add(at);
                        at += 1;
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
    assert_eq!(
        (x.len(), dw.len(), dy.len()),
        (batch * g.inputs(), g.weights(), batch * g.outputs())
    );
    let (pieces, n) = (pieces(batch), dw.len());
    let sums = &mut scratch[..pieces * n];
    par::chunks(sums, n, 2 * batch * g.macs(), |i, sum| {
        sum.fill(0.0);
        for image in i * batch / pieces..(i + 1) * batch / pieces {
            let (x, dy) = (x[image * g.inputs()..].as_ptr(), dy[image * g.outputs()..].as_ptr());
            // SAFETY: x, dy and the sums have the lengths of the sizes, as asserted.
            unsafe { correlate(g, x, dy, sum.as_mut_ptr()) }
        }
    });
    dw.copy_from_slice(&sums[..n]);
    sums.chunks_exact(n).skip(1).for_each(|sum| add(dw, sum));
}

at_level! {
    /// Adds one image's gradient of the weights to `dw`.
    ///
    /// # Safety
    /// x and dy are images, dw the weights.
    unsafe fn correlate(g: &Conv, x: *const f32, dy: *const f32, dw: *mut f32) = correlate_in;
}

/// # Safety
/// As for [`correlate`], and the CPU has the instructions of `V`.
#[inline(always)]
unsafe fn correlate_in<V: Vector>(g: &Conv, x: *const f32, dy: *const f32, dw: *mut f32) {
    let c = g.input[2];
    let mut at = 0;
    while at < c {
        // SAFETY: the caller's; channels stay below `c`.
        unsafe {
            if at + V::LANES <= c {
                correlate_lanes::<V>(g, x.add(at), dy.add(at), dw.add(at));
                at += V::LANES;
            } else {
                correlate_lanes::<Single>(g, x.add(at), dy.add(at), dw.add(at));
                at += 1;
            }
        }
    }
}

/// # Safety
/// As for [`correlate_in`]; all pointers at the channel.
#[inline(always)]
unsafe fn correlate_lanes<V: Vector>(g: &Conv, x: *const f32, dy: *const f32, dw: *mut f32) {
    let ([_, wi, c], [ho, wo, _]) = (g.input, g.output);
    let three = g.kernel == [3, 3];
    let (down, right, step) = (g.dilation[0] * wi * c, g.dilation[1] * c, g.stride[1] * c);
    // SAFETY: the caller's; `inside` and `whole` keep to the map.
    unsafe {
        let mut sums = [V::splat(0.0); 9];
        for oy in 0..ho {
            let rows = inside(g, 0, oy);
            let columns = if three && rows.len() == 3 { whole(g, 1) } else { 0..0 };
            let dy = dy.add(oy * wo * c);
            for ox in (0..columns.start).chain(columns.end..wo) {
                let slope = V::load(dy.add(ox * c));
                for ky in rows.clone() {
                    let iy = oy * g.stride[0] + ky * g.dilation[0] - g.pad[0];
                    for kx in inside(g, 1, ox) {
                        let ix = ox * g.stride[1] + kx * g.dilation[1] - g.pad[1];
                        let dw = dw.add((ky * g.kernel[1] + kx) * c);
                        let pixel = V::load(x.add((iy * wi + ix) * c));
                        pixel.madd(slope, V::load(dw)).store(dw);
                    }
                }
            }
            if columns.is_empty() {
                continue;
            }
            let x = x.add((oy * g.stride[0] - g.pad[0]) * wi * c);
            for ox in columns {
                let slope = V::load(dy.add(ox * c));
                let x = x.add(ox * step - g.pad[1] * c);
                for ky in 0..3 {
                    for kx in 0..3 {
                        let pixel = V::load(x.add(ky * down + kx * right));
                        sums[3 * ky + kx] = pixel.madd(slope, sums[3 * ky + kx]);
                    }
                }
            }
        }
        if three {
            for tap in 0..9 {
                let dw = dw.add(tap * c);
                sums[tap].add(V::load(dw)).store(dw);
            }
        }
    }
}
