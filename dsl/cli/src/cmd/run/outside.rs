//! The world of a run: the disk, the clock and the screen.

use super::writer::Writer;
use crate::console::Console;
use crate::progress::Progress;
use crate::{Failure, files, interrupt, save};
use dlm_kernels::mapped::{Mapped, map};
use dlm_learn::{Bytes, Event, World, Write};
use serde::Serialize;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What the runs of one command share.
pub(super) struct Screen<'a> {
    /// Where lines go.
    pub(super) console: Mutex<&'a mut Console>,
    /// Whether events are printed.
    pub(super) json: bool,
    /// Whether there are runs with several seeds, so that an event must say of which it is.
    pub(super) several: bool,
    /// Whether all are to end because one has failed.
    pub(super) halted: AtomicBool,
}

/// What a run sees and touches.
pub(super) struct Outside<'a> {
    /// What it shares with others.
    pub(super) screen: &'a Screen<'a>,
    /// Which seed it has, counted from the program's own.
    pub(super) offset: u64,
    /// What is shown of the run.
    pub(super) progress: Progress,
    /// Where files are kept.
    pub(super) folder: PathBuf,
    /// The events on disk.
    pub(super) log: Log,
    /// Who writes checkpoints.
    pub(super) writer: Writer,
    /// When the run began.
    pub(super) began: Instant,
    /// The warnings so far.
    pub(super) warned: Vec<Warned>,
}

/// A warning of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Warned {
    /// The artifact.
    pub(super) artifact: String,
    /// Its code.
    pub(super) code: String,
    /// What is so.
    pub(super) message: String,
}

impl World for Outside<'_> {
    fn recall(&mut self, name: &str) -> Option<Bytes> {
        let path = self.folder.join(name);
        match name.contains("answers/") {
            // There may be more of them than fits in memory.
            true => recall(&path),
            false => Some(Arc::new(files::read(&path).ok()?)),
        }
    }

    fn keep(&mut self, name: &str, write: &mut Write<'_>) -> Result<Bytes, String> {
        keep(&self.folder.join(name), write).map_err(|e| e.to_string())
    }

    fn save(&mut self, name: &str, bytes: &[u8]) -> Result<String, String> {
        let path = self.folder.join(name);
        save::replace(&path, bytes).map_err(|e| e.to_string())?;
        Ok(path.display().to_string())
    }

    fn forget(&mut self, name: &str) {
        // What is not there need not be removed; what cannot be is found to be of no use later.
        let _ = std::fs::remove_file(self.folder.join(name));
    }

    fn checkpoint(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), String> {
        self.writer.write(self.folder.join(name), bytes)
    }

    fn settle(&mut self) -> Result<(), String> {
        self.writer.settle()
    }

    fn export(&mut self, path: &str, bytes: &[u8]) -> Result<(), String> {
        save::replace(Path::new(path), bytes).map_err(|e| e.to_string())
    }

    fn stopping(&self) -> bool {
        interrupt::asked() || self.screen.halted.load(Ordering::Relaxed)
    }

    fn memory(&self) -> Option<u64> {
        crate::machine::memory()
    }

    fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    fn tell(&mut self, event: Event) {
        let mut console = self.screen.console.lock().unwrap_or_else(PoisonError::into_inner);
        self.progress.show(&event, &mut console);
        if let Event::Resumed { artifact, passed, .. } = &event {
            // The log is of this run alone: what an earlier one has done of the training belongs to it.
            for passed in passed {
                let (artifact, passed) = (artifact.clone(), passed.clone());
                self.log.line(&Event::EpochEnded { artifact, passed }, None);
            }
        }
        if self.screen.json && !matches!(event, Event::Working { .. }) {
            let offset = self.screen.several.then_some(self.offset);
            console.out.line(line(&event, offset));
        }
        if !matches!(event, Event::Step { .. } | Event::Working { .. }) {
            self.log.line(&event, None);
        }
        if let Event::Warned { artifact, code, message } = event {
            self.warned.push(Warned { artifact, code, message });
        }
    }
}

/// `metrics.jsonl`: the events of a run but the single steps, written as they happen.
pub(super) struct Log {
    file: File,
}

impl Log {
    /// The file in that folder, empty.
    pub(super) fn open(folder: &Path) -> Result<Log, Failure> {
        let path = folder.join("metrics.jsonl");
        let opened = std::fs::create_dir_all(folder).and_then(|()| {
            // A pipe or a device would be waited for, or written to.
            if path.exists() {
                files::look(&path)?;
            }
            File::create(&path)
        });
        match opened {
            Ok(file) => Ok(Log { file }),
            Err(e) => Err(Failure::run(format!("cannot write {}: {e}", path.display()))),
        }
    }

    pub(super) fn line(&mut self, event: &impl Serialize, seed: Option<u64>) {
        // The run is worth more than its log: a full disk is told when the weights are written.
        let _ = writeln!(self.file, "{}", line(event, seed));
    }
}

/// An event as one line of JSON; of several runs with the place of its seed.
pub(super) fn line(event: &impl Serialize, seed: Option<u64>) -> String {
    let Some(seed) = seed else { return serde_json::to_string(event).unwrap_or_default() };
    let mut value = serde_json::to_value(event).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.insert("seed".to_string(), seed.into());
    }
    value.to_string()
}

/// A file that was kept, mapped.
fn recall(path: &Path) -> Option<Bytes> {
    map(&files::open(path).ok()?).ok().map(shared)
}

/// Writes a file and maps it.
fn keep(path: &Path, write: &mut Write<'_>) -> io::Result<Bytes> {
    Ok(shared(map(&save::stream(path, write)?)?))
}

fn shared(mapped: Mapped) -> Bytes {
    Arc::new(mapped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A folder of a test's own, removed with what is in it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Folder {
            let name = format!("dlm-outside-{test}-{}", std::process::id());
            Folder(std::env::temp_dir().join(name))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn bytes(kept: &Bytes) -> &[u8] {
        (**kept).as_ref()
    }

    #[test]
    fn what_is_kept_is_found_again() {
        let folder = Folder::new("kept");
        let path = folder.0.join("answers/Teacher.f32");
        assert!(recall(&path).is_none());
        let old = keep(&path, &mut |file| file.write_all(b"old")).unwrap();
        assert_eq!(bytes(&recall(&path).unwrap()), b"old");
        let new = keep(&path, &mut |file| file.write_all(b"newer")).unwrap();
        // Who holds the old file still reads it.
        assert_eq!((bytes(&old), bytes(&new)), (&b"old"[..], &b"newer"[..]));
        assert_eq!(bytes(&recall(&path).unwrap()), b"newer");
    }

    #[test]
    fn what_could_not_be_written_leaves_nothing() {
        let folder = Folder::new("failed");
        let path = folder.0.join("a");
        let failed = keep(&path, &mut |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("no more answers"))
        });
        assert_eq!(failed.err().expect("it fails").to_string(), "no more answers");
        assert!(recall(&path).is_none());
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    }
}
