//! Numbers in JSON, of which those that JSON does not have are written as words.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Exact {
    Finite(f64),
    Other(Word),
}

#[derive(Serialize, Deserialize)]
enum Word {
    #[serde(rename = "NaN")]
    Nan,
    #[serde(rename = "inf")]
    Infinite,
    #[serde(rename = "-inf")]
    Negative,
}

impl From<f64> for Exact {
    fn from(x: f64) -> Exact {
        match x {
            _ if x.is_finite() => Exact::Finite(x),
            _ if x.is_nan() => Exact::Other(Word::Nan),
            _ if x > 0.0 => Exact::Other(Word::Infinite),
            _ => Exact::Other(Word::Negative),
        }
    }
}

impl From<Exact> for f64 {
    fn from(x: Exact) -> f64 {
        match x {
            Exact::Finite(x) => x,
            Exact::Other(Word::Nan) => f64::NAN,
            Exact::Other(Word::Infinite) => f64::INFINITY,
            Exact::Other(Word::Negative) => f64::NEG_INFINITY,
        }
    }
}

/// A list of numbers.
pub(crate) mod list {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(values: &[f64], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(values.iter().map(|&x| Exact::from(x)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<Exact>::deserialize(d)?.into_iter().map(f64::from).collect())
    }
}

/// A number that may be absent.
pub(crate) mod option {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(value: &Option<f64>, s: S) -> Result<S::Ok, S::Error> {
        value.map(Exact::from).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Exact>::deserialize(d)?.map(f64::from))
    }
}
