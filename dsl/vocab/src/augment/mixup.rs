//! `mixup`: samples mixed in pairs.

use super::{Augment, AugmentWord};
use crate::word;
use crate::word::{Default, Param, Type};
use dlm_kernels::rng::Stream;
use std::sync::Arc;

word! {
    /// Mixes the samples of a batch in pairs, inputs and targets alike: `x = λ x₁ + (1 − λ) x₂`,
    /// `y = λ y₁ + (1 − λ) y₂`, where classes are one-hot and λ, one for each batch, has the distribution
    /// Beta(alpha, alpha).
    ///
    /// ```dlm
    /// data Digits {
    ///     source  = builtin("digits")
    ///     augment = [mixup(0.2)]
    /// }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits
    /// ```
    ///
    /// Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization".
    pub static MIXUP: AugmentWord = {
        name: "mixup",
        params: &[Param {
            name: "alpha",
            ty: Type::Real { min: 0.0, max: f64::INFINITY, open_min: true, open_max: true },
            default: Default::Real(0.2),
            doc: "both parameters of the Beta distribution: the larger, the more alike the shares",
            aliases: &[],
        }],
        aliases: &["MixUp"],
    },
    images: false,
    make: |args| Arc::new(Mixup { alpha: args.real("alpha") }),
}

#[derive(Debug)]
struct Mixup {
    alpha: f64,
}

impl Augment for Mixup {
    fn sample(&self, _: &mut [f32], _: &[usize], _: u64, _: &mut [f32]) {}

    fn mix(&self, key: u64) -> Option<f32> {
        let mut stream = Stream::new(key);
        let (a, b) = (
            log_gamma_variate(&mut stream, self.alpha),
            log_gamma_variate(&mut stream, self.alpha),
        );
        // a / (a + b), from the logarithms: for small alpha both may be too small for a number.
        Some((1.0 / (1.0 + (b - a).exp())) as f32)
    }
}

/// The logarithm of a number from the distribution Gamma(shape, 1) (Marsaglia and Tsang 2000).
fn log_gamma_variate(stream: &mut Stream, shape: f64) -> f64 {
    if shape < 1.0 {
        let boost = (1.0 - stream.uniform()).ln() / shape;
        return log_gamma_variate(stream, shape + 1.0) + boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = stream.normal();
        let v = (1.0 + c * x).powi(3);
        let u = 1.0 - stream.uniform();
        if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return (d * v).ln();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_the_moments_of_the_beta_distribution() {
        for alpha in [0.2, 1.0, 4.0] {
            let mixup = Mixup { alpha };
            let shares: Vec<f64> =
                (0..40_000).map(|key| f64::from(mixup.mix(key * 7919).unwrap())).collect();
            let mean = shares.iter().sum::<f64>() / 4e4;
            let var = shares.iter().map(|s| (s - 0.5).powi(2)).sum::<f64>() / 4e4;
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            assert!((mean - 0.5).abs() < 0.01, "{alpha}: mean {mean}");
            assert!((var / expected - 1.0).abs() < 0.03, "{alpha}: variance {var}, not {expected}");
        }
    }
}
