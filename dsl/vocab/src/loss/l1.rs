//! The penalty on absolute weights.

use crate::common::declare::{NOT_NEGATIVE, param};
use crate::common::penalty::{Norm, build};
use crate::loss::{Loss, Of, any_features, no_weights};
use crate::word;
use crate::word::Default;

word! {
    /// A penalty on the absolute values of the weights, which drives many to 0.
    ///
    /// `weight · Σ |w|` over the weights of `dense`, convolutions and their kin; biases and the weights of
    /// normalisation are left alone.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { loss = cross_entropy + l1(1e-5) }
    /// ```
    ///
    /// Tibshirani 1996.
    pub(crate) static L1: Loss = {
        name: "l1",
        params: &[param("weight", NOT_NEGATIVE, Default::Required, "The factor.", &["alpha"])],
        aliases: &["lasso", "l1_regularizer"],
    },
    fits: |_| true,
    needs: "any target",
    of: Of::Weights,
    fits_features: any_features,
    own: no_weights,
    build: |g, args, terms| build(g, Norm::Abs, args.real("weight"), terms),
}
