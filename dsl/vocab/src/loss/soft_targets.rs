//! Divergence from the softened answers of teachers.

use crate::common::comparison::{self, Comparison, teachers, with_teachers};
use crate::common::declare::{POSITIVE, param};
use crate::data::Target;
use crate::loss::{Loss, Of, any_features, no_weights};
use crate::word;
use crate::word::{Default, Param};
use dlm_graph::{Frame, Ty};
use dlm_kernels::softmax::divergence;

word! {
    /// How far the softened answers of the student are from those of its teachers, in nats.
    ///
    /// With logits `z` of the student and `v` of the teacher, `p = softmax(z / T)`, `q = softmax(v / T)` and
    /// B samples:
    ///
    /// `loss = T² / B · Σ_b Σ_c q_c · (ln q_c − ln p_c)`
    ///
    /// A temperature T above 1 shows which wrong classes the teacher finds likely. `T²` keeps the
    /// gradient, `T / B · (p − q)`, of one size whatever T is; for a large T the term becomes half of
    /// `logits` with the mean of each sample's logits taken away. The answers of several teachers are
    /// averaged as shares: `q = Σ w · softmax(v / T)`. An output of `[1]` is one question, with
    /// `p = 1 / (1 + e^(−z / T))`. End both networks with plain logits, not with `softmax`.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Large(image: [1, 8, 8]) { image -> flatten -> dense(64) -> relu -> dense(Digits.classes) }
    /// model Small(image: [1, 8, 8]) { image -> flatten -> dense(12) -> relu -> dense(Digits.classes) }
    /// train Large on Digits {}
    /// distill Small from Large on Digits {
    ///     loss = 0.9 * soft_targets(temperature = 4) + 0.1 * cross_entropy
    /// }
    /// ```
    ///
    /// Hinton, Vinyals and Dean 2015, arXiv 1503.02531.
    pub(crate) static SOFT_TARGETS: Loss = {
        name: "soft_targets",
        params: &[TEMPERATURE],
        aliases: &["KLDivLoss", "KLDivergence", "kl_div", "kd", "KDLoss", "distillation_loss"],
    },
    fits: |target| !matches!(target, Target::Values(_)),
    needs: "classes, or no labels",
    of: Of::Answers,
    fits_features: any_features,
    own: no_weights,
    build: |g, args, terms| {
        let (weights, inputs) = with_teachers(terms.output, terms.answers);
        let temperature = args.real("temperature");
        comparison::build(g, SoftTargets { temperature, weights }, &inputs)
    },
}

/// How far answers are softened.
pub(super) const TEMPERATURE: Param = param(
    "temperature",
    POSITIVE,
    Default::Real(4.0),
    "By which logits are divided before softmax, above 0.",
    &["T", "tau", "temp"],
);

/// Inputs: the student's logits `[classes]` or `[steps, classes]`, those of each teacher.
#[derive(Clone, Debug)]
struct SoftTargets {
    temperature: f64,
    weights: Vec<f32>,
}

impl Comparison for SoftTargets {
    const NAME: &'static str = "soft_targets";
    const GRAD: &'static str = "soft_targets.grad";

    fn compare(&self, frame: &mut Frame<'_>, grad: &mut [f32]) -> f64 {
        let (rows, classes) = (comparison::scratch(frame), comparison::classes(&frame.tys[0]));
        let teachers = teachers(frame, &self.weights);
        let rows = &mut rows[..frame.batch * frame.tys[0].len() / classes];
        divergence::soft_targets(frame.f32(0), &teachers, classes, self.temperature, grad, rows)
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        8 * batch * ins[0].len() / comparison::classes(&ins[0])
    }
}
