//! The metric `macs`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// Multiply-adds for one sample.
    ///
    /// Products of dense layers, convolutions, recurrences and attention count one for each weight
    /// used; elementwise steps, pooling and normalisation count none. Known before anything runs.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { epochs = 50 }
    /// expect { Net.macs <= 1000 }
    /// ```
    pub(crate) static MACS: Metric = { name: "macs", params: &[], aliases: &["flops"] },
    kind: MetricKind::Static,
    unit: MetricUnit::Count,
    rises: false,
}
