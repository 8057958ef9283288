//! Normalisation: over the batch for each channel ([`batch`]), and within each sample ([`set`]).
//!
//! Statistics are summed in float32 over short runs and in float64 over runs, in shards that depend
//! on the sizes alone.

pub mod batch;
pub mod set;

/// Rows that are summed in float32 before the sum goes to float64.
const RUN: usize = 32;

/// `Σ f(i)` for `i < n`: 32 interleaved float32 sums over runs of 1024, float64 over runs.
#[inline(always)]
fn long_sum(n: usize, f: impl Fn(usize) -> f32) -> f64 {
    const LANES: usize = 32;
    let mut sum = 0.0;
    for start in (0..n).step_by(32 * LANES) {
        let end = n.min(start + 32 * LANES);
        let mut sums = [0.0f32; LANES];
        let mut at = start;
        while at + LANES <= end {
            for (lane, s) in sums.iter_mut().enumerate() {
                *s += f(at + lane);
            }
            at += LANES;
        }
        for (i, s) in (at..end).zip(&mut sums) {
            *s += f(i);
        }
        sum += halve(sums);
    }
    sum
}

/// The sum of the lanes: halves are added until one is left.
#[inline(always)]
fn halve(mut sums: [f32; 32]) -> f64 {
    let mut width = 16;
    while width > 0 {
        for i in 0..width {
            sums[i] += sums[i + width];
        }
        width /= 2;
    }
    f64::from(sums[0])
}

#[cfg(test)]
mod tests {
    use super::batch::{self, Lie};
    use super::set::{self, Sets};

    /// `f` with so many threads.
    fn with<R: Send>(threads: usize, f: impl FnOnce() -> R + Send) -> R {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(f)
    }

    fn numbers(n: usize) -> Vec<f32> {
        (0..n).map(|i| (crate::rng::uniform(5, i as u64) - 0.4) * 10.0).collect()
    }

    #[test]
    fn batch_statistics_have_the_same_bits_with_any_number_of_threads() {
        for lie in [
            Lie { rows: 60_000, channels: 19, inner: 1 },
            Lie { rows: 128, channels: 19, inner: 500 },
        ] {
            let x = numbers(lie.rows * lie.channels * lie.inner);
            let run = || {
                let [mut mean, mut var, mut dw, mut db] = [(); 4].map(|()| vec![0.0; 19]);
                let mut scratch = vec![0.0; lie.scratch()];
                batch::statistics(lie, &x, &mut mean, &mut var, &mut scratch);
                let (weight, mut dx) = (vec![0.7; 19], x.clone());
                let (s, dx_) = (&mut scratch, &mut dx);
                batch::gradient(lie, true, &x, &mean, &var, &weight, dx_, &mut dw, &mut db, s);
                (mean, var, dw, db, dx)
            };
            assert!(with(1, run) == with(3, run));
        }
    }

    #[test]
    fn gradients_of_weights_have_the_same_bits_with_any_number_of_threads() {
        for sets in [
            Sets { places: 1, sets: 1, len: 300, center: true },
            Sets { places: 30, sets: 4, len: 7, center: true },
        ] {
            let x = numbers(2000 * 300);
            let x = &x[..x.len() / (sets.places * sets.sets * sets.len)
                * sets.places
                * sets.sets
                * sets.len];
            let run = || {
                let (n, width) = (x.len() / (sets.places * sets.len), sets.sets * sets.len);
                let (mut mean, mut inv, mut y) = (vec![0.0; n], vec![0.0; n], vec![0.0; x.len()]);
                let (weight, bias) = (vec![0.7; width], vec![0.1; width]);
                set::normalise(sets, 1e-5, x, &weight, &bias, &mut y, &mut mean, &mut inv);
                let (mut dw, mut db) = (vec![0.0; width], vec![0.0; width]);
                set::weight_gradient(sets, x, &mean, &inv, &y, &mut dw, &mut db);
                (mean, inv, y, dw, db)
            };
            assert!(with(1, run) == with(3, run));
        }
    }

    #[test]
    fn long_sums_take_every_number_once() {
        for n in [0usize, 1, 31, 32, 33, 1023, 1024, 1025, 5000] {
            let exact = (0..n).sum::<usize>() as f64;
            assert_eq!(super::long_sum(n, |i| i as f32), exact, "{n}");
        }
    }
}
