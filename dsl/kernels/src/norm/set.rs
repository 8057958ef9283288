//! Normalisation within each sample: layers, groups of channels, root mean square.

use super::{RUN, long_sum};
use crate::elementwise::vectorised;
use crate::par;

/// Which numbers are normalised together. In memory a sample is `[places, sets, len]`; each of its
/// sets has one mean and one deviation over `places · len` numbers, and weights `[sets, len]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sets {
    /// Places before the set.
    pub places: usize,
    /// Sets of a sample.
    pub sets: usize,
    /// Neighbouring numbers of a set.
    pub len: usize,
    /// Whether the mean is subtracted (`false`: root mean square).
    pub center: bool,
}

impl Sets {
    fn width(self) -> usize {
        self.sets * self.len
    }

    fn sample(self) -> usize {
        self.places * self.width()
    }
}

/// `y = (x − mean) · inv · weight + bias` with `inv = 1 / √(variance + eps)`; `mean` and `inv` (one
/// number a set) are results, and without centring `mean` and `bias` are empty.
///
/// # Panics
/// When the lengths do not fit.
#[allow(clippy::too_many_arguments)]
pub fn normalise(
    sets: Sets,
    eps: f32,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    y: &mut [f32],
    mean: &mut [f32],
    inv: &mut [f32],
) {
    assert!(x.len() == y.len() && weight.len() == sets.width());
    let (size, n) = (sets.sample(), (sets.places * sets.len) as f64);
    let sum = |x: &[f32], set: usize, f: &dyn Fn(&[f32]) -> f64| -> f64 {
        x.chunks_exact(sets.width()).map(|x| f(&x[set * sets.len..][..sets.len])).sum()
    };
    let squares = |x: &[f32], set: usize, m: f32| {
        sum(x, set, &|x| {
            vectorised(
                #[inline(always)]
                || long_sum(x.len(), |i| (x[i] - m) * (x[i] - m)),
            )
        }) / n
    };
    let deviation = |variance: f64| (1.0 / (variance + f64::from(eps)).sqrt()) as f32;
    if sets.center {
        par::chunks2(
            (&mut *mean, sets.sets),
            (&mut *inv, sets.sets),
            4 * x.len(),
            |sample, mean, inv| {
                let x = &x[sample * size..][..size];
                for (set, (mean, inv)) in mean.iter_mut().zip(inv).enumerate() {
                    *mean = (sum(x, set, &|x| {
                        vectorised(
                            #[inline(always)]
                            || long_sum(x.len(), |i| x[i]),
                        )
                    }) / n) as f32;
                    *inv = deviation(squares(x, set, *mean));
                }
            },
        );
    } else {
        par::chunks(&mut *inv, sets.sets, 2 * x.len(), |sample, inv| {
            let x = &x[sample * size..][..size];
            let each = inv.iter_mut().enumerate();
            each.for_each(|(set, inv)| *inv = deviation(squares(x, set, 0.0)));
        });
    }
    let (mean, inv): (&[f32], &[f32]) = (mean, inv);
    par::chunks(y, size, 4 * x.len(), |sample, y| {
        let x = &x[sample * size..][..size];
        vectorised(
            #[inline(always)]
            || {
                for (place, y) in y.chunks_exact_mut(sets.len).enumerate() {
                    let set = place % sets.sets;
                    let x = &x[place * sets.len..][..sets.len];
                    let weight = &weight[set * sets.len..][..sets.len];
                    let inv = inv[sample * sets.sets + set];
                    if sets.center {
                        let mean = mean[sample * sets.sets + set];
                        let bias = &bias[set * sets.len..][..sets.len];
                        let each = y.iter_mut().zip(x).zip(weight).zip(bias);
                        each.for_each(|(((y, x), w), b)| *y = (x - mean) * inv * w + b);
                    } else {
                        let each = y.iter_mut().zip(x).zip(weight);
                        each.for_each(|((y, x), w)| *y = x * inv * w);
                    }
                }
            },
        );
    });
}

/// The gradient of [`normalise`] with respect to `x`; `dx` holds `dy` at first. With `x̂` the
/// normalised numbers and `g = dy · weight`:
/// `dx = inv · (g − mean(g) − x̂ · mean(g · x̂))`, without centring `mean(g)` is left out.
///
/// # Panics
/// When the lengths do not fit.
pub fn gradient(sets: Sets, x: &[f32], weight: &[f32], mean: &[f32], inv: &[f32], dx: &mut [f32]) {
    assert!(x.len() == dx.len() && weight.len() == sets.width());
    let (size, width, len) = (sets.sample(), sets.width(), sets.len);
    let n = (sets.places * len) as f64;
    par::chunks(dx, size, 6 * x.len(), |sample, dx| {
        let x = &x[sample * size..][..size];
        for set in 0..sets.sets {
            let weight = &weight[set * len..][..len];
            let inv = inv[sample * sets.sets + set];
            let mean = if sets.center { mean[sample * sets.sets + set] } else { 0.0 };
            let (mut sum, mut product) = (0.0f64, 0.0f64);
            for (dy, x) in dx.chunks_exact(width).zip(x.chunks_exact(width)) {
                let (dy, x) = (&dy[set * len..][..len], &x[set * len..][..len]);
                vectorised(
                    #[inline(always)]
                    || {
                        if sets.center {
                            sum += long_sum(len, |i| dy[i] * weight[i]);
                        }
                        product += long_sum(len, |i| dy[i] * weight[i] * ((x[i] - mean) * inv));
                    },
                );
            }
            let (sum, product) = ((sum / n) as f32, (product / n) as f32);
            for (dx, x) in dx.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                let (dx, x) = (&mut dx[set * len..][..len], &x[set * len..][..len]);
                vectorised(
                    #[inline(always)]
                    || {
                        for ((d, x), w) in dx.iter_mut().zip(x).zip(weight) {
                            *d = inv * (*d * w - sum - (x - mean) * inv * product);
                        }
                    },
                );
            }
        }
    });
}

