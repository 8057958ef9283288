//! Elementwise functions that products and normalisations can apply in their epilogue.

/// An elementwise function that can be fused into the operator before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x` where positive, `slope · x` elsewhere.
    LeakyRelu(f32),
}

impl Activation {
    /// The function at one point. NaN stays NaN.
    #[inline(always)]
    pub fn at(self, x: f32) -> f32 {
        match self {
            Activation::Relu => {
                if x < 0.0 {
                    0.0
                } else {
                    x
                }
            }
            Activation::Relu6 => x.clamp(0.0, 6.0),
            Activation::LeakyRelu(slope) => {
                if x > 0.0 {
                    x
                } else {
                    slope * x
                }
            }
        }
    }

    /// Applies the function to each number of `y`.
    pub fn apply(self, y: &mut [f32]) {
        // The match outside of the loops lets each of them be vectorised.
        match self {
            Activation::Relu => y.iter_mut().for_each(|v| *v = Activation::Relu.at(*v)),
            other => y.iter_mut().for_each(|v| *v = other.at(*v)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_a_number_stays_so() {
        for activation in [Activation::Relu, Activation::Relu6, Activation::LeakyRelu(0.1)] {
            let mut y = [f32::NAN, -1.0, 7.0];
            activation.apply(&mut y);
            assert!(y[0].is_nan() && y[1] <= 0.0 && y[2] >= 6.0, "{activation:?}");
        }
    }
}
