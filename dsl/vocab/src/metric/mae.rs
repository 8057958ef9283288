//! The metric `mae`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// The mean absolute error, in the units of the target.
    ///
    /// `mae = 1/(B·K) · Σ |y − t|` over B samples of K values.
    ///
    /// ```dlm
    /// data Housing { source = csv("housing.csv", target = "median_house_value", regression = true) }
    /// model Net(features: [N]) { features -> dense(32) -> relu -> dense(1) }
    /// train Net on Housing { epochs = 20 }
    /// expect { Net.mae <= 50000 }
    /// ```
    pub(crate) static MAE: Metric = { name: "mae", params: &[], aliases: &["mean_absolute_error"] },
    kind: MetricKind::Values,
    unit: MetricUnit::Number,
    rises: false,
}
