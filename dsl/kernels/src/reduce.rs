//! Sums over axes, and sums of whole tensors. Long sums are kept in float64, in an order that does
//! not depend on the number of threads.

use crate::elementwise::vectorised;
use crate::par;

/// An axis of a sum that stays: size, distance where it reads, distance where it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// How many.
    pub size: usize,
    /// Distance in the input.
    pub from: usize,
    /// Distance in the output.
    pub to: usize,
}

/// An axis of a sum that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summed {
    /// How many.
    pub size: usize,
    /// Distance in the input.
    pub from: usize,
}

/// How each piece of an input becomes a piece of an output; see [`sum`].
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// Numbers of the input for one piece (a sample, or everything).
    pub ins: usize,
    /// Numbers of the output for one piece.
    pub outs: usize,
    /// The axes that stay.
    pub kept: Vec<Kept>,
    /// The axes that go.
    pub summed: Vec<Summed>,
    /// By which the sums are multiplied.
    pub factor: f32,
}

/// `y[k] = factor · Σ_s x[k, s]` for each piece.
///
/// # Panics
/// When the lengths are not `ins` and `outs` times the number of pieces.
pub fn sum(plan: &Sum, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len() * plan.outs, y.len() * plan.ins);
    par::chunks(y, plan.outs, x.len(), |i, y| {
        vectorised(
            #[inline(always)]
            || piece(plan, &x[i * plan.ins..][..plan.ins], y),
        );
    });
}

#[inline(always)]
fn piece(plan: &Sum, x: &[f32], y: &mut [f32]) {
    const TILE: usize = 16;
    let factor = f64::from(plan.factor);
    let lane = plan.kept.iter().position(|axis| axis.from == 1 && axis.size > 1);
    let lanes = lane.map_or(Kept { size: 1, from: 1, to: 1 }, |i| plan.kept[i]);
    // The summed axis walked innermost: the dense one if there is one.
    let run = plan.summed.iter().position(|axis| axis.from == 1 && axis.size > 1);
    let run = run.or(plan.summed.len().checked_sub(1));
    let inner = run.map_or(Summed { size: 1, from: 1 }, |i| plan.summed[i]);
    let rows = |f: &mut dyn FnMut(usize)| {
        let others = plan.summed.iter().enumerate().filter(|&(i, _)| Some(i) != run);
        let count: usize = others.clone().map(|(_, axis)| axis.size).product();
        for index in 0..count {
            let (mut rest, mut at) = (index, 0);
            for (_, axis) in others.clone() {
                at += rest % axis.size * axis.from;
                rest /= axis.size;
            }
            f(at);
        }
    };
    let kept = plan.kept.iter().enumerate().filter(|&(i, _)| Some(i) != lane);
    let count: usize = kept.clone().map(|(_, axis)| axis.size).product();
    for index in 0..count {
        let (mut rest, mut from, mut to) = (index, 0, 0);
        for (_, axis) in kept.clone() {
            let i = rest % axis.size;
            rest /= axis.size;
            from += i * axis.from;
            to += i * axis.to;
        }
        for tile in (0..lanes.size).step_by(TILE) {
            let width = TILE.min(lanes.size - tile);
            let mut sums = [0.0f64; TILE];
            if width == TILE {
                rows(&mut |at| {
                    for i in 0..inner.size {
                        let x = &x[from + at + i * inner.from + tile..][..TILE];
                        sums.iter_mut().zip(x).for_each(|(s, &x)| *s += f64::from(x));
                    }
                });
            } else if width == 1 && inner.from == 1 {
                rows(&mut |at| sums[0] += total(&x[from + at + tile..][..inner.size], f64::from));
            } else {
                rows(&mut |at| {
                    for i in 0..inner.size {
                        let x = &x[from + at + i * inner.from + tile..][..width];
                        sums.iter_mut().zip(x).for_each(|(s, &x)| *s += f64::from(x));
                    }
                });
            }
            for (i, &s) in sums[..width].iter().enumerate() {
                y[to + (tile + i) * lanes.to] = (s * factor) as f32;
            }
        }
    }
}

