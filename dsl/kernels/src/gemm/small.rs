//! Products of small matrices that lie in the first caches: nothing is packed, results are kept in
//! registers until their sums are complete.
#![allow(unsafe_code)]
// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

use super::Mat;
use crate::simd::vector::{Single, Vector, at_level};

/// Where a product goes: rows that begin `stride` numbers apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    /// The first number.
    pub(crate) start: *mut f32,
    /// Numbers from one row to the next.
    pub(crate) stride: usize,
}

/// `C = A · B`, or `C += A · B`, on this thread; neighbours in a row of B are neighbours in memory.
///
/// # Panics
/// When the inner sizes differ, or the columns of B lie apart.
///
/// # Safety
/// C has as many rows as A, of as many numbers as B has columns, and nobody else uses them.
pub(crate) unsafe fn product(c: Rows, a: Mat<'_>, b: Mat<'_>, accumulate: bool) {
    assert!(a.cols == b.rows && (b.col == 1 || b.cols <= 1));
    if a.rows > 0 && b.cols > 0 {
        // SAFETY: the caller's for C; `Mat` has shown that all elements of A and B are valid.
        unsafe { multiply(c, a, b, accumulate) }
    }
}

at_level! {
    /// The product of checked sizes.
    ///
    /// # Safety
    /// As for [`product`], which has checked.
    unsafe fn multiply(c: Rows, a: Mat<'_>, b: Mat<'_>, accumulate: bool) = multiply_in;
}

/// # Safety
/// As for [`product`], and the CPU has the instructions of `V`.
#[inline(always)]
unsafe fn multiply_in<V: Vector>(c: Rows, a: Mat<'_>, b: Mat<'_>, accumulate: bool) {
    let mut col = 0;
    while col < b.cols {
        let left = b.cols - col;
        // SAFETY: the caller's; columns stay below `b.cols`.
        unsafe {
            let c = Rows { start: c.start.add(col), ..c };
            let from = b.data.as_ptr().add(col);
            col += if left >= 2 * V::LANES {
                columns::<V, 2>(c, a, from, b.row, accumulate)
            } else if left >= V::LANES {
                columns::<V, 1>(c, a, from, b.row, accumulate)
            } else {
                columns::<Single, 1>(c, a, from, b.row, accumulate)
            };
        }
    }
}

/// `N` vectors of columns; returns how many columns those are.
///
/// # Safety
/// As for [`multiply_in`]: so many columns from `b` on, whose rows begin `step` apart.
#[inline(always)]
unsafe fn columns<V: Vector, const N: usize>(
    c: Rows,
    a: Mat<'_>,
    b: *const f32,
    step: usize,
    accumulate: bool,
) -> usize {
    let mut row = 0;
    while row < a.rows {
        // SAFETY: the caller's; rows stay below `a.rows`.
        unsafe {
            let c = Rows { start: c.start.add(row * c.stride), ..c };
            let from = a.data.as_ptr().add(row * a.row);
            row += match a.rows - row {
                6.. => block::<V, 6, N>(c, a, from, b, step, accumulate),
                4.. => block::<V, 4, N>(c, a, from, b, step, accumulate),
                2.. => block::<V, 2, N>(c, a, from, b, step, accumulate),
                _ => block::<V, 1, N>(c, a, from, b, step, accumulate),
            };
        }
    }
    N * V::LANES
}

/// `R` rows by `N` vectors; returns how many rows those are.
///
/// # Safety
/// As for [`columns`]: so many rows of A from `from` on.
#[inline(always)]
unsafe fn block<V: Vector, const R: usize, const N: usize>(
    c: Rows,
    a: Mat<'_>,
    from: *const f32,
    b: *const f32,
    step: usize,
    accumulate: bool,
) -> usize {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[V::splat(0.0); N]; R];
        for k in 0..a.cols {
            let mut vectors = [V::splat(0.0); N];
            for j in 0..N {
                vectors[j] = V::load(b.add(k * step + j * V::LANES));
            }
            for i in 0..R {
                let x = V::splat(*from.add(i * a.row + k * a.col));
                for j in 0..N {
                    sums[i][j] = x.madd(vectors[j], sums[i][j]);
                }
            }
        }
        for i in 0..R {
            for j in 0..N {
                let to = c.start.add(i * c.stride + j * V::LANES);
                let sum = if accumulate { V::load(to).add(sums[i][j]) } else { sums[i][j] };
                sum.store(to);
            }
        }
    }
    R
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::tests::at_each_level;

    #[test]
    fn every_size_agrees_with_sums() {
        at_each_level(|| {
            for (m, k, n) in
                [(1, 1, 1), (7, 5, 3), (6, 32, 64), (13, 9, 35), (64, 32, 50), (2, 0, 4)]
            {
                let number = |i: usize| ((i * 37 % 19) as f32 - 9.0) / 8.0;
                let a: Vec<f32> = (0..m * k).map(number).collect();
                let b: Vec<f32> = (0..k * (n + 2)).map(|i| number(i + 5)).collect();
                let stride = n + 3;
                for (transposed, accumulate) in [(false, false), (true, true)] {
                    let mut c: Vec<f32> = (0..m * stride).map(number).collect();
                    let before = c.clone();
                    let left = match transposed {
                        true => Mat::new(&a, k, m).t(),
                        false => Mat::new(&a, m, k),
                    };
                    let right = Mat::strided(&b, (k, n), (n + 2, 1));
                    let to = Rows { start: c.as_mut_ptr(), stride };
                    // SAFETY: c has m rows of at least n numbers.
                    unsafe { product(to, left, right, accumulate) };
                    for (at, (&c, &before)) in c.iter().zip(&before).enumerate() {
                        let (i, j) = (at / stride, at % stride);
                        let x = |p: usize| if transposed { a[p * m + i] } else { a[i * k + p] };
                        let sum = || (0..k).map(|p| x(p) * b[p * (n + 2) + j]).sum::<f32>();
                        let expected = match (j < n, accumulate) {
                            (false, _) => before,
                            (true, false) => sum(),
                            (true, true) => before + sum(),
                        };
                        assert!((c - expected).abs() < 1e-4, "{m} {k} {n}: {c} {expected}");
                    }
                }
            }
        });
    }
}
