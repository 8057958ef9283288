//! Files that are written while the run goes on: of those of one name the last is enough.

use crate::save;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// A thread that writes files.
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    desk: Mutex<Desk>,
    changed: Condvar,
}

#[derive(Default)]
struct Desk {
    /// What is to be written.
    waiting: Option<(PathBuf, Vec<u8>)>,
    /// Whether something is being written.
    busy: bool,
    /// Why something could not be written.
    failed: Option<String>,
    /// Whether no more will come.
    closed: bool,
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, desk: MutexGuard<'a, Desk>) -> MutexGuard<'a, Desk> {
        self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what comes until no more does.
    fn work(&self) {
        let mut desk = self.desk();
        loop {
            if let Some((path, bytes)) = desk.waiting.take() {
                desk.busy = true;
                drop(desk);
                let written = save::replace(&path, &bytes);
                desk = self.desk();
                desk.busy = false;
                desk.failed = written.err().map(|why| why.to_string()).or(desk.failed.take());
                self.changed.notify_all();
            } else if desk.closed {
                return;
            } else {
                desk = self.wait(desk);
            }
        }
    }
}

impl Writer {
    /// A thread that waits for something to write.
    pub(super) fn new() -> Writer {
        let shared = Arc::new(Shared::default());
        let worker = shared.clone();
        Writer { shared, thread: Some(std::thread::spawn(move || worker.work())) }
    }

    /// Has a file written; one that still waits is not.
    ///
    /// # Errors
    /// With the reason why an earlier one could not be written.
    pub(super) fn write(&self, path: PathBuf, bytes: Vec<u8>) -> Result<(), String> {
        let mut desk = self.shared.desk();
        if let Some(why) = desk.failed.take() {
            return Err(why);
        }
        desk.waiting = Some((path, bytes));
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Waits until all is written.
    ///
    /// # Errors
    /// With the reason why something could not be.
    pub(super) fn settle(&self) -> Result<(), String> {
        let mut desk = self.shared.desk();
        while desk.busy || desk.waiting.is_some() {
            desk = self.shared.wait(desk);
        }
        desk.failed.take().map_or(Ok(()), Err)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.desk().closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_last_of_many_is_what_is_there() {
        let folder = std::env::temp_dir().join(format!("dlm-writer-{}", std::process::id()));
        let path = folder.join("a");
        let writer = Writer::new();
        for i in 0..100u8 {
            writer.write(path.clone(), vec![i; 1000]).unwrap();
        }
        writer.settle().unwrap();
        assert_eq!(fs::read(&path).unwrap(), [99; 1000]);
        // What is waiting when no more comes is written.
        writer.write(path.clone(), vec![7]).unwrap();
        drop(writer);
        assert_eq!(fs::read(&path).unwrap(), [7]);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_could_not_be_written_is_told_once() {
        let writer = Writer::new();
        let nowhere = || PathBuf::from("/dev/null/a");
        writer.write(nowhere(), vec![1]).unwrap();
        assert!(writer.settle().is_err());
        assert!(writer.settle().is_ok());
        writer.write(nowhere(), vec![1]).unwrap();
        while writer.shared.desk().failed.is_none() {
            std::thread::yield_now();
        }
        assert!(writer.write(nowhere(), vec![1]).is_err());
    }
}
