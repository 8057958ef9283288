//! Convolutions over feature maps, and their gradients.
//!
//! Maps are `[batch, height, width, channels]`, weights `[kh, kw, ci / groups, co]`. An image is
//! lowered to a matrix a few rows at a time, so that the matrix stays in cache. Work is cut into
//! pieces that depend on the sizes alone.

mod lower;
mod shards;

use crate::gemm::{Epilogue, Mat, par_gemm};
use crate::{depthwise, par};
use shards::Shards;

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
    fn pointwise(&self) -> bool {
        self.kernel == [1, 1]
            && self.stride == [1, 1]
            && self.pad == [0, 0]
            && self.input[..2] == self.output[..2]
            && self.groups == 1
    }

    /// The convolution that computes the gradient with respect to the input, from the gradient of the
    /// output and turned weights; `None` when there is none with the same stride.
    fn turned(&self) -> Option<Conv> {
        let reach = |i: usize| self.dilation[i] * (self.kernel[i] - 1);
        if self.stride != [1, 1] {
            return None;
        }
        let pad = [reach(0).checked_sub(self.pad[0])?, reach(1).checked_sub(self.pad[1])?];
        Some(Conv { input: self.output, output: self.input, pad, ..*self })
    }

    fn check(&self, batch: usize, x: usize, w: usize, y: usize) {
        assert_eq!(x, batch * self.inputs(), "input of {self:?}");
        assert_eq!(w, self.weights(), "weights of {self:?}");
        assert_eq!(y, batch * self.outputs(), "output of {self:?}");
    }
}

/// Floats of scratch for [`forward`].
pub fn forward_scratch(g: &Conv, batch: usize) -> usize {
    if g.pointwise() || depthwise::fits(g) {
        return 0;
    }
    lower::shards(g, batch).scratch(lower::block(g) * g.depth())
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
    lower::forward(g, batch, x, w, epilogue, y, scratch);
}

/// Floats of scratch for [`input_grad`].
pub fn input_grad_scratch(g: &Conv, batch: usize) -> usize {
    match g.turned() {
        _ if g.pointwise() => 0,
        Some(turned) => g.weights() + forward_scratch(&turned, batch),
        None if depthwise::fits(g) => 0,
        None => lower::images(batch).scratch(lower::block(g) * g.depth()),
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
    match g.turned() {
        Some(turned) => {
            let (weights, scratch) = scratch.split_at_mut(w.len());
            turn(g, w, weights);
            forward(&turned, batch, dy, weights, Epilogue::NONE, dx, scratch);
        }
        None if depthwise::fits(g) => depthwise::input_grad(g, batch, dy, w, dx),
        None => lower::input_grad(g, batch, dy, w, dx, scratch),
    }
}

/// Weights `[kh, kw, ci / groups, co]` turned by 180° and with inputs and outputs exchanged:
/// `[kh, kw, co / groups, ci]`.
fn turn(g: &Conv, w: &[f32], turned: &mut [f32]) {
    let [ci, co] = [g.input[2], g.output[2]];
    let (cig, cog) = (ci / g.groups, co / g.groups);
    let taps = g.kernel[0] * g.kernel[1];
    for (w, turned) in w.chunks_exact(cig * co).zip(turned.chunks_exact_mut(cog * ci).rev()) {
        for (o, row) in turned.chunks_exact_mut(ci).enumerate() {
            for (c, out) in row.iter_mut().enumerate() {
                *out = w[c % cig * co + c / cig * cog + o];
            }
        }
    }
    debug_assert_eq!(taps * cig * co, w.len());
}

/// Floats of scratch for [`weight_grad`].
pub fn weight_grad_scratch(g: &Conv, batch: usize) -> usize {
    if depthwise::fits(g) {
        return depthwise::weight_grad_scratch(g, batch);
    }
    let lowered = if g.pointwise() { 0 } else { lower::block(g) * g.depth() };
    partials(g, batch).scratch(g.weights() + lowered)
}

/// How the rows of all images are cut for the gradient of the weights: few pieces, because each
/// has sums of its own.
fn partials(g: &Conv, batch: usize) -> Shards {
    let most = if g.weights() > 1 << 18 { 4 } else { 8 };
    Shards::new(batch * lower::blocks(g), most)
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
    let shards = partials(g, batch);
    let n = dw.len();
    let sums = &mut scratch[..shards.scratch(weight_grad_scratch(g, batch) / shards.count())];
    let piece = sums.len() / shards.count();
    let work = batch * g.macs();
    par::chunks(sums, piece, work, |i, piece| {
        let (sum, lowered) = piece.split_at_mut(n);
        sum.fill(0.0);
        lower::weight_grad(g, shards.range(i), x, dy, sum, lowered);
    });
    dw.copy_from_slice(&sums[..n]);
    for sum in sums.chunks_exact(piece).skip(1) {
        crate::gemm::add(dw, &sum[..n]);
    }
}

#[cfg(test)]
mod tests;
