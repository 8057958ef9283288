//! Naive twins of the integer kernels: one loop an index, the formulas as they are written.

use super::{Grid, Product};
use crate::pool::Pool;
use crate::reference::{products, windows};

pub(super) fn sat(x: f32) -> u8 {
    x.clamp(0.0, 255.0) as u8
}

pub(super) fn code(grid: Grid, x: f32) -> u8 {
    sat((x / grid.scale).round_ties_even() + f32::from(grid.zero))
}

/// `Σ (x − zero) · w + bias`, in 64 bits, brought to 32.
pub(super) fn sums(
    p: &Product,
    batch: usize,
    x: &[u8],
    zero: u8,
    w: &[i8],
    bias: &[i32],
) -> Vec<i32> {
    let channels = p.channels();
    let mut sums = vec![0i64; batch * p.outputs()];
    let term = |i: usize, k: usize| (i64::from(x[i]) - i64::from(zero)) * i64::from(w[k]);
    match p {
        Product::Dense { features, units } => {
            for row in 0..batch {
                for k in 0..*features {
                    for unit in 0..*units {
                        sums[row * units + unit] += term(row * features + k, k * units + unit);
                    }
                }
            }
        }
        Product::Conv(g) => products(g, batch, |o, i, k| sums[o] += term(i, k)),
    }
    for (i, sum) in sums.iter_mut().enumerate() {
        *sum += i64::from(bias.get(i % channels).copied().unwrap_or(0));
    }
    sums.into_iter().map(|sum| i32::try_from(sum).expect("sums of 32 bits")).collect()
}

pub(super) fn codes(sums: &[i32], mult: &[f32], zero: u8) -> Vec<u8> {
    let each = sums.iter().zip(mult.iter().cycle());
    each.map(|(&sum, &m)| sat((sum as f32 * m).round_ties_even() + f32::from(zero))).collect()
}

pub(super) fn floats(sums: &[i32], mult: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
    let bias = |i: usize| bias.map(|bias| bias[i % bias.len()]);
    let scaled = sums.iter().zip(mult.iter().cycle()).map(|(&sum, &m)| sum as f32 * m);
    scaled.enumerate().map(|(i, x)| bias(i).map_or(x, |b| x + b)).collect()
}

pub(super) fn add(a: u8, ga: Grid, b: u8, gb: Grid, gy: Grid) -> u8 {
    let (ra, rb) = (ga.scale / gy.scale, gb.scale / gy.scale);
    let shift = f32::from(gy.zero) - ra.mul_add(f32::from(ga.zero), rb * f32::from(gb.zero));
    let sum = f32::from(a).mul_add(ra, f32::from(b).mul_add(rb, shift));
    sat(sum.round_ties_even())
}

pub(super) fn mul(a: u8, ga: Grid, b: u8, gb: Grid, gy: Grid) -> u8 {
    let product = (f32::from(a) - f32::from(ga.zero)) * (f32::from(b) - f32::from(gb.zero));
    let ratio = (ga.scale * gb.scale) / gy.scale;
    sat((product * ratio + f32::from(gy.zero)).round_ties_even())
}

pub(super) fn max_pool(g: &Pool, batch: usize, x: &[u8]) -> Vec<u8> {
    let mut y = vec![0; batch * g.outputs()];
    windows(g, batch, |o, places| y[o] = places.iter().map(|&i| x[i]).max().unwrap_or(0));
    y
}

pub(super) fn avg_pool(g: &Pool, batch: usize, x: &[u8], gx: Grid, gy: Grid) -> Vec<u8> {
    let mut y = vec![0; batch * g.outputs()];
    let n = (g.size[0] * g.size[1]) as f32;
    windows(g, batch, |o, places| {
        let value = |i: usize| f32::from(i16::from(x[i]) - i16::from(gx.zero)) * gx.scale;
        let sum = places.iter().fold(0.0f32, |sum, &i| sum + value(i));
        y[o] = sat((sum / n / gy.scale + f32::from(gy.zero)).round_ties_even());
    });
    y
}

pub(super) fn global_avg_pool(g: &Pool, batch: usize, x: &[u8], gx: Grid, gy: Grid) -> Vec<u8> {
    let mut y = vec![0; batch * g.outputs()];
    let n = (g.size[0] * g.size[1]) as f32;
    let ratio = gx.scale / (gy.scale * n);
    windows(g, batch, |o, places| {
        let sum: i32 = places.iter().map(|&i| i32::from(x[i]) - i32::from(gx.zero)).sum();
        y[o] = sat((sum as f32 * ratio).round_ties_even() + f32::from(gy.zero));
    });
    y
}
