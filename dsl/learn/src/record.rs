//! What is kept of an artifact beside its weights, so that a later run need not make it again: its key, the
//! hash of its file, and all that a run says of it.

use crate::key::Key;
use crate::metrics::Scores;
use crate::run::Summary;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is kept of an artifact.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// What made it what it is.
    pub(crate) key: Key,
    /// The BLAKE3 hash of its file of weights, in hex; empty where it has none of its own.
    pub(crate) weights: String,
    /// What the run said of it.
    pub(crate) summary: Summary,
    /// The files that it was exported to, each with the hash of what was written.
    #[serde(default)]
    pub(crate) exports: BTreeMap<String, String>,
}

/// A record as it is stored: with a hash that tells whether it is what was written.
#[derive(Serialize, Deserialize)]
struct Sealed {
    blake3: String,
    record: Box<serde_json::value::RawValue>,
}

/// One pass of a training over the training part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// The pass, from 1.
    pub epoch: u64,
    /// Updates so far.
    pub step: u64,
    /// The mean loss of the pass's batches, each measured before its update.
    pub train_loss: f64,
    /// What the validation part says, if there is one.
    pub valid: Option<Scores>,
    /// The learning rate of the last update.
    pub lr: f64,
    /// Samples seen in the pass.
    pub samples: usize,
    /// Seconds spent on updates in the pass, evaluation not included.
    pub seconds: f64,
    /// Whether this is the best validation so far.
    pub best: bool,
}

/// A warning of a run that belongs to an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warned {
    /// Its code.
    pub code: String,
    /// What is so.
    pub message: String,
}

/// A sample to which an artifact answered wrongly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    /// Its place in its part of the data, from 0.
    pub sample: usize,
    /// The right class, or the right value.
    pub right: String,
    /// The answer.
    pub answer: String,
    /// Of a class: how sure the artifact was of its answer, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// The input, where it is an image of one or three channels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// The input, where it is a row of a table: the names of the columns and what stands in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub row: Vec<(String, f32)>,
}

/// A small image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Row after row, pixel after pixel, channel after channel, 0 to 255.
    #[serde(with = "hex")]
    pub pixels: Vec<u8>,
}

impl Record {
    /// The bytes of its file.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let record = serde_json::value::to_raw_value(self).map_err(|e| e.to_string())?;
        let blake3 = blake3::hash(record.get().as_bytes()).to_hex().to_string();
        serde_json::to_vec(&Sealed { blake3, record }).map_err(|e| e.to_string())
    }

    /// The record that a file holds; `None` where its bytes are not those that were written.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Record> {
        let sealed: Sealed = serde_json::from_slice(bytes).ok()?;
        let found = blake3::hash(sealed.record.get().as_bytes()).to_hex().to_string();
        (found == sealed.blake3).then(|| serde_json::from_str(sealed.record.get()).ok())?
    }
}

/// Numbers in JSON, which has no NaN and nothing infinite: they are null there, and NaN when read.
pub(crate) mod number {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(x: &f64, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64(*x)
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(d: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(d)?.unwrap_or(f64::NAN))
    }
}

/// Bytes as hexadecimal text.
mod hex {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        let digits = b"0123456789abcdef";
        let text = bytes.iter().flat_map(|b| [b >> 4, b & 15]);
        let text: String = text.map(|half| char::from(digits[usize::from(half)])).collect();
        s.serialize_str(&text)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(d: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(d)?;
        let halves: Option<Vec<u8>> =
            text.chars().map(|c| c.to_digit(16).and_then(|x| u8::try_from(x).ok())).collect();
        let halves = halves.ok_or_else(|| D::Error::custom("hexadecimal digits"))?;
        Ok(halves.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let scores = Scores { loss: f64::INFINITY, accuracy: Some(0.1 + 0.2), ..Scores::default() };
        let picture = Picture { width: 2, height: 1, channels: 1, pixels: vec![0, 0xaf] };
        Record {
            key: Key([("epochs".to_string(), "20".to_string())].into()),
            weights: "00".to_string(),
            summary: Summary {
                artifact: "Net".to_string(),
                scores: [(dlm_check::program::Split::Test, scores)].into(),
                mistakes: vec![Mistake { picture: Some(picture), ..Mistake::default() }],
                ..Summary::default()
            },
            exports: BTreeMap::new(),
        }
    }

    #[test]
    fn records_come_back() {
        let bytes = record().to_bytes().unwrap();
        let back = Record::from_bytes(&bytes).unwrap();
        assert_eq!((&back.key, &back.weights), (&record().key, &record().weights));
        assert_eq!(back.summary.mistakes, record().summary.mistakes);
        let scores = &back.summary.scores[&dlm_check::program::Split::Test];
        assert_eq!(scores.accuracy, Some(0.1 + 0.2));
        assert!(scores.loss.is_nan());
    }

    #[test]
    fn a_record_that_was_changed_is_none() {
        let bytes = record().to_bytes().unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let other = text.replace("\"epochs\":\"20\"", "\"epochs\":\"21\"");
        assert_ne!(other, text);
        assert!(Record::from_bytes(other.as_bytes()).is_none());
        assert!(Record::from_bytes(&bytes[..bytes.len() / 2]).is_none());
        assert!(Record::from_bytes(b"").is_none());
    }
}
