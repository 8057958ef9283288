//! The metric `latency`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// The median time of one answer to one sample.
    ///
    /// Measured on this machine with a batch of one, after a warm-up.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { epochs = 50 }
    /// expect { Net.latency <= 5 ms }
    /// ```
    pub(crate) static LATENCY: Metric = { name: "latency", params: &[], aliases: &["time"] },
    kind: MetricKind::Timed,
    unit: MetricUnit::Seconds,
    rises: false,
}
