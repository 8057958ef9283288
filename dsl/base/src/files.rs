//! How the pure crates ask for files: the caller (command line, editor, test) answers.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek};

/// A longer text is not read.
pub const MAX_TEXT: usize = 10 << 20;

/// Bytes that can be read from the start or from a place.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// Why a file could not be had, in words that fit behind "`path`: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// There is no such file or folder.
    Missing,
    /// It is there but cannot be read; the system's reason.
    Unreadable(String),
}

impl std::fmt::Display for FileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FileError::Missing => f.write_str("there is no such file"),
            FileError::Unreadable(why) => f.write_str(why),
        }
    }
}

impl From<std::io::Error> for FileError {
    fn from(error: std::io::Error) -> FileError {
        match error.kind() {
            std::io::ErrorKind::NotFound => FileError::Missing,
            _ => FileError::Unreadable(error.to_string()),
        }
    }
}

/// The path without `.` and `..` where they can be resolved, so that one file has one path.
pub fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, ".." | "")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Access to files by path. Paths use `/`; they are as resolved by [`Files::resolve`].
pub trait Files: Sync {
    /// The path of `relative`, written in the file `from`, as the other methods take it.
    /// An absolute `relative` stands for itself.
    fn resolve(&self, from: &str, relative: &str) -> String {
        if relative.starts_with('/') {
            return relative.to_string();
        }
        match from.rfind('/') {
            Some(cut) => format!("{}/{relative}", &from[..cut]),
            None => relative.to_string(),
        }
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, FileError>;

    /// The size of a file in bytes.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    fn len(&self, path: &str) -> Result<u64, FileError>;

    /// The names in a folder, sorted; folders end with `/`.
    ///
    /// # Errors
    /// When it is missing or is not a folder.
    fn list(&self, path: &str) -> Result<Vec<String>, FileError>;

    /// A number that changes when what is at the path may have changed; `None` when that cannot be told
    /// without reading it. A path where nothing is has a number too, unless nothing can be told of paths.
    fn stamp(&self, _path: &str) -> Option<u64> {
        None
    }

    /// The whole content of a text file.
    ///
    /// # Errors
    /// When it is missing, cannot be read, is longer than [`MAX_TEXT`], or is not UTF-8.
    fn text(&self, path: &str) -> Result<String, FileError> {
        let len = self.len(path)?;
        if len > MAX_TEXT as u64 {
            let why = format!("it has {len} bytes; at most {MAX_TEXT} are read");
            return Err(FileError::Unreadable(why));
        }
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes)?;
        String::from_utf8(bytes).map_err(|e| {
            FileError::Unreadable(format!(
                "it is not UTF-8 text (byte {} is not part of a character)",
                e.utf8_error().valid_up_to()
            ))
        })
    }
}

/// A world without files, for texts that stand alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn open(&self, _: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        Err(FileError::Missing)
    }
    fn len(&self, _: &str) -> Result<u64, FileError> {
        Err(FileError::Missing)
    }
    fn list(&self, _: &str) -> Result<Vec<String>, FileError> {
        Err(FileError::Missing)
    }
}

/// Files in memory, by path; a folder is there when a file lies in it.
#[derive(Clone, Debug, Default)]
pub struct MemFiles(pub BTreeMap<String, Vec<u8>>);

impl MemFiles {
    /// Adds or replaces a file.
    pub fn put(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.0.insert(path.into(), content.into());
    }

    fn get(&self, path: &str) -> Result<&Vec<u8>, FileError> {
        self.0.get(path).ok_or(FileError::Missing)
    }
}

impl Files for MemFiles {
    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        Ok(Box::new(Cursor::new(self.get(path)?.clone())))
    }

    fn len(&self, path: &str) -> Result<u64, FileError> {
        Ok(self.get(path)?.len() as u64)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let inside = self.0.keys().filter_map(|key| key.strip_prefix(&folder));
        let mut names: Vec<String> = inside
            .map(|rest| match rest.find('/') {
                Some(cut) => rest[..=cut].to_string(),
                None => rest.to_string(),
            })
            .collect();
        names.sort();
        names.dedup();
        if names.is_empty() { Err(FileError::Missing) } else { Ok(names) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_memory_have_folders() {
        let mut files = MemFiles::default();
        files.put("d/cats/1.png", "a");
        files.put("d/cats/2.png", "bc");
        files.put("d/readme", "");
        assert_eq!(files.list("d"), Ok(vec!["cats/".to_string(), "readme".to_string()]));
        assert_eq!(files.list("d/cats/"), Ok(vec!["1.png".to_string(), "2.png".to_string()]));
        assert_eq!(files.list("e"), Err(FileError::Missing));
        assert_eq!(files.len("d/cats/2.png"), Ok(2));
        assert_eq!(files.text("d/cats/2.png"), Ok("bc".to_string()));
        assert!(files.open("d").is_err());
    }
}
