//! Codes of floats and floats of codes.

use crate::par;

/// The numbers that 8-bit codes stand for: `(q − zero) · scale`. Codes are 0..=255.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Distance between neighbouring numbers.
    pub scale: f32,
    /// The code of 0.
    pub zero: u8,
}

impl Grid {
    /// The grid of all codes over `lo ..= hi`, widened to hold 0: `scale = (hi − lo) / 255` in f64,
    /// rounded once; `zero = sat(rint(0 − lo / scale))`. Scale 1, zero 0 if the range is 0 alone, not
    /// finite, or too small for a scale.
    pub fn of(lo: f32, hi: f32) -> Grid {
        let (lo, hi) = (lo.min(0.0), hi.max(0.0));
        let scale = ((f64::from(hi) - f64::from(lo)) / 255.0) as f32;
        if !(scale > 0.0 && scale.is_finite()) {
            return Grid { scale: 1.0, zero: 0 };
        }
        Grid { scale, zero: (0.0 - lo / scale).round_ties_even() as u8 }
    }

    /// The grid that is symmetric about code 128: `scale = max(|lo|, |hi|) / 127` in f64, rounded
    /// once. Scale 1 if both are 0 or not finite, or too small for a scale.
    pub fn symmetric(lo: f32, hi: f32) -> Grid {
        let scale = (f64::from(lo.abs().max(hi.abs())) / 127.0) as f32;
        let usable = scale > 0.0 && scale.is_finite();
        Grid { scale: if usable { scale } else { 1.0 }, zero: 128 }
    }

    /// The code of a number: `sat(rint(x / scale) + zero)`, ties to even before zero is added. NaN
    /// has code 0.
    #[inline(always)]
    pub fn code(self, x: f32) -> u8 {
        self.rounded(x / self.scale)
    }

    /// The number of a code.
    #[inline(always)]
    pub fn value(self, q: u8) -> f32 {
        (f32::from(q) - f32::from(self.zero)) * self.scale
    }

    /// The code of a number that is given in steps.
    #[inline(always)]
    pub(super) fn rounded(self, steps: f32) -> u8 {
        let zero = f32::from(self.zero);
        // Bounds are whole, so that it does not matter whether rounding comes before or after.
        (rint(clip(steps, -zero, 255.0 - zero)) + i32::from(self.zero)) as u8
    }
}

/// `x` within the bounds; NaN goes to `low`.
#[inline(always)]
pub(super) fn clip(x: f32, low: f32, high: f32) -> f32 {
    let x = if x > low { x } else { low };
    if x < high { x } else { high }
}

/// The nearest whole number of `x` within ±2²², ties to even: a sum that pushes the fraction out.
/// Unlike the library's function it needs no instruction that older CPUs lack.
#[inline(always)]
pub(super) fn rint(x: f32) -> i32 {
    const PUSH: f32 = 12_582_912.0; // 1.5 · 2²³
    (x + PUSH).to_bits() as i32 - PUSH.to_bits() as i32
}

/// Numbers that one thread takes at a time.
const PIECE: usize = 1 << 14;

crate::simd! {
    fn quantize_piece(x: &[f32], grid: Grid, y: &mut [u8]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = grid.code(x);
        }
    }
}

crate::simd! {
    fn dequantize_piece(x: &[u8], grid: Grid, y: &mut [f32]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = grid.value(x);
        }
    }
}

crate::simd! {
    fn recover_piece(x: &[f32], grid: Grid, reciprocal: f32, y: &mut [u8]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = grid.rounded(x * reciprocal);
        }
    }
}

/// `y = grid.code(x)`.
///
/// # Panics
/// When the lengths differ.
pub fn quantize(x: &[f32], grid: Grid, y: &mut [u8]) {
    assert_eq!(x.len(), y.len());
    let work = 4 * y.len();
    par::chunks(y, PIECE, work, |i, y| quantize_piece(&x[i * PIECE..][..y.len()], grid, y));
}

/// `y = grid.value(x)`.
///
/// # Panics
/// When the lengths differ.
pub fn dequantize(x: &[u8], grid: Grid, y: &mut [f32]) {
    assert_eq!(x.len(), y.len());
    let work = y.len();
    par::chunks(y, PIECE, work, |i, y| dequantize_piece(&x[i * PIECE..][..y.len()], grid, y));
}

/// The codes of numbers that lie on the grid exactly, as [`dequantize`] has made them. Faster than
/// [`quantize`], because it multiplies by the reciprocal of the scale.
///
/// # Panics
/// When the lengths differ.
pub fn recover(x: &[f32], grid: Grid, y: &mut [u8]) {
    assert_eq!(x.len(), y.len());
    let reciprocal = 1.0 / grid.scale;
    if !reciprocal.is_normal() {
        return quantize(x, grid, y);
    }
    let work = 2 * y.len();
    par::chunks(y, PIECE, work, |i, y| {
        recover_piece(&x[i * PIECE..][..y.len()], grid, reciprocal, y);
    });
}

crate::simd! {
    /// Smallest and largest number, and whether one is no number.
    fn extent_piece(x: &[f32]) -> (f32, f32, bool) {
        const LANES: usize = 32;
        let (mut lo, mut hi) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        let mut odd = [false; LANES];
        let mut pieces = x.chunks_exact(LANES);
        for x in &mut pieces {
            for lane in 0..LANES {
                lo[lane] = if x[lane] < lo[lane] { x[lane] } else { lo[lane] };
                hi[lane] = if x[lane] > hi[lane] { x[lane] } else { hi[lane] };
                odd[lane] |= x[lane].is_nan();
            }
        }
        let mut all = (f32::INFINITY, f32::NEG_INFINITY, odd.contains(&true));
        for (&lo, &hi) in lo.iter().zip(&hi) {
            all = join(all, (lo, hi, false));
        }
        for &x in pieces.remainder() {
            all = join(all, (x, x, x.is_nan()));
        }
        all
    }
}

#[inline(always)]
fn join(a: (f32, f32, bool), b: (f32, f32, bool)) -> (f32, f32, bool) {
    let lo = if b.0 < a.0 { b.0 } else { a.0 };
    (lo, if b.1 > a.1 { b.1 } else { a.1 }, a.2 | b.2)
}

/// Smallest and largest number; both NaN if any is; both 0 of none.
pub fn extent(x: &[f32]) -> (f32, f32) {
    if x.is_empty() {
        return (0.0, 0.0);
    }
    const PIECES: usize = 32;
    let nothing = (f32::INFINITY, f32::NEG_INFINITY, false);
    let mut parts = [nothing; PIECES];
    let each = x.len().div_ceil(PIECES);
    par::chunks(&mut parts, 1, x.len(), |i, part| {
        let from = (i * each).min(x.len());
        part[0] = extent_piece(&x[from..(from + each).min(x.len())]);
    });
    let (lo, hi, odd) = parts.into_iter().fold(nothing, join);
    if odd { (f32::NAN, f32::NAN) } else { (lo, hi) }
}
