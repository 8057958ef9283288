//! The metric `perplexity`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// How many equally likely tokens the next one is as hard to guess as.
    ///
    /// `perplexity = e^H`, `H = 1/N · Σ −ln p(token)` over the N tokens of a part: 1 is certainty, the
    /// size of the vocabulary is pure guessing. Of a text alone, whose targets are the tokens that follow.
    ///
    /// ```dlm
    /// data Text { source = text("plays.txt", context = 64) }
    /// model Net(tokens: int[64]) { tokens -> embedding(Text.tokens, 32) -> gru(64, sequence = true) -> dense(Text.tokens) }
    /// train Net on Text { epochs = 3 }
    /// expect { Net.perplexity <= 8 }
    /// ```
    ///
    /// Jelinek et al. 1977, *Perplexity: a measure of the difficulty of speech recognition tasks*.
    pub(crate) static PERPLEXITY: Metric = { name: "perplexity", params: &[], aliases: &["ppl"] },
    kind: MetricKind::Sequence,
    unit: MetricUnit::Number,
    rises: false,
}
