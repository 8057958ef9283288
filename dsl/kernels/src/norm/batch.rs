//! Batch normalisation: mean and deviation of each channel over all samples and places.

use super::RUN;
use crate::elementwise::vectorised;
use crate::{Activation, par};

/// How a tensor lies in memory: `[rows, channels, inner]`. Channels-last maps have `inner` = 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lie {
    /// Samples times places before the channel.
    pub rows: usize,
    /// Channels.
    pub channels: usize,
    /// Places behind the channel.
    pub inner: usize,
}

impl Lie {
    fn len(self) -> usize {
        self.rows * self.channels * self.inner
    }

    /// Numbers of one channel.
    pub fn count(self) -> usize {
        self.rows * self.inner
    }

    /// Rows summed by one thread: a shard fits the cache.
    fn shard(self) -> usize {
        (32768 / (self.channels * self.inner)).max(1)
    }

    /// Numbers of one repetition of [`Coefficients`].
    fn pattern(self) -> usize {
        if self.inner == 1 { self.channels * (128 / self.channels).max(1) } else { self.channels }
    }

    /// Numbers of scratch memory that the functions of this module need.
    pub fn scratch(self) -> usize {
        self.partial() + 4 * self.pattern()
    }

    /// Numbers of scratch memory for the sums of all shards.
    fn partial(self) -> usize {
        4 * self.channels * self.rows.div_ceil(self.shard())
    }
}

/// Mean and variance (of the batch: divided by the count) of each channel.
///
/// # Panics
/// When the lengths do not fit.
pub fn statistics(lie: Lie, x: &[f32], mean: &mut [f32], var: &mut [f32], scratch: &mut [f32]) {
    // Numbers are taken relative to the first of their channel, so that a large mean does no harm.
    let pivot = mean;
    for (channel, pivot) in pivot.iter_mut().enumerate() {
        *pivot = x[channel * lie.inner];
    }
    let sums = ChannelSums::new(lie, x, x, pivot, scratch, |x, _, p| {
        let d = x - p;
        (d, d * d)
    });
    let n = lie.count() as f64;
    sums.each(|channel, sum, squares| {
        pivot[channel] = (f64::from(pivot[channel]) + sum / n) as f32;
        let variance = (squares - sum * sum / n) / n;
        var[channel] = if variance < 0.0 { 0.0 } else { variance as f32 };
    });
}

/// Two sums over each channel, one for each shard: the float64 as a pair of float32, whose sum it is
/// to 48 bits. In memory `[shards, 4, channels]`.
struct ChannelSums<'a> {
    channels: usize,
    partial: &'a [f32],
}

impl<'a> ChannelSums<'a> {
    /// `Σ f(a, b, p)` over each channel; `p` is one number a channel.
    fn new(
        lie: Lie,
        a: &[f32],
        b: &[f32],
        p: &[f32],
        scratch: &'a mut [f32],
        f: impl Fn(f32, f32, f32) -> (f32, f32) + Copy + Sync + Send,
    ) -> Self {
        assert!(a.len() == lie.len() && b.len() == lie.len() && p.len() == lie.channels);
        let (channels, rows) = (lie.channels, lie.shard());
        let partial = &mut scratch[..lie.partial()];
        let size = rows * channels * lie.inner;
        par::chunks(partial, 4 * channels, 3 * a.len(), |shard, sums| {
            let range = shard * size..((shard + 1) * size).min(a.len());
            let (a, b) = (&a[range.clone()], &b[range]);
            vectorised(
                #[inline(always)]
                || match lie.inner {
                    1 => {
                        let mut at = 0;
                        while at + 16 <= channels {
                            tile::<16>(at, a, b, p, sums, f);
                            at += 16;
                        }
                        while at + 4 <= channels {
                            tile::<4>(at, a, b, p, sums, f);
                            at += 4;
                        }
                        while at < channels {
                            tile::<1>(at, a, b, p, sums, f);
                            at += 1;
                        }
                    }
                    inner => planes(inner, a, b, p, sums, f),
                },
            );
        });
        ChannelSums { channels, partial }
    }

