//! Codes of weights and biases, and the factors between sums and codes.

// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

use super::grid::{clip, rint};
use crate::par;

/// Weights that one thread takes at a time, about.
const PIECE: usize = 1 << 14;

/// Channels that are worked on together.
const BLOCK: usize = 32;

crate::simd! {
    /// The largest magnitude of each channel, if that is larger; NaN counts as 0.
    fn magnitudes(w: &[f32], largest: &mut [f32]) {
        let n = largest.len();
        let mut blocks = largest.chunks_exact_mut(BLOCK);
        let mut at = 0;
        for largest in &mut blocks {
            let mut most = [0.0f32; BLOCK];
            for row in w.chunks_exact(n) {
                let row = &row[at..at + BLOCK];
                for lane in 0..BLOCK {
                    let size = row[lane].abs();
                    most[lane] = if size > most[lane] { size } else { most[lane] };
                }
            }
            largest.copy_from_slice(&most);
            at += BLOCK;
        }
        let largest = blocks.into_remainder();
        for row in w.chunks_exact(n) {
            for (largest, w) in largest.iter_mut().zip(&row[at..]) {
                let size = w.abs();
                *largest = if size > *largest { size } else { *largest };
            }
        }
    }
}

crate::simd! {
    fn round_rows(w: &[f32], scales: &[f32], most: f32, codes: &mut [i8]) {
        for (w, codes) in w.chunks_exact(scales.len()).zip(codes.chunks_exact_mut(scales.len())) {
            let mut at = 0;
            while at + BLOCK <= w.len() {
                let (w, scales) = (&w[at..at + BLOCK], &scales[at..at + BLOCK]);
                let mut block = [0i8; BLOCK];
                for lane in 0..BLOCK {
                    block[lane] = symmetric(w[lane] / scales[lane], most);
                }
                codes[at..at + BLOCK].copy_from_slice(&block);
                at += BLOCK;
            }
            for lane in at..w.len() {
                codes[lane] = symmetric(w[lane] / scales[lane], most);
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
        let mut largest = [0.0; BLOCK];
        magnitudes(w, &mut largest);
        let rest = w.chunks_exact(BLOCK).remainder();
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
