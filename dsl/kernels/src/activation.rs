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
    /// The function at one point.
    #[inline(always)]
    pub fn at(self, x: f32) -> f32 {
        match self {
            Activation::Relu => x.max(0.0),
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
        match self {
            Activation::Relu => y.iter_mut().for_each(|v| *v = v.max(0.0)),
            other => y.iter_mut().for_each(|v| *v = other.at(*v)),
        }
    }
}
