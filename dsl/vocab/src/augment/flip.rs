//! `flip`: mirrored images.

use super::{Augment, AugmentWord};
use crate::word;
use crate::word::{Default, Param, Type};
use dlm_kernels::rng::uniform;
use std::sync::Arc;

word! {
    /// Mirrors every other image on average: `horizontal` swaps left and right, `vertical` top and
    /// bottom.
    ///
    /// ```dlm
    /// data Digits {
    ///     source  = builtin("digits")
    ///     augment = [flip(horizontal)]
    /// }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits
    /// ```
    pub static FLIP: AugmentWord = {
        name: "flip",
        params: &[Param {
            name: "direction",
            ty: Type::Choice(&["horizontal", "vertical"]),
            default: Default::Name("horizontal"),
            doc: "`horizontal` swaps left and right, `vertical` top and bottom",
            aliases: &["axis"],
        }],
        aliases: &["RandomHorizontalFlip", "RandomVerticalFlip", "RandomFlip", "random_flip"],
    },
    images: true,
    make: |args| Arc::new(Flip { vertical: args.str("direction") == "vertical" }),
}

#[derive(Debug)]
struct Flip {
    vertical: bool,
}

impl Augment for Flip {
    fn sample(&self, x: &mut [f32], shape: &[usize], key: u64, _: &mut [f32]) {
        let [c, h, w] = *shape else { panic!("flip needs an image, not {shape:?}") };
        if uniform(key, 0) < 0.5 {
            return;
        }
        if self.vertical {
            for row in 0..h / 2 {
                let (top, bottom) = x.split_at_mut((h - 1 - row) * w * c);
                top[row * w * c..(row + 1) * w * c].swap_with_slice(&mut bottom[..w * c]);
            }
            return;
        }
        for row in x.chunks_exact_mut(w * c) {
            for col in 0..w / 2 {
                for channel in 0..c {
                    row.swap(col * c + channel, (w - 1 - col) * c + channel);
                }
            }
        }
    }
}
