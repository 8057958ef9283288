//! The metric `params`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// The numbers that training changes: weights and biases.
    ///
    /// Running statistics of normalisation do not count. Known before anything runs.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { epochs = 50 }
    /// expect { Net.params <= 1000 }
    /// ```
    pub(crate) static PARAMS: Metric = { name: "params", params: &[], aliases: &["parameters", "num_params"] },
    kind: MetricKind::Static,
    unit: MetricUnit::Count,
    rises: false,
}
