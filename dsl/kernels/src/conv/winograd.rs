//! 3×3 convolution with stride 1 by 16 products for 4 outputs instead of 36.
//!
//! For each tile of 2×2 outputs and its patch d of 4×4 inputs, `y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ d B)] A`; the
//! products between the brackets are sums over channels, so each of the 16 places is a product of
//! matrices `[tiles, ci] · [ci, co]`. The gradient of the weights runs the same way backwards.
//!
//! # References
//! Lavin and Gray 2016, *Fast algorithms for convolutional neural networks*, F(2×2, 3×3).
#![allow(unsafe_code)]

use super::Conv;
use super::job::{self, Job};
use super::outer::{outer, outer_scratch};
use super::shards::Shards;
use super::tile::{self, Grid, Run, Target};
use crate::gemm::{Epilogue, add};
use crate::par;
use crate::simd::vector::{Single, Vector, at_level};
use std::ops::Range;

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
        && g.input[2] * g.output[2] >= 512
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

/// See [`super::forward`]; `weight(tap, c, o)` are the weights.
pub(super) fn forward(
    g: &Conv,
    batch: usize,
    x: &[f32],
    weight: impl Fn(usize, usize, usize) -> f32,
    epilogue: Epilogue<'_>,
    y: &mut [f32],
    scratch: &mut [f32],
) {
    let cut = Cut::new(g, batch);
    let [ci, co] = [g.input[2], g.output[2]];
    let (weights, blocks) = scratch.split_at_mut(cut.weights());
    transform_weights([ci, co], weights, weight);
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
                finish_tiles(tiles, out, &made[i * count / images.len() * co..], products / 16, y);
            }
            epilogue.apply(y, co, co);
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

crate::simd! {
    /// `Gᵀ u G` for each pair of channels.
    fn collect_taps(u: &[f32], dw: &mut [f32]) {
        let pairs = dw.len() / 9;
        for pair in 0..pairs {
            let mut rows = [[0.0f32; 4]; 3];
            for col in 0..4 {
                let at = |row: usize| u[(4 * row + col) * pairs + pair];
                let column = [at(0), at(1), at(2), at(3)];
                for (row, value) in rows.iter_mut().zip(collect(column)) {
                    row[col] = value;
                }
            }
            for (row, &values) in rows.iter().enumerate() {
                for (col, value) in collect(values).into_iter().enumerate() {
                    dw[(3 * row + col) * pairs + pair] = value;
                }
            }
        }
    }
}

/// Writes `A dy Aᵀ` of each tile: dy is `[high, wide, co]`; outside of it the slope is 0.
fn slope_tiles(
    tiles: [usize; 2],
    [high, wide, co]: [usize; 3],
    dy: &[f32],
    out: &mut [f32],
    plane: usize,
) {
    assert!(15 * plane + tiles[0] * tiles[1] * co <= out.len());
    assert_eq!(dy.len(), high * wide * co);
    assert!(high > 2 * (tiles[0] - 1) && wide > 2 * (tiles[1] - 1));
    // SAFETY: as asserted, planes lie inside, and every tile has at least one pixel in dy; those
    // outside are not read.
    unsafe { slope(tiles, [high, wide, co], dy.as_ptr(), out.as_mut_ptr(), plane) }
}

at_level! {
    /// # Safety
    /// Every plane is valid, and dy for every pixel.
    unsafe fn slope(tiles: [usize; 2], size: [usize; 3], dy: *const f32, out: *mut f32, plane: usize) = slope_in;
}

/// # Safety
/// As for [`slope`], and the CPU has the instructions of `V`.
#[inline(always)]
unsafe fn slope_in<V: Vector>(
    tiles: [usize; 2],
    [high, wide, co]: [usize; 3],
    dy: *const f32,
    out: *mut f32,
    plane: usize,
) {
    let whole = co / V::LANES * V::LANES;
    for row in 0..tiles[0] {
        for col in 0..tiles[1] {
            let inside = [2 * row + 1 < high, 2 * col + 1 < wide];
            // SAFETY: the caller's; channels stay below `co`.
            unsafe {
                let from = dy.add((2 * row * wide + 2 * col) * co);
                let to = out.add((row * tiles[1] + col) * co);
                for c in (0..whole).step_by(V::LANES) {
                    slope_one::<V>(from.add(c), [wide * co, co], inside, to.add(c), plane);
                }
                for c in whole..co {
                    slope_one::<Single>(from.add(c), [wide * co, co], inside, to.add(c), plane);
                }
            }
        }
    }
}

