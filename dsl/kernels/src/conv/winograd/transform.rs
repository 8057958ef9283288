//! The transforms before and after the products, and back again for the gradient of the weights.
#![allow(unsafe_code)]
// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

use crate::Activation;
use crate::conv::job::Job;
use crate::conv::tile;
use crate::gemm::Epilogue;
use crate::simd::vector::{Single, Vector, activate, at_level};

/// Where the weights of a convolution of `ci` to `co` channels are found.
#[derive(Clone, Copy)]
pub(in crate::conv) enum Weights<'a> {
    /// `[3, 3, ci, co]`.
    Straight(&'a [f32]),
    /// `[3, 3, co, ci]`, turned by 180°.
    Turned(&'a [f32]),
}

/// `G w Gᵀ` for each pair of channels, packed into panels for each of the 16 places.
pub(super) fn transform_weights([ci, co]: [usize; 2], out: &mut [f32], weights: Weights<'_>) {
    let width = tile::width(co);
    let plane = out.len() / 16;
    match weights {
        Weights::Straight(w) if co.is_multiple_of(width) => {
            assert!(w.len() == 9 * ci * co && plane == ci * co);
            // SAFETY: the lengths are those asserted, and channels fill the panels.
            unsafe { spread_panels(w.as_ptr(), [ci, co], width, out.as_mut_ptr()) }
        }
        Weights::Straight(w) => {
            pack(ci, co, out, |tap, c, o| w[(tap * ci + c) * co + o]);
        }
        Weights::Turned(w) => pack(ci, co, out, |tap, c, o| w[((8 - tap) * co + o) * ci + c]),
    }
}

/// Panels from `weight(tap, c, o)`; zeros fill the last.
fn pack(ci: usize, co: usize, out: &mut [f32], weight: impl Fn(usize, usize, usize) -> f32) {
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

at_level! {
    /// `G w Gᵀ` for each pair of channels.
    ///
    /// # Safety
    /// w has 9 and out 16 numbers for each pair, and `width` divides the number of outputs.
    unsafe fn spread_panels(w: *const f32, channels: [usize; 2], width: usize, out: *mut f32) = spread_panels_in;
}

/// # Safety
/// As for [`spread_panels`], and the CPU has the instructions of `V`.
#[inline(always)]
unsafe fn spread_panels_in<V: Vector>(
    w: *const f32,
    [ci, co]: [usize; 2],
    width: usize,
    out: *mut f32,
) {
    let pairs = ci * co;
    for c in 0..ci {
        for o in (0..co).step_by(V::LANES) {
            // SAFETY: the caller's; a panel holds whole vectors.
            unsafe {
                let from = w.add(c * co + o);
                let to = out.add(o / width * width * ci + c * width + o % width);
                let half = V::splat(0.5);
                let mut rows = [[half; 3]; 4];
                for col in 0..3 {
                    let a = V::load(from.add(col * pairs));
                    let b = V::load(from.add((3 + col) * pairs));
                    let d = V::load(from.add((6 + col) * pairs));
                    let ends = a.add(d);
                    rows[0][col] = a;
                    rows[1][col] = ends.add(b).mul(half);
                    rows[2][col] = ends.sub(b).mul(half);
                    rows[3][col] = d;
                }
                for i in 0..4 {
                    let [a, b, d] = rows[i];
                    let ends = a.add(d);
                    a.store(to.add(4 * i * pairs));
                    ends.add(b).mul(half).store(to.add((4 * i + 1) * pairs));
                    ends.sub(b).mul(half).store(to.add((4 * i + 2) * pairs));
                    d.store(to.add((4 * i + 3) * pairs));
                }
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
pub(super) fn patch_tiles(
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

/// Writes `Aᵀ m A` of each tile, bias and activation applied: y is `[high, wide, co]`, of which tiles
/// may stick out.
pub(super) fn finish_tiles(
    tiles: [usize; 2],
    [high, wide, co]: [usize; 3],
    (made, plane): (&[f32], usize),
    ends: Epilogue<'_>,
    y: &mut [f32],
) {
    assert!(15 * plane + tiles[0] * tiles[1] * co <= made.len());
    assert_eq!(y.len(), high * wide * co);
    assert!(high > 2 * (tiles[0] - 1) && wide > 2 * (tiles[1] - 1));
    assert!(ends.bias.is_none_or(|bias| bias.len() == co));
    // SAFETY: as asserted, planes lie inside, and every tile has at least one pixel in y; those
    // outside are not written.
    unsafe { finish(tiles, [high, wide, co], made.as_ptr(), plane, ends, y.as_mut_ptr()) }
}

at_level! {
    /// # Safety
    /// Every plane is valid, y for every pixel, the bias for every channel.
    unsafe fn finish(
        tiles: [usize; 2],
        size: [usize; 3],
        made: *const f32,
        plane: usize,
        ends: Epilogue<'_>,
        y: *mut f32,
    ) = finish_in;
}

/// # Safety
/// As for [`finish`], and the CPU has the instructions of `V`.
#[inline(always)]
unsafe fn finish_in<V: Vector>(
    tiles: [usize; 2],
    [high, wide, co]: [usize; 3],
    made: *const f32,
    plane: usize,
    ends: Epilogue<'_>,
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
                let steps = [wide * co, co];
                for c in (0..whole).step_by(V::LANES) {
                    let bias = match ends.bias {
                        Some(bias) => V::load(bias.as_ptr().add(c)),
                        None => V::splat(0.0),
                    };
                    finish_one(
                        from.add(c),
                        plane,
                        (bias, ends.activation),
                        to.add(c),
                        steps,
                        inside,
                    );
                }
                for c in whole..co {
                    let bias = Single::splat(ends.bias.map_or(0.0, |bias| bias[c]));
                    finish_one(
                        from.add(c),
                        plane,
                        (bias, ends.activation),
                        to.add(c),
                        steps,
                        inside,
                    );
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
    (bias, activation): (V, Option<Activation>),
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
        for i in 0..2 {
            let [a, b, c, d] = s[i];
            if i == 0 || inside[0] {
                let left = a.add(b).add(c).add(bias);
                activate(activation, left).store(to.add(i * row));
                if inside[1] {
                    let right = b.sub(c).sub(d).add(bias);
                    activate(activation, right).store(to.add(i * row + pixel));
                }
            }
        }
    }
}

/// Writes `A dy Aᵀ` of each tile: dy is `[high, wide, co]`; outside of it the slope is 0.
pub(super) fn slope_tiles(
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

crate::simd! {
    /// `Gᵀ u G` for each pair of channels.
    pub(super) fn collect_taps(u: &[f32], dw: &mut [f32]) {
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
