//! Ranges by search: the one among scaled-down ranges with the smallest cost.

use super::histogram::Histogram;
use dlm_kernels::int8::Grid;

/// How many scaled-down ranges are tried for each end.
const STEPS: usize = 96;

/// The range with the smallest cost: both ends are scaled down together, then each alone.
pub(super) fn least(
    histogram: &Histogram,
    symmetric: bool,
    cost: fn(&Histogram, Grid) -> f64,
) -> (f32, f32) {
    let (lo, hi) = histogram.ends();
    let (lo, hi) = (lo.min(0.0), hi.max(0.0));
    let grid = |lo, hi| if symmetric { Grid::symmetric(lo, hi) } else { Grid::of(lo, hi) };
    let shares = |from: f32| {
        (0..STEPS).map(move |i| from * (1.0 - i as f32 / STEPS as f32)).filter(|share| *share > 0.0)
    };
    let mut best = (cost(histogram, grid(lo, hi)), lo, hi);
    let mut consider = |lo: f32, hi: f32| {
        let found = cost(histogram, grid(lo, hi));
        if found < best.0 {
            best = (found, lo, hi);
        }
        best
    };
    for share in shares(1.0) {
        consider(share * lo, share * hi);
    }
    let (_, low, high) = best;
    let mut consider = |lo: f32, hi: f32| {
        let found = cost(histogram, grid(lo, hi));
        if found < best.0 {
            best = (found, lo, hi);
        }
    };
    for share in shares(1.0) {
        consider(share * lo, high);
        consider(low, share * hi);
    }
    (best.1, best.2)
}

/// The mean squared error of rounding.
pub(super) fn squared_error(histogram: &Histogram, grid: Grid) -> f64 {
    let bins = histogram.bins().map(|(x, n)| {
        let error = x - f64::from(grid.value(grid.code(x as f32)));
        n as f64 * error * error
    });
    bins.sum()
}

/// The Kullback-Leibler divergence of the distribution after rounding from the one before: of what falls on
/// one code, every bin that was not empty has an equal share; what is cut off counts at the ends.
///
/// # References
/// Migacz 2017, *8-bit inference with TensorRT*.
pub(super) fn divergence(histogram: &Histogram, grid: Grid) -> f64 {
    let (lo, hi) = (grid.value(0), grid.value(255));
    // For each code: what falls on it, cut off or not; what falls on it inside; from how many bins.
    let mut codes = vec![(0.0f64, 0.0f64, 0u32); 256];
    let mut inside: Vec<(usize, f64)> = Vec::new();
    for (x, n) in histogram.bins() {
        let code = usize::from(grid.code(x as f32));
        let n = n as f64;
        codes[code].0 += n;
        if x >= f64::from(lo) - f64::from(grid.scale) && x <= f64::from(hi) + f64::from(grid.scale)
        {
            codes[code].1 += n;
            codes[code].2 += 1;
            inside.push((code, n));
        }
    }
    let total: f64 = codes.iter().map(|code| code.0).sum();
    let kept: f64 = codes.iter().map(|code| code.1).sum();
    if kept == 0.0 {
        return f64::INFINITY;
    }
    // What was cut off is added to the last bin inside on its side.
    let cut = |code: usize| codes[code].0 - codes[code].1;
    let first = inside.iter().position(|(code, _)| *code == inside[0].0).unwrap_or(0);
    let last = inside.len() - 1;
    let mut sum = 0.0;
    for (place, &(code, n)) in inside.iter().enumerate() {
        let mut p = n;
        if place == first && code == 0 {
            p += cut(0);
        }
        if place == last && code == 255 {
            p += cut(255);
        }
        let (_, within, bins) = codes[code];
        let q = within / f64::from(bins) / kept;
        let p = p / total;
        sum += p * (p / q).ln();
    }
    sum
}
