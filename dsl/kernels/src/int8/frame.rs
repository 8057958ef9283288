//! What a block of windows reads: the map where it lies, or a copy with its padding.

use super::product::Product;
use crate::conv::Conv;
use crate::par;
use std::ops::Range;

/// Bytes of a copy, about, if a block has more than one row.
const FRAME: usize = 48 << 10;

/// Bytes behind a copy that may be read.
const SLACK: usize = 4;

/// How the maps of a batch are cut into blocks of rows, and whether blocks are copied.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    g: &'a Conv,
    /// Rows of output in a block.
    rows: usize,
    blocks: usize,
    /// Channels of a pixel in the copy.
    pixel: usize,
    copied: bool,
}

/// A block.
pub(super) struct Source<'a> {
    pub(super) data: &'a [u8],
    /// Where the first window begins.
    pub(super) at: usize,
    /// Bytes between rows.
    pub(super) row: usize,
    /// Bytes between pixels.
    pub(super) pixel: usize,
    /// Which image.
    pub(super) image: usize,
    /// Which rows of output.
    pub(super) rows: Range<usize>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(p: &Product, g: &'a Conv, batch: usize) -> Frame<'a> {
        let each = p.taps().is_some();
        let pixel = if each { g.input[2].next_multiple_of(16) } else { g.input[2] };
        let padded = (0..2).any(|i| g.pad[i] > 0 || read(g, i, g.output[i]) > g.input[i]);
        // Kernels read fours of bytes, or sixteen channels.
        let short = if each { pixel != g.input[2] } else { p.runs().len < 4 };
        let mut frame = Frame { g, rows: g.output[0], blocks: 0, pixel, copied: padded || short };
        let (row, height) = (frame.row() * g.stride[0], g.output[0]);
        let pieces = if batch * g.macs() < par::SMALL { 1 } else { 16usize.div_ceil(batch.max(1)) };
        frame.rows = height.div_ceil(pieces).min(FRAME / row.max(1)).max(1);
        frame.blocks = batch * height.div_ceil(frame.rows);
        frame
    }

    /// How many blocks there are.
    pub(super) fn blocks(&self) -> usize {
        self.blocks
    }

    /// Bytes of scratch for a block.
    pub(super) fn bytes(&self) -> usize {
        if self.copied { read(self.g, 0, self.rows) * self.row() + SLACK } else { 0 }
    }

    /// Bytes of a row as the kernels see it.
    pub(super) fn row(&self) -> usize {
        let wide = if self.copied { read(self.g, 1, self.g.output[1]) } else { self.g.input[1] };
        wide * self.pixel
    }

    /// Bytes of a pixel as the kernels see it.
    pub(super) fn pixel(&self) -> usize {
        self.pixel
    }

    /// A block, copied to scratch if it has to be; what lies outside of the map is `zero`.
    pub(super) fn source<'s>(
        &self,
        item: usize,
        x: &'s [u8],
        zero: u8,
        scratch: &'s mut [u8],
    ) -> Source<'s> {
        let g = self.g;
        let [hi, wi, ci] = g.input;
        let of_image = g.output[0].div_ceil(self.rows);
        let (image, from) = (item / of_image, item % of_image * self.rows);
        let rows = from..(from + self.rows).min(g.output[0]);
        let (row, pixel) = (self.row(), self.pixel);
        let x = &x[image * g.inputs()..][..g.inputs()];
        if !self.copied {
            let at = rows.start * g.stride[0] * row;
            return Source { data: x, at, row, pixel, image, rows };
        }
        let scratch = &mut scratch[..self.bytes()];
        let (high, wide) = (read(g, 0, rows.len()), row / pixel);
        for (y, to) in scratch.chunks_mut(row).take(high).enumerate() {
            let iy = (rows.start * g.stride[0] + y).wrapping_sub(g.pad[0]);
            if iy >= hi {
                to.fill(zero);
                continue;
            }
            let from = &x[iy * wi * ci..][..wi * ci];
            let before = g.pad[1].min(wide);
            let within = wi.min(wide - before);
            let (left, rest) = to.split_at_mut(before * pixel);
            let (middle, right) = rest.split_at_mut(within * pixel);
            left.fill(zero);
            right.fill(zero);
            if pixel == ci {
                middle.copy_from_slice(&from[..within * ci]);
            } else {
                for (to, from) in middle.chunks_exact_mut(pixel).zip(from.chunks_exact(ci)) {
                    to[..ci].copy_from_slice(from);
                    to[ci..].fill(zero);
                }
            }
        }
        scratch[high * row..].fill(zero);
        Source { data: scratch, at: 0, row, pixel, image, rows }
    }
}

/// Pixels along an axis that `outputs` windows read, from the first one's first on.
fn read(g: &Conv, axis: usize, outputs: usize) -> usize {
    if outputs == 0 {
        return 0;
    }
    (outputs - 1) * g.stride[axis] + (g.kernel[axis] - 1) * g.dilation[axis] + 1
}
