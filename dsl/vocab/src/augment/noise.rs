//! `noise`: normal noise.

use super::{Augment, AugmentWord};
use crate::word;
use crate::word::{Default, Param, Type};
use dlm_kernels::rng::Stream;
use std::f64::consts::TAU;
use std::sync::Arc;

word! {
    /// Adds a number from the normal distribution with mean 0 and deviation `std` to each number: for
    /// images in units of [0, 1], for tables and tensors after they were normalised.
    ///
    /// ```dlm
    /// data Digits {
    ///     source  = builtin("digits")
    ///     augment = [noise(0.05)]
    /// }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits
    /// ```
    pub static NOISE: AugmentWord = {
        name: "noise",
        params: &[Param {
            name: "std",
            ty: Type::Real { min: 0.0, max: f64::INFINITY, open_min: false, open_max: true },
            default: Default::Required,
            doc: "the deviation",
            aliases: &["stddev", "sigma"],
        }],
        aliases: &["gaussian_noise", "GaussianNoise"],
    },
    images: false,
    make: |args| Arc::new(Noise { std: args.real("std") }),
}

#[derive(Debug)]
struct Noise {
    std: f64,
}

impl Augment for Noise {
    fn sample(&self, x: &mut [f32], _: &[usize], key: u64, _: &mut [f32]) {
        let mut stream = Stream::new(key);
        // Two numbers from two (Box and Muller 1958).
        for pair in x.chunks_mut(2) {
            let radius = self.std * (-2.0 * (1.0 - stream.uniform()).ln()).sqrt();
            let (sin, cos) = (TAU * stream.uniform()).sin_cos();
            for (x, part) in pair.iter_mut().zip([cos, sin]) {
                *x += (radius * part) as f32;
            }
        }
    }
}
