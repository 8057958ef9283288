//! Files of weights, known by their first bytes.

use dlm_base::files::Files;
use std::io::Read;

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

/// Whether a file begins as one of its format does.
///
/// # Errors
/// When it cannot be read (outer), or begins otherwise (inner): why, and what to do.
pub(crate) fn look(
    files: &dyn Files,
    path: &str,
    format: Format,
) -> Result<Result<(), (String, Option<&'static str>)>, String> {
    let len = files.len(path).map_err(|e| e.to_string())?;
    let mut start = Vec::new();
    let file = files.open(path).map_err(|e| e.to_string())?;
    file.take(9).read_to_end(&mut start).map_err(|e| e.to_string())?;
    Ok(match format {
        Format::SafeTensors => safetensors(&start, len).map_err(|why| (why.to_string(), None)),
        Format::Torch => torch(&start).map_err(|(why, help)| (why.to_string(), help)),
    })
}

/// Eight bytes with the length of a JSON object, lowest first, then the object.
fn safetensors(start: &[u8], len: u64) -> Result<(), &'static str> {
    let header = start.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    match (header, start.get(8)) {
        (Some(header), Some(b'{')) if header <= len - 8 => Ok(()),
        (Some(_), Some(b'{')) => Err("the file ends within the header of a safetensors file"),
        _ => Err("it is not a safetensors file"),
    }
}

/// A ZIP archive.
fn torch(start: &[u8]) -> Result<(), (&'static str, Option<&'static str>)> {
    let save = Some("write the weights with `torch.save(model.state_dict(), \"file.pt\")`");
    if start.starts_with(b"PK\x03\x04") {
        Ok(())
    } else if start.starts_with(&[0x80, 2]) {
        Err(("it is a pickle of PyTorch before 1.6, which is not read", save))
    } else {
        Err(("it is not a file of `torch.save`", save))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlm_base::files::MemFiles;

    #[test]
    fn a_file_must_begin_as_its_ending_says() {
        let mut files = MemFiles::default();
        files.put("a.safetensors", b"\x02\0\0\0\0\0\0\0{}".to_vec());
        files.put("cut.safetensors", b"\x09\0\0\0\0\0\0\0{}".to_vec());
        files.put("b.pt", b"PK\x03\x04....".to_vec());
        files.put("old.pth", [0x80, 2, 0x8a].to_vec());
        files.put("empty.pt", Vec::new());
        let look = |path: &str| look(&files, path, format(path).unwrap());
        assert_eq!(look("a.safetensors"), Ok(Ok(())));
        assert_eq!(look("b.pt"), Ok(Ok(())));
        assert!(look("cut.safetensors").unwrap().unwrap_err().0.contains("ends within"));
        assert!(look("old.pth").unwrap().unwrap_err().0.contains("before 1.6"));
        assert!(look("empty.pt").unwrap().is_err());
        assert!(look("none.pt").is_err());
        assert_eq!(format("model.bin"), None);
    }
}
