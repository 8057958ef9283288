//! `shift`: images moved by whole pixels.

use super::{Augment, AugmentWord};
use crate::word;
use crate::word::{Default, Param, Type};
use dlm_kernels::rng::Stream;
use std::sync::Arc;

word! {
    /// Moves each image by up to `n` pixels up or down and left or right, all moves being equally
    /// likely; what comes in from outside is 0. (Elsewhere: padding by `n` and a random crop.)
    ///
    /// ```dlm
    /// data Digits {
    ///     source  = builtin("digits")
    ///     augment = [shift(4), flip(horizontal)]
    /// }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits
    /// ```
    pub static SHIFT: AugmentWord = {
        name: "shift",
        params: &[Param {
            name: "n",
            ty: Type::Int { min: 0 },
            default: Default::Required,
            doc: "the largest move along each axis, in pixels",
            aliases: &["padding", "pixels"],
        }],
        aliases: &["random_crop", "RandomCrop", "translate"],
    },
    images: true,
    make: |args| Arc::new(Shift { n: args.size("n") }),
}

#[derive(Debug)]
struct Shift {
    n: usize,
}

impl Augment for Shift {
    fn sample(&self, x: &mut [f32], shape: &[usize], key: u64, spare: &mut [f32]) {
        let [c, h, w] = *shape else { panic!("shift needs an image, not {shape:?}") };
        let mut stream = Stream::new(key);
        let mut offset = || stream.below(2 * self.n as u64 + 1) as isize - self.n as isize;
        let (down, right) = (offset(), offset());
        if (down, right) == (0, 0) {
            return;
        }
        let spare = &mut spare[..x.len()];
        spare.copy_from_slice(x);
        x.fill(0.0);
        // The pixel (row, col) comes from (row - down, col - right).
        let range = |by: isize, len: usize| {
            let from = by.clamp(0, len as isize) as usize;
            let to = (len as isize + by.min(0)).max(0) as usize;
            from..to.max(from)
        };
        let cols = range(right, w);
        for row in range(down, h) {
            let source = (row as isize - down) as usize;
            let to = (row * w + cols.start) * c..(row * w + cols.end) * c;
            if to.is_empty() {
                continue;
            }
            let start = (source * w + (cols.start as isize - right) as usize) * c;
            let len = to.len();
            x[to].copy_from_slice(&spare[start..start + len]);
        }
    }
}