    /// Calls `f` with each channel and both its sums.
    fn each(&self, mut f: impl FnMut(usize, f64, f64)) {
        const TILE: usize = 32;
        for at in (0..self.channels).step_by(TILE) {
            let width = TILE.min(self.channels - at);
            let mut sums = [[0.0f64; TILE]; 2];
            for shard in self.partial.chunks_exact(4 * self.channels) {
                for (i, sums) in sums.iter_mut().enumerate() {
                    let [high, low] =
                        [2 * i, 2 * i + 1].map(|part| &shard[part * self.channels + at..][..width]);
                    let each = sums.iter_mut().zip(high).zip(low);
                    each.for_each(|((s, &high), &low)| *s += f64::from(high) + f64::from(low));
                }
            }
            (0..width).for_each(|i| f(at + i, sums[0][i], sums[1][i]));
        }
    }
}

/// Stores both sums of a channel.
#[inline(always)]
fn put(sums: &mut [f32], channel: usize, of: [f64; 2]) {
    let c = sums.len() / 4;
    for (i, sum) in of.into_iter().enumerate() {
        let high = sum as f32;
        sums[2 * i * c + channel] = high;
        sums[(2 * i + 1) * c + channel] = (sum - f64::from(high)) as f32;
    }
}

/// Sums of the channels `at..at + W`; `inner` = 1.
#[inline(always)]
fn tile<const W: usize>(
    at: usize,
    a: &[f32],
    b: &[f32],
    p: &[f32],
    out: &mut [f32],
    f: impl Fn(f32, f32, f32) -> (f32, f32) + Copy,
) {
    let c = p.len();
    let mut pivot = [0.0f32; W];
    pivot.copy_from_slice(&p[at..at + W]);
    let (mut sums, mut others) = ([0.0f64; W], [0.0f64; W]);
    for (a, b) in a.chunks(RUN * c).zip(b.chunks(RUN * c)) {
        let (mut s, mut q) = ([0.0f32; W], [0.0f32; W]);
        for (a, b) in a.chunks_exact(c).zip(b.chunks_exact(c)) {
            let (a, b) = (&a[at..at + W], &b[at..at + W]);
            for i in 0..W {
                let (x, y) = f(a[i], b[i], pivot[i]);
                s[i] += x;
                q[i] += y;
            }
        }
        for i in 0..W {
            sums[i] += f64::from(s[i]);
            others[i] += f64::from(q[i]);
        }
    }
    for i in 0..W {
        put(out, at + i, [sums[i], others[i]]);
    }
}

/// Sums of all channels where each channel's numbers lie together.
#[inline(always)]
fn planes(
    inner: usize,
    a: &[f32],
    b: &[f32],
    p: &[f32],
    out: &mut [f32],
    f: impl Fn(f32, f32, f32) -> (f32, f32) + Copy,
) {
    let c = p.len();
    for (channel, &pivot) in p.iter().enumerate() {
        let (mut sum, mut other) = (0.0, 0.0);
        for (a, b) in a.chunks_exact(inner).zip(b.chunks_exact(inner)).skip(channel).step_by(c) {
            let [s, o] = super::long_sums(
                [a, b],
                #[inline(always)]
                |[a, b]| {
                    let (first, second) = f(a, b, pivot);
                    [first, second]
                },
            );
            (sum, other) = (sum + s, other + o);
        }
        put(out, channel, [sum, other]);
    }
}

/// Numbers for each channel, repeated so that loops over them are long.
struct Coefficients<'a, const N: usize> {
    len: usize,
    all: &'a [f32],
}

impl<'a, const N: usize> Coefficients<'a, N> {
    /// `f(channel)` for each channel, in memory of `scratch`.
    fn new(lie: Lie, scratch: &'a mut [f32], f: impl Fn(usize) -> [f32; N]) -> Self {
        let len = lie.pattern();
        let all = &mut scratch[..N * len];
        for channel in 0..lie.channels {
            for (i, v) in f(channel).into_iter().enumerate() {
                let row = &mut all[i * len..][..len];
                row.iter_mut().skip(channel).step_by(lie.channels).for_each(|slot| *slot = v);
            }
        }
        Coefficients { len, all }
    }

    fn row(&self, i: usize) -> &[f32] {
        &self.all[i * self.len..][..self.len]
    }
}

