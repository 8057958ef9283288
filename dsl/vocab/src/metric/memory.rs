//! The metric `memory`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// The most bytes of activations that are alive at once for one sample.
    ///
    /// Inputs and scratch memory count, parameters do not. Known before anything runs.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { epochs = 50 }
    /// expect { Net.memory <= 8 KiB }
    /// ```
    pub(crate) static MEMORY: Metric = { name: "memory", params: &[], aliases: &["peak_memory"] },
    kind: MetricKind::Static,
    unit: MetricUnit::Bytes,
    rises: false,
}
