//! Normalisation: over the batch for each channel ([`batch`]), and within each sample ([`set`]).
//!
//! Statistics are summed in float32 over short runs and in float64 over runs, in shards that depend
//! on the sizes alone.

pub mod batch;
pub mod set;

/// Rows that are summed in float32 before the sum goes to float64.
const RUN: usize = 32;

/// `Σ f(i)` for `i < n`: eight interleaved float32 sums over runs of 512, float64 over runs.
#[inline(always)]
fn long_sum(n: usize, f: impl Fn(usize) -> f32) -> f64 {
    let mut sum = 0.0;
    for start in (0..n).step_by(512) {
        sum += f64::from(crate::simd::sum8(512.min(n - start), |i| f(start + i)));
    }
    sum
}
