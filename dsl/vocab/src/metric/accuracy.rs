//! The metric `accuracy`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// The share of samples whose class is right.
    ///
    /// `accuracy = right / samples`, where the answer is the class with the largest logit (the first of
    /// equal ones). Of one output, the second of two classes is the answer above 0.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { epochs = 50 }
    /// expect { Net.accuracy >= 90% }
    /// ```
    pub(crate) static ACCURACY: Metric = { name: "accuracy", params: &[], aliases: &["acc", "Accuracy"] },
    kind: MetricKind::Classes,
    unit: MetricUnit::Share,
    rises: true,
}
