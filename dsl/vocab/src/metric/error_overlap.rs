//! The metric `error_overlap`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// Of the samples that either of two artifacts gets wrong, the share that both get wrong.
    ///
    /// `S.error_overlap(T) = |E_S ∩ E_T| / |E_S ∪ E_T|`, where E are the samples whose class is wrong; 1 where
    /// neither errs. A student that makes its teacher's mistakes is near 1, one that makes its own is near 0.
    /// Measured on the first artifact's data.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Wide(features: [4]) { features -> dense(32) -> relu -> dense(3) }
    /// model Narrow(features: [4]) { features -> dense(3) }
    /// train Wide on Iris as Teacher
    /// distill Narrow from Teacher on Iris as Student
    /// expect { Student.error_overlap(Teacher) >= 20% }
    /// ```
    pub(crate) static ERROR_OVERLAP: Metric = {
        name: "error_overlap",
        params: &[],
        aliases: &["error_agreement", "shared_errors", "common_errors", "error_iou"],
    },
    kind: MetricKind::LabelledPair,
    unit: MetricUnit::Share,
    rises: true,
}
