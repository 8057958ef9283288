//! One and the same sample as another network is used to see it.

use crate::data::{Lanes, Preprocess};

/// `x → x · factor + shift`, channel by channel or feature by feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Rescale {
    lanes: Lanes,
    factor: Vec<f32>,
    shift: Vec<f32>,
}

/// Means and deviations by which inputs are normalised: `(u − mean) / std`.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    /// One for each channel or feature.
    pub mean: Vec<f32>,
    /// One for each channel or feature.
    pub std: Vec<f32>,
}

impl Norm {
    /// Those of the inputs that a network was trained on.
    pub fn of(preprocess: &Preprocess) -> Norm {
        Norm { mean: preprocess.mean.clone(), std: preprocess.std.clone() }
    }

    /// Of numbers that are `factor` times as large before they are normalised.
    pub fn times(self, factor: f32) -> Norm {
        let shrink = |all: Vec<f32>| all.into_iter().map(|x| x / factor).collect();
        Norm { mean: shrink(self.mean), std: shrink(self.std) }
    }

    /// Those of the values that a network learnt to predict.
    pub fn of_targets(preprocess: &Preprocess) -> Norm {
        Norm { mean: preprocess.target_mean.clone(), std: preprocess.target_std.clone() }
    }
}

impl Rescale {
    /// Inputs with these channels or features, normalised by `from`, as if they were normalised by `to`; `None` where
    /// that is the same.
    ///
    /// # Panics
    /// When the two are not of as many channels or features.
    pub(crate) fn between(from: &Norm, to: &Norm, lanes: Lanes) -> Option<Rescale> {
        assert_eq!(from.mean.len(), to.mean.len(), "channels of two normalisations");
        if from == to {
            return None;
        }
        let ratio = |(&from, &to): (&f32, &f32)| (f64::from(from) / f64::from(to)) as f32;
        let factor = from.std.iter().zip(&to.std).map(ratio).collect();
        let shift = (0..from.mean.len()).map(|i| {
            ((f64::from(from.mean[i]) - f64::from(to.mean[i])) / f64::from(to.std[i])) as f32
        });
        Some(Rescale { lanes, factor, shift: shift.collect() })
    }

    /// Rescales samples in place, each of `size` numbers.
    pub fn apply(&self, samples: &mut [f32], size: usize) {
        for sample in samples.chunks_exact_mut(size.max(1)) {
            for (i, x) in sample.iter_mut().enumerate() {
                let lane = self.lanes.lane(i);
                *x = *x * self.factor[lane] + self.shift[lane];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn norm(mean: &[f32], std: &[f32]) -> Norm {
        Norm { mean: mean.to_vec(), std: std.to_vec() }
    }

    #[test]
    fn a_sample_is_seen_as_pixels_or_by_another_normalisation() {
        // Two channels, stored channels last; units 0.5 and 0.25 in the first pixel.
        let from = norm(&[0.1, 0.2], &[0.5, 0.25]);
        let mut x = [(0.5 - 0.1) / 0.5, (0.25 - 0.2) / 0.25, (1.0 - 0.1) / 0.5, (0.0 - 0.2) / 0.25];
        let pixels = norm(&[0.0, 0.0], &[1.0, 1.0]).times(255.0);
        let rescale = Rescale::between(&from, &pixels, Lanes::of(&[2, 1, 2])).unwrap();
        rescale.apply(&mut x, 4);
        for (x, expected) in x.iter().zip([127.5, 63.75, 255.0, 0.0]) {
            assert!((x - expected).abs() < 1e-4, "{x} {expected}");
        }
        assert_eq!(Rescale::between(&from, &from.clone(), Lanes::of(&[2, 1, 2])), None);
    }
}
