//! The metric `top5`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// The share of samples whose class is among the five largest logits.
    ///
    /// With five classes or fewer it is always 100 %.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { epochs = 50 }
    /// expect { Net.top5 >= 98% }
    /// ```
    pub(crate) static TOP5: Metric = { name: "top5", params: &[], aliases: &["top_5", "top5_accuracy", "top_k"] },
    kind: MetricKind::Classes,
    unit: MetricUnit::Share,
    rises: true,
}
