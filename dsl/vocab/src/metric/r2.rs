//! The metric `r2`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// The share of the target's variance that the network explains.
    ///
    /// `r2 = 1 − Σ (t − y)² / Σ (t − mean(t))²`, the mean over the values of a sample. 1 is perfect, 0
    /// is no better than the mean, below 0 is worse.
    ///
    /// ```dlm
    /// data Housing { source = csv("housing.csv", target = "median_house_value", regression = true) }
    /// model Net(features: [N]) { features -> dense(32) -> relu -> dense(1) }
    /// train Net on Housing { epochs = 20 }
    /// expect { Net.r2 >= 0.6 }
    /// ```
    pub(crate) static R2: Metric = { name: "r2", params: &[], aliases: &["r2_score", "R2"] },
    kind: MetricKind::Values,
    unit: MetricUnit::Number,
    rises: true,
}
