//! The penalty on squared weights.

use crate::common::declare::{NOT_NEGATIVE, param};
use crate::common::penalty::{Norm, build};
use crate::loss::{Loss, Of, any_features, no_weights};
use crate::word;
use crate::word::Default;

word! {
    /// A penalty on the squares of the weights, which keeps them small.
    ///
    /// `weight · Σ w²` over the weights of `dense`, convolutions and their kin; biases and the weights of
    /// normalisation are left alone. With `sgd` it acts like `weight_decay = 2 · weight`.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { loss = cross_entropy + l2(1e-4) }
    /// ```
    ///
    /// Krogh and Hertz 1992.
    pub(crate) static L2: Loss = {
        name: "l2",
        params: &[param("weight", NOT_NEGATIVE, Default::Required, "The factor.", &["alpha"])],
        aliases: &["ridge", "l2_regularizer"],
    },
    fits: |_| true,
    needs: "any target",
    of: Of::Weights,
    fits_features: any_features,
    own: no_weights,
    build: |g, args, terms| build(g, Norm::Square, args.real("weight"), terms),
}
