//! Matrix products `C = A · B`, alone or with what follows them: the one door to faer.
//!
//! C is row-major; A and B may have any strides, so transposed matrices cost no copy.
#![allow(unsafe_code)]

mod row;
pub(crate) mod small;

use crate::simd::vector::{Single, Vector, activate, at_level};
use crate::{Activation, par};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// A matrix to read, in memory that somebody else owns.
#[derive(Clone, Copy, Debug)]
pub struct Mat<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row: usize,
    col: usize,
}

impl<'a> Mat<'a> {
    /// `rows × cols` numbers, row after row.
    ///
    /// # Panics
    /// When `data` is shorter.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Mat<'a> {
        Mat::strided(data, (rows, cols), (cols, 1))
    }

    /// A matrix whose rows are `row` and whose columns are `col` numbers apart.
    ///
    /// # Panics
    /// When an element lies outside of `data`.
    pub fn strided(
        data: &'a [f32],
        (rows, cols): (usize, usize),
        (row, col): (usize, usize),
    ) -> Mat<'a> {
        let inside = rows == 0 || cols == 0 || (rows - 1) * row + (cols - 1) * col < data.len();
        assert!(inside, "{rows} × {cols} with strides {row}, {col} in {}", data.len());
        Mat { data, rows, cols, row, col }
    }

    /// The transposed matrix, in the same memory.
    pub fn t(self) -> Mat<'a> {
        Mat { rows: self.cols, cols: self.rows, row: self.col, col: self.row, ..self }
    }

    /// Rows and columns.
    pub(crate) fn sizes(self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// A number.
    pub(crate) fn at(self, row: usize, col: usize) -> f32 {
        self.data[row * self.row + col * self.col]
    }

    /// The numbers of a row, whose columns are neighbours.
    ///
    /// # Panics
    /// When they lie apart.
    pub(crate) fn line(self, row: usize) -> &'a [f32] {
        assert!(self.col == 1 && row < self.rows);
        &self.data[row * self.row..][..self.cols]
    }

    /// The rows from one on.
    ///
    /// # Panics
    /// When there are fewer.
    pub(crate) fn slice(self, from: usize, count: usize) -> Mat<'a> {
        assert!(from + count <= self.rows);
        self.rows(from, count)
    }

    fn rows(self, from: usize, count: usize) -> Mat<'a> {
        let data = if count == 0 { &[] } else { &self.data[from * self.row..] };
        Mat { data, rows: count, ..self }
    }

    fn faer(self) -> MatRef<'a, f32> {
        // SAFETY: `strided` has shown that every element lies inside the slice that 'a borrows.
        unsafe {
            MatRef::from_raw_parts(
                self.data.as_ptr(),
                self.rows,
                self.cols,
                self.row as isize,
                self.col as isize,
            )
        }
    }
}

/// What happens to a product before it is used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    /// Added to each row.
    pub bias: Option<&'a [f32]>,
    /// Applied to each number, after the bias.
    pub activation: Option<Activation>,
}

impl Epilogue<'_> {
    /// The product as it is.
    pub const NONE: Epilogue<'static> = Epilogue { bias: None, activation: None };

    /// Applies bias and activation to rows of `n` numbers that begin `stride` apart.
    ///
    /// # Panics
    /// When the bias has not `n` numbers.
    pub fn apply(&self, c: &mut [f32], n: usize, stride: usize) {
        if n == 0 || c.is_empty() || (self.bias.is_none() && self.activation.is_none()) {
            return;
        }
        assert!(n <= stride && self.bias.is_none_or(|bias| bias.len() == n));
        let rows = c.len().div_ceil(stride);
        assert!((rows - 1) * stride + n <= c.len());
        // SAFETY: the bias has n numbers and the last row ends inside of c, as asserted.
        unsafe { finish(*self, c.as_mut_ptr(), rows, n, stride) }
    }
}

at_level! {
    /// Applies the epilogue to rows of `n` numbers.
    ///
    /// # Safety
    /// The bias has `n` numbers, and c `rows` rows that begin `stride` apart.
    unsafe fn finish(ends: Epilogue<'_>, c: *mut f32, rows: usize, n: usize, stride: usize) = finish_in;
}

/// # Safety
/// As for [`finish`], and the CPU has the instructions of `V`.
#[inline(always)]
unsafe fn finish_in<V: Vector>(
    ends: Epilogue<'_>,
    c: *mut f32,
    rows: usize,
    n: usize,
    stride: usize,
) {
    let whole = n / V::LANES * V::LANES;
    for row in 0..rows {
        // SAFETY: the caller's.
        unsafe {
            let c = c.add(row * stride);
            for at in (0..whole).step_by(V::LANES) {
                let sum = match ends.bias {
                    Some(bias) => V::load(c.add(at)).add(V::load(bias.as_ptr().add(at))),
                    None => V::load(c.add(at)),
                };
                activate(ends.activation, sum).store(c.add(at));
            }
            for at in whole..n {
                let sum = Single::load(c.add(at));
                let sum = sum.add(Single::splat(ends.bias.map_or(0.0, |bias| bias[at])));
                activate(ends.activation, sum).store(c.add(at));
            }
        }
    }
}

crate::simd! {
    /// Adds `x` to `y`, number by number.
    pub(crate) fn add(y: &mut [f32], x: &[f32]) {
        assert_eq!(y.len(), x.len());
        for (y, &x) in y.iter_mut().zip(x) {
            *y += x;
        }
    }
}

/// `C = A · B` (or `C += A · B`) on one thread, then the epilogue. Rows of C begin `stride` apart.
///
/// # Shapes
/// A `[m, k]`, B `[k, n]`, C `[m, n]`.
///
/// # Panics
/// When shapes disagree or C is too short.
pub fn gemm(
    c: &mut [f32],
    stride: usize,
    a: Mat<'_>,
    b: Mat<'_>,
    accumulate: bool,
    epilogue: Epilogue<'_>,
) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert_eq!(k, b.rows, "inner sizes");
    if m == 0 || n == 0 {
        return;
    }
    assert!(n <= stride && (m - 1) * stride + n <= c.len(), "{m} × {n} in {}", c.len());
    if m == 1 {
        row::product(&mut c[..n], a, b, accumulate);
        return epilogue.apply(&mut c[..n], n, n);
    }
    let beta = if accumulate { Accum::Add } else { Accum::Replace };
    // SAFETY: the assertion above: the last element lies inside C, which is borrowed alone.
    let out = unsafe { MatMut::from_raw_parts_mut(c.as_mut_ptr(), m, n, stride as isize, 1) };
    matmul(out, beta, a.faer(), b.faer(), 1.0, Par::Seq);
    epilogue.apply(c, n, stride);
}

