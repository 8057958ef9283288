//! Mean absolute error.

use crate::common::distance::{Distance, build};
use crate::data::Target;
use crate::loss::{Loss, Of, any_features, no_weights};
use crate::word;

word! {
    /// The mean of the absolute difference between output and target.
    ///
    /// `loss = 1/(B·K) · Σ |y − t|` over B samples of K values. Outliers weigh no more than others;
    /// the best constant answer is the median. The slope at 0 is 0.
    ///
    /// ```dlm
    /// data Housing { source = csv("housing.csv", target = "median_house_value", regression = true) }
    /// model Net(features: [N]) { features -> dense(32) -> relu -> dense(1) }
    /// train Net on Housing { loss = mae }
    /// ```
    pub(crate) static MAE: Loss = {
        name: "mae", params: &[],
        aliases: &["L1Loss", "mean_absolute_error", "MeanAbsoluteError", "l1_loss"],
    },
    fits: |target| matches!(target, Target::Values(_)),
    needs: "values",
    of: Of::Targets,
    fits_features: any_features,
    own: no_weights,
    build: |g, _, terms| build(g, Absolute, terms),
}

#[derive(Clone, Copy, Debug)]
struct Absolute;

impl Distance for Absolute {
    const NAME: &'static str = "mae";
    const GRAD: &'static str = "mae.grad";

    #[inline(always)]
    fn at(self, d: f32) -> f32 {
        d.abs()
    }

    #[inline(always)]
    fn slope(self, d: f32) -> f32 {
        if d == 0.0 { 0.0 } else { 1f32.copysign(d) }
    }
}