/// # Safety
/// As for [`slope_in`].
#[inline(always)]
unsafe fn slope_one<V: Vector>(
    from: *const f32,
    [row, pixel]: [usize; 2],
    inside: [bool; 2],
    to: *mut f32,
    plane: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let zero = V::splat(0.0);
        let right = |at: usize, there| if there { V::load(from.add(at)) } else { zero };
        let dy = [
            [V::load(from), right(pixel, inside[1])],
            [right(row, inside[0]), right(row + pixel, inside[0] && inside[1])],
        ];
        let rows = [
            dy[0],
            [dy[0][0].add(dy[1][0]), dy[0][1].add(dy[1][1])],
            [dy[0][0].sub(dy[1][0]), dy[0][1].sub(dy[1][1])],
            [zero.sub(dy[1][0]), zero.sub(dy[1][1])],
        ];
        for (i, [a, b]) in rows.into_iter().enumerate() {
            a.store(to.add(4 * i * plane));
            a.add(b).store(to.add((4 * i + 1) * plane));
            a.sub(b).store(to.add((4 * i + 2) * plane));
            zero.sub(b).store(to.add((4 * i + 3) * plane));
        }
    }
}

/// `G w Gᵀ` for each pair of channels, packed into panels for each of the 16 places.
fn transform_weights(
    [ci, co]: [usize; 2],
    out: &mut [f32],
    weight: impl Fn(usize, usize, usize) -> f32,
) {
    let width = tile::width(co);
    let plane = out.len() / 16;
    for first in (0..co).step_by(width) {
        for c in 0..ci {
            let mut taps = [[0.0f32; tile::WIDEST]; 9];
            for (tap, taps) in taps.iter_mut().enumerate() {
                for (o, value) in (first..co).zip(taps.iter_mut().take(width)) {
                    *value = weight(tap, c, o);
                }
            }
            let mut places = [[0.0f32; tile::WIDEST]; 16];
            spread_taps(&taps, &mut places);
            for (place, values) in places.iter().enumerate() {
                let at = place * plane + (first * ci) + c * width;
                out[at..at + width].copy_from_slice(&values[..width]);
            }
        }
    }
}

crate::simd! {
    /// `G w Gᵀ` for a panel of channels.
    fn spread_taps(w: &[[f32; tile::WIDEST]; 9], out: &mut [[f32; tile::WIDEST]; 16]) {
        for lane in 0..tile::WIDEST {
            let mut rows = [[0.0f32; 3]; 4];
            for col in 0..3 {
                let column = [w[col][lane], w[3 + col][lane], w[6 + col][lane]];
                for (row, value) in rows.iter_mut().zip(spread(column)) {
                    row[col] = value;
                }
            }
            for (row, &values) in rows.iter().enumerate() {
                for (col, value) in spread(values).into_iter().enumerate() {
                    out[4 * row + col][lane] = value;
                }
            }
        }
    }
}

/// `G v`.
#[inline(always)]
fn spread([a, b, c]: [f32; 3]) -> [f32; 4] {
    [a, 0.5 * (a + b + c), 0.5 * (a - b + c), c]
}

/// `Gᵀ v`.
#[inline(always)]
fn collect([a, b, c, d]: [f32; 4]) -> [f32; 3] {
    [a + 0.5 * (b + c), 0.5 * (b - c), 0.5 * (b + c) + d]
}

/// Writes `Bᵀ d B` of each tile's patch: `out[place, tile, channel]`.
fn patch_tiles(
    job: &Job,
    tiles: [usize; 2],
    ci: usize,
    source: &[f32],
    out: &mut [f32],
    plane: usize,
) {
    let [down, right] = job.strides();
    let last = (tiles[0] - 1) * down + (tiles[1] - 1) * right + 3 * job.row() + 4 * ci;
    assert!(last <= source.len());
    assert!(15 * plane + tiles[0] * tiles[1] * ci <= out.len());
    let source = Patches { data: source.as_ptr(), step: [down, right], row: job.row() };
    // SAFETY: the last patch and the last plane lie inside, as asserted.
    unsafe { patch(source, tiles, ci, out.as_mut_ptr(), plane) }
}

/// Where the patches lie.
#[derive(Clone, Copy)]
struct Patches {
    data: *const f32,
    /// Floats between patches, down and right.
    step: [usize; 2],
    /// Floats between rows.
    row: usize,
}

at_level! {
    /// # Safety
    /// Every patch and every plane is valid.
    unsafe fn patch(source: Patches, tiles: [usize; 2], ci: usize, out: *mut f32, plane: usize) = patch_in;
}

/// # Safety
/// As for [`patch`], and the CPU has the instructions of `V`.
#[inline(always)]
unsafe fn patch_in<V: Vector>(
    source: Patches,
    [high, wide]: [usize; 2],
    ci: usize,
    out: *mut f32,
    plane: usize,
) {
    let whole = ci / V::LANES * V::LANES;
    for y in 0..high {
        for x in 0..wide {
            // SAFETY: the caller's; channels stay below `ci`.
            unsafe {
                let from = source.data.add(y * source.step[0] + x * source.step[1]);
                let to = out.add((y * wide + x) * ci);
                for c in (0..whole).step_by(V::LANES) {
                    patch_one::<V>(from.add(c), [source.row, ci], to.add(c), plane);
                }
                for c in whole..ci {
                    patch_one::<Single>(from.add(c), [source.row, ci], to.add(c), plane);
                }
            }
        }
    }
}