/// Rows of C that one thread makes at a time in [`par_gemm`]: a quarter of them, but no fewer than 64,
/// because B is packed again for each block, and no more than 256, with which the cache is full.
fn block(rows: usize) -> usize {
    rows.div_ceil(4).next_multiple_of(64).min(256)
}

/// [`gemm`] with rows of C shared among threads, in blocks that do not depend on their number.
/// C has no gaps.
///
/// # Panics
/// As [`gemm`].
pub fn par_gemm(c: &mut [f32], a: Mat<'_>, b: Mat<'_>, accumulate: bool, epilogue: Epilogue<'_>) {
    let n = b.cols;
    assert_eq!(c.len(), a.rows * n, "{} × {n}", a.rows);
    let work = a.rows * a.cols * n;
    if work < par::SMALL || a.rows == 1 {
        return gemm(c, n, a, b, accumulate, epilogue);
    }
    let block = block(a.rows);
    par::chunks(c, block * n, work, |i, c| {
        gemm(c, n, a.rows(i * block, c.len() / n), b, accumulate, epilogue);
    });
}

/// Sums of columns: `sums[j] = Σ x[i, j]`, the gradient of a bias. Rows are summed in blocks that do
/// not depend on the number of threads; `scratch` has [`column_sums_scratch`] floats.
///
/// # Shapes
/// x `[rows, n]`, sums `[n]`.
///
/// # Panics
/// When lengths disagree or scratch is short.
pub fn column_sums(x: &[f32], sums: &mut [f32], scratch: &mut [f32]) {
    let n = sums.len();
    if n == 0 {
        return;
    }
    assert_eq!(x.len() % n, 0);
    let pieces = pieces(x.len(), n);
    let rows = (x.len() / n).div_ceil(pieces);
    let partial = &mut scratch[..pieces * n];
    par::chunks(partial, n, x.len(), |i, sums| {
        let from = (i * rows * n).min(x.len());
        let to = ((i + 1) * rows * n).min(x.len());
        // SAFETY: x has as many whole rows of n numbers, and so has each piece of the sums.
        unsafe { sum_rows(x[from..to].as_ptr(), (to - from) / n, sums.as_mut_ptr(), n) }
    });
    sums.copy_from_slice(&partial[..n]);
    partial.chunks_exact(n).skip(1).for_each(|partial| add(sums, partial));
}

at_level! {
    /// Writes the sums of the columns of `rows` rows of `n` numbers.
    ///
    /// # Safety
    /// x and sums have so many numbers.
    unsafe fn sum_rows(x: *const f32, rows: usize, sums: *mut f32, n: usize) = sum_rows_in;
}

/// # Safety
/// As for [`sum_rows`], and the CPU has the instructions of `V`.
#[inline(always)]
unsafe fn sum_rows_in<V: Vector>(x: *const f32, rows: usize, sums: *mut f32, n: usize) {
    let mut at = 0;
    while at < n {
        // SAFETY: the caller's; columns stay below `n`.
        unsafe {
            let (x, sums) = (x.add(at), sums.add(at));
            at += if at + 4 * V::LANES <= n {
                sum_columns::<V, 4>(x, rows, sums, n)
            } else if at + V::LANES <= n {
                sum_columns::<V, 1>(x, rows, sums, n)
            } else {
                sum_columns::<Single, 1>(x, rows, sums, n)
            };
        }
    }
}

/// Sums `N` vectors of columns; returns how many columns those are.
///
/// # Safety
/// As for [`sum_rows_in`].
#[inline(always)]
unsafe fn sum_columns<V: Vector, const N: usize>(
    x: *const f32,
    rows: usize,
    sums: *mut f32,
    n: usize,
) -> usize {
    // SAFETY: the caller's.
    unsafe {
        let mut totals = [V::splat(0.0); N];
        for row in 0..rows {
            for (j, total) in totals.iter_mut().enumerate() {
                *total = total.add(V::load(x.add(row * n + j * V::LANES)));
            }
        }
        for (j, total) in totals.into_iter().enumerate() {
            total.store(sums.add(j * V::LANES));
        }
    }
    N * V::LANES
}

/// Floats of scratch for [`column_sums`] of `len` numbers in rows of `n`.
pub fn column_sums_scratch(len: usize, n: usize) -> usize {
    pieces(len, n.max(1)) * n
}

/// In how many pieces [`column_sums`] cuts the rows.
fn pieces(len: usize, n: usize) -> usize {
    (len / (1 << 14)).min(len / n).clamp(1, 16)
}

#[cfg(test)]
pub(crate) mod speed;
#[cfg(test)]
mod tests;
