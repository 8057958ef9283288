//! Exponential and its kin for loops: without branches or calls, so that compilers vectorise them, and
//! with the same bits on every CPU.

/// `eˣ`, within 2 units in the last place. 0 below −87.3, infinity above 88.7; NaN stays NaN.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // x = n · ln 2 + r with |r| ≤ ln 2 / 2; adding and taking away 1.5 · 2²³ rounds to whole numbers.
    const MAGIC: f32 = 12_582_912.0;
    let shifted = x * std::f32::consts::LOG2_E + MAGIC;
    let n = shifted - MAGIC;
    let r = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let p = 1.395_17e-3;
    let p = p * r + 8.369_6e-3;
    let p = p * r + 4.166_619e-2;
    let p = p * r + 0.166_665_13;
    let p = p * r + 0.5;
    let y = p * (r * r) + r + 1.0;
    // y · 2ⁿ in two factors, because 2¹²⁸ is not a float.
    // Far below, where y is 0 in the end, this wraps.
    let n = (shifted.to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32);
    let (half, rest) = (n >> 1, n - (n >> 1));
    let power = |n: i32| f32::from_bits((n.wrapping_add(127) as u32) << 23);
    let y = y * power(half) * power(rest);
    let y = if x < -87.336_54 { 0.0 } else { y };
    if x > 88.722_83 { f32::INFINITY } else { y }
}

/// `1 / (1 + e⁻ˣ)`.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The hyperbolic tangent, within 3 units in the last place.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let a = x.abs();
    let s = x * x;
    let p = -5.615_57e-3;
    let p = p * s + 2.055_279e-2;
    let p = p * s + -5.370_983e-2;
    let p = p * s + 0.133_309_97;
    let p = p * s + -0.333_332_55;
    let small = x + x * (p * s);
    let e = exp(-2.0 * a);
    let large = ((1.0 - e) / (1.0 + e)).copysign(x);
    if a < 0.625 { small } else { large }
}

/// The error function, `2/√π ∫₀ˣ e^(−t²) dt`, to 2·10⁻⁷.
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let a = x.abs();
    let s = x * x;
    // erf(x) / x as a polynomial in x², least largest error on [0, 1].
    let p = 7.889_123e-5;
    let p = p * s + -8.020_842e-4;
    let p = p * s + 5.189_535_5e-3;
    let p = p * s + -2.685_444_5e-2;
    let p = p * s + 0.112_836;
    let p = p * s + -0.376_126_27;
    let p = p * s + std::f32::consts::FRAC_2_SQRT_PI;
    let small = x * p;
    // −ln(1 − erf(x)) as a polynomial on [1, 4]; beyond, 1 − erf(x) is below 2·10⁻⁸.
    let t = if a > 4.0 { 4.0 } else { a };
    let q = -1.855_739_8e-4;
    let q = q * t + 2.939_607e-3;
    let q = q * t + -2.180_531_7e-2;
    let q = q * t + 0.103_037_37;
    let q = q * t + 0.638_225_7;
    let q = q * t + 1.127_04;
    let q = q * t + 3.537_197_6e-4;
    let large = (1.0 - exp(-q)).copysign(x);
    if a < 1.0 { small } else { large }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(from: f32, to: f32) -> impl Iterator<Item = f32> {
        (0..=20_000).map(move |i| from + (to - from) * i as f32 / 20_000.0)
    }

    #[test]
    fn exp_is_close_and_saturates() {
        for x in sweep(-87.3, 88.7) {
            let exact = f64::from(x).exp();
            assert!(((f64::from(exp(x)) - exact) / exact).abs() < 2.4e-7, "{x}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-200.0), 0.0);
        for x in [-1e9, f32::MIN, f32::NEG_INFINITY] {
            assert_eq!(exp(x), 0.0);
        }
        assert_eq!([exp(200.0), exp(f32::MAX)], [f32::INFINITY; 2]);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn tanh_and_sigmoid_are_close() {
        for x in sweep(-10.0, 10.0) {
            let wide = f64::from(x);
            assert!((f64::from(tanh(x)) - wide.tanh()).abs() <= 3e-7 * wide.tanh().abs(), "{x}");
            let exact = 1.0 / (1.0 + (-wide).exp());
            assert!((f64::from(sigmoid(x)) - exact).abs() < 3e-7 * exact, "{x}");
        }
        assert_eq!(tanh(100.0), 1.0);
        assert_eq!(sigmoid(-200.0), 0.0);
        assert!(tanh(f32::NAN).is_nan() && sigmoid(f32::NAN).is_nan());
    }

    #[test]
    fn erf_agrees_with_known_values() {
        // mpmath 1.3, 40 digits.
        let known = [
            (0.01, 0.011_283_415_303_662_439),
            (0.1, 0.112_462_917_682_970_51),
            (0.5, 0.520_499_877_813_046_5),
            (0.99, 0.838_508_073_593_712_1),
            (1.01, 0.846_810_492_348_280_1),
            (1.5, 0.966_105_146_475_310_7),
            (2.5, 0.999_593_047_982_555),
            (3.9, 0.999_999_965_207_751_4),
        ];
        for (x, y) in known {
            assert!((f64::from(erf(x)) - y).abs() < 2e-7, "{x}: {}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
        assert_eq!(erf(50.0), 1.0);
        assert!(erf(f32::NAN).is_nan());
    }
}
