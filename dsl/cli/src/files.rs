//! Files of the disk.

use dlm_base::files::{FileError, Files, ReadSeek};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// The file system, with paths as the user wrote them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Disk;

impl Files for Disk {
    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(FileError::Unreadable("it is a folder, not a file".into()));
        }
        Ok(Box::new(std::io::BufReader::new(file)))
    }

    fn len(&self, path: &str) -> Result<u64, FileError> {
        let about = std::fs::metadata(path)?;
        if about.is_dir() {
            return Err(FileError::Unreadable("it is a folder, not a file".into()));
        }
        Ok(about.len())
    }

    fn stamp(&self, path: &str) -> Option<u64> {
        let mut hash = DefaultHasher::new();
        match std::fs::metadata(path) {
            Ok(about) => (about.len(), about.modified().ok()?).hash(&mut hash),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => return None,
        }
        Some(hash.finish())
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let Ok(mut name) = entry.file_name().into_string() else {
                return Err(FileError::Unreadable("a name in it is not UTF-8 text".into()));
            };
            if entry.path().is_dir() {
                name.push('/');
            }
            names.push(name);
        }
        names.sort();
        Ok(names)
    }
}

/// A path as text.
pub(crate) fn name(path: &Path) -> Result<String, crate::Failure> {
    match path.to_str() {
        Some(text) => Ok(text.to_string()),
        None => Err(crate::Failure::usage(format!("{}: the path is not UTF-8", path.display()))),
    }
}
