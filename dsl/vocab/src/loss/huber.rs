//! Huber's loss.

use crate::common::declare::{POSITIVE, param};
use crate::common::distance::{Distance, build};
use crate::data::Target;
use crate::loss::{Loss, Of, any_features, no_weights};
use crate::word;
use crate::word::Default;

word! {
    /// Squared for small differences, absolute for large ones.
    ///
    /// With `d = y − t`, the mean over samples and values of `½ d²` where `|d| ≤ delta`, and
    /// `delta · (|d| − ½ delta)` elsewhere.
    ///
    /// ```dlm
    /// data Housing { source = csv("housing.csv", target = "median_house_value", regression = true) }
    /// model Net(features: [N]) { features -> dense(32) -> relu -> dense(1) }
    /// train Net on Housing { loss = huber(delta = 0.5) }
    /// ```
    ///
    /// Huber 1964.
    pub(crate) static HUBER: Loss = {
        name: "huber",
        params: &[param(
            "delta",
            POSITIVE,
            Default::Real(1.0),
            "Where squared becomes absolute, in units of the standardised target.",
            &["beta"],
        )],
        aliases: &["HuberLoss", "SmoothL1Loss", "smooth_l1_loss", "huber_loss"],
    },
    fits: |target| matches!(target, Target::Values(_)),
    needs: "values",
    of: Of::Targets,
    fits_features: any_features,
    own: no_weights,
    build: |g, args, terms| build(g, Huber { delta: args.real("delta") as f32 }, terms),
}

#[derive(Clone, Copy, Debug)]
struct Huber {
    delta: f32,
}

impl Distance for Huber {
    const NAME: &'static str = "huber";
    const GRAD: &'static str = "huber.grad";

    #[inline(always)]
    fn at(self, d: f32) -> f32 {
        let (a, delta) = (d.abs(), self.delta);
        if a <= delta { 0.5 * d * d } else { delta * (a - 0.5 * delta) }
    }

    #[inline(always)]
    fn slope(self, d: f32) -> f32 {
        d.clamp(-self.delta, self.delta)
    }
}
