//! Sums, products and changes of grid of codes, as ONNX Runtime computes them on CPUs with fused
//! multiply-add; here on all CPUs.

use super::Grid;
use super::grid::{clip, rint};
use crate::par;

/// Codes that one thread takes at a time, about.
const PIECE: usize = 1 << 15;

/// The factors of a sum: `sat(rint(fma(a, ra, fma(b, rb, shift))))`.
#[derive(Clone, Copy)]
struct Sum {
    ra: f32,
    rb: f32,
    shift: f32,
}

impl Sum {
    fn new(ga: Grid, gb: Grid, gy: Grid) -> Sum {
        let (ra, rb) = (ga.scale / gy.scale, gb.scale / gy.scale);
        let shift = fma::<false>(ra, f32::from(ga.zero), rb * f32::from(gb.zero));
        Sum { ra, rb, shift: f32::from(gy.zero) - shift }
    }

    #[inline(always)]
    fn at<const FMA: bool>(self, a: u8, b: u8) -> u8 {
        let inner = fma::<FMA>(f32::from(b), self.rb, self.shift);
        rint(clip(fma::<FMA>(f32::from(a), self.ra, inner), 0.0, 255.0)) as u8
    }
}

/// The factors of a product: `sat(rint(f32(f32((a − za) · (b − zb) · r) + zy)))`.
#[derive(Clone, Copy)]
struct Factor {
    za: i32,
    zb: i32,
    ratio: f32,
    zero: f32,
}

impl Factor {
    fn new(ga: Grid, gb: Grid, gy: Grid) -> Factor {
        Factor {
            za: i32::from(ga.zero),
            zb: i32::from(gb.zero),
            ratio: ga.scale * gb.scale / gy.scale,
            zero: f32::from(gy.zero),
        }
    }

    #[inline(always)]
    fn at<const FMA: bool>(self, a: u8, b: u8) -> u8 {
        let product = (i32::from(a) - self.za) * (i32::from(b) - self.zb);
        rint(clip(product as f32 * self.ratio + self.zero, 0.0, 255.0)) as u8
    }
}

/// `a · b + c` rounded once, with or without the instruction.
#[inline(always)]
pub(super) fn fma<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA {
        return a.mul_add(b, c);
    }
    // The product is exact in f64. The sum is rounded there to odd: when it is not exact, towards
    // the neighbour whose last bit is set; then the second rounding cannot meet a false tie.
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    let part = sum - product;
    let error = (product - (sum - part)) + (c - part);
    let bits = sum.to_bits();
    let even = bits & 1 == 0;
    // Towards zero when the error points there, else away from it.
    let inward = (error < 0.0) == (sum > 0.0);
    let odd = if inward { bits.wrapping_sub(1) } else { bits.wrapping_add(1) };
    f64::from_bits(if error.abs() > 0.0 && even { odd } else { bits }) as f32
}

macro_rules! loops {
    ($pairs:ident, $row:ident, $kind:ty) => {
        crate::simd! {
            fn $pairs(f: $kind, a: &[u8], b: &[u8], y: &mut [u8]) {
                for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                    *y = f.at::<FMA>(a, b);
                }
            }
        }
        crate::simd! {
            /// For one sample: b is one pixel.
            fn $row(f: $kind, a: &[u8], b: &[u8], y: &mut [u8]) {
                for (y, a) in y.chunks_exact_mut(b.len()).zip(a.chunks_exact(b.len())) {
                    for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                        *y = f.at::<FMA>(a, b);
                    }
                }
            }
        }
    };
}

loops!(add_pairs, add_pixels, Sum);
loops!(mul_pairs, mul_pixels, Factor);

fn pairs(a: &[u8], b: &[u8], y: &mut [u8], f: impl Fn(&[u8], &[u8], &mut [u8]) + Sync + Send) {
    assert!(a.len() == y.len() && b.len() == y.len());
    let work = 4 * y.len();
    par::chunks(y, PIECE, work, |i, y| {
        let from = i * PIECE;
        f(&a[from..][..y.len()], &b[from..][..y.len()], y);
    });
}

