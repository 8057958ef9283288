//! The metric `loss`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// The mean of the training loss over the samples of a split, without the penalties on weights.
    ///
    /// The network answers: dropout is off and normalisation uses its running statistics.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { epochs = 50 }
    /// expect { Net.loss <= 0.5 }
    /// ```
    pub(crate) static LOSS: Metric = { name: "loss", params: &[], aliases: &[] },
    kind: MetricKind::Answers,
    unit: MetricUnit::Number,
    rises: false,
}
