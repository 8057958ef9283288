//! Files that remember what was asked for.

use dlm_base::Files;
use dlm_base::files::{FileError, ReadSeek};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Files with the paths that were asked for.
pub struct Recorder<'f> {
    files: &'f dyn Files,
    asked: Mutex<BTreeSet<String>>,
}

impl<'f> Recorder<'f> {
    /// Nothing has been asked for yet.
    pub fn new(files: &'f dyn Files) -> Recorder<'f> {
        Recorder { files, asked: Mutex::default() }
    }

    /// What was asked for, whether it is there or not.
    pub fn asked(self) -> BTreeSet<String> {
        self.asked.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stamps of what was asked for; `None` when one has none.
    pub(crate) fn stamps(&self) -> Option<Vec<(String, u64)>> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().map(|path| Some((path.clone(), self.files.stamp(path)?))).collect()
    }

    fn ask(&self, path: &str) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert(path.to_string());
    }
}

impl Files for Recorder<'_> {
    fn resolve(&self, from: &str, relative: &str) -> String {
        self.files.resolve(from, relative)
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        self.ask(path);
        self.files.open(path)
    }

    fn len(&self, path: &str) -> Result<u64, FileError> {
        self.ask(path);
        self.files.len(path)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        self.ask(path);
        self.files.list(path)
    }

    fn stamp(&self, path: &str) -> Option<u64> {
        self.files.stamp(path)
    }
}
