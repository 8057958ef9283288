//! Convolution without lowering: tiles read the maps where they lie, or a frame of zeros around them.

use super::Conv;
use super::job::{self, Job};
use super::outer::{outer, outer_scratch};
use super::shards::Shards;
use super::tile::{self, Grid, Target};
use crate::gemm::Epilogue;
use std::ops::Range;

/// Floats of a map that one block reads at most, if it has more than one row.
const FRAME: usize = 48 << 10;

/// Rows of output of a block: an image, or less when images are few or large.
fn rows(height: usize, read_a_row: usize, batch: usize) -> usize {
    let pieces = 16usize.div_ceil(batch.max(1));
    height.div_ceil(pieces).min(FRAME / read_a_row.max(1)).max(1)
}

/// The blocks of a batch of outputs `[h, w, c]`.
#[derive(Clone, Copy)]
struct Blocks {
    out: [usize; 3],
    rows: usize,
    batch: usize,
}

impl Blocks {
    fn new(out: [usize; 3], jobs: &[Job], batch: usize) -> Blocks {
        let read = jobs.iter().map(|job| job.strides()[0] / job.out_step[0]).max().unwrap_or(1);
        Blocks { out, rows: rows(out[0], read, batch), batch }
    }

    fn of_image(&self) -> usize {
        self.out[0].div_ceil(self.rows)
    }

    fn shards(&self) -> Shards {
        Shards::new(self.batch * self.of_image(), 32)
    }

    /// Image and rows of a block.
    fn place(&self, item: usize) -> (usize, Range<usize>) {
        let from = item % self.of_image() * self.rows;
        (item / self.of_image(), from..(from + self.rows).min(self.out[0]))
    }

    /// Where a block begins in the output.
    fn start(&self, item: usize) -> usize {
        let (image, rows) = self.place(item);
        (image * self.out[0] + rows.start) * self.out[1] * self.out[2]
    }

    /// Floats of the largest frame that a block needs.
    fn frame(&self, jobs: &[Job]) -> usize {
        let rows = |job: &Job| self.rows.div_ceil(job.out_step[0]).min(job.grid[0]);
        jobs.iter().map(|job| job.frame(rows(job))).max().unwrap_or(0)
    }
}

/// Floats of scratch for [`forward`].
pub(super) fn forward_scratch(g: &Conv, batch: usize) -> usize {
    scratch(g.output, &[job::forward(g)], panels_forward(g), batch)
}

fn panels_forward(g: &Conv) -> usize {
    g.groups * tile::panels(g.depth(), g.output[2] / g.groups)
}

fn scratch(out: [usize; 3], jobs: &[Job], panels: usize, batch: usize) -> usize {
    let blocks = Blocks::new(out, jobs, batch);
    panels + blocks.shards().scratch(blocks.frame(jobs))
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
    let (co, cog, cig) = (g.output[2], g.output[2] / g.groups, g.input[2] / g.groups);
    let (panels, frames) = scratch.split_at_mut(panels_forward(g));
    for (group, panels) in panels.chunks_exact_mut(panels_forward(g) / g.groups).enumerate() {
        tile::pack_rows((g.depth(), cog), panels, &w[group * cog..], co);
    }
    let jobs = [(job::forward(g), 0)];
    let sizes = Sizes { groups: g.groups, ins: cig, outs: cog, work: batch * g.macs() };
    run(&sizes, &jobs, (g.output, batch), (x, panels), epilogue, y, frames);
}

/// Floats of scratch for [`input_grad`].
pub(super) fn input_grad_scratch(g: &Conv, batch: usize) -> usize {
    scratch(g.input, &job::input_grad(g), panels_input(g), batch)
}

fn panels_input(g: &Conv) -> usize {
    let taps = g.kernel[0] * g.kernel[1];
    g.groups * tile::panels(taps * g.output[2] / g.groups, g.input[2] / g.groups)
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
    let (co, cog, cig) = (g.output[2], g.output[2] / g.groups, g.input[2] / g.groups);
    let (panels, frames) = scratch.split_at_mut(panels_input(g));
    let mut filled = 0;
    let mut jobs = Vec::new();
    for job in job::input_grad(g) {
        // Rows of the weights: the outputs of each tap, in the order in which the taps are read.
        let depth = job.taps.len() * cog;
        let size = tile::panels(depth, cig);
        let start = filled;
        for group in 0..g.groups {
            tile::pack(depth, cig, &mut panels[filled..filled + size], |row, c| {
                let (tap, o) = (job.taps[row / cog].number, row % cog);
                w[(tap * cig + c) * co + group * cog + o]
            });
            filled += size;
        }
        jobs.push((job, start));
    }
    let sizes = Sizes { groups: g.groups, ins: cog, outs: cig, work: batch * g.macs() };
    run(&sizes, &jobs, (g.input, batch), (dy, panels), Epilogue::NONE, dx, frames);
}