/// `Σ f(x)` in eight interleaved sums.
#[inline(always)]
fn total(x: &[f32], f: impl Fn(f32) -> f64) -> f64 {
    let mut sums = [0.0f64; 8];
    let (whole, rest) = x.as_chunks::<8>();
    for x in whole {
        sums.iter_mut().zip(x).for_each(|(s, &x)| *s += f(x));
    }
    sums.iter_mut().zip(rest).for_each(|(s, &x)| *s += f(x));
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Shards of [`sum_squares`] and [`sum_abs`].
const SHARDS: usize = 64;

/// `Σ x²`.
pub fn sum_squares(x: &[f32]) -> f64 {
    sharded(x, |x| f64::from(x) * f64::from(x))
}

/// `Σ |x|`.
pub fn sum_abs(x: &[f32]) -> f64 {
    sharded(x, |x| f64::from(x.abs()))
}

fn sharded(x: &[f32], f: impl Fn(f32) -> f64 + Copy + Sync + Send) -> f64 {
    let size = x.len().div_ceil(SHARDS).next_multiple_of(1024);
    let mut sums = [0.0f64; SHARDS];
    par::chunks(&mut sums, 1, x.len(), |i, sum| {
        let x = &x[(i * size).min(x.len())..((i + 1) * size).min(x.len())];
        sum[0] = vectorised(
            #[inline(always)]
            || total(x, f),
        );
    });
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919) % 1001) as f32 / 100.0 - 5.0).collect()
    }

    #[test]
    fn every_choice_of_axes_sums_the_same_numbers() {
        // Input [h, w, c] in this order in memory; output [kept axes] as written.
        let (h, w, c) = (5, 7, 19);
        let sizes = [h, w, c];
        let strides = [w * c, c, 1];
        let x = numbers(2 * h * w * c);
        for mask in 0..8usize {
            let gone = |axis: usize| mask >> axis & 1 == 1;
            let mut to = [0; 3];
            let mut outs = 1;
            for axis in (0..3).filter(|&axis| !gone(axis)) {
                to[axis] = outs;
                outs *= sizes[axis];
            }
            let plan = Sum {
                ins: h * w * c,
                outs,
                kept: (0..3)
                    .filter(|&axis| !gone(axis))
                    .map(|axis| Kept { size: sizes[axis], from: strides[axis], to: to[axis] })
                    .collect(),
                summed: (0..3)
                    .filter(|&axis| gone(axis))
                    .map(|axis| Summed { size: sizes[axis], from: strides[axis] })
                    .collect(),
                factor: 0.5,
            };
            let mut y = vec![f32::NAN; 2 * outs];
            sum(&plan, &x, &mut y);
            let mut naive = vec![0.0f64; 2 * outs];
            for (i, &x) in x.iter().enumerate() {
                let (n, i) = (i / (h * w * c), i % (h * w * c));
                let index = [i / (w * c), i / c % w, i % c];
                let at: usize = (0..3).map(|axis| index[axis] * to[axis]).sum();
                naive[n * outs + at] += 0.5 * f64::from(x);
            }
            for (y, naive) in y.iter().zip(naive) {
                assert!((f64::from(*y) - naive).abs() < 1e-4, "axes {mask:03b}: {y} {naive}");
            }
        }
    }

    #[test]
    fn sums_of_whole_tensors_do_not_lose_small_numbers() {
        let mut x = vec![1e-4f32; 1_500_000];
        x[0] = 1e4;
        let exact = 1e8 + 1_499_999.0 * f64::from(1e-4f32).powi(2);
        assert!((sum_squares(&x) / exact - 1.0).abs() < 1e-12);
        let exact = 1e4 + 1_499_999.0 * f64::from(1e-4f32);
        assert!((sum_abs(&x) / exact - 1.0).abs() < 1e-9);
        assert_eq!(sum_squares(&[]), 0.0);
    }
}
