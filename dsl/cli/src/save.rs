//! Writing files so that none is ever seen half written.

use crate::files;
use dlm_learn::Write;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes `bytes` beside `path` under a temporary name, then puts the file in its place. Missing
/// folders are made.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    stream(path, &mut |file| file.write_all(bytes)).map(drop)
}

/// The same with what `write` writes, piece by piece; returns the file, to be read.
pub(crate) fn stream(path: &Path, write: &mut Write<'_>) -> io::Result<File> {
    // A link is followed, so that the file it names changes and the link stays.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    // A file takes the place of a file alone: not of a device, nor of a pipe that somebody reads.
    if target.exists() {
        files::look(&target)?;
    }
    at_temporary(&target, |temporary| {
        let file = fill(temporary, write)?;
        if let Ok(about) = fs::metadata(&target) {
            file.set_permissions(about.permissions())?;
        }
        file.sync_all()?;
        fs::rename(temporary, &target)?;
        settle(&target)?;
        Ok(file)
    })
}

/// Removes what killed processes have left of files that they were writing into a folder.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(".tmp") {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Gives a temporary name beside `path`, at which nothing is left when `make` fails. Missing folders are made.
fn at_temporary<T>(path: &Path, make: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    fs::create_dir_all(folder_of(path))?;
    let temporary = temporary(path);
    let made = make(&temporary);
    if made.is_err() {
        // The first error is the one to tell; a temporary file that cannot be removed is not.
        let _ = fs::remove_file(&temporary);
    }
    made
}

/// Has the name of a file written to the disk, as its bytes have been.
#[cfg(unix)]
fn settle(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

#[cfg(not(unix))]
fn settle(_: &Path) -> io::Result<()> {
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn fill(temporary: &Path, write: &mut Write<'_>) -> io::Result<File> {
    let file =
        File::options().read(true).write(true).create(true).truncate(true).open(temporary)?;
    let mut buffered = BufWriter::with_capacity(1 << 20, file);
    write(&mut buffered)?;
    buffered.into_inner().map_err(io::IntoInnerError::into_error)
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    // Two threads may write a file of the same name.
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".{}-{number}.tmp", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of a test's own, removed with what is in it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Folder {
            let name = format!("dlm-save-{test}-{}", std::process::id());
            Folder(std::env::temp_dir().join(name))
        }

        fn names(&self) -> Vec<String> {
            let names = fs::read_dir(self.0.join("deep")).expect("the folder is there");
            names.map(|entry| entry.expect("an entry").file_name().display().to_string()).collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_behind() {
        let folder = Folder::new("replaced");
        let path = folder.0.join("deep/a.txt");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(folder.names(), ["a.txt"]);
    }

    #[test]
    fn what_could_not_be_written_changes_nothing() {
        let folder = Folder::new("failed");
        let path = folder.0.join("deep/a.txt");
        replace(&path, b"one").unwrap();
        let half = &mut |file: &mut dyn io::Write| {
            file.write_all(&vec![0; 3 << 20])?;
            Err(io::Error::other("the teacher is gone"))
        };
        assert_eq!(stream(&path, half).unwrap_err().to_string(), "the teacher is gone");
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(folder.names(), ["a.txt"]);
    }

    #[test]
    fn what_a_killed_process_left_is_swept_away() {
        let folder = Folder::new("swept");
        replace(&folder.0.join("deep/a.txt"), b"one").unwrap();
        fs::write(folder.0.join("deep/.a.txt.1.tmp"), b"half").unwrap();
        sweep(&folder.0.join("deep"));
        assert_eq!(folder.names(), ["a.txt"]);
    }
}
