//! The metric `drop`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// How much less accurate an artifact is than another.
    ///
    /// `Small.drop(Big) = Big.accuracy − Small.accuracy`, in points: negative when it is better.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Wide(features: [4]) { features -> dense(32) -> relu -> dense(3) }
    /// model Narrow(features: [4]) { features -> dense(3) }
    /// train Wide on Iris as Big {}
    /// train Narrow on Iris as Small {}
    /// expect { Small.drop(Big) <= 5% }
    /// ```
    pub(crate) static DROP: Metric = { name: "drop", params: &[], aliases: &["accuracy_drop"] },
    kind: MetricKind::LabelledPair,
    unit: MetricUnit::Share,
    rises: false,
}
