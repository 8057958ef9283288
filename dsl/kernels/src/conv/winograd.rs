//! 3×3 convolution with stride 1 by 16 products for 4 outputs instead of 36.
//!
//! For each tile of 2×2 outputs and its patch d of 4×4 inputs, `y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ d B)] A`; the
//! products between the brackets are sums over channels, so each of the 16 places is a product of
//! matrices `[tiles, ci] · [ci, co]`. The gradient of the weights runs the same way backwards.
//!
//! # References
//! Lavin and Gray 2016, *Fast algorithms for convolutional neural networks*, F(2×2, 3×3).

mod transform;

use super::Conv;
use super::job::{self, Job};
use super::outer::{outer, outer_scratch};
use super::shards::Shards;
use super::tile::{self, Grid, Run, Target};
use crate::gemm::{Epilogue, add};
use crate::par;
use std::ops::Range;
pub(super) use transform::Weights;
use transform::{collect_taps, finish_tiles, patch_tiles, slope_tiles, transform_weights};

/// Tiles that are worked on together: what they become stays in the second-level cache.
const TILES: usize = 48;

/// Whether a convolution has these sizes and is large enough to gain.
pub(super) fn fits(g: &Conv) -> bool {
    g.kernel == [3, 3]
        && g.stride == [1, 1]
        && g.dilation == [1, 1]
        && g.groups == 1
        && g.input[2] >= 16
        && g.output[2] >= 16
        && g.input[2] * g.output[2] >= 256
}

/// How a convolution is cut: blocks of some rows of tiles of one image, or of some whole images.
struct Cut {
    g: Conv,
    job: Job,
    /// Rows of tiles of a block.
    rows: usize,
    /// Images of a block; more than one only if its rows are all.
    images: usize,
    batch: usize,
}

/// A block: images, and rows of tiles of each.
type Block = (Range<usize>, Range<usize>);

impl Cut {
    fn new(g: &Conv, batch: usize) -> Cut {
        let job = job::patches(g, 2, 4);
        let [high, wide] = job.grid;
        let rows = (TILES / wide).clamp(1, high);
        // Images that share a block, but so few that there are blocks for all threads.
        let images = if rows == high { (TILES / (high * wide)).min(batch / 8).max(1) } else { 1 };
        Cut { g: *g, rows, images, job, batch }
    }

    /// Blocks of an image, or of some images.
    fn of_image(&self) -> usize {
        self.job.grid[0].div_ceil(self.rows)
    }

    /// Blocks of the batch.
    fn count(&self) -> usize {
        self.batch.div_ceil(self.images) * self.of_image()
    }

    fn place(&self, item: usize) -> Block {
        let first = item / self.of_image() * self.images;
        let from = item % self.of_image() * self.rows;
        let images = first..(first + self.images).min(self.batch);
        (images, from..(from + self.rows).min(self.job.grid[0]))
    }

    /// Where a block begins in the output.
    fn start(&self, item: usize) -> usize {
        if item == self.count() {
            return self.batch * self.g.outputs();
        }
        let (images, rows) = self.place(item);
        images.start * self.g.outputs() + 2 * rows.start * self.g.output[1] * self.g.output[2]
    }

    /// The rows of output of a block in each of its images, as height, width, channels.
    fn out(&self, rows: &Range<usize>) -> [usize; 3] {
        let [high, wide, co] = self.g.output;
        [(high - 2 * rows.start).min(2 * rows.len()), wide, co]
    }

    /// Tiles of a block at most.
    fn tiles(&self) -> usize {
        self.images * self.rows * self.job.grid[1]
    }

    /// Floats of a frame, of a block's patches and of its products.
    fn sizes(&self) -> [usize; 3] {
        let [ci, co] = [self.g.input[2], self.g.output[2]];
        // The 16 planes do not lie a power of two apart, which would crowd one place of the cache.
        let plane = |channels: usize| 16 * (self.tiles() * channels + 16);
        [self.job.frame(self.rows), plane(ci), plane(co)]
    }

    fn each(&self) -> usize {
        self.sizes().iter().sum()
    }

    fn shards(&self) -> Shards {
        Shards::new(self.count(), 32)
    }

    /// Writes the transformed patches of a block; returns how many tiles it has.
    fn patch(
        &self,
        (images, rows): &Block,
        x: &[f32],
        frame: &mut [f32],
        out: &mut [f32],
    ) -> usize {
        let (plane, ci) = (out.len() / 16, self.g.input[2]);
        let tiles = [rows.len(), self.job.grid[1]];
        let count = tiles[0] * tiles[1];
        for (i, image) in images.clone().enumerate() {
            let x = &x[image * self.g.inputs()..][..self.g.inputs()];
            let source = self.job.source(rows.clone(), x, frame);
            patch_tiles(&self.job, tiles, ci, source, &mut out[i * count * ci..], plane);
        }
        images.len() * count
    }

