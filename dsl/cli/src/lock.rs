//! One run at a time in a folder.

use crate::{Failure, files, human, moment};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

/// How long to wait before the next look at a folder that another has.
const PAUSE: Duration = Duration::from_millis(200);

/// A run's hold on its folder. It ends with the value, or with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

/// A process that has a folder.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    since: String,
    command: String,
}

/// Tries to lock a file, as [`File::try_lock`] does.
type TryLock = fn(&File) -> Result<(), TryLockError>;

impl Lock {
    /// Takes the folder, which is made if it is not there. While another process has it, waits: tells `on_wait`
    /// once who that is, and gives up when `stop` says so.
    pub(crate) fn take(
        folder: &Path,
        on_wait: impl FnMut(String),
        stop: impl Fn() -> bool,
    ) -> Result<Lock, Failure> {
        Lock::take_by(File::try_lock, folder, on_wait, stop)
    }

    fn take_by(
        try_lock: TryLock,
        folder: &Path,
        mut on_wait: impl FnMut(String),
        stop: impl Fn() -> bool,
    ) -> Result<Lock, Failure> {
        let path = folder.join(".lock");
        let failed = |e: io::Error| Failure::run(format!("cannot write {}: {e}", path.display()));
        let mut file = open(&path).map_err(failed)?;
        let mut told = false;
        while held(try_lock(&file), &mut file).map_err(failed)? {
            let who = holder(&mut file).map_or("another process".into(), |who| who.to_string());
            let busy = format!("{} is in use by {who}", folder.display());
            if stop() {
                return Err(Failure::run(format!("stopped: {busy}")));
            }
            if !told {
                on_wait(format!("{busy}; waiting for it to end"));
                told = true;
            }
            std::thread::sleep(PAUSE);
        }
        enter(&mut file).map_err(failed)?;
        Ok(Lock { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Who is named in the file only helps those who wait.
        let _ = self.file.set_len(0);
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = moment::local(&self.since);
        write!(f, "process {} since {since} (`{}`)", self.pid, self.command)
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if path.exists() {
        files::look(path)?;
    }
    File::options().read(true).write(true).create(true).truncate(false).open(path)
}

/// Whether another process has the file.
fn held(tried: Result<(), TryLockError>, file: &mut File) -> io::Result<bool> {
    match tried {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        // A file system without locks: the process that is named has it while it lives.
        Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => Ok(holder(file)
            .is_some_and(|who| {
                who.pid != std::process::id() && Path::new(&format!("/proc/{}", who.pid)).exists()
            })),
        Err(TryLockError::Error(e)) => Err(e),
    }
}

fn holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn enter(file: &mut File) -> io::Result<()> {
    let own = Holder { pid: std::process::id(), since: moment::now(), command: human::command() };
    let text = serde_json::to_string(&own).map_err(io::Error::other)?;
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use std::sync::mpsc;

    /// A folder of a test's own, removed with what is in it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Folder {
            let name = format!("dlm-lock-{test}-{}", std::process::id());
            Folder(std::env::temp_dir().join(name))
        }

        fn text(&self) -> String {
            fs::read_to_string(self.0.join(".lock")).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Takes a folder that nobody has.
    fn free(try_lock: TryLock, folder: &Path) -> Lock {
        Lock::take_by(try_lock, folder, |who| panic!("{who}"), || true).unwrap()
    }

    #[test]
    fn a_folder_is_had_by_one_and_then_by_another() {
        let folder = Folder::new("two");
        let first = free(File::try_lock, &folder.0);
        assert!(folder.text().contains(&format!("\"pid\":{},", std::process::id())));
        let (tell, told) = mpsc::channel();
        let path = folder.0.clone();
        let second = std::thread::spawn(move || {
            Lock::take(&path, move |who| tell.send(who).unwrap(), || false).unwrap()
        });
        let who = told.recv().unwrap();
        let own = format!("is in use by process {} since 2", std::process::id());
        assert!(who.contains(&own) && who.ends_with("; waiting for it to end"), "{who}");
        assert!(!second.is_finished());
        drop(first);
        let second = second.join().unwrap();
        assert!(folder.text().contains("\"pid\""));
        drop(second);
        assert_eq!(folder.text(), "");
        assert!(told.recv().is_err(), "told twice");
    }

    #[test]
    fn who_waits_can_be_stopped() {
        let folder = Folder::new("stopped");
        let _first = free(File::try_lock, &folder.0);
        let stopped = Lock::take(&folder.0, |_| (), || true).unwrap_err();
        assert!(stopped.message.starts_with("stopped: "), "{}", stopped.message);
        assert!(stopped.message.contains("is in use by process"), "{}", stopped.message);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn without_locks_the_process_that_is_named_decides() {
        let none: TryLock = |_| Err(TryLockError::Error(ErrorKind::Unsupported.into()));
        let folder = Folder::new("none");
        drop(free(none, &folder.0));
        let name = |pid: u32| {
            let text = format!("{{\"pid\":{pid},\"since\":\"\",\"command\":\"dlm run a.dlm\"}}");
            fs::write(folder.0.join(".lock"), text).unwrap();
        };
        // No process has the largest number; the first is always there.
        name(u32::MAX);
        drop(free(none, &folder.0));
        name(1);
        let stopped = Lock::take_by(none, &folder.0, |_| (), || true).unwrap_err();
        assert!(stopped.message.contains("process 1 since"), "{}", stopped.message);
    }

    #[test]
    fn another_error_is_told() {
        let broken: TryLock = |_| Err(TryLockError::Error(io::Error::other("no more locks")));
        let folder = Folder::new("broken");
        let failed = Lock::take_by(broken, &folder.0, |_| (), || false).unwrap_err();
        assert!(failed.message.ends_with(".lock: no more locks"), "{}", failed.message);
    }
}
