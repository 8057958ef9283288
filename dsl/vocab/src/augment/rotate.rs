//! `rotate`: turned images.

use super::{Augment, AugmentWord};
use crate::word;
use crate::word::{Default, Param, Type};
use dlm_kernels::rng::Stream;
use std::sync::Arc;

word! {
    /// Turns each image about its middle by an angle between `-degrees` and `degrees`, all being equally
    /// likely. Pixels between pixels are interpolated (bilinear); what comes in from outside is 0.
    ///
    /// ```dlm
    /// data Digits {
    ///     source  = builtin("digits")
    ///     augment = [rotate(10)]
    /// }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits
    /// ```
    pub static ROTATE: AugmentWord = {
        name: "rotate",
        params: &[Param {
            name: "degrees",
            ty: Type::Real { min: 0.0, max: 180.0, open_min: false, open_max: false },
            default: Default::Required,
            doc: "the largest angle to either side, in degrees",
            aliases: &["angle"],
        }],
        aliases: &["RandomRotation", "random_rotation"],
    },
    images: true,
    make: |args| Arc::new(Rotate { radians: args.real("degrees").to_radians() }),
}

#[derive(Debug)]
struct Rotate {
    radians: f64,
}

impl Augment for Rotate {
    fn sample(&self, x: &mut [f32], shape: &[usize], key: u64, spare: &mut [f32]) {
        let [c, h, w] = *shape else { panic!("rotate needs an image, not {shape:?}") };
        let angle = (2.0 * Stream::new(key).uniform() - 1.0) * self.radians;
        turn(x, [c, h, w], angle, &mut spare[..c * h * w]);
    }
}

/// Turns an image about its middle by `angle` in radians, counter-clockwise.
fn turn(x: &mut [f32], [c, h, w]: [usize; 3], angle: f64, spare: &mut [f32]) {
    spare.copy_from_slice(x);
    let (sin, cos) = (angle.sin() as f32, angle.cos() as f32);
    let (middle_y, middle_x) = ((h as f32 - 1.0) / 2.0, (w as f32 - 1.0) / 2.0);
    for row in 0..h {
        for col in 0..w {
            let (dy, dx) = (row as f32 - middle_y, col as f32 - middle_x);
            let from_y = middle_y + cos * dy + sin * dx;
            let from_x = middle_x + cos * dx - sin * dy;
            let (top, left) = (from_y.floor(), from_x.floor());
            let (fy, fx) = (from_y - top, from_x - left);
            let pixel = &mut x[(row * w + col) * c..(row * w + col + 1) * c];
            pixel.fill(0.0);
            let corners = [
                (0, 0, (1.0 - fy) * (1.0 - fx)),
                (0, 1, (1.0 - fy) * fx),
                (1, 0, fy * (1.0 - fx)),
                (1, 1, fy * fx),
            ];
            for (down, right, share) in corners {
                let (y, z) = (top as isize + down, left as isize + right);
                if share > 0.0 && (0..h as isize).contains(&y) && (0..w as isize).contains(&z) {
                    let place = (y as usize * w + z as usize) * c;
                    for (out, value) in pixel.iter_mut().zip(&spare[place..place + c]) {
                        *out += share * value;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_turn_moves_the_corners() {
        let mut x = [1.0, 2.0, 0.0, 3.0];
        let mut spare = [0.0; 4];
        turn(&mut x, [1, 2, 2], std::f64::consts::FRAC_PI_2, &mut spare);
        let expected = [2.0, 3.0, 1.0, 0.0];
        assert!(x.iter().zip(expected).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-5), "{x:?}");
    }
}
