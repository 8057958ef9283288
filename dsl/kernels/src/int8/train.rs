//! From sums to numbers in steps, for training: it looks at the range between, and at what is clipped.

use super::Grid;
use super::grid::{clip, rint};
use crate::par;

/// Numbers that one thread takes at a time, about.
const PIECE: usize = 1 << 14;

/// Channels whose range is kept in registers.
const BLOCK: usize = 32;

/// Smallest and largest of `f32(sum) · scale[channel]`; both 0 of none.
///
/// # Shapes
/// sums `[…, channels]`, scale `[channels]` or `[1]`.
///
/// # Panics
/// When lengths disagree.
pub fn sums_extent(sums: &[i32], scale: &[f32]) -> (f32, f32) {
    assert!(!scale.is_empty() && sums.len().is_multiple_of(scale.len()));
    if sums.is_empty() {
        return (0.0, 0.0);
    }
    const PIECES: usize = 32;
    let rows = sums.len() / scale.len();
    let each = rows.div_ceil(PIECES) * scale.len();
    let nothing = (f32::INFINITY, f32::NEG_INFINITY);
    let mut parts = [nothing; PIECES];
    par::chunks(&mut parts, 1, sums.len(), |i, part| {
        let from = (i * each).min(sums.len());
        part[0] = extent_rows(&sums[from..(from + each).min(sums.len())], scale);
    });
    parts.into_iter().fold(nothing, |a, b| (a.0.min(b.0), a.1.max(b.1)))
}

crate::simd! {
    fn extent_rows(sums: &[i32], scale: &[f32]) -> (f32, f32) {
        let (mut lo, mut hi) = ([f32::INFINITY; BLOCK], [f32::NEG_INFINITY; BLOCK]);
        let n = scale.len();
        if let [scale] = *scale {
            let blocks = sums.chunks_exact(BLOCK);
            for (i, &sum) in blocks.remainder().iter().enumerate() {
                widen(&mut lo[i], &mut hi[i], sum as f32 * scale);
            }
            for sums in blocks {
                for lane in 0..BLOCK {
                    widen(&mut lo[lane], &mut hi[lane], sums[lane] as f32 * scale);
                }
            }
        } else {
            let mut at = 0;
            while at + BLOCK <= n {
                let scale = &scale[at..at + BLOCK];
                for row in sums.chunks_exact(n) {
                    let sums = &row[at..at + BLOCK];
                    for lane in 0..BLOCK {
                        widen(&mut lo[lane], &mut hi[lane], sums[lane] as f32 * scale[lane]);
                    }
                }
                at += BLOCK;
            }
            let scale = &scale[at..];
            for row in sums.chunks_exact(n) {
                for (lane, (&sum, &scale)) in row[at..].iter().zip(scale).enumerate() {
                    widen(&mut lo[lane], &mut hi[lane], sum as f32 * scale);
                }
            }
        }
        let smallest = lo.into_iter().fold(f32::INFINITY, f32::min);
        (smallest, hi.into_iter().fold(f32::NEG_INFINITY, f32::max))
    }
}

#[inline(always)]
fn widen(lo: &mut f32, hi: &mut f32, x: f32) {
    *lo = if x < *lo { x } else { *lo };
    *hi = if x > *hi { x } else { *hi };
}

/// A number in steps: its value on the grid, and 1 if it is not clipped.
#[inline(always)]
fn settle(steps: f32, grid: Grid) -> (f32, u8) {
    let zero = i32::from(grid.zero);
    // One step beyond either end tells what is clipped.
    let rounded = rint(clip(steps, (-1 - zero) as f32, (256 - zero) as f32));
    let code = rounded.clamp(-zero, 255 - zero);
    (code as f32 * grid.scale, u8::from(code == rounded))
}

crate::simd! {
    fn requantize_rows(
        sums: &[i32], mult: &[f32], grid: Grid, least: i32, y: &mut [f32], pass: &mut [u8],
    ) {
        let n = mult.len();
        let rows = sums.chunks_exact(n).zip(y.chunks_exact_mut(n)).zip(pass.chunks_exact_mut(n));
        for ((sums, y), pass) in rows {
            for i in 0..n {
                let (value, inside) = settle(sums[i] as f32 * mult[i], grid);
                y[i] = value;
                pass[i] = inside & u8::from(sums[i] >= least);
            }
        }
    }
}

