//! Files of the disk.

use dlm_base::files::{FileError, Files, ReadSeek};
use std::fs::{File, FileType, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::Path;

/// The file system, with paths as the user wrote them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Disk;

impl Files for Disk {
    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        Ok(Box::new(std::io::BufReader::new(open(Path::new(path))?)))
    }

    fn len(&self, path: &str) -> Result<u64, FileError> {
        Ok(look(Path::new(path))?.len())
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

/// Opens a file for reading. What is no file, a folder or a pipe, is refused before it is opened: opening a pipe
/// waits for a writer, and a device has no end.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    look(path)?;
    File::open(path)
}

/// What is known of a file, links followed; an error, if a thing of another kind is there.
pub(crate) fn look(path: &Path) -> io::Result<Metadata> {
    let about = std::fs::metadata(path)?;
    match kind(about.file_type()) {
        Some(kind) => Err(io::Error::other(format!("it is a {kind}, not a file"))),
        None => Ok(about),
    }
}

/// The content of a file, as [`open`] opens it.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a thing is that is no file.
fn kind(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        return None;
    }
    if kind.is_dir() {
        return Some("folder");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let known = [
            (kind.is_fifo(), "FIFO"),
            (kind.is_socket(), "socket"),
            (kind.is_block_device() || kind.is_char_device(), "device"),
        ];
        if let Some((_, name)) = known.into_iter().find(|(is, _)| *is) {
            return Some(name);
        }
    }
    Some("thing of its own kind")
}

/// A path as text.
pub(crate) fn name(path: &Path) -> Result<String, crate::Failure> {
    match path.to_str() {
        Some(text) => Ok(text.to_string()),
        None => Err(crate::Failure::usage(format!("{}: the path is not UTF-8", path.display()))),
    }
}
