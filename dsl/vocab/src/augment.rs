//! Augmentations of training batches.

use crate::word::{Args, Word};
use std::fmt::Debug;
use std::sync::Arc;

/// An augmentation that a program may name.
#[derive(Debug)]
pub struct AugmentWord {
    /// Name, documentation, parameters.
    pub word: Word,
    /// Whether it needs images, `[channels, height, width]`.
    pub images: bool,
    /// The augmentation with these arguments.
    pub make: fn(&Args) -> Arc<dyn Augment>,
}

/// A random change of one training sample, or of a batch.
pub trait Augment: Debug + Send + Sync {
    /// Changes one sample in place. `shape` is `[c, h, w]` (memory is h, w, c) or another shape
    /// (memory in the order of its axes); `key` seeds the random numbers; `spare` is scratch memory of
    /// the sample's size.
    fn sample(&self, x: &mut [f32], shape: &[usize], key: u64, spare: &mut [f32]);

    /// For mixup: the share that a sample keeps when it is mixed with another of the batch, or `None`
    /// where samples are not mixed. One number for the whole batch.
    fn mix(&self, _key: u64) -> Option<f32> {
        None
    }
}

/// All augmentations, by name.
pub static AUGMENTS: &[&AugmentWord] = &[];

/// The augmentation of that name.
pub fn find(name: &str) -> Option<&'static AugmentWord> {
    AUGMENTS.iter().copied().find(|augment| augment.word.name == name)
}
