//! Codes of weights and biases, and the factors between sums and codes.

use super::grid::{clip, rint};
use crate::par;

/// Weights that one thread takes at a time, about.
const PIECE: usize = 1 << 14;

crate::simd! {
    /// The largest magnitude of each channel; NaN counts as 0.
    fn magnitudes(w: &[f32], largest: &mut [f32]) {
        for row in w.chunks_exact(largest.len()) {
            for (largest, w) in largest.iter_mut().zip(row) {
                let size = w.abs();
                *largest = if size > *largest { size } else { *largest };
            }
        }
    }
}

crate::simd! {
    fn round_rows(w: &[f32], scales: &[f32], most: f32, codes: &mut [i8]) {
        for (w, codes) in w.chunks_exact(scales.len()).zip(codes.chunks_exact_mut(scales.len())) {
            for ((&w, &scale), code) in w.iter().zip(scales).zip(codes) {
                *code = symmetric(w / scale, most);
            }
        }
    }
}

crate::simd! {
    fn round_all(w: &[f32], scale: f32, most: f32, codes: &mut [i8]) {
        for (&w, code) in w.iter().zip(codes) {
            *code = symmetric(w / scale, most);
        }
    }
}

/// The nearest code within ±most; NaN has code 0.
#[inline(always)]
fn symmetric(steps: f32, most: f32) -> i8 {
    let steps = if steps.is_nan() { 0.0 } else { steps };
    rint(clip(steps, -most, most)) as i8
}

/// Codes of weights, symmetric about 0: `scale = max|w| / most` in f64, rounded once (1 where all
/// weights are 0), `code = sat(rint(w / scale))` within ±`most`: 127 for 8 bits, 7 for 4.
///
/// # Shapes
/// w and codes `[…, channels]`; scales `[channels]`, or `[1]` for one scale of all weights.
///
/// # Panics
/// When lengths disagree.
pub fn round_weights(w: &[f32], channels: usize, most: i8, scales: &mut [f32], codes: &mut [i8]) {
    assert_eq!(w.len(), codes.len());
    assert!(scales.len() == channels || scales.len() == 1, "{} scales", scales.len());
    assert!(
        channels > 0 && w.len().is_multiple_of(channels),
        "{} weights, {channels} channels",
        w.len()
    );
    scales.fill(0.0);
    if let [scale] = scales {
        let mut largest = [0.0; 32];
        magnitudes(w, &mut largest);
        let rest = w.chunks_exact(32).remainder();
        *scale = rest.iter().map(|w| w.abs()).chain(largest).fold(0.0, f32::max);
    } else {
        magnitudes(w, scales);
    }
    for scale in scales.iter_mut() {
        *scale = (f64::from(*scale) / f64::from(most)) as f32;
        if *scale == 0.0 {
            *scale = 1.0;
        }
    }
    let (scales, most) = (&*scales, f32::from(most));
    let piece = PIECE.div_ceil(channels) * channels;
    par::chunks(codes, piece, 4 * w.len(), |i, codes| {
        let w = &w[i * piece..][..codes.len()];
        match *scales {
            [scale] => round_all(w, scale, most, codes),
            _ => round_rows(w, scales, most, codes),
        }
    });
}

/// Biases in the units of sums: `rint(b / f32(sx · sw))` in f64, saturated; NaN becomes 0.
///
/// # Shapes
/// b and out `[channels]`, sw `[channels]` or `[1]`.
///
/// # Panics
/// When lengths disagree.
pub fn round_bias(b: &[f32], sx: f32, sw: &[f32], out: &mut [i32]) {
    assert_eq!(b.len(), out.len());
    each(sw, out, |i, sw, out| {
        *out = (f64::from(b[i]) / f64::from(sx * sw)).round_ties_even() as i32;
    });
}

/// What turns sums into steps of the output: `f32(f32(sx · sw) / sy)`.
///
/// # Shapes
/// out `[channels]`, sw `[channels]` or `[1]`.
///
/// # Panics
/// When lengths disagree.
pub fn multipliers(sx: f32, sw: &[f32], sy: f32, out: &mut [f32]) {
    each(sw, out, |_, sw, out| *out = sx * sw / sy);
}

/// Calls `f(i, scale, out)` for each channel.
fn each<T>(sw: &[f32], out: &mut [T], f: impl Fn(usize, f32, &mut T)) {
    assert!(sw.len() == out.len() || sw.len() == 1, "{} scales for {}", sw.len(), out.len());
    for (i, out) in out.iter_mut().enumerate() {
        f(i, sw[if sw.len() == 1 { 0 } else { i }], out);
    }
}
