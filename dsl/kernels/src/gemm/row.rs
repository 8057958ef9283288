//! Product of one row with a matrix: bound by memory, so the matrix is read once, row after row.

#![allow(unsafe_code)]

use super::Mat;
use crate::par;
use crate::simd::vector::{Single, Vector, at_level};

/// Columns of one piece for a thread.
const COLUMNS: usize = 256;

/// `c = a · B` for one row a, or `c += a · B`.
///
/// # Panics
/// When lengths disagree; callers have checked them.
pub(super) fn product(c: &mut [f32], a: Mat<'_>, b: Mat<'_>, accumulate: bool) {
    if !accumulate {
        c.fill(0.0);
    }
    assert!(a.rows == 1 && a.cols == b.rows && b.cols == c.len());
    let work = b.rows * b.cols;
    if b.col == 1 {
        par::chunks(c, COLUMNS, work, |i, c| {
            let first = i * COLUMNS;
            // SAFETY: the columns lie inside of B, whose every element `Mat` has shown to be valid,
            // and so has it for a.
            unsafe { add_rows(a, b, first, c.as_mut_ptr(), c.len()) }
        });
    } else {
        par::chunks(c, COLUMNS / 8, work, |i, c| {
            for (j, c) in c.iter_mut().enumerate() {
                let column = (i * COLUMNS / 8 + j) * b.col;
                *c += dot(a.data, a.col, &b.data[column..], b.row, a.cols);
            }
        });
    }
}

at_level! {
    /// Adds `a · B` for columns from `first` on to `count` numbers.
    ///
    /// # Safety
    /// The columns lie inside of B, whose columns are neighbours; c has `count` numbers.
    unsafe fn add_rows(a: Mat<'_>, b: Mat<'_>, first: usize, c: *mut f32, count: usize) = add_rows_in;
}

/// # Safety
/// As for [`add_rows`], and the CPU has the instructions of `V`.
#[inline(always)]
unsafe fn add_rows_in<V: Vector>(a: Mat<'_>, b: Mat<'_>, first: usize, c: *mut f32, count: usize) {
    let mut row = 0;
    while row < b.rows {
        // SAFETY: the caller's; rows stay below `b.rows`.
        unsafe {
            let (x, rows) = (a.data.as_ptr().add(row * a.col), b.data.as_ptr());
            let from = rows.add(row * b.row + first);
            if row + 8 <= b.rows {
                add_some::<V, 8>(x, a.col, from, b.row, c, count);
                row += 8;
            } else {
                add_some::<V, 1>(x, a.col, from, b.row, c, count);
                row += 1;
            }
        }
    }
}

/// # Safety
/// As for [`add_rows_in`]: `R` rows from `from` on.
#[inline(always)]
unsafe fn add_some<V: Vector, const R: usize>(
    x: *const f32,
    step: usize,
    from: *const f32,
    stride: usize,
    c: *mut f32,
    count: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut at = 0;
        let mut shares = [V::splat(0.0); R];
        for (i, share) in shares.iter_mut().enumerate() {
            *share = V::splat(*x.add(i * step));
        }
        while at + V::LANES <= count {
            let mut sum = V::load(c.add(at));
            for (i, share) in shares.iter().enumerate() {
                sum = share.madd(V::load(from.add(i * stride + at)), sum);
            }
            sum.store(c.add(at));
            at += V::LANES;
        }
        while at < count {
            let mut sum = Single::load(c.add(at));
            for i in 0..R {
                let share = Single::splat(*x.add(i * step));
                sum = share.madd(Single::load(from.add(i * stride + at)), sum);
            }
            sum.store(c.add(at));
            at += 1;
        }
    }
}

crate::simd! {
    /// `Σ a[i] · b[i]` over `n` elements that lie `a_step` and `b_step` apart.
    fn dot(a: &[f32], a_step: usize, b: &[f32], b_step: usize, n: usize) -> f32 {
        if a_step == 1 && b_step == 1 {
            let (a, b) = (&a[..n], &b[..n]);
            return crate::simd::sum8(n, |i| a[i] * b[i]);
        }
        crate::simd::sum8(n, |i| a[i * a_step] * b[i * b_step])
    }
}
