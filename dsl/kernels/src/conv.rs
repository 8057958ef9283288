//! Convolutions over feature maps, and their gradients.
//!
//! Maps are `[batch, height, width, channels]`, weights `[kh, kw, ci / groups, co]`. Tiles of a few
//! pixels by a few channels read the maps where they lie; 1×1 convolutions are products of matrices.
//! Work is cut into pieces that depend on the sizes alone.

mod direct;
mod job;
mod outer;
mod shards;
mod tile;
mod winograd;

use crate::gemm::{Epilogue, Mat, gemm, par_gemm};
use crate::{depthwise, par};
use shards::Shards;
use std::ops::Range;
use winograd::Weights;

/// The sizes of a convolution. Padding below and to the right follows from the output's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv {
    /// Height, width and channels of one input image.
    pub input: [usize; 3],
    /// Height, width and channels of one output image.
    pub output: [usize; 3],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Distance between neighbouring windows, down and right.
    pub stride: [usize; 2],
    /// Distance between neighbouring elements of a window, down and right.
    pub dilation: [usize; 2],
    /// Rows of zeros above, columns of zeros to the left.
    pub pad: [usize; 2],
    /// Channels are cut into so many groups; each output sees one group of inputs.
    pub groups: usize,
}

impl Conv {
    /// How many numbers the weights have.
    pub fn weights(&self) -> usize {
        self.depth() * self.output[2]
    }

    /// How many numbers one input image has.
    pub fn inputs(&self) -> usize {
        self.input.iter().product()
    }

    /// How many numbers one output image has.
    pub fn outputs(&self) -> usize {
        self.output.iter().product()
    }

    /// Multiply-adds of one image, with those on padding.
    pub fn macs(&self) -> usize {
        self.outputs() * self.depth()
    }

    /// Products summed for one output.
    fn depth(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.input[2] / self.groups
    }

    /// Whether each output pixel sees one input pixel at its own place.
    pub(crate) fn pointwise(&self) -> bool {
        self.kernel == [1, 1]
            && self.stride == [1, 1]
            && self.pad == [0, 0]
            && self.input[..2] == self.output[..2]
            && self.groups == 1
    }

    /// The convolution that computes the gradient with respect to the input, from the gradient of the
    /// output and turned weights, if the stride is 1.
    pub(crate) fn turned(&self) -> Option<Conv> {
        let pad = |i: usize| (self.dilation[i] * (self.kernel[i] - 1)).checked_sub(self.pad[i]);
        let turned =
            Conv { input: self.output, output: self.input, pad: [pad(0)?, pad(1)?], ..*self };
        (self.stride == [1, 1]).then_some(turned)
    }

    fn check(&self, batch: usize, x: usize, w: usize, y: usize) {
        assert_eq!(x, batch * self.inputs(), "input of {self:?}");
        assert_eq!(w, self.weights(), "weights of {self:?}");
        assert_eq!(y, batch * self.outputs(), "output of {self:?}");
    }
}

/// Floats of scratch for [`forward`].
pub fn forward_scratch(g: &Conv, batch: usize) -> usize {
    match g.pointwise() || depthwise::fits(g) {
        true => 0,
        false if winograd::fits(g) => winograd::forward_scratch(g, batch),
        false => direct::forward_scratch(g, batch),
    }
}

/// `y[n, o] = Σ x[n, window of o] · w`, then the epilogue.
///
/// # Shapes
/// x `[batch, h, w, ci]`, w `[kh, kw, ci / groups, co]`, y `[batch, ho, wo, co]`.
///
/// # Panics
/// When lengths disagree or scratch is short.
pub fn forward(
    g: &Conv,
    batch: usize,
    x: &[f32],
    w: &[f32],
    epilogue: Epilogue<'_>,
    y: &mut [f32],
    scratch: &mut [f32],
) {
    g.check(batch, x.len(), w.len(), y.len());
    let [ci, co] = [g.input[2], g.output[2]];
    if g.pointwise() {
        let pixels = batch * g.output[0] * g.output[1];
        return par_gemm(y, Mat::new(x, pixels, ci), Mat::new(w, ci, co), false, epilogue);
    }
    if depthwise::fits(g) {
        return depthwise::forward(g, batch, x, w, epilogue, y);
    }
    if winograd::fits(g) {
        return winograd::forward(g, batch, x, Weights::Straight(w), epilogue, y, scratch);
    }
    direct::forward(g, batch, x, w, epilogue, y, scratch);
}

