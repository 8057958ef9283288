//! `dlm run --watch`: the program runs again whenever it, or a file that it reads, is saved.

use crate::args::Run;
use crate::console::{Console, Style};
use crate::files::{self, Disk};
use crate::{Failure, Status, diagnose, human};
use dlm_check::session::{self, Recorder};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// Editors save in several steps: so long nothing must happen before files are looked at.
const CALM: Duration = Duration::from_millis(100);

/// Where it never gets calm, files are looked at after so long.
const RESTLESS: Duration = Duration::from_secs(2);

/// Runs `once`, and again after each change of a file that the program reads, until `stop` says so. Gives what the
/// last run gave.
pub(super) fn watch(
    args: &Run,
    console: &mut Console,
    stop: impl Fn() -> bool,
    mut once: impl FnMut(&mut Console) -> Result<Status, Failure>,
) -> Result<Status, Failure> {
    diagnose::readable(&args.file)?;
    let remark = |console: &mut Console, text: String| {
        if !args.quiet && !args.json {
            console.err.line(console.err.paint(Style::Dim, text));
        }
    };
    loop {
        // What changes while the program runs has changed since then.
        let mut watched = Watched::new(args)?;
        let status = once(console).unwrap_or_else(|failure| {
            console.failure(&failure);
            failure.status
        });
        if stop() {
            return Ok(status);
        }
        remark(console, format!("watching {}; Ctrl-C ends", watched.contents(&args.file)));
        match watched.change(&stop)? {
            Some(change) => remark(console, change),
            None => return Ok(status),
        }
    }
}

/// The files that a program reads, as they were.
struct Watched {
    /// By path a number that is another one when the file, or what is in the folder, has changed.
    stamps: BTreeMap<String, u64>,
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
}

impl Watched {
    fn new(args: &Run) -> Result<Watched, Failure> {
        let (tell, events) = mpsc::channel();
        let watcher = notify::recommended_watcher(tell)
            .map_err(|e| Failure::run(format!("cannot watch files: {e}")))?;
        let mut watched = Watched { stamps: BTreeMap::new(), watcher, events };
        let names = names(args)?;
        watched.follow(names.iter().map(String::as_str))?;
        watched.stamps = names.into_iter().map(|path| (path.clone(), stamp(&path))).collect();
        Ok(watched)
    }

    /// Has the system tell of changes in the folders of these files, as files are saved by putting others in their
    /// place. Of a folder that is not there, the one above it is watched until it is.
    fn follow<'a>(&mut self, paths: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
        let mut folders = BTreeSet::new();
        for path in paths.map(Path::new) {
            let real = path.canonicalize().ok();
            for path in [Some(path), real.as_deref()].into_iter().flatten() {
                let there = if path.is_dir() { Some(path) } else { path.parent() };
                let there =
                    there.map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it });
                let there = there.into_iter().flat_map(Path::ancestors).find(|it| it.is_dir());
                folders.insert(there.unwrap_or(Path::new(".")).to_path_buf());
            }
        }
        for folder in folders {
            self.watcher.watch(&folder, RecursiveMode::NonRecursive).map_err(|e| {
                let why = format!("cannot watch {}: {e}", folder.display());
                Failure::run(why).help("run without --watch")
            })?;
        }
        Ok(())
    }

    /// Waits for a change and says what it is: `a.dlm has changed`. Gives nothing when `stop` says so.
    fn change(&mut self, stop: &impl Fn() -> bool) -> Result<Option<String>, Failure> {
        loop {
            if stop() {
                return Ok(None);
            }
            // Whoever only reads is no reason to look.
            let wakes = |event: notify::Result<Event>| {
                !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_)))
            };
            if !self.events.recv_timeout(CALM).is_ok_and(wakes) {
                continue;
            }
            let since = Instant::now();
            let mut last = since;
            while last.elapsed() < CALM && since.elapsed() < RESTLESS {
                if self.events.recv_timeout(CALM).is_ok_and(wakes) {
                    last = Instant::now();
                }
            }
            let stamps = std::mem::take(&mut self.stamps);
            self.follow(stamps.keys().map(String::as_str))?;
            self.stamps = stamps;
            let changed: Vec<&str> = self
                .stamps
                .iter()
                .filter(|(path, old)| stamp(path) != **old)
                .map(|(path, _)| path.as_str())
                .collect();
            match changed.as_slice() {
                [] => {}
                [one] if !Path::new(one).exists() => return Ok(Some(format!("{one} is gone"))),
                [one] => return Ok(Some(format!("{one} has changed"))),
                more => {
                    let names: Vec<String> = more.iter().map(|it| it.to_string()).collect();
                    return Ok(Some(format!("{} have changed", human::list(&names))));
                }
            }
        }
    }

    /// `mnist.dlm and 3 more files`: those that are there. What lies in a folder that is read counts as one.
    fn contents(&self, program: &Path) -> String {
        let inside = |path: &Path| {
            path.ancestors().skip(1).filter_map(Path::to_str).any(|it| self.stamps.contains_key(it))
        };
        let paths = self.stamps.keys().map(Path::new);
        let more = paths.filter(|it| *it != program && it.exists() && !inside(it)).count();
        match more {
            0 => program.display().to_string(),
            1 => format!("{} and 1 more file", program.display()),
            n => format!("{} and {n} more files", program.display()),
        }
    }
}

/// The files that the checker of the program asks for, but those that the run itself writes.
fn names(args: &Run) -> Result<BTreeSet<String>, Failure> {
    let recorder = Recorder::new(&Disk);
    let name = files::name(&args.file)?;
    let checked = session::check_file(&name, &recorder, &diagnose::overrides(&args.set));
    let own = place(&super::folder(&args.file, args.out.as_deref()));
    let exports = checked.program.exports.iter();
    let exports: BTreeSet<PathBuf> = exports.map(|it| place(Path::new(&it.file))).collect();
    let mut names = recorder.asked();
    names.retain(|path| {
        let place = place(Path::new(path));
        !place.starts_with(&own) && !exports.contains(&place)
    });
    Ok(names)
}

/// A path without links, whether a file is there or not.
fn place(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let real = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match real {
        Some((above, real)) => match path.strip_prefix(above) {
            Ok(rest) if rest.as_os_str().is_empty() => real,
            Ok(rest) => real.join(rest),
            Err(_) => path,
        },
        None => path,
    }
}

/// A number that is another one when a file, or a file in a folder, has changed, has come or is gone.
fn stamp(path: &str) -> u64 {
    let mut hash = DefaultHasher::new();
    let mut mark = |path: &Path| match std::fs::metadata(path) {
        Ok(about) if about.is_dir() => "folder".hash(&mut hash),
        Ok(about) => (about.len(), about.modified().ok()).hash(&mut hash),
        Err(_) => "nothing".hash(&mut hash),
    };
    mark(Path::new(path));
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut inside: Vec<PathBuf> = entries
        .filter(|it| !it.file_name().as_encoded_bytes().starts_with(b"."))
        .map(|it| it.path())
        .collect();
    inside.sort();
    inside.iter().for_each(|path| mark(path));
    inside.hash(&mut hash);
    hash.finish()
}
