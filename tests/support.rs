//! What several tests need: programs checked from text, with files under the repository's root.

use dlm_base::diag::render;
use dlm_base::files::{FileError, Files, ReadSeek};
use dlm_base::{Severity, Source, Sources};
use dlm_check::Program;
use dlm_check::session::{self, Checked};
use dlm_learn::{Bytes, Event, Options, Outcome, World, Write};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

/// Files of the disk, relative paths from the repository's root.
pub(crate) struct Disk;

impl Files for Disk {
    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        Ok(Box::new(BufReader::new(File::open(place(path))?)))
    }

    fn len(&self, path: &str) -> Result<u64, FileError> {
        Ok(std::fs::metadata(place(path))?.len())
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(place(path))? {
            let entry = entry?;
            let folder = if entry.path().is_dir() { "/" } else { "" };
            names.push(format!("{}{folder}", entry.file_name().to_string_lossy()));
        }
        names.sort();
        Ok(names)
    }
}

fn place(path: &str) -> PathBuf {
    crate::tidy::root().join(path)
}

/// What is said to a program, a line each, that stands at this path from the root.
pub(crate) fn diagnose(name: &str, text: &str) -> Vec<String> {
    let Checked { diags, sources, .. } = session::check_text(name, text, &Disk);
    diags.iter().map(|d| format!("{}: {}", d.code.id, render::short(d, &sources))).collect()
}

/// The checked program, or its errors as people see them.
pub(crate) fn check(text: &str) -> Result<Program, String> {
    let Checked { program, diags, sources, .. } = session::check_text("main.dlm", text, &Disk);
    let errors = diags.iter().filter(|d| d.severity() == Severity::Error);
    let errors: Vec<String> = errors.map(|d| render::terminal(d, &sources, false)).collect();
    if errors.is_empty() { Ok(program) } else { Err(errors.join("\n")) }
}

/// The program in the one style.
///
/// # Panics
/// When it cannot be read.
pub(crate) fn format(text: &str) -> String {
    let file = Sources::default().add(Source::new("main.dlm", text));
    let parsed = dlm_grammar::parse(file, text);
    assert!(parsed.diags.is_empty(), "{}", parsed.diags[0].message);
    dlm_grammar::format(&parsed.tree, text)
}

/// The outside of a run that keeps everything in memory. Its clock stands still.
#[derive(Default)]
pub(crate) struct Recorder {
    /// What was told, in order.
    pub(crate) events: Vec<Event>,
    /// The weights of each artifact as stored, and what was exported, by path.
    pub(crate) saved: BTreeMap<String, Vec<u8>>,
    /// What is kept between runs, by name.
    pub(crate) kept: BTreeMap<String, Bytes>,
    /// Bytes of memory that can be had.
    pub(crate) memory: Option<u64>,
}

impl World for Recorder {
    fn save(&mut self, name: &str, bytes: &[u8]) -> Result<String, String> {
        self.keep(name, &mut |file| file.write_all(bytes))?;
        let last = name.rsplit('/').next().unwrap_or(name);
        if let Some(artifact) = last.strip_suffix(".safetensors") {
            self.saved.insert(artifact.to_string(), bytes.to_vec());
        }
        Ok(name.to_string())
    }

    fn forget(&mut self, name: &str) {
        self.kept.remove(name);
    }

    fn checkpoint(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), String> {
        self.kept.insert(name.to_string(), std::sync::Arc::new(bytes));
        Ok(())
    }

    fn settle(&mut self) -> Result<(), String> {
        Ok(())
    }

    fn stopping(&self) -> bool {
        false
    }

    fn memory(&self) -> Option<u64> {
        self.memory
    }

    fn export(&mut self, path: &str, bytes: &[u8]) -> Result<(), String> {
        self.saved.insert(path.to_string(), bytes.to_vec());
        Ok(())
    }

    fn recall(&mut self, name: &str) -> Option<Bytes> {
        self.kept.get(name).cloned()
    }

    fn keep(&mut self, name: &str, write: &mut Write<'_>) -> Result<Bytes, String> {
        let mut bytes = Vec::new();
        write(&mut bytes).map_err(|e| e.to_string())?;
        let bytes: Bytes = std::sync::Arc::new(bytes);
        self.kept.insert(name.to_string(), bytes.clone());
        Ok(bytes)
    }

    fn seconds(&self) -> f64 {
        0.0
    }

    fn tell(&mut self, event: Event) {
        self.events.push(event);
    }
}

impl Recorder {
    /// What was kept under that name.
    pub(crate) fn kept(&self, name: &str) -> &[u8] {
        (*self.kept[name]).as_ref()
    }

    /// All that was kept, by name.
    pub(crate) fn all_kept(&self) -> BTreeMap<String, Vec<u8>> {
        self.kept.iter().map(|(name, bytes)| (name.clone(), (**bytes).as_ref().to_vec())).collect()
    }

    /// The losses of the updates of one artifact.
    pub(crate) fn losses(&self, artifact: &str) -> Vec<f64> {
        let of = |event: &Event| match event {
            Event::Step { artifact: a, loss, .. } if a == artifact => Some(*loss),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }
}

/// Checks and runs a program.
///
/// # Panics
/// When it has errors or does not run.
pub(crate) fn run(text: &str, options: &Options) -> (Recorder, Outcome) {
    let program = check(text).unwrap_or_else(|errors| panic!("{errors}"));
    let mut world = Recorder::default();
    let outcome = dlm_learn::run(&program, &Disk, options, &mut world).unwrap();
    (world, outcome)
}
