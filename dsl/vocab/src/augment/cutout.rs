//! `cutout`: a square of each image is blotted out.

use super::{Augment, AugmentWord};
use crate::word;
use crate::word::{Default, Param, Type};
use dlm_kernels::rng::Stream;
use std::sync::Arc;

word! {
    /// Sets a square of `n`×`n` pixels of each image to 0. Its middle is any pixel, all being equally
    /// likely; what of it lies outside the image is lost.
    ///
    /// ```dlm
    /// data Digits {
    ///     source  = builtin("digits")
    ///     augment = [cutout(8)]
    /// }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits
    /// ```
    ///
    /// DeVries and Taylor 2017, "Improved Regularization of Convolutional Neural Networks with Cutout".
    pub static CUTOUT: AugmentWord = {
        name: "cutout",
        params: &[Param {
            name: "n",
            ty: Type::Int { min: 1 },
            default: Default::Required,
            doc: "the side of the square, in pixels",
            aliases: &["size", "length"],
        }],
        aliases: &["RandomErasing", "random_erasing"],
    },
    images: true,
    make: |args| Arc::new(Cutout { n: args.size("n") }),
}

#[derive(Debug)]
struct Cutout {
    n: usize,
}

impl Augment for Cutout {
    fn sample(&self, x: &mut [f32], shape: &[usize], key: u64, _: &mut [f32]) {
        let [c, h, w] = *shape else { panic!("cutout needs an image, not {shape:?}") };
        let mut stream = Stream::new(key);
        let mut range = |len: usize| {
            let middle = stream.below(len as u64) as usize;
            let from = middle.saturating_sub(self.n / 2);
            from..(middle + self.n - self.n / 2).min(len)
        };
        let (rows, cols) = (range(h), range(w));
        for row in rows {
            x[(row * w + cols.start) * c..(row * w + cols.end) * c].fill(0.0);
        }
    }
}
