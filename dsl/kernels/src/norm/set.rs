//! Normalisation within each sample: layers, groups of channels, root mean square.

use super::{RUN, long_sums};
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

    /// Numbers of a set.
    fn count(self) -> f64 {
        (self.places * self.len) as f64
    }

    /// Samples that one thread takes at a time.
    fn group(self) -> usize {
        ((1 << 14) / self.sample().max(1)).max(1)
    }

    /// The numbers of one set in a row.
    #[inline(always)]
    fn part(self, row: &[f32], set: usize) -> &[f32] {
        &row[set * self.len..][..self.len]
    }

    /// The sum of `f` over one set of a sample.
    #[inline(always)]
    fn sum(self, x: &[f32], set: usize, f: impl Fn(f32) -> f32) -> f64 {
        let mut sum = 0.0;
        for x in x.chunks_exact(self.width()) {
            let part = long_sums(
                [self.part(x, set)],
                #[inline(always)]
                |[x]| [f(x)],
            );
            sum += part[0];
        }
        sum
    }

    /// One over the deviation of one set of a sample from its mean.
    #[inline(always)]
    fn inv(self, x: &[f32], set: usize, mean: f32, eps: f32) -> f32 {
        let sum = self.sum(
            x,
            set,
            #[inline(always)]
            |x| (x - mean) * (x - mean),
        );
        (1.0 / (sum / self.count() + f64::from(eps)).sqrt()) as f32
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
    assert!(bias.len() == if sets.center { sets.width() } else { 0 });
    let (group, size, work) = (sets.group(), sets.sample(), 8 * x.len());
    let y = (y, group * size);
    let inv = (inv, group * sets.sets);
    if sets.center {
        let mean = (mean, group * sets.sets);
        par::chunks3(y, mean, inv, work, |i, y, mean, inv| {
            let x = &x[i * group * size..][..y.len()];
            vectorised(
                #[inline(always)]
                || center(sets, eps, x, weight, bias, y, mean, inv),
            );
        });
    } else {
        par::chunks2(y, inv, work, |i, y, inv| {
            let x = &x[i * group * size..][..y.len()];
            vectorised(
                #[inline(always)]
                || scale(sets, eps, x, weight, y, inv),
            );
        });
    }
}

/// [`normalise`] of some samples on this thread, with centring.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn center(
    sets: Sets,
    eps: f32,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    y: &mut [f32],
    mean: &mut [f32],
    inv: &mut [f32],
) {
    let (size, width, len) = (sets.sample(), sets.width(), sets.len);
    for (sample, (x, y)) in x.chunks_exact(size).zip(y.chunks_exact_mut(size)).enumerate() {
        for set in 0..sets.sets {
            let (weight, bias) = (sets.part(weight, set), sets.part(bias, set));
            let at = sample * sets.sets + set;
            let sum = sets.sum(
                x,
                set,
                #[inline(always)]
                |x| x,
            );
            let m = (sum / sets.count()) as f32;
            let scale = sets.inv(x, set, m, eps);
            (mean[at], inv[at]) = (m, scale);
            for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
                let (x, y) = (sets.part(x, set), &mut y[set * len..][..len]);
                for (((y, x), w), b) in y.iter_mut().zip(x).zip(weight).zip(bias) {
                    *y = (x - m) * scale * w + b;
                }
            }
        }
    }
}

/// [`normalise`] of some samples on this thread, without centring.
#[inline(always)]
fn scale(sets: Sets, eps: f32, x: &[f32], weight: &[f32], y: &mut [f32], inv: &mut [f32]) {
    let (size, width, len) = (sets.sample(), sets.width(), sets.len);
    for (sample, (x, y)) in x.chunks_exact(size).zip(y.chunks_exact_mut(size)).enumerate() {
        for set in 0..sets.sets {
            let weight = sets.part(weight, set);
            let scale = sets.inv(x, set, 0.0, eps);
            inv[sample * sets.sets + set] = scale;
            for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
                let (x, y) = (sets.part(x, set), &mut y[set * len..][..len]);
                for ((y, x), w) in y.iter_mut().zip(x).zip(weight) {
                    *y = x * scale * w;
                }
            }
        }
    }
}

