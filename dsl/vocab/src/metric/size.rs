//! The metric `size`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// Bytes of the parameters and running statistics as stored.
    ///
    /// Four a number in float32; in a quantized artifact one a number in int8, half in int4, with
    /// scales and zero points. Known before anything runs.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { epochs = 50 }
    /// expect { Net.size <= 4 KiB }
    /// ```
    pub(crate) static SIZE: Metric = { name: "size", params: &[], aliases: &["bytes"] },
    kind: MetricKind::Static,
    unit: MetricUnit::Bytes,
    rises: false,
}
