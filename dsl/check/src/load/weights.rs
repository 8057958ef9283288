//! Files of weights, known by their first bytes and by what they say of their length.

use crate::budget::grouped;
use dlm_base::files::Files;
use std::io::{Read, Seek, SeekFrom};

/// The formats that are read, by the ending of the file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `.safetensors`
    SafeTensors,
    /// `.pt`, `.pth`: a state dict as `torch.save` writes it.
    Torch,
}

/// The format that a path ends with.
pub(crate) fn format(path: &str) -> Option<Format> {
    match path.to_lowercase().rsplit_once('.') {
        Some((_, "safetensors")) => Some(Format::SafeTensors),
        Some((_, "pt" | "pth")) => Some(Format::Torch),
        _ => None,
    }
}

/// Whether a file is one of its format, whole as far as its own lengths tell. Its numbers are not read.
///
/// # Errors
/// When it cannot be read (outer), or is another thing or cut short (inner): why, and what to do.
pub(crate) fn look(
    files: &dyn Files,
    path: &str,
    format: Format,
) -> Result<Result<(), (String, Option<&'static str>)>, String> {
    let len = files.len(path).map_err(|e| e.to_string())?;
    let mut file = files.open(path).map_err(|e| e.to_string())?;
    let mut read = |from: u64, most: u64| -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(from)).map_err(|e| e.to_string())?;
        file.by_ref().take(most).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        Ok(bytes)
    };
    let start = read(0, LENGTH + 1)?;
    Ok(match format {
        Format::SafeTensors => match header_len(&start, len) {
            Ok(header) => {
                let rest = len.saturating_sub(LENGTH + header);
                tensors(&read(LENGTH, header)?, rest).map_err(|why| (why, None))
            }
            Err(why) => Err((why, Some(SAVE))),
        },
        Format::Torch => {
            let end = read(len.saturating_sub(LONGEST_END), LONGEST_END)?;
            torch(&start, &end).map_err(|(why, help)| (why.to_string(), help))
        }
    })
}

/// How such a file is written.
const SAVE: &str =
    "write the weights with `safetensors.torch.save_model(model, \"file.safetensors\")`";
/// The bytes of the length of a header.
const LENGTH: u64 = 8;
/// The longest header that is read.
const LONGEST_HEADER: u64 = 100_000_000;
/// The end of a ZIP archive: 22 bytes and a comment.
const LONGEST_END: u64 = 22 + 65_535;

/// The length of the header of a safetensors file, of which these are the first bytes: 8 bytes with the
/// length of a JSON object, lowest first, then the object.
fn header_len(start: &[u8], len: u64) -> Result<u64, String> {
    let header = start.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    match (header, start.get(8)) {
        (Some(header), Some(b'{')) if header > len.saturating_sub(LENGTH) => {
            Err("the file ends within the header of a safetensors file".to_string())
        }
        (Some(header), Some(b'{')) if header <= LONGEST_HEADER => Ok(header),
        (Some(header), Some(b'{')) => Err(format!("its header claims {} bytes", grouped(header))),
        _ => Err("it is not a safetensors file".to_string()),
    }
}

/// Whether the tensors of a header are what the `rest` bytes after it hold.
fn tensors(header: &[u8], rest: u64) -> Result<(), String> {
    let damaged = || "its header is damaged".to_string();
    let json: serde_json::Value = serde_json::from_slice(header).map_err(|_| damaged())?;
    let mut ends = Vec::new();
    for (name, tensor) in json.as_object().ok_or_else(damaged)? {
        if name != "__metadata__" {
            ends.push(tensor["data_offsets"][1].as_u64().ok_or_else(damaged)?);
        }
    }
    match ends.into_iter().max() {
        None => Err("it holds no tensors".to_string()),
        Some(end) if end == rest => Ok(()),
        Some(end) => Err(format!(
            "the header promises {} bytes of tensors, the file holds {}",
            grouped(end),
            grouped(rest)
        )),
    }
}

/// A ZIP archive, whose list of files stands at its end.
fn torch(start: &[u8], end: &[u8]) -> Result<(), (&'static str, Option<&'static str>)> {
    let save = Some("write the weights with `torch.save(model.state_dict(), \"file.pt\")`");
    if start.starts_with(&[0x80, 2]) {
        Err(("it is a pickle of PyTorch before 1.6, which is not read", save))
    } else if !start.starts_with(b"PK\x03\x04") {
        Err(("it is not a file of `torch.save`", save))
    } else if !end.windows(4).any(|bytes| bytes == b"PK\x05\x06") {
        Err(("the file is cut short: the list of what it holds is missing", None))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlm_base::files::MemFiles;

    fn safetensors(header: &str, data: usize) -> Vec<u8> {
        let len = (header.len() as u64).to_le_bytes();
        [&len[..], header.as_bytes(), &vec![0; data]].concat()
    }

    fn refusal(path: &str, bytes: Vec<u8>) -> String {
        let mut files = MemFiles::default();
        files.put(path, bytes);
        let found = look(&files, path, format(path).unwrap()).unwrap();
        found.map_or_else(|(why, _)| why, |()| String::new())
    }

    #[test]
    fn a_file_must_be_what_its_ending_says() {
        let header = r#"{"__metadata__":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
        let of = |bytes| refusal("a.safetensors", bytes);
        assert_eq!(of(safetensors(header, 8)), "");
        let short = "the header promises 8 bytes of tensors, the file holds 7";
        assert_eq!(of(safetensors(header, 7)), short);
        assert_eq!(of(safetensors("{}", 0)), "it holds no tensors");
        assert_eq!(of(safetensors(r#"{"a":[1]}"#, 0)), "its header is damaged");
        assert_eq!(of(safetensors("{]", 0)), "its header is damaged");
        let huge = header.replace("8]", "2000000000]");
        assert!(of(safetensors(&huge, 900)).contains("promises 2,000,000,000 bytes"));
        assert!(of(b"\x09\0\0\0\0\0\0\0{}".to_vec()).contains("ends within the header"));
        assert_eq!(of(b"version https://git-lfs".to_vec()), "it is not a safetensors file");
        assert_eq!(of(Vec::new()), "it is not a safetensors file");
        let whole = [&b"PK\x03\x04...."[..], b"PK\x05\x06", &[0; 18]].concat();
        assert_eq!(refusal("a.pt", whole.clone()), "");
        assert!(refusal("a.pt", whole[..9].to_vec()).contains("cut short"));
        assert!(refusal("old.pth", vec![0x80, 2, 0x8a]).contains("before 1.6"));
        assert!(refusal("empty.pt", Vec::new()).contains("not a file of `torch.save`"));
        assert!(look(&MemFiles::default(), "none.pt", Format::Torch).is_err());
        assert_eq!(format("model.bin"), None);
    }

    #[test]
    fn any_byte_may_be_wrong() {
        let header = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
        let file = safetensors(header, 4);
        for at in 0..file.len() {
            assert_ne!(refusal("a.safetensors", file[..at].to_vec()), "", "{at} bytes");
            for byte in 0..=255 {
                let mut bytes = file.clone();
                bytes[at] = byte;
                refusal("a.safetensors", bytes);
            }
        }
    }
}
