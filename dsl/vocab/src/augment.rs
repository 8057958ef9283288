//! Augmentations of training batches.

use crate::word::{Args, Word};
use std::fmt::Debug;
use std::sync::Arc;

pub mod cutout;
pub mod flip;
pub mod mixup;
pub mod noise;
pub mod rotate;
pub mod shift;

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
pub static AUGMENTS: &[&AugmentWord] =
    &[&cutout::CUTOUT, &flip::FLIP, &mixup::MIXUP, &noise::NOISE, &rotate::ROTATE, &shift::SHIFT];

/// The augmentation of that name.
pub fn find(name: &str) -> Option<&'static AugmentWord> {
    AUGMENTS.iter().copied().find(|augment| augment.word.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::Arg;

    fn make(name: &str, param: &'static str, arg: Arg) -> Arc<dyn Augment> {
        let mut args = Args::default();
        args.set(param, arg);
        (find(name).unwrap().make)(&args)
    }

    fn image(c: usize, h: usize, w: usize) -> Vec<f32> {
        (0..c * h * w).map(|i| i as f32 + 1.0).collect()
    }

    fn applied(augment: &Arc<dyn Augment>, shape: [usize; 3], key: u64) -> Vec<f32> {
        let mut x = image(shape[0], shape[1], shape[2]);
        let mut spare = vec![f32::NAN; x.len()];
        augment.sample(&mut x, &shape, key, &mut spare);
        x
    }

    #[test]
    fn words_are_in_order() {
        assert!(AUGMENTS.windows(2).all(|w| w[0].word.name < w[1].word.name));
    }

    #[test]
    fn a_shift_moves_every_pixel_alike_and_reaches_every_offset() {
        let shift = make("shift", "n", Arg::Int(2));
        let (h, w) = (5, 4);
        let mut offsets = std::collections::BTreeSet::new();
        for key in 0..400 {
            let x = applied(&shift, [2, h, w], key * 31);
            let at = |row: isize, col: isize| {
                let inside = (0..h as isize).contains(&row) && (0..w as isize).contains(&col);
                if inside { ((row * w as isize + col) * 2) as f32 + 1.0 } else { 0.0 }
            };
            let fits = |dy: isize, dx: isize| {
                (0..h * w).all(|i| {
                    let value = at((i / w) as isize - dy, (i % w) as isize - dx);
                    let second = if value == 0.0 { 0.0 } else { value + 1.0 };
                    x[2 * i] == value && x[2 * i + 1] == second
                })
            };
            let all = (-2..=2).flat_map(|dy| (-2..=2).map(move |dx| (dy, dx)));
            offsets.insert(all.into_iter().find(|&(dy, dx)| fits(dy, dx)).expect("a shift"));
        }
        assert_eq!(offsets.len(), 25);
        // Further than the image is wide.
        let far = make("shift", "n", Arg::Int(40));
        assert!((0..50).any(|key| applied(&far, [1, 3, 3], key) == [0.0; 9]));
    }

    #[test]
    fn flips_mirror_about_half_of_the_images() {
        let flip = |name: &str| make("flip", "direction", Arg::Name(name.to_string()));
        let (horizontal, vertical) = (flip("horizontal"), flip("vertical"));
        let whole = image(2, 3, 3);
        let mut flipped = 0;
        for key in 0..1000 {
            let x = applied(&horizontal, [2, 3, 3], key * 977);
            let y = applied(&vertical, [2, 3, 3], key * 977);
            if x == whole {
                assert_eq!(y, whole);
                continue;
            }
            flipped += 1;
            assert_eq!(x[..6], [5.0, 6.0, 3.0, 4.0, 1.0, 2.0]);
            assert_eq!(y, [&whole[12..], &whole[6..12], &whole[..6]].concat());
        }
        assert!((450..550).contains(&flipped), "{flipped} of 1000");
    }

    #[test]
    fn rotation_by_nothing_changes_nothing_and_by_little_keeps_the_middle() {
        let none = make("rotate", "degrees", Arg::Real(0.0));
        assert_eq!(applied(&none, [2, 3, 3], 5), image(2, 3, 3));
        let some = make("rotate", "degrees", Arg::Real(30.0));
        let x = applied(&some, [1, 3, 3], 5);
        assert_ne!(x, image(1, 3, 3));
        assert!((x[4] - 5.0).abs() < 1e-5);
    }

    #[test]
    fn noise_has_the_deviation_asked_for() {
        let noise = make("noise", "std", Arg::Real(0.5));
        let mut x = vec![2.0; 100_001];
        noise.sample(&mut x, &[100_001], 9, &mut []);
        let mean = x.iter().map(|&v| f64::from(v)).sum::<f64>() / 1e5;
        let var = x.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / 1e5;
        assert!((mean - 2.0).abs() < 0.01 && (var.sqrt() - 0.5).abs() < 0.01, "{mean}, {var}");
    }

    #[test]
    fn cutout_blots_out_a_square() {
        let cutout = make("cutout", "n", Arg::Int(3));
        let mut sizes = std::collections::BTreeSet::new();
        for key in 0..300 {
            let x = applied(&cutout, [1, 6, 6], key * 13);
            let gone: Vec<usize> = (0..36).filter(|&i| x[i] == 0.0).collect();
            let (first, last) = (gone[0], gone[gone.len() - 1]);
            let (h, w) = (last / 6 - first / 6 + 1, last % 6 - first % 6 + 1);
            assert_eq!(gone.len(), h * w, "a rectangle");
            sizes.insert((h, w));
        }
        assert!(sizes.contains(&(3, 3)) && sizes.contains(&(2, 3)) && !sizes.contains(&(1, 3)));
    }
}
