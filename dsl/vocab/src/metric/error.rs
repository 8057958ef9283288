//! The metric `error`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// The share of samples whose class is wrong.
    ///
    /// `error = 1 − accuracy`.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { epochs = 50 }
    /// expect { Net.error <= 10% }
    /// ```
    pub(crate) static ERROR: Metric = { name: "error", params: &[], aliases: &["error_rate", "err"] },
    kind: MetricKind::Classes,
    unit: MetricUnit::Share,
    rises: false,
}
