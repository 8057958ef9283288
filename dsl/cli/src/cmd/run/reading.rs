//! Files of the disk whose bytes are counted as they are read, for the bar that shows it.

use crate::files::Disk;
use dlm_base::files::{FileError, Files, ReadSeek};
use indicatif::ProgressBar;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

/// The bar that shows what is read, if one does.
pub(crate) type Reading = Arc<Mutex<Option<ProgressBar>>>;

/// The disk, with a count of what is read.
pub(super) struct Counted(pub(super) Reading);

struct Counting {
    reader: Box<dyn ReadSeek>,
    bar: ProgressBar,
}

impl Files for Counted {
    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        let reader = Disk.open(path)?;
        let bar = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(match bar {
            Some(bar) => Box::new(Counting { reader, bar }),
            None => reader,
        })
    }

    fn len(&self, path: &str) -> Result<u64, FileError> {
        Disk.len(path)
    }

    fn stamp(&self, path: &str) -> Option<u64> {
        Disk.stamp(path)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        Disk.list(path)
    }
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.bar.inc(read as u64);
        Ok(read)
    }
}

impl Seek for Counting {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.reader.seek(place)
    }
}
