//! The world of a run: the disk, the clock and the screen.

use crate::console::Console;
use crate::progress::Progress;
use crate::{Failure, save};
use dlm_kernels::mapped::{Mapped, map};
use dlm_learn::{Bytes, Event, World, Write};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// What a run sees and touches.
pub(super) struct Outside<'a> {
    /// Where lines go.
    pub(super) console: &'a mut Console,
    /// What is shown of the run.
    pub(super) progress: Progress,
    /// Where files are kept.
    pub(super) folder: PathBuf,
    /// Whether files are written: those of the program's own seed are, those of further ones not.
    pub(super) keep: bool,
    /// Whether events are printed.
    pub(super) json: bool,
    /// The events on disk.
    pub(super) log: Log,
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
    pub(super) code: &'static str,
    /// What is so.
    pub(super) message: String,
}

impl World for Outside<'_> {
    fn save(&mut self, artifact: &str, bytes: &[u8]) -> Result<String, String> {
        let path = self.folder.join(format!("{artifact}.safetensors"));
        if self.keep {
            save::replace(&path, bytes).map_err(|e| e.to_string())?;
        }
        Ok(path.display().to_string())
    }

    fn export(&mut self, path: &str, bytes: &[u8]) -> Result<(), String> {
        if self.keep {
            save::replace(Path::new(path), bytes).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    fn recall(&mut self, name: &str) -> Option<Bytes> {
        recall(&self.folder.join(name)).filter(|_| self.keep)
    }

    fn keep(&mut self, name: &str, write: &mut Write<'_>) -> Result<Bytes, String> {
        keep(&self.folder.join(name), self.keep, write).map_err(|e| e.to_string())
    }

    fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    fn tell(&mut self, event: Event) {
        if matches!(event, Event::Saved { .. }) && !self.keep {
            return;
        }
        self.progress.show(&event, self.console);
        let line = if self.json || !matches!(event, Event::Step { .. }) {
            serde_json::to_string(&event).unwrap_or_default()
        } else {
            return;
        };
        if self.json {
            self.console.out.line(&line);
        }
        if !matches!(event, Event::Step { .. }) {
            self.log.line(&line);
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
    /// The file in that folder, empty for the first seed; those of further seeds go on in it.
    pub(super) fn open(folder: &Path, seed: u64) -> Result<Log, Failure> {
        let path = folder.join("metrics.jsonl");
        let opened = std::fs::create_dir_all(folder).and_then(|()| {
            File::options()
                .create(true)
                .write(true)
                .append(seed > 0)
                .truncate(seed == 0)
                .open(&path)
        });
        match opened {
            Ok(file) => Ok(Log { file }),
            Err(e) => Err(Failure::run(format!("cannot write {}: {e}", path.display()))),
        }
    }

    fn line(&mut self, line: &str) {
        // The run is worth more than its log: a full disk is told when the weights are written.
        let _ = writeln!(self.file, "{line}");
    }
}

/// A file that was kept, mapped.
fn recall(path: &Path) -> Option<Bytes> {
    map(&File::open(path).ok()?).ok().map(shared)
}

/// Writes a file and maps it. If it is not to be found again, it is gone when its bytes are let go.
fn keep(path: &Path, found_again: bool, write: &mut Write<'_>) -> io::Result<Bytes> {
    let file = match found_again {
        true => save::stream(path, write)?,
        false => save::nameless(path, write)?,
    };
    Ok(shared(map(&file)?))
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
        let old = keep(&path, true, &mut |file| file.write_all(b"old")).unwrap();
        assert_eq!(bytes(&recall(&path).unwrap()), b"old");
        let new = keep(&path, true, &mut |file| file.write_all(b"newer")).unwrap();
        // Who holds the old file still reads it.
        assert_eq!((bytes(&old), bytes(&new)), (&b"old"[..], &b"newer"[..]));
        assert_eq!(bytes(&recall(&path).unwrap()), b"newer");
    }

    #[test]
    fn what_is_not_kept_is_held_and_leaves_what_was_there() {
        let folder = Folder::new("not-kept");
        let path = folder.0.join("a");
        keep(&path, true, &mut |file| file.write_all(b"of the first seed")).unwrap();
        let held = keep(&path, false, &mut |file| file.write_all(b"of another")).unwrap();
        assert_eq!(bytes(&held), b"of another");
        assert_eq!(bytes(&recall(&path).unwrap()), b"of the first seed");
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    }

    #[test]
    fn what_could_not_be_written_leaves_nothing() {
        let folder = Folder::new("failed");
        let path = folder.0.join("a");
        for found_again in [true, false] {
            let failed = keep(&path, found_again, &mut |file| {
                file.write_all(b"half")?;
                Err(io::Error::other("no more answers"))
            });
            assert_eq!(failed.err().expect("it fails").to_string(), "no more answers");
        }
        assert!(recall(&path).is_none());
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    }
}