/// # Safety
/// As for [`patch_in`].
#[inline(always)]
unsafe fn patch_one<V: Vector>(
    from: *const f32,
    [row, pixel]: [usize; 2],
    to: *mut f32,
    plane: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut t = [[V::splat(0.0); 4]; 4];
        for col in 0..4 {
            let d = [0, 1, 2, 3];
            let d = [
                V::load(from.add(d[0] * row + col * pixel)),
                V::load(from.add(d[1] * row + col * pixel)),
                V::load(from.add(d[2] * row + col * pixel)),
                V::load(from.add(d[3] * row + col * pixel)),
            ];
            t[0][col] = d[0].sub(d[2]);
            t[1][col] = d[1].add(d[2]);
            t[2][col] = d[2].sub(d[1]);
            t[3][col] = d[1].sub(d[3]);
        }
        for (i, t) in t.into_iter().enumerate() {
            t[0].sub(t[2]).store(to.add(4 * i * plane));
            t[1].add(t[2]).store(to.add((4 * i + 1) * plane));
            t[2].sub(t[1]).store(to.add((4 * i + 2) * plane));
            t[1].sub(t[3]).store(to.add((4 * i + 3) * plane));
        }
    }
}

/// Writes `Aᵀ m A` of each tile: y is `[high, wide, co]`, of which tiles may stick out.
fn finish_tiles(
    tiles: [usize; 2],
    [high, wide, co]: [usize; 3],
    made: &[f32],
    plane: usize,
    y: &mut [f32],
) {
    assert!(15 * plane + tiles[0] * tiles[1] * co <= made.len());
    assert_eq!(y.len(), high * wide * co);
    assert!(high > 2 * (tiles[0] - 1) && wide > 2 * (tiles[1] - 1));
    // SAFETY: as asserted, planes lie inside, and every tile has at least one pixel in y; those
    // outside are not written.
    unsafe { finish(tiles, [high, wide, co], made.as_ptr(), plane, y.as_mut_ptr()) }
}

at_level! {
    /// # Safety
    /// Every plane is valid, and y for every pixel.
    unsafe fn finish(tiles: [usize; 2], size: [usize; 3], made: *const f32, plane: usize, y: *mut f32) = finish_in;
}

/// # Safety
/// As for [`finish`], and the CPU has the instructions of `V`.
#[inline(always)]
unsafe fn finish_in<V: Vector>(
    tiles: [usize; 2],
    [high, wide, co]: [usize; 3],
    made: *const f32,
    plane: usize,
    y: *mut f32,
) {
    let whole = co / V::LANES * V::LANES;
    for row in 0..tiles[0] {
        for col in 0..tiles[1] {
            let inside = [2 * row + 1 < high, 2 * col + 1 < wide];
            // SAFETY: the caller's; channels stay below `co`.
            unsafe {
                let from = made.add((row * tiles[1] + col) * co);
                let to = y.add((2 * row * wide + 2 * col) * co);
                for c in (0..whole).step_by(V::LANES) {
                    finish_one::<V>(from.add(c), plane, to.add(c), [wide * co, co], inside);
                }
                for c in whole..co {
                    finish_one::<Single>(from.add(c), plane, to.add(c), [wide * co, co], inside);
                }
            }
        }
    }
}

/// # Safety
/// As for [`finish_in`].
#[inline(always)]
unsafe fn finish_one<V: Vector>(
    from: *const f32,
    plane: usize,
    to: *mut f32,
    [row, pixel]: [usize; 2],
    inside: [bool; 2],
) {
    // SAFETY: the caller's.
    unsafe {
        let mut s = [[V::splat(0.0); 4]; 2];
        for col in 0..4 {
            let m = [
                V::load(from.add(col * plane)),
                V::load(from.add((4 + col) * plane)),
                V::load(from.add((8 + col) * plane)),
                V::load(from.add((12 + col) * plane)),
            ];
            s[0][col] = m[0].add(m[1]).add(m[2]);
            s[1][col] = m[1].sub(m[2]).sub(m[3]);
        }
        for (i, s) in s.into_iter().enumerate() {
            if i == 0 || inside[0] {
                s[0].add(s[1]).add(s[2]).store(to.add(i * row));
                if inside[1] {
                    s[1].sub(s[2]).sub(s[3]).store(to.add(i * row + pixel));
                }
            }
        }
    }
}
