//! Distances and angles among the samples of a batch, compared with those of others.
//!
//! Angles come from distances by the law of cosines, so that a whole comparison, with its gradient, is
//! one of two matrices of squared distances, whatever the length of the vectors.

use dlm_kernels::elementwise::vectorised;
use dlm_kernels::par;

/// The weights of the two parts of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Relations {
    /// Of the differences of distances.
    pub(crate) distance: f64,
    /// Of the differences of angles.
    pub(crate) angle: f64,
}

/// Squared distance below which two samples are one.
const SAME: f64 = 1e-12;

/// Numbers of a row that are worked on together.
const LANES: usize = 8;

/// Float64 numbers to work with for batches of this size.
pub(crate) fn scratch(batch: usize) -> usize {
    batch * (5 * stride(batch) + 1)
}

/// `Σ_t w_t · (distance / B² · Σ_ij h(d_ij − d′_ij) + angle / B³ · Σ_ijk h(a_ijk − a′_ijk))`: d are the
/// distances of a student's vectors by their mean, a the cosines of their angles, d′ and a′ those of
/// teacher t with weight w, h is Huber's function with δ = 1. `grad` becomes the gradient with respect to
/// the student's vectors.
///
/// # Shapes
/// Vectors `[B, N]` with a N for each, `grad` as the student's.
///
/// # Panics
/// When the lengths do not fit.
///
/// # References
/// Park et al. 2019, arXiv 1904.05068.
pub(crate) fn compare(
    how: Relations,
    batch: usize,
    student: &[f32],
    teachers: &[(f32, &[f32])],
    grad: &mut [f32],
    scratch: &mut [f64],
) -> f64 {
    let size = batch * stride(batch);
    let (own, rest) = scratch.split_at_mut(2 * size);
    let (theirs, rest) = rest.split_at_mut(2 * size);
    let (slopes, rest) = rest.split_at_mut(size);
    let rows = &mut rest[..batch];
    let mut own = Distances::new(student, batch, own.split_at_mut(size));
    slopes.fill(0.0);
    let mut value = 0.0;
    for (weight, teacher) in teachers {
        let theirs = Distances::new(teacher, batch, theirs.split_at_mut(size));
        let weight = f64::from(*weight);
        let part = Relations { distance: weight * how.distance, angle: weight * how.angle };
        value += distances(part.distance, &own, &theirs, slopes);
        value += angles(part.angle, &own, &theirs, slopes, rows);
    }
    mirror(slopes, batch);
    own.slopes = slopes;
    own.spread(student, grad);
    value
}

/// The distance between two rows: a whole number of lanes, those behind the batch 0.
fn stride(batch: usize) -> usize {
    batch.next_multiple_of(LANES)
}

/// The distances of a batch among each other: matrices whose rows begin `stride` apart, 0 for pairs
/// that are one.
struct Distances<'a> {
    batch: usize,
    /// Squared distances.
    squares: &'a [f64],
    /// 1 / distance.
    inverses: &'a [f64],
    /// The gradient of a loss with respect to each squared distance.
    slopes: &'a [f64],
}

impl<'a> Distances<'a> {
    fn new(x: &[f32], batch: usize, (squares, inverses): (&'a mut [f64], &'a mut [f64])) -> Self {
        let (n, stride) = (x.len() / batch, stride(batch));
        let work = 2 * batch * x.len();
        par::chunks2((squares, stride), (inverses, stride), work, |i, squares, inverses| {
            squares.fill(0.0);
            inverses.fill(0.0);
            for j in i + 1..batch {
                let d = distance(&x[i * n..][..n], &x[j * n..][..n]);
                // A distance that is not a number stays one that is not.
                if d >= SAME || d.is_nan() {
                    (squares[j], inverses[j]) = (d, 1.0 / d.sqrt());
                }
            }
        });
        mirror(squares, batch);
        mirror(inverses, batch);
        Distances { batch, squares, inverses, slopes: &[] }
    }

    /// The pairs i < j with their distances, 0 for those that are one.
    fn pairs(&self) -> impl Iterator<Item = (usize, f64)> {
        let stride = stride(self.batch);
        let places =
            (0..self.batch).flat_map(move |i| (i * stride + i + 1)..(i * stride + self.batch));
        places.map(|at| (at, self.squares[at] * self.inverses[at]))
    }

    /// 1 / the mean distance of the pairs that are not one, and how many they are.
    fn norm(&self) -> (f64, f64) {
        let (mut sum, mut count) = (0.0, 0.0);
        for (_, d) in self.pairs().filter(|&(_, d)| d != 0.0) {
            sum += d;
            count += 1.0;
        }
        if count == 0.0 { (0.0, 1.0) } else { (count / sum, count) }
    }

    /// `dx_i = Σ_j 2 · slope_ij · (x_i − x_j)`.
    fn spread(&self, x: &[f32], dx: &mut [f32]) {
        let (batch, n) = (self.batch, x.len() / self.batch);
        par::chunks(dx, n, 2 * batch * x.len(), |i, dx| {
            dx.fill(0.0);
            let xi = &x[i * n..][..n];
            for (xj, slope) in x.chunks_exact(n).zip(&self.slopes[i * stride(batch)..]) {
                let slope = (2.0 * slope) as f32;
                vectorised(
                    #[inline(always)]
                    || {
                        dx.iter_mut()
                            .zip(xi.iter().zip(xj))
                            .for_each(|(dx, (a, b))| *dx += slope * (a - b))
                    },
                );
            }
        });
    }
}

