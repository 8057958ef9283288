//! Normalisation: over the batch for each channel ([`batch`]), and within each sample ([`set`]).
//!
//! Statistics are summed in float32 over short runs and in float64 over runs, in shards that depend
//! on the sizes alone.

// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

pub mod batch;
pub mod set;

/// Rows that are summed in float32 before the sum goes to float64.
const RUN: usize = 32;

/// `Σ f(x[i], …)` over slices of one length, `K` sums at once: 32 interleaved float32 sums over runs of
/// 1024, float64 over runs.
#[inline(always)]
fn long_sums<const N: usize, const K: usize>(
    of: [&[f32]; N],
    f: impl Fn([f32; N]) -> [f32; K],
) -> [f64; K] {
    const LANES: usize = 32;
    let mut totals = [0.0; K];
    let (mut at, end) = (0, of[0].len());
    while at < end {
        let stop = end.min(at + 32 * LANES);
        // Nothing indexes the sums with a variable, so they stay in registers.
        let mut sums = [[0.0f32; LANES]; K];
        while at + LANES <= stop {
            let mut blocks = [&[0.0; LANES]; N];
            for i in 0..N {
                blocks[i] = of[i][at..].first_chunk().expect("a block");
            }
            for lane in 0..LANES {
                let mut x = [0.0; N];
                for i in 0..N {
                    x[i] = blocks[i][lane];
                }
                let y = f(x);
                for k in 0..K {
                    sums[k][lane] += y[k];
                }
            }
            at += LANES;
        }
        let mut rest = [0.0f32; K];
        while at < stop {
            let mut x = [0.0; N];
            for i in 0..N {
                x[i] = of[i][at];
            }
            let y = f(x);
            for k in 0..K {
                rest[k] += y[k];
            }
            at += 1;
        }
        for k in 0..K {
            totals[k] += f64::from(halves(sums[k]) + rest[k]);
        }
    }
    totals
}

/// The sum of the lanes: halves are added until one is left.
#[inline(always)]
fn halves(sums: [f32; 32]) -> f32 {
    #[inline(always)]
    fn halve<const N: usize, const M: usize>(sums: [f32; N]) -> [f32; M] {
        let mut half = [0.0; M];
        for i in 0..M {
            half[i] = sums[i] + sums[i + M];
        }
        half
    }
    let sums: [f32; 16] = halve(sums);
    let sums: [f32; 8] = halve(sums);
    let sums: [f32; 4] = halve(sums);
    let sums: [f32; 2] = halve(sums);
    sums[0] + sums[1]
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
            let (exact, x) = ((0..n).sum::<usize>() as f64, (0..n).map(|i| i as f32));
            let [once, twice] = super::long_sums([&x.collect::<Vec<_>>()], |[x]| [x, 2.0 * x]);
            assert_eq!([once, twice], [exact, 2.0 * exact], "{n}");
        }
    }
}
