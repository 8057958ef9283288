//! A histogram of numbers whose range is not known beforehand, in fixed memory.

/// How many bins there are.
pub(super) const BINS: usize = 2048;

/// Counts of numbers in bins of equal width. When a number lies outside, neighbouring bins are joined
/// until it lies inside.
#[derive(Clone, Debug, Default)]
pub(super) struct Histogram {
    /// Where the first bin begins.
    from: f64,
    /// How wide a bin is.
    width: f64,
    /// Empty until the first number.
    counts: Vec<u64>,
    /// The smallest and largest number.
    ends: (f32, f32),
}

impl Histogram {
    /// Counts numbers that lie between `lo` and `hi`.
    pub(super) fn see(&mut self, numbers: &[f32], lo: f32, hi: f32) {
        if self.counts.is_empty() {
            let (lo64, hi64) = (f64::from(lo), f64::from(hi));
            let least = lo64.abs().max(hi64.abs()).max(1e-30) * 1e-6;
            self.width = (hi64 - lo64).max(least) / (BINS - 1) as f64;
            self.from = lo64 - self.width / 2.0;
            self.counts = vec![0; BINS];
            self.ends = (lo, hi);
        }
        self.ends = (self.ends.0.min(lo), self.ends.1.max(hi));
        while f64::from(hi) >= self.from + self.width * BINS as f64 {
            self.join();
        }
        while f64::from(lo) < self.from {
            // Twice as wide, and what was there becomes the upper half.
            let end = self.from + self.width * BINS as f64;
            self.join();
            self.counts.rotate_right(BINS / 2);
            self.from = end - self.width * BINS as f64;
        }
        for &x in numbers {
            let bin = ((f64::from(x) - self.from) / self.width) as usize;
            self.counts[bin.min(BINS - 1)] += 1;
        }
    }

    /// Bins become twice as wide; the upper half is free.
    fn join(&mut self) {
        for i in 0..BINS / 2 {
            self.counts[i] = self.counts[2 * i] + self.counts[2 * i + 1];
        }
        self.counts[BINS / 2..].fill(0);
        self.width *= 2.0;
    }

    /// The middle of each bin that is not empty, and its count.
    pub(super) fn bins(&self) -> impl Iterator<Item = (f64, u64)> {
        let middle = |i: usize| self.from + (i as f64 + 0.5) * self.width;
        self.counts.iter().enumerate().filter(|(_, n)| **n > 0).map(move |(i, &n)| (middle(i), n))
    }

    /// The smallest and largest number.
    pub(super) fn ends(&self) -> (f32, f32) {
        self.ends
    }

    /// The range that leaves out half of what is beyond this percentage at each end.
    pub(super) fn percentile(&self, percent: f64) -> (f32, f32) {
        let total: u64 = self.counts.iter().sum();
        let out = total as f64 * (100.0 - percent) / 200.0;
        let (mut below, mut lo, mut hi) = (0.0, self.ends.0, self.ends.1);
        let mut lower = None;
        for (i, &n) in self.counts.iter().enumerate() {
            let (before, after) = (below, below + n as f64);
            if lower.is_none() && after > out {
                lower = Some((self.from + i as f64 * self.width) as f32);
            }
            if before < total as f64 - out && after >= total as f64 - out {
                hi = (self.from + (i + 1) as f64 * self.width) as f32;
            }
            below = after;
        }
        lo = lower.unwrap_or(lo);
        (lo.max(self.ends.0), hi.min(self.ends.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_lost_when_the_range_grows() {
        let mut histogram = Histogram::default();
        let batches: [&[f32]; 4] = [&[0.0, 1.0], &[-1000.0, 5.0], &[1e6, 2.0], &[-3e-9, 1e-9, 7.0]];
        for batch in batches {
            let lo = batch.iter().copied().fold(f32::MAX, f32::min);
            let hi = batch.iter().copied().fold(f32::MIN, f32::max);
            histogram.see(batch, lo, hi);
        }
        assert_eq!(histogram.bins().map(|(_, n)| n).sum::<u64>(), 9);
        assert_eq!(histogram.ends(), (-1000.0, 1e6));
        let near = |x: f64| histogram.bins().any(|(at, _)| (at - x).abs() <= histogram.width);
        assert!(near(1e6) && near(-1000.0) && near(0.0));
    }
}