/// Floats of scratch for [`input_grad`].
pub fn input_grad_scratch(g: &Conv, batch: usize) -> usize {
    match g.pointwise() {
        true => 0,
        false if depthwise::fits(g) => depthwise::input_grad_scratch(g),
        false => match turned_for_winograd(g) {
            Some(turned) => winograd::forward_scratch(&turned, batch),
            None => direct::input_grad_scratch(g, batch),
        },
    }
}

/// The gradient with respect to x: `dx[i] = Σ dy[o] · w` over the windows o that hold i.
///
/// # Shapes
/// dy `[batch, ho, wo, co]`, w `[kh, kw, ci / groups, co]`, dx `[batch, h, w, ci]`.
///
/// # Panics
/// When lengths disagree or scratch is short.
pub fn input_grad(
    g: &Conv,
    batch: usize,
    dy: &[f32],
    w: &[f32],
    dx: &mut [f32],
    scratch: &mut [f32],
) {
    g.check(batch, dx.len(), w.len(), dy.len());
    let [ci, co] = [g.input[2], g.output[2]];
    if g.pointwise() {
        let pixels = batch * g.output[0] * g.output[1];
        let w = Mat::new(w, ci, co).t();
        return par_gemm(dx, Mat::new(dy, pixels, co), w, false, Epilogue::NONE);
    }
    if depthwise::fits(g) {
        return depthwise::input_grad(g, batch, dy, w, dx, scratch);
    }
    if let Some(turned) = turned_for_winograd(g) {
        let w = Weights::Turned(w);
        return winograd::forward(&turned, batch, dy, w, Epilogue::NONE, dx, scratch);
    }
    direct::input_grad(g, batch, dy, w, dx, scratch);
}

fn turned_for_winograd(g: &Conv) -> Option<Conv> {
    g.turned().filter(winograd::fits)
}

/// Floats of scratch for [`weight_grad`].
pub fn weight_grad_scratch(g: &Conv, batch: usize) -> usize {
    if depthwise::fits(g) {
        return depthwise::weight_grad_scratch(g, batch);
    }
    if weights_by_winograd(g) {
        return winograd::weight_grad_scratch(g, batch);
    }
    partials(g, batch).scratch(g.weights() + direct::weight_grad_scratch(g))
}

/// Whether the sums of all pieces are small enough to be kept for each of the 16 places.
fn weights_by_winograd(g: &Conv) -> bool {
    winograd::fits(g) && g.weights() <= 1 << 18
}

/// How the rows of all images are cut for the gradient of the weights: few pieces, because each
/// has sums of its own.
fn partials(g: &Conv, batch: usize) -> Shards {
    let most = if g.weights() > 1 << 18 { 4 } else { 8 };
    Shards::new(batch * direct::weight_blocks(g), most)
}

/// The gradient with respect to w: `dw = Σ x[n, window of o] · dy[n, o]`.
///
/// # Shapes
/// x `[batch, h, w, ci]`, dy `[batch, ho, wo, co]`, dw `[kh, kw, ci / groups, co]`.
///
/// # Panics
/// When lengths disagree or scratch is short.
pub fn weight_grad(
    g: &Conv,
    batch: usize,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) {
    g.check(batch, x.len(), dw.len(), dy.len());
    if depthwise::fits(g) {
        return depthwise::weight_grad(g, batch, x, dy, dw, scratch);
    }
    if weights_by_winograd(g) {
        return winograd::weight_grad(g, batch, x, dy, dw, scratch);
    }
    let shards = partials(g, batch);
    let n = dw.len();
    let sums = &mut scratch[..shards.scratch(weight_grad_scratch(g, batch) / shards.count())];
    let piece = sums.len() / shards.count();
    let work = batch * g.macs();
    par::chunks(sums, piece, work, |i, piece| {
        let (sum, scratch) = piece.split_at_mut(n);
        sum.fill(0.0);
        if g.pointwise() {
            return pointwise_weight_grad(g, shards.range(i), x, dy, sum);
        }
        direct::weight_grad(g, shards.range(i), x, dy, sum, scratch);
    });
    dw.copy_from_slice(&sums[..n]);
    for sum in sums.chunks_exact(piece).skip(1) {
        crate::gemm::add(dw, &sum[..n]);
    }
}

/// Adds the gradient of the weights over some blocks to `dw`.
fn pointwise_weight_grad(g: &Conv, items: Range<usize>, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let [ci, co] = [g.input[2], g.output[2]];
    for item in items {
        let pixels = direct::weight_pixels(g, item);
        let x = Mat::new(&x[pixels.start * ci..], pixels.len(), ci);
        let dy = Mat::new(&dy[pixels.start * co..], pixels.len(), co);
        gemm(dw, co, x.t(), dy, true, Epilogue::NONE);
    }
}

#[cfg(test)]
mod speed;
#[cfg(test)]
mod tests;
