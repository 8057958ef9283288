//! Softmax, and the losses that are one with it.

pub mod divergence;

use crate::elementwise::vectorised;
use crate::math::exp;
use crate::par;

/// Columns that are walked together where the axis is not the innermost.
const TILE: usize = 16;

/// `y = e^(x − max) / Σ e^(x − max)` along an axis of `n` numbers that lie `inner` apart; in memory
/// the tensor is `[outer, n, inner]`.
///
/// # Panics
/// When the lengths differ or are not a multiple of `n · inner`.
pub fn softmax(x: Option<&[f32]>, y: &mut [f32], n: usize, inner: usize) {
    if let Some(x) = x {
        y.copy_from_slice(x);
    }
    assert!(y.len().is_multiple_of(n * inner));
    let work = y.len() * 16;
    if inner == 1 {
        let rows = (1024 / n).max(1);
        par::chunks(y, rows * n, work, |_, y| {
            vectorised(
                #[inline(always)]
                || {
                    y.chunks_exact_mut(n).for_each(
                        #[inline(always)]
                        |row| _ = normalise(row),
                    )
                },
            );
        });
        return;
    }
    par::chunks(y, n * inner, work, |_, y| {
        vectorised(
            #[inline(always)]
            || {
                let whole = inner / TILE * TILE;
                (0..whole).step_by(TILE).for_each(
                    #[inline(always)]
                    |at| columns::<TILE>(y, inner, at),
                );
                (whole..inner).for_each(
                    #[inline(always)]
                    |at| columns::<1>(y, inner, at),
                );
            },
        );
    });
}

/// Softmax of `W` neighbouring columns from `at` on.
#[inline(always)]
fn columns<const W: usize>(y: &mut [f32], inner: usize, at: usize) {
    let mut top = [f32::NEG_INFINITY; W];
    for row in y.chunks_exact(inner) {
        let row = &row[at..at + W];
        (0..W).for_each(|i| top[i] = if row[i] > top[i] { row[i] } else { top[i] });
    }
    let mut sum = [0.0f32; W];
    for row in y.chunks_exact_mut(inner) {
        let row = &mut row[at..at + W];
        for i in 0..W {
            row[i] = exp(row[i] - top[i]);
            sum[i] += row[i];
        }
    }
    for row in y.chunks_exact_mut(inner) {
        let row = &mut row[at..at + W];
        (0..W).for_each(|i| row[i] /= sum[i]);
    }
}

/// Gradient of [`softmax`] from its result: `dx = y · (dy − Σ dy · y)`; `dx` holds `dy` at first.
///
/// # Panics
/// As [`softmax`].
pub fn softmax_grad(y: &[f32], dx: &mut [f32], n: usize, inner: usize) {
    assert!(y.len() == dx.len() && y.len().is_multiple_of(n * inner));
    let size = n * inner;
    let work = y.len() * 4;
    par::chunks(dx, size, work, |i, dx| {
        let y = &y[i * size..][..size];
        vectorised(
            #[inline(always)]
            || {
                let whole = inner / TILE * TILE;
                (0..whole).step_by(TILE).for_each(
                    #[inline(always)]
                    |at| columns_grad::<TILE>(y, dx, inner, at),
                );
                (whole..inner).for_each(
                    #[inline(always)]
                    |at| columns_grad::<1>(y, dx, inner, at),
                );
            },
        );
    });
}

/// The gradient of `W` neighbouring columns from `at` on.
#[inline(always)]
fn columns_grad<const W: usize>(y: &[f32], dx: &mut [f32], inner: usize, at: usize) {
    let mut dot = [0.0f32; W];
    for (dx, y) in dx.chunks_exact(inner).zip(y.chunks_exact(inner)) {
        let (dx, y) = (&dx[at..at + W], &y[at..at + W]);
        (0..W).for_each(|i| dot[i] += dx[i] * y[i]);
    }
    for (dx, y) in dx.chunks_exact_mut(inner).zip(y.chunks_exact(inner)) {
        let (dx, y) = (&mut dx[at..at + W], &y[at..at + W]);
        (0..W).for_each(|i| dx[i] = y[i] * (dx[i] - dot[i]));
    }
}

/// Turns a row of logits into shares of 1; returns `ln Σ eˣ`.
#[inline(always)]
fn normalise(row: &mut [f32]) -> f32 {
    let top = row.iter().fold(f32::NEG_INFINITY, |m, &v| if v > m { v } else { m });
    for v in row.iter_mut() {
        *v = exp(*v - top);
    }
    let shares: &[f32] = row;
    let sum = crate::simd::sum8(shares.len(), |i| shares[i]);
    let scale = 1.0 / sum;
    for v in row.iter_mut() {
        *v *= scale;
    }
    top + sum.ln()
}

/// What each sample should be: a class, or shares of the classes.
#[derive(Clone, Copy, Debug)]
pub enum Answers<'a> {
    /// A class number a sample.
    Classes(&'a [i32]),
    /// So many shares a sample as there are classes.
    Shares(&'a [f32]),
}

impl Answers<'_> {
    /// The share that class `c` of sample `n` should have.
    #[inline(always)]
    fn share(&self, n: usize, c: usize, classes: usize, smoothing: f32) -> f32 {
        let share = match self {
            Answers::Classes(class) => f32::from(class[n] == c as i32),
            Answers::Shares(shares) => shares[n * classes + c],
        };
        (1.0 - smoothing) * share + smoothing / classes as f32
    }
}