/// The part of the distances; adds its gradient to the slopes of pairs i < j.
fn distances(weight: f64, own: &Distances<'_>, theirs: &Distances<'_>, slopes: &mut [f64]) -> f64 {
    let ((by, count), (by_theirs, _)) = (own.norm(), theirs.norm());
    let scale = 2.0 * weight / (own.batch * own.batch) as f64;
    let (mut sum, mut along) = (0.0, 0.0);
    for ((_, d), (_, t)) in own.pairs().zip(theirs.pairs()) {
        let off = d * by - t * by_theirs;
        sum += huber(off);
        along += off.clamp(-1.0, 1.0) * d;
    }
    // The mean takes its share of the gradient: every distance is part of it.
    let shared = along * by * by / count;
    for ((at, d), (_, t)) in own.pairs().zip(theirs.pairs()) {
        let slope = (d * by - t * by_theirs).clamp(-1.0, 1.0) * by - shared;
        slopes[at] += scale * slope * 0.5 * own.inverses[at];
    }
    scale * sum
}

/// The part of the angles; adds its gradient to the slopes of pairs i < j.
fn angles(
    weight: f64,
    own: &Distances<'_>,
    theirs: &Distances<'_>,
    slopes: &mut [f64],
    rows: &mut [f64],
) -> f64 {
    let (batch, stride) = (own.batch, stride(own.batch));
    let scale = 2.0 * weight / (batch * batch * batch) as f64;
    let work = 32 * batch * batch * batch;
    par::chunks2((slopes, stride), (rows, 1), work, |i, slopes, sum| {
        sum[0] = 0.0;
        for (j, slope) in slopes.iter_mut().enumerate().take(batch).skip(i + 1) {
            let (value, grad) = vectorised(
                #[inline(always)]
                || side(own, theirs, i, j),
            );
            sum[0] += scale * value;
            *slope += scale * grad;
        }
    });
    rows.iter().sum()
}

/// Over all triangles with the side from i to j: the sum of `h` for the angles opposite of it, and the
/// gradient of all their angles with respect to the square of that side.
#[inline(always)]
fn side(own: &Distances<'_>, theirs: &Distances<'_>, i: usize, j: usize) -> (f64, f64) {
    let stride = stride(own.batch);
    let (own, theirs) = (Sides::of(own, stride, i, j), Sides::of(theirs, stride, i, j));
    let (mut sums, mut slopes) = ([0.0; LANES], [0.0; LANES]);
    for at in (0..stride).step_by(LANES) {
        let (own, theirs) = (own.block(at), theirs.block(at));
        for lane in 0..LANES {
            let ([opposite, at_j, at_i], a) = own.cosines(lane);
            let (others, _) = theirs.cosines(lane);
            let off = opposite - others[0];
            sums[lane] += huber(off);
            // The cosines' gradients with respect to the square of the side.
            let (b, c) = (own.inverses[0][lane], own.inverses[1][lane]);
            let slope = off.clamp(-1.0, 1.0) * -(b * c)
                + (at_j - others[1]).clamp(-1.0, 1.0) * a * (b - at_j * a)
                + (at_i - others[2]).clamp(-1.0, 1.0) * a * (c - at_i * a);
            slopes[lane] += 0.5 * slope;
        }
    }
    (sums.iter().sum(), slopes.iter().sum())
}

/// The sides of the triangles over the side from i to j: that side, those from j, those from i.
struct Sides<'a> {
    square: f64,
    inverse: f64,
    squares: [&'a [f64]; 2],
    inverses: [&'a [f64]; 2],
}

impl<'a> Sides<'a> {
    #[inline(always)]
    fn of(all: &Distances<'a>, stride: usize, i: usize, j: usize) -> Sides<'a> {
        let at = i * stride + j;
        Sides {
            square: all.squares[at],
            inverse: all.inverses[at],
            squares: [j, i].map(|row| &all.squares[row * stride..][..stride]),
            inverses: [j, i].map(|row| &all.inverses[row * stride..][..stride]),
        }
    }

    /// The sides of the triangles from `at` on.
    #[inline(always)]
    fn block(&self, at: usize) -> Sides<'a> {
        Sides {
            squares: self.squares.map(|row| &row[at..at + LANES]),
            inverses: self.inverses.map(|row| &row[at..at + LANES]),
            ..*self
        }
    }

    /// The cosines at k, j and i of the triangle with the third corner k; 1 / the side from i to j.
    #[inline(always)]
    fn cosines(&self, k: usize) -> ([f64; 3], f64) {
        let (a, ia) = (self.square, self.inverse);
        let ([b, c], [ib, ic]) = (self.squares.map(|r| r[k]), self.inverses.map(|r| r[k]));
        let half = 0.5;
        let at_k = half * (b + c - a) * ib * ic;
        ([at_k, half * (a + b - c) * ia * ib, half * (a + c - b) * ia * ic], ia)
    }
}

/// Huber's function with δ = 1.
#[inline(always)]
fn huber(x: f64) -> f64 {
    let near = x.clamp(-1.0, 1.0);
    near * (x - 0.5 * near)
}

/// `‖a − b‖²`.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0f64; LANES];
    vectorised(
        #[inline(always)]
        || {
            let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
            let square = |(sum, (&a, &b)): (&mut f64, (&f32, &f32))| {
                let d = f64::from(a) - f64::from(b);
                *sum += d * d;
            };
            for (a, b) in a.iter().zip(b) {
                sums.iter_mut().zip(a.iter().zip(b)).for_each(square);
            }
            sums.iter_mut().zip(rest_a.iter().zip(rest_b)).for_each(square);
        },
    );
    sums.iter().sum()
}

/// Copies what stands above the diagonal below it.
fn mirror(matrix: &mut [f64], batch: usize) {
    let stride = stride(batch);
    for i in 0..batch {
        for j in i + 1..batch {
            matrix[j * stride + i] = matrix[i * stride + j];
        }
    }
}