/// `y = act((x − mean) / √(var + eps) · weight + bias)`; where `x` is `None`, `y` holds it at first.
/// `inv` is `1 / √(var + eps)`, one number a channel.
///
/// # Panics
/// When the lengths do not fit.
#[allow(clippy::too_many_arguments)]
pub fn normalise(
    lie: Lie,
    x: Option<&[f32]>,
    mean: &[f32],
    inv: &[f32],
    weight: &[f32],
    bias: &[f32],
    act: Option<Activation>,
    y: &mut [f32],
    scratch: &mut [f32],
) {
    let k = Coefficients::<3>::new(lie, scratch, |c| [mean[c], inv[c] * weight[c], bias[c]]);
    match act {
        None => apply(lie, &k, x, y, |v| v),
        Some(Activation::Relu) => apply(lie, &k, x, y, |v| if v < 0.0 { 0.0 } else { v }),
        Some(other) => apply(lie, &k, x, y, move |v| other.at(v)),
    }
}

fn apply(
    lie: Lie,
    k: &Coefficients<'_, 3>,
    x: Option<&[f32]>,
    y: &mut [f32],
    act: impl Fn(f32) -> f32 + Copy + Sync + Send,
) {
    assert!(y.len() == lie.len() && x.is_none_or(|x| x.len() == y.len()));
    let work = 2 * y.len();
    if lie.inner > 1 {
        par::chunks(y, lie.inner, work, |plane, y| {
            let c = plane % lie.channels;
            let [mean, scale, shift] = [0, 1, 2].map(|i| k.row(i)[c]);
            let f = |v: f32| act((v - mean) * scale + shift);
            vectorised(
                #[inline(always)]
                || match x {
                    Some(x) => {
                        let x = &x[plane * lie.inner..][..y.len()];
                        y.iter_mut().zip(x).for_each(
                            #[inline(always)]
                            |(y, &x)| *y = f(x),
                        );
                    }
                    None => y.iter_mut().for_each(
                        #[inline(always)]
                        |y| *y = f(*y),
                    ),
                },
            );
        });
        return;
    }
    let piece = (16384 / k.len).max(1) * k.len;
    par::chunks(y, piece, work, |i, y| {
        let [mean, scale, shift] = [k.row(0), k.row(1), k.row(2)];
        vectorised(
            #[inline(always)]
            || match x {
                Some(x) => {
                    let x = &x[i * piece..][..y.len()];
                    for (y, x) in y.chunks_mut(k.len).zip(x.chunks(k.len)) {
                        let each = y.iter_mut().zip(x).zip(mean).zip(scale).zip(shift);
                        each.for_each(
                            #[inline(always)]
                            |((((y, x), m), s), b)| *y = act((x - m) * s + b),
                        );
                    }
                }
                None => {
                    for y in y.chunks_mut(k.len) {
                        let each = y.iter_mut().zip(mean).zip(scale).zip(shift);
                        each.for_each(
                            #[inline(always)]
                            |(((y, m), s), b)| *y = act((*y - m) * s + b),
                        );
                    }
                }
            },
        );
    });
}