/// The gradients of [`normalise`] with respect to weight and bias, `[sets, len]`:
/// `dweight = Σ dy · x̂`, `dbias = Σ dy` over samples and places. Without centring `dbias` is empty.
///
/// # Panics
/// When the lengths do not fit.
pub fn weight_gradient(
    sets: Sets,
    x: &[f32],
    mean: &[f32],
    inv: &[f32],
    dy: &[f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
) {
    assert!(x.len() == dy.len() && dweight.len() == sets.width());
    // A piece lies in one set; the one set of a layer is cut for the threads.
    let piece = if sets.sets == 1 { sets.len.min(64) } else { sets.len };
    let rest = Columns { sets, x, mean, inv, dy };
    if sets.center {
        par::chunks2((dweight, piece), (dbias, piece), 4 * x.len(), |i, dweight, dbias| {
            rest.sum(i * piece, dweight, Some(dbias));
        });
    } else {
        par::chunks(dweight, piece, 4 * x.len(), |i, dweight| rest.sum(i * piece, dweight, None));
    }
}

/// What [`weight_gradient`] sums over.
#[derive(Clone, Copy)]
struct Columns<'a> {
    sets: Sets,
    x: &'a [f32],
    mean: &'a [f32],
    inv: &'a [f32],
    dy: &'a [f32],
}

impl Columns<'_> {
    /// The sums of the columns from `from` on, all of one set.
    fn sum(self, from: usize, dweight: &mut [f32], mut dbias: Option<&mut [f32]>) {
        const TILE: usize = 16;
        for at in (0..dweight.len()).step_by(TILE) {
            let width = TILE.min(dweight.len() - at);
            let (first, second) = vectorised(
                #[inline(always)]
                || self.tile::<TILE>(from + at, width),
            );
            let each = dweight[at..at + width].iter_mut().zip(first);
            each.for_each(|(d, s)| *d = s as f32);
            if let Some(dbias) = &mut dbias {
                let each = dbias[at..at + width].iter_mut().zip(second);
                each.for_each(|(d, s)| *d = s as f32);
            }
        }
    }

    #[inline(always)]
    fn tile<const W: usize>(self, from: usize, width: usize) -> ([f64; W], [f64; W]) {
        let sets = self.sets;
        let (set, row_len) = (from / sets.len, sets.width());
        let rows = self.x.len() / row_len;
        let (mut first, mut second) = ([0.0f64; W], [0.0f64; W]);
        for run in (0..rows).step_by(RUN) {
            let (mut s, mut q) = ([0.0f32; W], [0.0f32; W]);
            for row in run..rows.min(run + RUN) {
                let of = row / sets.places * sets.sets + set;
                let (inv, mean) = (self.inv[of], if sets.center { self.mean[of] } else { 0.0 });
                let x = &self.x[row * row_len + from..][..width];
                let dy = &self.dy[row * row_len + from..][..width];
                for (((s, q), x), dy) in s.iter_mut().zip(&mut q).zip(x).zip(dy) {
                    *s += dy * ((x - mean) * inv);
                    *q += dy;
                }
            }
            first.iter_mut().zip(s).for_each(|(t, s)| *t += f64::from(s));
            second.iter_mut().zip(q).for_each(|(t, q)| *t += f64::from(q));
        }
        (first, second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, offset: f32) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919) % 1009) as f32 / 1009.0 + offset).collect()
    }

    #[test]
    fn each_set_has_mean_0_and_deviation_1() {
        for (places, sets, len) in [(1, 1, 700), (6, 3, 5), (1, 4, 9), (4, 1, 33)] {
            let sets = Sets { places, sets, len, center: true };
            let x = numbers(3 * sets.sample(), 50.0);
            let (weight, bias) = (vec![2.0; sets.width()], vec![1.0; sets.width()]);
            let mut y = vec![0.0; x.len()];
            let (mut mean, mut inv) = (vec![0.0; 3 * sets.sets], vec![0.0; 3 * sets.sets]);
            normalise(sets, 0.0, &x, &weight, &bias, &mut y, &mut mean, &mut inv);
            for sample in 0..3 {
                for set in 0..sets.sets {
                    let own: Vec<f64> = (0..sets.sample())
                        .filter(|i| i % sets.width() / len == set)
                        .map(|i| f64::from(y[sample * sets.sample() + i]))
                        .collect();
                    let n = own.len() as f64;
                    let m = own.iter().sum::<f64>() / n;
                    let v = own.iter().map(|y| (y - m).powi(2)).sum::<f64>() / n;
                    assert!((m - 1.0).abs() < 1e-3 && (v - 4.0).abs() < 1e-3, "{sets:?} {m} {v}");
                }
            }
        }
    }
}