/// The gradient of [`normalise`] with respect to `x`; `dx` holds `dy` at first. With `x̂` the
/// normalised numbers and `g = dy · weight`:
/// `dx = inv · (g − mean(g) − x̂ · mean(g · x̂))`, without centring `mean(g)` is left out.
///
/// # Panics
/// When the lengths do not fit.
pub fn gradient(sets: Sets, x: &[f32], weight: &[f32], mean: &[f32], inv: &[f32], dx: &mut [f32]) {
    assert!(x.len() == dx.len() && weight.len() == sets.width());
    let (group, size) = (sets.group(), sets.sample());
    par::chunks(dx, group * size, 8 * x.len(), |i, dx| {
        let x = &x[i * group * size..][..dx.len()];
        let ends = i * group * sets.sets..;
        let (inv, mean) = (&inv[ends.clone()], if sets.center { &mean[ends] } else { &[] });
        vectorised(
            #[inline(always)]
            || slopes(sets, x, weight, mean, inv, dx),
        );
    });
}

/// [`gradient`] of some samples on this thread.
#[inline(always)]
fn slopes(sets: Sets, x: &[f32], weight: &[f32], mean: &[f32], inv: &[f32], dx: &mut [f32]) {
    let (size, width, len) = (sets.sample(), sets.width(), sets.len);
    for (sample, (x, dx)) in x.chunks_exact(size).zip(dx.chunks_exact_mut(size)).enumerate() {
        for set in 0..sets.sets {
            let (at, weight) = (sample * sets.sets + set, sets.part(weight, set));
            let (inv, mean) = (inv[at], if sets.center { mean[at] } else { 0.0 });
            let (mut sum, mut product) = (0.0f64, 0.0f64);
            for (dy, x) in dx.chunks_exact(width).zip(x.chunks_exact(width)) {
                let part = long_sums(
                    [sets.part(dy, set), sets.part(x, set), weight],
                    #[inline(always)]
                    |[dy, x, w]| [dy * w, dy * w * ((x - mean) * inv)],
                );
                (sum, product) = (sum + part[0], product + part[1]);
            }
            let sum = if sets.center { (sum / sets.count()) as f32 } else { 0.0 };
            let product = (product / sets.count()) as f32;
            for (dx, x) in dx.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                let (dx, x) = (&mut dx[set * len..][..len], sets.part(x, set));
                for ((d, x), w) in dx.iter_mut().zip(x).zip(weight) {
                    *d = inv * (*d * w - sum - (x - mean) * inv * product);
                }
            }
        }
    }
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
        vectorised(
            #[inline(always)]
            || {
                let mut at = 0;
                while at < dweight.len() {
                    let dbias = dbias.as_mut().map(|all| &mut all[at..]);
                    let left = &mut dweight[at..];
                    at += match left.len() {
                        64.. => self.tile::<64>(from + at, left, dbias),
                        16.. => self.tile::<16>(from + at, left, dbias),
                        4.. => self.tile::<4>(from + at, left, dbias),
                        _ => self.tile::<1>(from + at, left, dbias),
                    };
                }
            },
        );
    }

    /// The sums of `W` columns; returns how many those are.
    #[inline(always)]
    fn tile<const W: usize>(
        self,
        from: usize,
        dweight: &mut [f32],
        dbias: Option<&mut [f32]>,
    ) -> usize {
        let sets = self.sets;
        let (set, row_len) = (from / sets.len, sets.width());
        let rows = self.x.len() / row_len;
        let (mut first, mut second) = ([0.0f64; W], [0.0f64; W]);
        for run in (0..rows).step_by(RUN) {
            let (mut s, mut q) = ([0.0f32; W], [0.0f32; W]);
            for row in run..rows.min(run + RUN) {
                let of = row / sets.places * sets.sets + set;
                let (inv, mean) = (self.inv[of], if sets.center { self.mean[of] } else { 0.0 });
                let at = row * row_len + from;
                let [x, dy] = [self.x, self.dy].map(|all| all[at..].first_chunk::<W>());
                let (x, dy) = (x.expect("columns"), dy.expect("columns"));
                for i in 0..W {
                    s[i] += dy[i] * ((x[i] - mean) * inv);
                    q[i] += dy[i];
                }
            }
            for i in 0..W {
                first[i] += f64::from(s[i]);
                second[i] += f64::from(q[i]);
            }
        }
        for i in 0..W {
            dweight[i] = first[i] as f32;
        }
        if let Some(dbias) = dbias {
            for i in 0..W {
                dbias[i] = second[i] as f32;
            }
        }
        W
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
