//! Files as the editor has them: what is open is read as it is typed.

use dlm_base::Files;
use dlm_base::files::{FileError, ReadSeek};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

/// Files of which some are open; it remembers what was asked for.
pub(crate) struct Overlay<'h> {
    pub(crate) below: &'h (dyn Files + Send + Sync),
    pub(crate) open: BTreeMap<Arc<str>, Arc<str>>,
    pub(crate) asked: Mutex<BTreeSet<String>>,
}

impl<'h> Overlay<'h> {
    pub(crate) fn new(
        below: &'h (dyn Files + Send + Sync),
        open: BTreeMap<Arc<str>, Arc<str>>,
    ) -> Overlay<'h> {
        Overlay { below, open, asked: Mutex::default() }
    }

    fn ask(&self, path: &str) -> Option<&Arc<str>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.contains(path) {
            asked.insert(path.to_string());
        }
        self.open.get(path)
    }
}

impl Files for Overlay<'_> {
    fn resolve(&self, from: &str, relative: &str) -> String {
        self.below.resolve(from, relative)
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        match self.ask(path) {
            Some(text) => Ok(Box::new(Cursor::new(text.as_bytes().to_vec()))),
            None => self.below.open(path),
        }
    }

    fn len(&self, path: &str) -> Result<u64, FileError> {
        match self.ask(path) {
            Some(text) => Ok(text.len() as u64),
            None => self.below.len(path),
        }
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        self.ask(path);
        self.below.list(path)
    }

    fn stamp(&self, path: &str) -> Option<u64> {
        match self.ask(path) {
            // What is being typed has no stamp that is cheaper than reading it.
            Some(_) => None,
            None => self.below.stamp(path),
        }
    }
}
