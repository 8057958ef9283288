//! The metric `bits_per_character`.

use crate::metric::{Metric, MetricKind, MetricUnit};
use crate::word;

word! {
    /// How many bits a character of the text takes when it is coded by what the network expects.
    ///
    /// `bits = Σ −log₂ p(token) / characters`, over the tokens of a part and the characters that they stand for. With
    /// `tokens = char` it is the loss in nats divided by ln 2; with `tokens = byte` a character may be several
    /// tokens, so that figures of both can be compared. Of a text alone.
    ///
    /// ```dlm
    /// data Text { source = text("plays.txt", context = 64) }
    /// model Net(tokens: int[64]) { tokens -> embedding(Text.tokens, 32) -> gru(64, sequence = true) -> dense(Text.tokens) }
    /// train Net on Text { epochs = 3 }
    /// expect { Net.bits_per_character <= 2.8 }
    /// ```
    ///
    /// Shannon 1951, *Prediction and entropy of printed English*.
    pub(crate) static BITS_PER_CHARACTER: Metric = { name: "bits_per_character", params: &[], aliases: &["bpc", "bits_per_char", "bpb"] },
    kind: MetricKind::Sequence,
    unit: MetricUnit::Number,
    rises: false,
}