    /// Floats of the packed, transformed weights.
    fn weights(&self) -> usize {
        16 * tile::panels(self.g.input[2], self.g.output[2])
    }
}

/// Floats of scratch for [`forward`].
pub(super) fn forward_scratch(g: &Conv, batch: usize) -> usize {
    let cut = Cut::new(g, batch);
    cut.weights() + cut.shards().scratch(cut.each())
}

/// See [`super::forward`].
pub(super) fn forward(
    g: &Conv,
    batch: usize,
    x: &[f32],
    w: Weights<'_>,
    epilogue: Epilogue<'_>,
    y: &mut [f32],
    scratch: &mut [f32],
) {
    let cut = Cut::new(g, batch);
    let [ci, co] = [g.input[2], g.output[2]];
    let (weights, blocks) = scratch.split_at_mut(cut.weights());
    transform_weights([ci, co], weights, w);
    let panels = weights.len() / 16;
    let start = |item| cut.start(item);
    let [frame, patches, products] = cut.sizes();
    let shards = cut.shards();
    shards.run(batch * g.macs(), y, start, (blocks, cut.each()), |items, y, scratch| {
        let (frame, scratch) = scratch.split_at_mut(frame);
        let (patched, scratch) = scratch.split_at_mut(patches);
        let made = &mut scratch[..products];
        let first = start(items.start);
        for item in items {
            let block = cut.place(item);
            let count = cut.patch(&block, x, frame, patched);
            let runs = [Run { offset: 0, len: ci }];
            for place in 0..16 {
                let source = &patched[place * patches / 16..];
                let grid = Grid { source, step: [0, ci], size: [1, count], runs: &runs };
                let target =
                    Target { at: 0, step: [0, co], channels: co, epilogue: Epilogue::NONE };
                let made = &mut made[place * products / 16..][..count * co];
                tile::products(&grid, &weights[place * panels..][..panels], &target, made);
            }
            let (images, rows) = block;
            let out = cut.out(&rows);
            let tiles = [rows.len(), cut.job.grid[1]];
            let y = &mut y[start(item) - first..start(item + 1) - first];
            for (i, y) in y.chunks_exact_mut(out.iter().product()).enumerate() {
                let made = &made[i * count / images.len() * co..];
                finish_tiles(tiles, out, (made, products / 16), epilogue, y);
            }
        }
    });
}

/// Floats of scratch for [`weight_grad`].
pub(super) fn weight_grad_scratch(g: &Conv, batch: usize) -> usize {
    let cut = Cut::new(g, batch);
    partials(&cut).scratch(16 * g.input[2] * g.output[2] + cut.each() + packed(&cut))
}

/// Pieces of a batch that have sums of their own.
fn partials(cut: &Cut) -> Shards {
    Shards::new(cut.count(), 8)
}

fn packed(cut: &Cut) -> usize {
    outer_scratch(cut.tiles(), cut.g.output[2])
}

/// See [`super::weight_grad`].
pub(super) fn weight_grad(
    g: &Conv,
    batch: usize,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) {
    let cut = Cut::new(g, batch);
    let [ci, co] = [g.input[2], g.output[2]];
    let [frame, patches, slopes] = cut.sizes();
    let shards = partials(&cut);
    let n = 16 * ci * co;
    let piece = n + cut.each() + packed(&cut);
    let pieces = &mut scratch[..shards.count() * piece];
    par::chunks(pieces, piece, batch * g.macs(), |i, scratch| {
        let (sums, scratch) = scratch.split_at_mut(n);
        let (frame, scratch) = scratch.split_at_mut(frame);
        let (patched, scratch) = scratch.split_at_mut(patches);
        let (sloped, scratch) = scratch.split_at_mut(slopes);
        sums.fill(0.0);
        for item in shards.range(i) {
            let block = cut.place(item);
            let count = cut.patch(&block, x, frame, patched);
            let (images, rows) = block;
            let out = cut.out(&rows);
            let tiles = [rows.len(), cut.job.grid[1]];
            let dy = &dy[cut.start(item)..cut.start(item + 1)];
            for (i, dy) in dy.chunks_exact(out.iter().product()).enumerate() {
                let sloped = &mut sloped[i * count / images.len() * co..];
                slope_tiles(tiles, out, dy, sloped, slopes / 16);
            }
            let runs = [Run { offset: 0, len: ci }];
            for (place, sums) in sums.chunks_exact_mut(ci * co).enumerate() {
                let source = &patched[place * patches / 16..];
                let grid = Grid { source, step: [0, ci], size: [1, count], runs: &runs };
                outer(&grid, &sloped[place * slopes / 16..], (co, co), sums, scratch);
            }
        }
    });
    let (total, others) = pieces.split_at_mut(piece);
    for other in others.chunks_exact(piece) {
        add(&mut total[..n], &other[..n]);
    }
    collect_taps(&total[..n], dw);
}
