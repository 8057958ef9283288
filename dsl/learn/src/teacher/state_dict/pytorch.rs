//! What `torch.save` writes: a ZIP archive with a pickle, and the memory of each tensor as a part of its
//! own.

use super::numbers::{Element, Tensor};
use super::pickle::{self, Pickle, Storage, Value};
use std::collections::BTreeMap;
use std::io::Cursor;
use zip::{CompressionMethod, ZipArchive};

/// The longest pickle that is read; one of 1000 tensors has about 100 kB.
const MAX_PICKLE: usize = 1 << 23;

/// The tensors of a state dict, alone in the file or one of the entries of a dictionary.
///
/// # Errors
/// When the archive or its pickle is damaged, holds more than tensors and plain values, or holds no
/// state dict, or several.
pub(super) fn tensors(bytes: &[u8]) -> Result<Vec<Tensor<'_>>, String> {
    let parts = parts(bytes)?;
    let (root, text) = parts
        .iter()
        .find_map(|(name, part)| Some((name.strip_suffix("data.pkl")?, *part)))
        .ok_or("it is a ZIP archive, but not one of torch.save: it has no `data.pkl`")?;
    if text.len() > MAX_PICKLE {
        return Err(format!("its pickle has {} bytes, more than a state dict needs", text.len()));
    }
    if parts.get(&format!("{root}byteorder")).is_some_and(|order| *order == b"big") {
        return Err("it was stored with the highest byte of each number first".to_string());
    }
    let pickle = pickle::read(text)?;
    let memory = |storage: Storage<'_>| {
        let part = parts.get(&format!("{root}data/{}", storage.key)).copied();
        part.ok_or_else(|| format!("the memory `data/{}` is not in it", storage.key))
    };
    let mut all = Vec::new();
    for (name, at) in state_dict(&pickle)? {
        let view = &pickle.tensors[at];
        let (shape, strides) = (view.shape.clone(), view.strides.clone());
        let (element, memory) = (element(view.storage.class), memory(view.storage)?);
        let name = name.to_string();
        all.push(Tensor::view(name, element, memory, view.first, shape, strides)?);
    }
    Ok(all)
}

/// The parts of an archive, none of which is compressed.
fn parts(bytes: &[u8]) -> Result<BTreeMap<String, &[u8]>, String> {
    let broken = |e: zip::result::ZipError| format!("it is a damaged ZIP archive ({e})");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let mut parts = BTreeMap::new();
    for at in 0..archive.len() {
        let part = archive.by_index_raw(at).map_err(broken)?;
        let name = String::from_utf8_lossy(part.name_raw()).into_owned();
        if part.compression() != CompressionMethod::Stored || part.encrypted() {
            return Err(format!("its part `{name}` is compressed, as torch.save never does"));
        }
        let start = part.data_start().and_then(|start| usize::try_from(start).ok());
        let end = start.zip(usize::try_from(part.size()).ok());
        let range = end.and_then(|(start, size)| bytes.get(start..start.checked_add(size)?));
        let range = range.ok_or_else(|| format!("its part `{name}` is cut short"))?;
        parts.insert(name, range);
    }
    Ok(parts)
}

/// The names and tensors of the state dict of a pickle.
fn state_dict<'p>(pickle: &'p Pickle<'_>) -> Result<Vec<(&'p str, usize)>, String> {
    let Value::Dict(root) = pickle.root else {
        return Err("it holds no dictionary; store `model.state_dict()`".to_string());
    };
    let tensors = |dict: usize| -> Vec<(&'p str, usize)> {
        let entries = pickle.dicts[dict].iter().filter_map(|entry| match *entry {
            (Value::Text(name), Value::Tensor(at)) => Some((name, at)),
            _ => None,
        });
        entries.collect()
    };
    let own = tensors(root);
    if !own.is_empty() {
        return Ok(own);
    }
    let inner = pickle.dicts[root].iter().filter_map(|entry| match *entry {
        (Value::Text(key), Value::Dict(dict)) => Some((key, tensors(dict))),
        _ => None,
    });
    let mut inner: Vec<_> = inner.filter(|(_, tensors)| !tensors.is_empty()).collect();
    if let Some(at) = inner.iter().position(|(key, _)| ["state_dict", "model"].contains(key)) {
        return Ok(inner.swap_remove(at).1);
    }
    match inner.len() {
        0 => Err("it holds no tensors by name; store `model.state_dict()`".to_string()),
        1 => Ok(inner.remove(0).1),
        _ => {
            let keys: Vec<String> = inner.iter().map(|(key, _)| format!("`{key}`")).collect();
            Err(format!("it holds several state dicts ({}); store one alone", keys.join(", ")))
        }
    }
}

/// The numbers of a memory of this class.
fn element(class: &str) -> Element {
    match class {
        "HalfStorage" => Element::F16,
        "BFloat16Storage" => Element::BF16,
        "FloatStorage" => Element::F32,
        "DoubleStorage" => Element::F64,
        "LongStorage" | "ComplexFloatStorage" => Element::Other(8),
        "IntStorage" => Element::Other(4),
        "ShortStorage" => Element::Other(2),
        "ComplexDoubleStorage" => Element::Other(16),
        _ => Element::Other(1),
    }
}