/// Mean over the samples of `−Σ_c q_c · ln p_c`, with `p` the softmax of the logits (written to
/// `probs`) and `q = (1 − smoothing) · answer + smoothing / classes`.
///
/// # Panics
/// When the lengths do not fit.
pub fn cross_entropy(
    logits: &[f32],
    answers: Answers<'_>,
    classes: usize,
    smoothing: f32,
    probs: &mut [f32],
) -> f32 {
    assert!(logits.len() == probs.len() && logits.len().is_multiple_of(classes));
    let samples = logits.len() / classes;
    let mut sum = 0.0f64;
    probs.copy_from_slice(logits);
    for (n, (probs, logits)) in
        probs.chunks_exact_mut(classes).zip(logits.chunks_exact(classes)).enumerate()
    {
        let lse = f64::from(vectorised(
            #[inline(always)]
            || normalise(probs),
        ));
        // Σ q · (lse − z); for classes without smoothing this is one term.
        sum += match answers {
            Answers::Classes(class) if smoothing == 0.0 => {
                lse - f64::from(logits[class[n] as usize])
            }
            _ => (0..classes)
                .map(|c| {
                    let q = f64::from(answers.share(n, c, classes, smoothing));
                    if q == 0.0 { 0.0 } else { q * (lse - f64::from(logits[c])) }
                })
                .sum(),
        };
    }
    (sum / samples as f64) as f32
}

/// Gradient of [`cross_entropy`] times `scale` (the gradient of the loss): with `p = probs` in `dx` at
/// first, `dx = (p · Σ q − q) · scale / samples`.
///
/// # Panics
/// When the lengths do not fit.
pub fn cross_entropy_grad(
    answers: Answers<'_>,
    classes: usize,
    smoothing: f32,
    scale: f32,
    dx: &mut [f32],
) {
    assert!(dx.len().is_multiple_of(classes));
    let scale = scale / (dx.len() / classes) as f32;
    for (n, dx) in dx.chunks_exact_mut(classes).enumerate() {
        match answers {
            Answers::Classes(class) => {
                let rest = smoothing / classes as f32;
                vectorised(
                    #[inline(always)]
                    || dx.iter_mut().for_each(|p| *p = (*p - rest) * scale),
                );
                dx[class[n] as usize] -= (1.0 - smoothing) * scale;
            }
            Answers::Shares(_) => {
                let share = |c| answers.share(n, c, classes, smoothing);
                let sum: f32 = (0..classes).map(share).sum();
                let each = dx.iter_mut().enumerate();
                each.for_each(|(c, p)| *p = (*p * sum - share(c)) * scale);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_sums_to_one_along_its_axis() {
        for (n, inner) in [(10, 1), (3, 20), (1, 5), (33, 1), (7, 3)] {
            let x: Vec<f32> =
                (0..4 * n * inner).map(|i| ((i * 37) % 23) as f32 - 11.0 + 100.0).collect();
            let mut y = vec![0.0; x.len()];
            softmax(Some(&x), &mut y, n, inner);
            for outer in 0..4 {
                for j in 0..inner {
                    let at = |i: usize| outer * n * inner + i * inner + j;
                    let sum: f64 = (0..n).map(|i| f64::from(y[at(i)])).sum();
                    assert!((sum - 1.0).abs() < 1e-6);
                    let exact: f64 = (0..n).map(|i| f64::from(x[at(i)]).exp()).sum();
                    for i in 0..n {
                        let p = f64::from(x[at(i)]).exp() / exact;
                        assert!((f64::from(y[at(i)]) - p).abs() < 1e-6);
                    }
                }
            }
        }
    }

    #[test]
    fn cross_entropy_of_equal_logits_is_the_logarithm_of_the_number_of_classes() {
        let mut probs = [0.0; 8];
        let loss = cross_entropy(&[7.0; 8], Answers::Classes(&[1, 3]), 4, 0.1, &mut probs);
        assert!((loss - 4f32.ln()).abs() < 1e-6);
        assert_eq!(probs, [0.25; 8]);
        cross_entropy_grad(Answers::Classes(&[1, 3]), 4, 0.0, 2.0, &mut probs);
        assert_eq!(probs, [0.25, -0.75, 0.25, 0.25, 0.25, 0.25, 0.25, -0.75]);
    }

    #[test]
    fn shares_of_one_class_are_that_class() {
        let logits = [0.5, -1.0, 3.0, 30.0, 31.0, -90.0];
        let shares = [0., 0., 1., 1., 0., 0.];
        for smoothing in [0.0, 0.2] {
            let (mut a, mut b) = ([0.0; 6], [0.0; 6]);
            let classes = Answers::Classes(&[2, 0]);
            let x = cross_entropy(&logits, classes, 3, smoothing, &mut a);
            let y = cross_entropy(&logits, Answers::Shares(&shares), 3, smoothing, &mut b);
            assert!((x - y).abs() < 1e-6 * x.abs(), "{x} {y}");
            cross_entropy_grad(classes, 3, smoothing, 1.0, &mut a);
            cross_entropy_grad(Answers::Shares(&shares), 3, smoothing, 1.0, &mut b);
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-7), "{a:?} {b:?}");
        }
    }
}
