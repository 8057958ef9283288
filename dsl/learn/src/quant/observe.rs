//! Observers: from the numbers of a tensor, batch after batch, to its range, in fixed memory.

mod histogram;
mod search;

use dlm_check::quant::Range;
use histogram::Histogram;

/// What has been seen of a tensor.
#[derive(Clone, Debug)]
pub struct Observer {
    range: Range,
    /// Smallest and largest number of all batches.
    all: Option<(f32, f32)>,
    /// Their moving average.
    average: Option<(f32, f32)>,
    histogram: Histogram,
}

impl Observer {
    /// Nothing seen yet.
    pub fn new(range: Range) -> Observer {
        Observer { range, all: None, average: None, histogram: Histogram::default() }
    }

    /// Looks at the numbers of a batch, of which none is NaN or infinite.
    pub fn see(&mut self, numbers: &[f32]) {
        let (lo, hi) = dlm_kernels::int8::extent(numbers);
        if numbers.is_empty() {
            return;
        }
        let (a, b) = self.all.unwrap_or((lo, hi));
        self.all = Some((a.min(lo), b.max(hi)));
        match self.range {
            Range::Moving(keep) => {
                let toward = |old: f32, new: f32| old + (1.0 - keep) as f32 * (new - old);
                let (a, b) = self.average.unwrap_or((lo, hi));
                self.average = Some((toward(a, lo), toward(b, hi)));
            }
            Range::MinMax => {}
            Range::Percentile(_) | Range::Mse => self.histogram.see(numbers, lo, hi),
            // Zeros are exact on every grid, and say nothing of where to cut (Migacz 2017 leaves them
            // out as well).
            Range::Entropy => {
                let others: Vec<f32> = numbers.iter().copied().filter(|&x| x != 0.0).collect();
                self.histogram.see(&others, lo, hi);
            }
        }
    }

    /// The smallest and largest number seen.
    pub fn seen(&self) -> Option<(f32, f32)> {
        self.all
    }

    /// The range to round in: it holds 0. `None` when nothing was seen. With `symmetric`, codes reach as far
    /// below 0 as above.
    pub fn range(&self, symmetric: bool) -> Option<(f32, f32)> {
        let (lo, hi) = self.all?;
        let (lo, hi) = match self.range {
            Range::MinMax => (lo, hi),
            Range::Moving(_) => self.average?,
            Range::Percentile(percent) => self.histogram.percentile(percent),
            Range::Mse => search::least(&self.histogram, symmetric, search::squared_error),
            Range::Entropy => search::least(&self.histogram, symmetric, search::divergence),
        };
        Some((lo.min(0.0), hi.max(0.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlm_kernels::rng;

    fn observed(range: Range, batches: &[Vec<f32>]) -> (f32, f32) {
        let mut observer = Observer::new(range);
        batches.iter().for_each(|batch| observer.see(batch));
        observer.range(false).expect("something was seen")
    }

    /// Bell-shaped numbers with one far outlier.
    fn bell() -> Vec<Vec<f32>> {
        let mut stream = rng::Stream::new(7);
        let mut batches: Vec<Vec<f32>> =
            (0..20).map(|_| (0..1000).map(|_| stream.normal() as f32).collect()).collect();
        batches[3][5] = 100.0;
        batches
    }

    #[test]
    fn the_whole_range_is_from_smallest_to_largest_and_holds_zero() {
        let batches = [vec![1.0, 3.0], vec![2.0, 5.0]];
        assert_eq!(observed(Range::MinMax, &batches), (0.0, 5.0));
        assert_eq!(observed(Range::MinMax, &[vec![-2.0, -1.0]]), (-2.0, 0.0));
    }

    #[test]
    fn a_moving_average_begins_with_the_first_batch() {
        let batches = [vec![-1.0, 1.0], vec![-3.0, 11.0]];
        let (lo, hi) = observed(Range::Moving(0.9), &batches);
        assert!((lo + 1.2).abs() < 1e-6 && (hi - 2.0).abs() < 1e-6, "{lo} {hi}");
    }

    #[test]
    fn outliers_are_left_out() {
        for range in [Range::Percentile(99.9), Range::Mse, Range::Entropy] {
            let (lo, hi) = observed(range, &bell());
            assert!(lo < -1.5 && lo > -6.0, "{range:?}: {lo}");
            assert!(hi > 1.5 && hi < 101.0, "{range:?}: {hi}");
        }
        let (_, hi) = observed(Range::Percentile(99.9), &bell());
        assert!((hi - 3.29).abs() < 0.25, "{hi}");
        let (_, hi) = observed(Range::Entropy, &bell());
        assert!(hi < 20.0, "{hi}");
    }

    #[test]
    fn numbers_that_are_all_the_same_have_a_range() {
        for range in [Range::MinMax, Range::Percentile(99.0), Range::Mse, Range::Entropy] {
            let (lo, hi) = observed(range, &[vec![0.0; 8], vec![0.0; 8]]);
            assert_eq!((lo, hi), (0.0, 0.0), "{range:?}");
            let (lo, hi) = observed(range, &[vec![3.0; 8]]);
            assert!(lo == 0.0 && (hi - 3.0).abs() < 0.02, "{range:?}: {lo} {hi}");
        }
    }
}
