//! Convolution as products of matrices: the windows of a few rows of an image become the rows of a
//! matrix (`[pixels, kh · kw · ci / groups]`), one group at a time.

use super::Conv;
use super::shards::Shards;
use crate::gemm::{Epilogue, Mat, gemm};
use std::ops::Range;

/// Numbers of a lowered block that fit into the second-level cache beside what it meets.
const BLOCK: usize = 32 << 10;

/// Rows of output lowered at a time.
fn rows(g: &Conv) -> usize {
    let row = (g.output[1] * g.depth()).max(1);
    (BLOCK / row).clamp(1, g.output[0].max(1))
}

/// Pixels of a block.
pub(super) fn block(g: &Conv) -> usize {
    rows(g) * g.output[1]
}

/// Blocks of an image.
pub(super) fn blocks(g: &Conv) -> usize {
    g.output[0].div_ceil(rows(g))
}

/// The pieces of a batch for threads, where blocks are the items.
pub(super) fn shards(g: &Conv, batch: usize) -> Shards {
    Shards::new(batch * blocks(g), 32)
}

/// The pieces of a batch for threads, where images are the items.
pub(super) fn images(batch: usize) -> Shards {
    Shards::new(batch, 32)
}

/// Image and rows of output of a block.
fn place(g: &Conv, item: usize) -> (usize, Range<usize>) {
    let (image, from) = (item / blocks(g), item % blocks(g) * rows(g));
    (image, from..(from + rows(g)).min(g.output[0]))
}

/// Where a block begins among the output's pixels.
fn first_pixel(g: &Conv, item: usize) -> usize {
    let (image, rows) = place(g, item);
    (image * g.output[0] + rows.start) * g.output[1]
}

/// See [`super::forward`].
pub(super) fn forward(
    g: &Conv,
    batch: usize,
    x: &[f32],
    w: &[f32],
    epilogue: Epilogue<'_>,
    y: &mut [f32],
    scratch: &mut [f32],
) {
    let (co, depth) = (g.output[2], g.depth());
    let cog = co / g.groups;
    let each = block(g) * depth;
    let start = |item| first_pixel(g, item) * co;
    shards(g, batch).run(batch * g.macs(), y, start, (scratch, each), |items, y, lowered| {
        let first = items.start;
        for item in items {
            let (image, rows) = place(g, item);
            let from = start(item) - start(first);
            let pixels = rows.len() * g.output[1];
            let y = &mut y[from..from + pixels * co];
            let x = &x[image * g.inputs()..][..g.inputs()];
            for group in 0..g.groups {
                gather(g, x, group, rows.clone(), lowered);
                let a = Mat::new(lowered, pixels, depth);
                let b = Mat::strided(&w[group * cog..], (depth, cog), (co, 1));
                gemm(&mut y[group * cog..], co, a, b, false, Epilogue::NONE);
            }
            epilogue.apply(y, co, co);
        }
    });
}

/// See [`super::input_grad`]; for any stride.
pub(super) fn input_grad(
    g: &Conv,
    batch: usize,
    dy: &[f32],
    w: &[f32],
    dx: &mut [f32],
    scratch: &mut [f32],
) {
    let (co, depth) = (g.output[2], g.depth());
    let cog = co / g.groups;
    let each = block(g) * depth;
    let start = |image| image * g.inputs();
    images(batch).run(batch * g.macs(), dx, start, (scratch, each), |images, dx, lowered| {
        dx.fill(0.0);
        for (image, dx) in images.zip(dx.chunks_exact_mut(g.inputs())) {
            for item in image * blocks(g)..(image + 1) * blocks(g) {
                let (_, rows) = place(g, item);
                let pixels = rows.len() * g.output[1];
                let dy = &dy[first_pixel(g, item) * co..][..pixels * co];
                for group in 0..g.groups {
                    let a = Mat::strided(&dy[group * cog..], (pixels, cog), (co, 1));
                    let b = Mat::strided(&w[group * cog..], (depth, cog), (co, 1)).t();
                    gemm(lowered, depth, a, b, false, Epilogue::NONE);
                    scatter(g, lowered, group, rows.clone(), dx);
                }
            }
        }
    });
}

/// Adds the gradient of the weights over some blocks to `dw`; see [`super::weight_grad`].
pub(super) fn weight_grad(
    g: &Conv,
    items: Range<usize>,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    lowered: &mut [f32],
) {
    let (co, depth) = (g.output[2], g.depth());
    let cog = co / g.groups;
    for item in items {
        let (image, rows) = place(g, item);
        let pixels = rows.len() * g.output[1];
        let x = &x[image * g.inputs()..][..g.inputs()];
        let dy = &dy[first_pixel(g, item) * co..][..pixels * co];
        for group in 0..g.groups {
            let a = if g.pointwise() {
                Mat::new(&x[rows.start * g.output[1] * depth..], pixels, depth)
            } else {
                gather(g, x, group, rows.clone(), lowered);
                Mat::new(lowered, pixels, depth)
            };
            let b = Mat::strided(&dy[group * cog..], (pixels, cog), (co, 1));
            gemm(&mut dw[group * cog..], co, a.t(), b, true, Epilogue::NONE);
        }
    }
}

/// One window's row of the lowered matrix, in runs of neighbours: calls `run(lowered place, image
/// place or nothing for padding, length)`.
#[inline(always)]
fn runs(
    g: &Conv,
    group: usize,
    (oy, ox): (usize, usize),
    mut run: impl FnMut(usize, Option<usize>, usize),
) {
    let [h, w, ci] = g.input;
    let [kh, kw] = g.kernel;
    let cig = ci / g.groups;
    let left = (ox * g.stride[1]).wrapping_sub(g.pad[1]);
    let whole = g.groups == 1 && g.dilation[1] == 1 && left < w && left + kw <= w;
    for ky in 0..kh {
        let iy = (oy * g.stride[0] + ky * g.dilation[0]).wrapping_sub(g.pad[0]);
        let at = ky * kw * cig;
        if iy >= h {
            run(at, None, kw * cig);
        } else if whole {
            run(at, Some((iy * w + left) * ci), kw * cig);
        } else {
            for kx in 0..kw {
                let ix = left.wrapping_add(kx * g.dilation[1]);
                let from = (ix < w).then(|| (iy * w + ix) * ci + group * cig);
                run(at + kx * cig, from, cig);
            }
        }
    }
}

/// Lowers rows of output of one image.
fn gather(g: &Conv, x: &[f32], group: usize, rows: Range<usize>, lowered: &mut [f32]) {
    let pixels = rows.flat_map(|oy| (0..g.output[1]).map(move |ox| (oy, ox)));
    for (pixel, row) in pixels.zip(lowered.chunks_exact_mut(g.depth())) {
        runs(g, group, pixel, |at, from, len| match from {
            Some(from) => row[at..at + len].copy_from_slice(&x[from..from + len]),
            None => row[at..at + len].fill(0.0),
        });
    }
}

/// Adds lowered rows back to the pixels that they came from.
fn scatter(g: &Conv, lowered: &[f32], group: usize, rows: Range<usize>, dx: &mut [f32]) {
    let pixels = rows.flat_map(|oy| (0..g.output[1]).map(move |ox| (oy, ox)));
    for (pixel, row) in pixels.zip(lowered.chunks_exact(g.depth())) {
        runs(g, group, pixel, |at, to, len| {
            if let Some(to) = to {
                crate::gemm::add(&mut dx[to..to + len], &row[at..at + len]);
            }
        });
    }
}
