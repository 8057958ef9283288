//! Divergence from teachers, target class and other classes apart.

use super::soft_targets::TEMPERATURE;
use crate::common::comparison::{self, Comparison, teachers, with_teachers};
use crate::common::declare::{NOT_NEGATIVE, param};
use crate::loss::{Loss, Of, any_features, no_weights};
use crate::word;
use crate::word::Default;
use dlm_graph::{DType, Frame, Ty};
use dlm_kernels::softmax::{Answers, divergence};

word! {
    /// How far the softened answers are from the teachers', for the true class and for the others apart.
    ///
    /// With `p = softmax(z / T)` of the student, `q = softmax(v / T)` of the teacher (several: their weighted
    /// mean), the true class y, and B samples:
    ///
    /// `loss = T² / B · Σ_b (alpha · KL(q_y, 1 − q_y ‖ p_y, 1 − p_y) + beta · KL(q̂ ‖ p̂))`
    ///
    /// `p̂_c = p_c / (1 − p_y)` and `q̂` likewise are the shares among the other classes. `soft_targets` is the
    /// same with `alpha = 1` and `beta = 1 − q_y`: the surer a teacher, the less is learnt of what it knows
    /// about the others. A sample mixed by `mixup` counts for both its classes by their shares. Needs
    /// the true classes. In nats; end both networks with plain logits.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Large(image: [1, 8, 8]) { image -> flatten -> dense(64) -> relu -> dense(Digits.classes) }
    /// model Small(image: [1, 8, 8]) { image -> flatten -> dense(12) -> relu -> dense(Digits.classes) }
    /// train Large on Digits {}
    /// distill Small from Large on Digits { loss = cross_entropy + decoupled(beta = 4) }
    /// ```
    ///
    /// Zhao et al. 2022, arXiv 2203.08679.
    pub(crate) static DECOUPLED: Loss = {
        name: "decoupled",
        params: &[
            param("alpha", NOT_NEGATIVE, Default::Real(1.0), "Weight of the part for the true class.", &[]),
            param("beta", NOT_NEGATIVE, Default::Real(8.0), "Weight of the part for the others.", &[]),
            TEMPERATURE,
        ],
        aliases: &["dkd", "DKD", "DKDLoss"],
    },
    fits: |target| target.classes().is_some(),
    needs: "classes",
    of: Of::Answers,
    fits_features: any_features,
    own: no_weights,
    build: |g, args, terms| {
        let target = terms.target.expect("the checker has seen to a target");
        let [alpha, beta, temperature] = ["alpha", "beta", "temperature"].map(|name| args.real(name));
        let how = divergence::Decoupled { alpha, beta, temperature };
        let (weights, mut inputs) = with_teachers(terms.output, terms.answers);
        inputs.push(target);
        comparison::build(g, Decoupled { how, weights }, &inputs)
    },
}

/// Inputs: the student's logits `[classes]` or `[steps, classes]`, those of each teacher; classes `i32[]`
/// or `i32[steps]`, or shares `[classes]`.
#[derive(Clone, Debug)]
struct Decoupled {
    how: divergence::Decoupled,
    weights: Vec<f32>,
}

impl Comparison for Decoupled {
    const NAME: &'static str = "decoupled";
    const GRAD: &'static str = "decoupled.grad";

    fn compare(&self, frame: &mut Frame<'_>, grad: &mut [f32]) -> f64 {
        let (rows, classes) = (comparison::scratch(frame), comparison::classes(&frame.tys[0]));
        let teachers = teachers(frame, &self.weights);
        let last = frame.ins.len() - 1;
        let answers = match frame.tys[last].dtype {
            DType::I32 => Answers::Classes(frame.i32(last)),
            _ => Answers::Shares(frame.f32(last)),
        };
        let rows = &mut rows[..frame.batch * frame.tys[0].len() / classes];
        divergence::decoupled(frame.f32(0), &teachers, answers, classes, self.how, grad, rows)
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        8 * batch * ins[0].len() / comparison::classes(&ins[0])
    }
}