fn pixels(
    [batch, pixels, channels]: [usize; 3],
    a: &[u8],
    b: &[u8],
    y: &mut [u8],
    f: impl Fn(&[u8], &[u8], &mut [u8]) + Sync + Send,
) {
    assert_eq!(a.len(), batch * pixels * channels);
    assert!(b.len() == batch * channels && a.len() == y.len());
    if y.is_empty() {
        return;
    }
    let (sample, work) = (pixels * channels, 4 * y.len());
    par::chunks(y, sample, work, |i, y| {
        f(&a[i * sample..][..sample], &b[i * channels..][..channels], y);
    });
}

/// The codes of sums: with `ra = f32(sa / sy)`, `rb = f32(sb / sy)` and `shift = f32(zy − fma(ra, za,
/// f32(rb · zb)))`, `y = sat(rint(fma(a, ra, fma(b, rb, shift))))`.
///
/// # Panics
/// When the lengths differ.
pub fn add(a: &[u8], ga: Grid, b: &[u8], gb: Grid, gy: Grid, y: &mut [u8]) {
    let sum = Sum::new(ga, gb, gy);
    pairs(a, b, y, |a, b, y| add_pairs(sum, a, b, y));
}

/// The codes of products: with `r = f32(f32(sa · sb) / sy)`, `y = sat(rint(f32(f32((a − za) · (b − zb)
/// · r) + zy)))`.
///
/// # Panics
/// When the lengths differ.
pub fn mul(a: &[u8], ga: Grid, b: &[u8], gb: Grid, gy: Grid, y: &mut [u8]) {
    let factor = Factor::new(ga, gb, gy);
    pairs(a, b, y, |a, b, y| mul_pairs(factor, a, b, y));
}

/// [`add`] of the same numbers to every pixel of a sample; `sizes` are batch, pixels and channels.
///
/// # Shapes
/// a and y `[batch, pixels, channels]`, b `[batch, channels]`.
///
/// # Panics
/// When lengths disagree.
pub fn broadcast_add(
    sizes: [usize; 3],
    a: &[u8],
    ga: Grid,
    b: &[u8],
    gb: Grid,
    gy: Grid,
    y: &mut [u8],
) {
    let sum = Sum::new(ga, gb, gy);
    pixels(sizes, a, b, y, |a, b, y| add_pixels(sum, a, b, y));
}

/// [`mul`] of every pixel of a sample with the same numbers; `sizes` are batch, pixels and channels.
///
/// # Shapes
/// a and y `[batch, pixels, channels]`, b `[batch, channels]`.
///
/// # Panics
/// When lengths disagree.
pub fn broadcast_mul(
    sizes: [usize; 3],
    a: &[u8],
    ga: Grid,
    b: &[u8],
    gb: Grid,
    gy: Grid,
    y: &mut [u8],
) {
    let factor = Factor::new(ga, gb, gy);
    pixels(sizes, a, b, y, |a, b, y| mul_pixels(factor, a, b, y));
}

/// Codes of the same numbers on another grid: `sat(rint(f32((q − zx) · sx) / sy) + zy)`. A copy when
/// both grids are the same.
///
/// # Panics
/// When the lengths differ.
pub fn recode(x: &[u8], gx: Grid, gy: Grid, y: &mut [u8]) {
    if gx == gy {
        return y.copy_from_slice(x);
    }
    let mut codes = [0; 256];
    for q in 0..=255 {
        codes[usize::from(q)] = gy.code(gx.value(q));
    }
    table(x, &codes, y);
}

/// `y = t[x]`.
///
/// # Panics
/// When the lengths differ.
pub fn table(x: &[u8], t: &[u8; 256], y: &mut [u8]) {
    assert_eq!(x.len(), y.len());
    let work = 2 * y.len();
    par::chunks(y, PIECE, work, |i, y| {
        for (y, &x) in y.iter_mut().zip(&x[i * PIECE..]) {
            *y = t[usize::from(x)];
        }
    });
}
