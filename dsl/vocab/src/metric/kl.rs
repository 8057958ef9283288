//! The metric `kl`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// How far an artifact's probabilities are from those of another: the mean Kullback–Leibler divergence.
    ///
    /// `S.kl(T) = 1/B · Σ_b Σ_c q_bc (ln q_bc − ln p_bc)` over B samples and their classes c, where
    /// `q = softmax(T's logits)` and `p = softmax(S's logits)`, in nats. 0 where both say the same, and never
    /// less. Of a single logit, the sigmoid's two classes count. Measured on the first artifact's data.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Wide(features: [4]) { features -> dense(32) -> relu -> dense(3) }
    /// model Narrow(features: [4]) { features -> dense(3) }
    /// train Wide on Iris as Teacher
    /// distill Narrow from Teacher on Iris as Student
    /// expect { Student.kl(Teacher) <= 0.1 }
    /// ```
    ///
    /// Kullback, Leibler 1951.
    pub(crate) static KL: Metric = {
        name: "kl",
        params: &[],
        aliases: &["kl_divergence", "kld", "kl_div", "kullback_leibler", "relative_entropy"],
    },
    kind: MetricKind::Pair,
    unit: MetricUnit::Number,
    rises: false,
}