crate::simd! {
    fn requantize_all(
        sums: &[i32], mult: f32, grid: Grid, least: i32, y: &mut [f32], pass: &mut [u8],
    ) {
        for ((&sum, y), pass) in sums.iter().zip(y).zip(pass) {
            let (value, inside) = settle(sum as f32 * mult, grid);
            *y = value;
            *pass = inside & u8::from(sum >= least);
        }
    }
}

/// The values of the codes of sums: `y = (q − zero) · scale` with `q = sat(rint(f32(sum) · mult) +
/// zero)`; `pass` is 1 where the gradient passes, which is where nothing was clipped and, with `relu`,
/// the sum is positive, and 0 elsewhere.
///
/// # Shapes
/// sums, y and pass `[…, channels]`, mult `[channels]` or `[1]`.
///
/// # Panics
/// When lengths disagree.
pub fn requantize_train(
    sums: &[i32],
    mult: &[f32],
    grid: Grid,
    relu: bool,
    y: &mut [f32],
    pass: &mut [u8],
) {
    assert!(sums.len() == y.len() && sums.len() == pass.len());
    assert!(!mult.is_empty() && sums.len().is_multiple_of(mult.len()));
    let least = if relu { 1 } else { i32::MIN };
    let piece = PIECE.div_ceil(mult.len()) * mult.len();
    par::chunks2((y, piece), (pass, piece), 4 * sums.len(), |i, y, pass| {
        let sums = &sums[i * piece..][..y.len()];
        match *mult {
            [mult] => requantize_all(sums, mult, grid, least, y, pass),
            _ => requantize_rows(sums, mult, grid, least, y, pass),
        }
    });
}

crate::simd! {
    fn round_piece(x: &[f32], grid: Grid, y: &mut [f32], pass: &mut [u8]) {
        for ((&x, y), pass) in x.iter().zip(y).zip(pass) {
            (*y, *pass) = settle(x / grid.scale, grid);
        }
    }
}

/// The values of the codes of numbers: `y = grid.value(grid.code(x))`; `pass` is 1 where nothing was
/// clipped, and 0 elsewhere.
///
/// # Panics
/// When the lengths differ.
pub fn round_train(x: &[f32], grid: Grid, y: &mut [f32], pass: &mut [u8]) {
    assert!(x.len() == y.len() && x.len() == pass.len());
    par::chunks2((y, PIECE), (pass, PIECE), 4 * x.len(), |i, y, pass| {
        round_piece(&x[i * PIECE..][..y.len()], grid, y, pass);
    });
}

crate::simd! {
    fn mask_piece(dy: &[f32], pass: &[u8], dz: &mut [f32]) {
        for ((&dy, &pass), dz) in dy.iter().zip(pass).zip(dz) {
            *dz = if pass != 0 { dy } else { 0.0 };
        }
    }
}

crate::simd! {
    fn mask_own(pass: &[u8], dz: &mut [f32]) {
        for (&pass, dz) in pass.iter().zip(dz) {
            *dz = if pass != 0 { *dz } else { 0.0 };
        }
    }
}

/// [`mask`] of a gradient where it stands.
///
/// # Panics
/// When the lengths differ.
pub fn mask_in_place(pass: &[u8], dz: &mut [f32]) {
    assert_eq!(pass.len(), dz.len());
    let work = dz.len();
    par::chunks(dz, PIECE, work, |i, dz| mask_own(&pass[i * PIECE..][..dz.len()], dz));
}

/// The gradient before rounding: `dz = dy` where `pass` is not 0, and 0 elsewhere.
///
/// # Panics
/// When the lengths differ.
pub fn mask(dy: &[f32], pass: &[u8], dz: &mut [f32]) {
    assert!(dy.len() == pass.len() && dy.len() == dz.len());
    let work = dz.len();
    par::chunks(dz, PIECE, work, |i, dz| {
        let from = i * PIECE;
        mask_piece(&dy[from..][..dz.len()], &pass[from..][..dz.len()], dz);
    });
}
