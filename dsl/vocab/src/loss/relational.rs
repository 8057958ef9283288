//! Difference of the distances and angles within a batch.

use crate::common::comparison::{self, Comparison, teachers, with_teachers};
use crate::common::declare::{NOT_NEGATIVE, param};
use crate::common::features::{STUDENT, TEACHER, student_and_teacher};
use crate::common::relations::{Relations, compare, scratch};
use crate::loss::{Loss, Of, any_features, no_weights};
use crate::word;
use crate::word::{Default, Param};
use dlm_graph::{Frame, Ty};

word! {
    /// How differently the samples of a batch lie to one another for the student and for its teacher.
    ///
    /// With vectors x of B samples, `d_ij = ‖x_i − x_j‖ / μ`, where μ is the mean distance of all pairs, and
    /// `a_ijk` the cosine of the angle at x_j between x_i and x_k; h is `huber` with `delta = 1`:
    ///
    /// `loss = distance / B² · Σ_ij h(d_ij − d′_ij) + angle / B³ · Σ_ijk h(a_ijk − a′_ijk)`
    ///
    /// d and a are the student's, d′ and a′ the teacher's; sums go over different samples. The vectors are
    /// the answers, or the features of the two layers when both are named; their sizes need not agree. Samples
    /// closer than 10⁻⁶ count as one: their distance is 0 and left out of μ, and a cosine with such a side is
    /// 0. Of several teachers, the mean of their losses by weight. A batch of one sample has no pairs:
    /// its loss is 0.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Large(image: [1, 8, 8]) {
    ///     image -> flatten -> dense(64) -> relu as middle -> dense(Digits.classes)
    /// }
    /// model Small(image: [1, 8, 8]) {
    ///     image -> flatten -> dense(12) -> relu as middle -> dense(Digits.classes)
    /// }
    /// train Large on Digits {}
    /// distill Small from Large on Digits {
    ///     loss = cross_entropy + relational(teacher = middle, student = middle)
    /// }
    /// ```
    ///
    /// Park et al. 2019, arXiv 1904.05068.
    pub(crate) static RELATIONAL: Loss = {
        name: "relational",
        params: &[
            param("distance", NOT_NEGATIVE, Default::Real(1.0), "Weight of the distances.", &["wd"]),
            param("angle", NOT_NEGATIVE, Default::Real(2.0), "Weight of the angles.", &["wa"]),
            Param {
                default: Default::Absent,
                doc: "Path of the teacher's layer; its answers if absent.",
                ..TEACHER
            },
            Param {
                default: Default::Absent,
                doc: "Path of the student's layer; its answers if absent.",
                ..STUDENT
            },
        ],
        aliases: &["rkd", "RKD", "RKDLoss"],
    },
    fits: |_| true,
    needs: "any target",
    of: Of::Answers,
    fits_features: any_features,
    own: no_weights,
    build: |g, args, terms| {
        let how = Relations { distance: args.real("distance"), angle: args.real("angle") };
        let (weights, inputs) = match terms.features {
            Some(_) => (vec![1.0], student_and_teacher(terms).to_vec()),
            None => with_teachers(terms.output, terms.answers),
        };
        comparison::build(g, Relational { how, weights }, &inputs)
    },
}

/// Inputs: vectors of the student, those of each teacher, of any shapes.
#[derive(Clone, Debug)]
struct Relational {
    how: Relations,
    weights: Vec<f32>,
}

impl Comparison for Relational {
    const NAME: &'static str = "relational";
    const GRAD: &'static str = "relational.grad";

    fn compare(&self, frame: &mut Frame<'_>, grad: &mut [f32]) -> f64 {
        let scratch = comparison::scratch(frame);
        let teachers = teachers(frame, &self.weights);
        compare(self.how, frame.batch, frame.f32(0), &teachers, grad, scratch)
    }

    fn scratch(&self, _: &[Ty], batch: usize) -> usize {
        8 * scratch(batch)
    }
}
