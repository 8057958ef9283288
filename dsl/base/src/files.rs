//! How the pure crates ask for files: the caller (command line, editor, test) answers.

use std::io::{Read, Seek};

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

    /// The whole content of a text file.
    ///
    /// # Errors
    /// When it is missing, cannot be read, or is not UTF-8.
    fn text(&self, path: &str) -> Result<String, FileError> {
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
