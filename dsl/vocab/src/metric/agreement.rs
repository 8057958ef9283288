//! The metric `agreement`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// The share of samples to which two artifacts give the same class.
    ///
    /// `Student.agreement(Teacher)`: the largest logits of both, on the first artifact's data.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Wide(features: [4]) { features -> dense(32) -> relu -> dense(3) }
    /// model Narrow(features: [4]) { features -> dense(3) }
    /// train Wide on Iris as Big {}
    /// train Narrow on Iris as Small {}
    /// expect { Small.agreement(Big) >= 80% }
    /// ```
    pub(crate) static AGREEMENT: Metric = { name: "agreement", params: &[], aliases: &["fidelity", "top1_agreement"] },
    kind: MetricKind::Pair,
    unit: MetricUnit::Share,
    rises: true,
}
