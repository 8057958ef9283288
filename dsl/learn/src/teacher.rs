//! Teachers that come from files: closed models that only answer, weights for a declared model, and
//! answers that were recorded.

pub mod answers;
pub mod asked;
pub mod closed;
pub mod kept;
pub mod rescale;
pub mod state_dict;

pub use closed::Closed;

/// The least probability that a logarithm is taken of: smaller ones count as this.
pub const LEAST_PROBABILITY: f32 = 1e-7;

/// Probabilities as logits: `z = ln(max(p, 1e-7))`, of which `softmax(z)` is `p` again, but for those
/// below 1e-7, which become that.
pub fn logits_of(probabilities: &mut [f32]) {
    for p in probabilities {
        *p = p.max(LEAST_PROBABILITY).ln();
    }
}
