//! Safetensors files that notice damage: beside what they say of their numbers, their header holds a BLAKE3 hash of
//! both.

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Where in the header of a file stands what dlm says of it.
const ENTRY: &str = "dlm";

/// A tensor of a file: name, format, shape, bytes.
pub(crate) type Tensor<'a> = (String, Dtype, Vec<usize>, &'a [u8]);

/// What stands in the header: what is said, and the hash.
#[derive(Serialize, Deserialize)]
struct Head<T> {
    #[serde(flatten)]
    about: T,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blake3: Option<String>,
}

/// The bytes of a file with these tensors, and with what `about` says. The same content gives the same bytes.
///
/// # Errors
/// When the file format cannot hold them.
pub(crate) fn write<T: Serialize>(about: &T, tensors: &[Tensor<'_>]) -> Result<Vec<u8>, String> {
    let said = serde_json::to_string(about).map_err(|e| e.to_string())?;
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        TensorView::new(*dtype, shape.clone(), bytes).map(|view| (name.as_str(), view))
    });
    let mut views = views.collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    views.sort_by(|a, b| a.0.cmp(b.0));
    let blake3 = Some(hash(&said, views.iter().map(|(name, view)| (*name, view))));
    let head = serde_json::to_string(&Head { about, blake3 }).map_err(|e| e.to_string())?;
    // One entry alone: the order of several would not be the same in every run.
    let head = HashMap::from([(ENTRY.to_string(), head)]);
    safetensors::serialize(views, Some(head)).map_err(|e| e.to_string())
}

/// Why the bytes of a file are not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// They are of some other software.
    Foreign(String),
    /// They have changed since.
    Damaged,
    /// What they say is said in a way that this version does not know.
    Unknown(String),
}

impl Fault {
    /// In words behind the name of the file; `again` says how it is made anew.
    pub(crate) fn words(&self, again: &str) -> String {
        match self {
            Fault::Foreign(why) => why.clone(),
            Fault::Damaged => {
                format!("it is damaged: its bytes are not those that were written; {again}")
            }
            Fault::Unknown(why) => format!("its header cannot be read ({why}); {again}"),
        }
    }
}

/// The tensors of a file that [`write`] wrote, and what it says of them.
///
/// # Errors
/// When it is no such file, or damaged.
pub(crate) fn read<T>(bytes: &[u8]) -> Result<(SafeTensors<'_>, T), Fault>
where
    T: Serialize + DeserializeOwned,
{
    let foreign = |e: String| Fault::Foreign(format!("it is not a safetensors file: {e}"));
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| foreign(e.to_string()))?;
    let head = header.metadata().as_ref().and_then(|entries| entries.get(ENTRY));
    let Some(head) = head else {
        let why = "it was not written by dlm: its header says nothing of a model";
        return Err(Fault::Foreign(why.to_string()));
    };
    let file = SafeTensors::deserialize(bytes).map_err(|e| foreign(e.to_string()))?;
    let Head { about, blake3 }: Head<T> =
        serde_json::from_str(head).map_err(|e| Fault::Unknown(e.to_string()))?;
    let Some(blake3) = blake3 else {
        let why = "it was written by a version of dlm that kept no hash of its content";
        return Err(Fault::Foreign(why.to_string()));
    };
    let said = serde_json::to_string(&about).map_err(|e| Fault::Unknown(e.to_string()))?;
    let mut views: Vec<_> = file.iter().collect();
    views.sort_by(|a, b| a.0.cmp(b.0));
    let found = hash(&said, views.iter().map(|(name, view)| (*name, view)));
    match blake3 == found {
        true => Ok((file, about)),
        false => Err(Fault::Damaged),
    }
}

/// Whether the bytes are those of a file that [`write`] wrote, and have changed since.
pub(crate) fn is_damaged(bytes: &[u8]) -> bool {
    matches!(read::<serde_json::Value>(bytes), Err(Fault::Damaged | Fault::Unknown(_)))
}

/// The hash of what is said of tensors, and of them in the order of their names.
fn hash<'a>(said: &str, tensors: impl Iterator<Item = (&'a str, &'a TensorView<'a>)>) -> String {
    let mut hash = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(said.as_bytes());
    for (name, view) in tensors {
        part(name.as_bytes());
        part(format!("{:?} {:?}", view.dtype(), view.shape()).as_bytes());
        part(view.data());
    }
    hash.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct About {
        name: String,
        rate: f32,
    }

    fn file() -> Vec<u8> {
        let about = About { name: "Net".to_string(), rate: 0.1 };
        let tensors = [
            ("b".to_string(), Dtype::U8, vec![3], &[1, 2, 3][..]),
            ("a".to_string(), Dtype::F32, vec![1, 1], &[0, 0, 128, 63][..]),
        ];
        write(&about, &tensors).unwrap()
    }

    #[test]
    fn what_was_written_comes_back() {
        let bytes = file();
        let (tensors, about) = read::<About>(&bytes).unwrap();
        assert_eq!(about, About { name: "Net".to_string(), rate: 0.1 });
        assert_eq!(tensors.tensor("b").unwrap().data(), [1, 2, 3]);
        assert_eq!(bytes, file());
    }

    /// A flipped bit is found wherever it says something else than was written.
    #[test]
    fn every_flipped_bit_that_matters_is_found() {
        let bytes = file();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let mut harmless = 0;
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut bytes = bytes.clone();
                bytes[place] ^= 1 << bit;
                if let Ok((tensors, about)) = read::<About>(&bytes) {
                    let same = about.name == "Net"
                        && about.rate == 0.1
                        && tensors.tensor("b").is_ok_and(|t| t.data() == [1, 2, 3])
                        && tensors.tensor("a").is_ok_and(|t| t.data() == [0, 0, 128, 63]);
                    assert!(same, "bit {bit} of byte {place}");
                    harmless += 1;
                }
            }
        }
        // White space and the like.
        assert!(harmless < 64, "{harmless} of {} changes, {header:?}", 8 * bytes.len());
        assert!(read::<About>(&bytes[..bytes.len() - 1]).is_err());
    }
}