/// The gradients of [`normalise`] without activation: `dx` (holds `dy` at first), `dweight`, `dbias`.
///
/// With `x̂ = (x − mean) · inv` and N numbers a channel: `dbias = Σ dy`, `dweight = Σ dy · x̂` and,
/// when mean and deviation are those `of_batch`,
/// `dx = weight · inv · (dy − dbias / N − x̂ · dweight / N)`; otherwise `dx = weight · inv · dy`.
///
/// # Panics
/// When the lengths do not fit.
#[allow(clippy::too_many_arguments)]
pub fn gradient(
    lie: Lie,
    of_batch: bool,
    x: &[f32],
    mean: &[f32],
    inv: &[f32],
    weight: &[f32],
    dx: &mut [f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
    scratch: &mut [f32],
) {
    let c = lie.channels;
    let sums = ChannelSums::new(lie, dx, x, mean, scratch, |dy, x, m| (dy, dy * (x - m)));
    sums.each(|channel, sum, product| {
        dbias[channel] = sum as f32;
        dweight[channel] = (product * f64::from(inv[channel])) as f32;
    });
    let n = lie.count() as f32;
    let k = Coefficients::<4>::new(lie, scratch, |c| {
        let scale = weight[c] * inv[c];
        let batch = if of_batch { -scale / n } else { 0.0 };
        [mean[c], scale, batch * inv[c] * dweight[c], batch * dbias[c]]
    });
    let work = 3 * dx.len();
    if lie.inner > 1 {
        par::chunks(dx, lie.inner, work, |plane, dx| {
            let [mean, scale, slope, shift] = [0, 1, 2, 3].map(|i| k.row(i)[plane % c]);
            let x = &x[plane * lie.inner..][..dx.len()];
            vectorised(
                #[inline(always)]
                || {
                    let each = dx.iter_mut().zip(x);
                    each.for_each(|(d, x)| *d = *d * scale + ((x - mean) * slope + shift));
                },
            );
        });
        return;
    }
    let piece = (16384 / k.len).max(1) * k.len;
    par::chunks(dx, piece, work, |i, dx| {
        let x = &x[i * piece..][..dx.len()];
        let [mean, scale, slope, shift] = [k.row(0), k.row(1), k.row(2), k.row(3)];
        vectorised(
            #[inline(always)]
            || {
                for (dx, x) in dx.chunks_mut(k.len).zip(x.chunks(k.len)) {
                    let each = dx.iter_mut().zip(x).zip(mean).zip(scale).zip(slope).zip(shift);
                    each.for_each(|(((((d, x), m), s), k), b)| *d = *d * s + ((x - m) * k + b));
                }
            },
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, offset: f32) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919) % 1009) as f32 / 1009.0 + offset).collect()
    }

    #[test]
    fn statistics_survive_a_mean_far_from_zero() {
        for (rows, channels, inner) in [(1000, 21, 1), (3, 5, 700), (40_000, 16, 1), (7, 200, 1)] {
            let lie = Lie { rows, channels, inner };
            for offset in [0.0, 3000.0] {
                let x = numbers(lie.len(), offset);
                let (mut mean, mut var) = (vec![0.0; channels], vec![0.0; channels]);
                let mut scratch = vec![0.0; lie.scratch()];
                statistics(lie, &x, &mut mean, &mut var, &mut scratch);
                for c in 0..channels {
                    let own = || {
                        (0..rows * inner)
                            .map(|i| f64::from(x[(i / inner * channels + c) * inner + i % inner]))
                    };
                    let n = lie.count() as f64;
                    let m = own().sum::<f64>() / n;
                    let v = own().map(|x| (x - m).powi(2)).sum::<f64>() / n;
                    assert!((f64::from(mean[c]) - m).abs() <= 1e-6 * (1.0 + m.abs()), "{lie:?}");
                    assert!((f64::from(var[c]) / v - 1.0).abs() < 1e-5, "{lie:?} {} {v}", var[c]);
                }
            }
        }
    }

    #[test]
    fn both_layouts_give_the_same_result_and_gradient() {
        // [rows, channels, inner] and the same numbers with the places before the channel.
        let (rows, channels, inner) = (6, 5, 4);
        let planes = Lie { rows, channels, inner };
        let last = Lie { rows: rows * inner, channels, inner: 1 };
        let turn = |x: &[f32]| -> Vec<f32> {
            (0..x.len())
                .map(|i| {
                    let (c, place) = (i % channels, i / channels);
                    x[(place / inner * channels + c) * inner + place % inner]
                })
                .collect()
        };
        let (x, dy) = (numbers(planes.len(), 0.0), numbers(planes.len() + 1, -0.4)[1..].to_vec());
        let weight = numbers(channels, 0.5);
        let bias = numbers(channels, -0.5);
        let run = |lie: Lie, x: &[f32], dy: &[f32]| {
            let (mut mean, mut var) = (vec![0.0; channels], vec![0.0; channels]);
            let mut scratch = vec![0.0; lie.scratch()];
            statistics(lie, x, &mut mean, &mut var, &mut scratch);
            let inv: Vec<f32> = var.iter().map(|v| 1.0 / (v + 1e-5).sqrt()).collect();
            let mut y = vec![0.0; x.len()];
            let act = Some(Activation::Relu);
            normalise(lie, Some(x), &mean, &inv, &weight, &bias, act, &mut y, &mut scratch);
            let mut again = x.to_vec();
            normalise(lie, None, &mean, &inv, &weight, &bias, act, &mut again, &mut scratch);
            assert_eq!(again, y);
            let (mut dx, mut dw, mut db) = (dy.to_vec(), vec![0.0; channels], vec![0.0; channels]);
            let s = &mut scratch;
            gradient(lie, true, x, &mean, &inv, &weight, &mut dx, &mut dw, &mut db, s);
            (y, dx, dw, db)
        };
        let a = run(planes, &x, &dy);
        let b = run(last, &turn(&x), &turn(&dy));
        let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(close(&turn(&a.0), &b.0) && close(&turn(&a.1), &b.1));
        assert!(close(&a.2, &b.2) && close(&a.3, &b.3));
        assert!(a.0.contains(&0.0) && a.0.iter().all(|&y| y >= 0.0));
    }
}
