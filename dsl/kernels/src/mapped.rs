//! Files as memory: their bytes are read where the system keeps them, when they are looked at.
//!
//! Crates below the command touch no files. This module is the one exception: it maps a file that the
//! command has opened, because mapping is `unsafe`, and `unsafe` lives here.
#![allow(unsafe_code)]

use memmap2::Mmap;
use std::fs::File;
use std::io;

/// A file, mapped read-only. It stays as it was when another takes its name, or when its name is removed.
#[derive(Debug)]
pub struct Mapped(Mmap);

/// Maps the whole of a file.
///
/// The file must be one whose bytes never change: dlm writes such a file under a temporary name, gives it its
/// own name when all is written, and replaces it only by another file.
///
/// # Errors
/// When the system cannot map it: it is a folder, or no file of the disk.
pub fn map(file: &File) -> io::Result<Mapped> {
    // SAFETY: the bytes behind a mapping must not change while it lives. The file is one that dlm wrote under a
    // temporary name and renamed, and that it replaces by renaming another over it, so nobody writes to it or
    // cuts it short.
    let map = unsafe { Mmap::map(file) }?;
    Ok(Mapped(map))
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    /// A folder of a test's own, removed with what is in it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Folder {
            let name = format!("dlm-mapped-{test}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }

        fn mapped(&self, name: &str) -> Mapped {
            map(&File::open(self.0.join(name)).unwrap()).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_bytes_of_a_file_are_there() {
        let folder = Folder::new("bytes");
        let bytes: Vec<u8> = (0..100_000u32).map(|i| (i % 251) as u8).collect();
        fs::write(folder.0.join("a"), &bytes).unwrap();
        fs::write(folder.0.join("empty"), b"").unwrap();
        assert!(folder.mapped("a").as_ref() == bytes);
        assert!(folder.mapped("empty").as_ref().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_replaced_or_removed_keeps_its_bytes() {
        let folder = Folder::new("replaced");
        fs::write(folder.0.join("a"), b"old").unwrap();
        fs::write(folder.0.join("b"), b"newer").unwrap();
        let old = folder.mapped("a");
        fs::rename(folder.0.join("b"), folder.0.join("a")).unwrap();
        let new = folder.mapped("a");
        fs::remove_file(folder.0.join("a")).unwrap();
        assert_eq!((old.as_ref(), new.as_ref()), (&b"old"[..], &b"newer"[..]));
    }

    #[test]
    fn a_folder_cannot_be_mapped() {
        let folder = Folder::new("folder");
        let opened = File::open(&folder.0);
        assert!(opened.and_then(|file| map(&file)).is_err());
    }
}
