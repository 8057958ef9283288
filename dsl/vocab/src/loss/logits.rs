//! Mean squared difference of logits.

use crate::common::comparison::with_teachers;
use crate::common::squares;
use crate::loss::{Loss, Of, any_features, no_weights};
use crate::word;

word! {
    /// The mean of the squared difference between the student's logits and its teacher's.
    ///
    /// `loss = 1/(B·K) · Σ (z − v)²` over B samples of K outputs: the sum over all logits of a batch,
    /// divided by their number. Of several teachers, `v = Σ w · v_t` is the weighted mean. Fits any output,
    /// values as well as classes.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Large(image: [1, 8, 8]) { image -> flatten -> dense(64) -> relu -> dense(Digits.classes) }
    /// model Small(image: [1, 8, 8]) { image -> flatten -> dense(12) -> relu -> dense(Digits.classes) }
    /// train Large on Digits {}
    /// distill Small from Large on Digits { loss = logits + 0.1 * cross_entropy }
    /// ```
    ///
    /// Ba and Caruana 2014, arXiv 1312.6184.
    pub(crate) static LOGITS: Loss = {
        name: "logits", params: &[],
        aliases: &["logit_matching", "logits_mse"],
    },
    fits: |_| true,
    needs: "any target",
    of: Of::Answers,
    fits_features: any_features,
    own: no_weights,
    build: |g, _, terms| {
        let (weights, inputs) = with_teachers(terms.output, terms.answers);
        squares::build(g, weights, &inputs)
    },
}
