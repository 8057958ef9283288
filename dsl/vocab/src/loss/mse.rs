//! Mean squared error.

use crate::common::distance::{Distance, build};
use crate::data::Target;
use crate::loss::{Loss, Of, any_features, no_weights};
use crate::word;

word! {
    /// The mean of the squared difference between output and target.
    ///
    /// `loss = 1/(B·K) · Σ (y − t)²` over B samples of K values. Large errors weigh most; the best
    /// constant answer is the mean.
    ///
    /// ```dlm
    /// data Housing { source = csv("housing.csv", target = "median_house_value", regression = true) }
    /// model Net(features: [N]) { features -> dense(32) -> relu -> dense(1) }
    /// train Net on Housing { loss = mse }
    /// ```
    pub(crate) static MSE: Loss = {
        name: "mse", params: &[],
        aliases: &["MSELoss", "mean_squared_error", "MeanSquaredError", "l2_loss"],
    },
    fits: |target| matches!(target, Target::Values(_)),
    needs: "values",
    of: Of::Targets,
    fits_features: any_features,
    own: no_weights,
    build: |g, _, terms| build(g, Squared, terms),
}

#[derive(Clone, Copy, Debug)]
struct Squared;

impl Distance for Squared {
    const NAME: &'static str = "mse";
    const GRAD: &'static str = "mse.grad";

    #[inline(always)]
    fn at(self, d: f32) -> f32 {
        d * d
    }

    #[inline(always)]
    fn slope(self, d: f32) -> f32 {
        2.0 * d
    }
}