/// What all jobs of a run share.
struct Sizes {
    groups: usize,
    /// Channels read by a group.
    ins: usize,
    /// Channels made by a group.
    outs: usize,
    work: usize,
}

/// Runs jobs, each with the place of its panels, over a batch of outputs.
fn run(
    sizes: &Sizes,
    jobs: &[(Job, usize)],
    (out, batch): ([usize; 3], usize),
    (x, panels): (&[f32], &[f32]),
    epilogue: Epilogue<'_>,
    y: &mut [f32],
    frames: &mut [f32],
) {
    let plain: Vec<Job> = jobs.iter().map(|(job, _)| job.clone()).collect();
    let blocks = Blocks::new(out, &plain, batch);
    let runs: Vec<_> = plain.iter().map(|job| job.runs(sizes.groups)).collect();
    let frame = blocks.frame(&plain);
    let image = x.len() / batch.max(1);
    let [_, width, channels] = out;
    let start = |item| blocks.start(item);
    blocks.shards().run(sizes.work, y, start, (frames, frame), |items, y, frame| {
        let first = items.start;
        for item in items {
            let (number, out_rows) = blocks.place(item);
            let at = start(item) - start(first);
            let y = &mut y[at..at + out_rows.len() * width * channels];
            for ((job, panels_at), runs) in jobs.iter().zip(&runs) {
                let rows = job.rows_in(out_rows.clone());
                if rows.is_empty() {
                    continue;
                }
                let source = job.source(rows.clone(), &x[number * image..][..image], frame);
                let depth: usize = runs.iter().map(|run| run.len).sum();
                let size = tile::panels(depth, sizes.outs);
                let top = job.out_from[0] + rows.start * job.out_step[0] - out_rows.start;
                for group in 0..sizes.groups {
                    let grid = Grid {
                        source: &source[group * sizes.ins..],
                        step: job.strides(),
                        size: [rows.len(), job.grid[1]],
                        runs,
                    };
                    let bias = epilogue.bias.map(|b| &b[group * sizes.outs..][..sizes.outs]);
                    let target = Target {
                        at: (top * width + job.out_from[1]) * channels + group * sizes.outs,
                        step: [job.out_step[0] * width * channels, job.out_step[1] * channels],
                        channels: sizes.outs,
                        epilogue: Epilogue { bias, ..epilogue },
                    };
                    let panels = &panels[panels_at + group * size..][..size];
                    tile::products(&grid, panels, &target, y);
                }
            }
        }
    });
}

/// Pixels of a block of [`weight_grad`]: their slopes stay in the first-level cache.
const PIXELS: usize = 192;

/// Rows of output of such a block.
fn weight_rows(g: &Conv) -> usize {
    (PIXELS / g.output[1].max(1)).clamp(1, g.output[0].max(1))
}

/// Blocks of an image for the gradient of the weights.
pub(super) fn weight_blocks(g: &Conv) -> usize {
    g.output[0].div_ceil(weight_rows(g))
}

/// The pixels of a block, among all of the batch.
pub(super) fn weight_pixels(g: &Conv, item: usize) -> Range<usize> {
    let (image, from) = (item / weight_blocks(g), item % weight_blocks(g) * weight_rows(g));
    let to = (from + weight_rows(g)).min(g.output[0]);
    (image * g.output[0] + from) * g.output[1]..(image * g.output[0] + to) * g.output[1]
}

/// Floats of scratch for [`weight_grad`].
pub(super) fn weight_grad_scratch(g: &Conv) -> usize {
    let rows = weight_rows(g);
    let pixels = rows * g.output[1];
    job::forward(g).frame(rows) + outer_scratch(pixels, g.output[2] / g.groups)
}

/// Adds the gradient of the weights over some blocks to `dw`; see [`super::weight_grad`].
pub(super) fn weight_grad(
    g: &Conv,
    items: Range<usize>,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) {
    let [ho, wo, co] = g.output;
    let (cog, cig) = (co / g.groups, g.input[2] / g.groups);
    let job = job::forward(g);
    let runs = job.runs(g.groups);
    let (frame, packed) = scratch.split_at_mut(job.frame(weight_rows(g)));
    for item in items {
        let (image, from) = (item / weight_blocks(g), item % weight_blocks(g) * weight_rows(g));
        let rows = from..(from + weight_rows(g)).min(ho);
        let size = [rows.len(), wo];
        let dy = &dy[(image * ho + from) * wo * co..][..rows.len() * wo * co];
        let source = job.source(rows, &x[image * g.inputs()..][..g.inputs()], frame);
        for group in 0..g.groups {
            let source = &source[group * cig..];
            let grid = Grid { source, step: job.strides(), size, runs: &runs };
            let at = group * cog;
            outer(&grid, &dy[at..], (cog, co), &mut dw[at..], packed);
        }
    }
}
