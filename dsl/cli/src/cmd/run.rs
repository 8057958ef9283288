//! `dlm run`: check, train, measure, judge.

mod quantized;
mod report;

use crate::args::Run;
use crate::console::{Console, Style};
use crate::files::Disk;
use crate::progress::{Detail, Progress};
use crate::{Failure, Status, diagnose, human, save};
use dlm_check::Program;
use dlm_check::session::Checked;
use dlm_learn::{Bytes, Event, Options, Outcome, RunError, World, Write};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Runs a program and reports what came of it.
pub(crate) fn run(args: Run, console: &mut Console) -> Result<Status, Failure> {
    let checked = match diagnose::sound(&args.file, &args.set, args.quiet, console)? {
        Ok(checked) => checked,
        Err(status) => return Ok(status),
    };
    let program = &checked.program;
    if let Some(name) = &args.only
        && !program.artifacts().any(|known| known == name)
    {
        return Err(super::show::unknown(name, program.artifacts().collect()));
    }
    if program.trainings.is_empty() {
        return Err(Failure::usage(format!("{}: nothing to run", args.file.display()))
            .help("say what to train: `train Model on Data`"));
    }
    let folder = folder(&args.file, args.out.as_deref());
    if !args.quiet && !args.json {
        console.out.text(report::opening(program, args.only.as_deref(), console.out.color));
    }
    let mut outcomes = Vec::new();
    for offset in 0..args.seeds {
        if args.seeds > 1 && !args.quiet && !args.json {
            let text = format!("seed {} of {}", offset + 1, args.seeds);
            let text = console.err.paint(Style::Dim, text);
            console.err.line(text);
        }
        let options =
            Options { threads: args.threads, only: args.only.clone(), seed_offset: offset };
        let detail = Detail::choose(args.quiet, args.json, console);
        let progress = Progress::new(detail, console);
        let mut outside = Outside {
            console,
            progress,
            folder: folder.clone(),
            keep: offset == 0,
            json: args.json,
            log: Log::open(&folder, offset)?,
            began: Instant::now(),
        };
        let result = dlm_learn::run(program, &Disk, &options, &mut outside);
        outside.progress.clear();
        match result {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => return Ok(failed(&error, &checked, args.json, console)),
        }
    }
    let outcome = report::Mean::of(&outcomes, program);
    if !args.json {
        let color = console.out.color;
        if !args.quiet {
            console.out.line("");
        }
        console.out.text(report::results(&outcome, color));
        for artifact in &outcomes[0].artifacts {
            console.out.text(quantized::report(artifact, args.seeds > 1, color));
        }
        console.out.text(report::expectations(&outcome, program, color));
        if !args.quiet {
            console.out.text(report::files(&outcomes[0], program, &folder, color));
        }
    }
    Ok(if outcome.held() { Status::Good } else { Status::Program })
}

/// Where a run writes: `--out`, or `runs/STEM` beside the program.
pub(crate) fn folder(file: &Path, out: Option<&Path>) -> PathBuf {
    match out {
        Some(out) => out.to_path_buf(),
        None => {
            let beside = file.parent().unwrap_or(Path::new(""));
            beside.join("runs").join(file.file_stem().unwrap_or_default())
        }
    }
}

/// Says why a run ended early, at its place in the program if it has one.
fn failed(error: &RunError, checked: &Checked, json: bool, console: &mut Console) -> Status {
    if json {
        let object = serde_json::json!({
            "event": "failed", "message": error.message, "help": error.help,
        });
        console.out.line(object);
    }
    let mut failure = Failure::run(error.message.clone());
    failure.help = error.help.clone();
    console.failure(&failure);
    if let Some(span) = error.span {
        let source = checked.sources.get(span.file);
        let at = source.line_col(span.start as usize);
        let place = format!("  at {}:{}:{}", source.name, at.line, at.column);
        console.err.line(console.err.paint(Style::Dim, place));
    }
    Status::Failed
}

/// The world of a run: the disk, the clock and the screen.
struct Outside<'a> {
    console: &'a mut Console,
    progress: Progress,
    folder: PathBuf,
    /// Whether weights are written: those of the program's own seed are, those of further ones not.
    keep: bool,
    json: bool,
    log: Log,
    began: Instant,
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
        let bytes = std::fs::read(self.folder.join(name)).ok()?;
        Some(Arc::new(bytes))
    }

    fn keep(&mut self, name: &str, write: &mut Write<'_>) -> Result<Bytes, String> {
        let mut bytes = Vec::new();
        write(&mut bytes).map_err(|e| e.to_string())?;
        save::replace(&self.folder.join(name), &bytes).map_err(|e| e.to_string())?;
        Ok(Arc::new(bytes))
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
    }
}

/// `metrics.jsonl`: the events of a run but the single steps, written as they happen.
struct Log {
    file: File,
}

impl Log {
    fn open(folder: &Path, seed: u64) -> Result<Log, Failure> {
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

/// `Teacher on Digits` for all that will be trained.
pub(super) fn wanted<'a>(
    program: &'a Program,
    only: Option<&'a str>,
) -> impl Iterator<Item = &'a dlm_check::program::Training> {
    let quantized = program.quantizations.iter().find(|q| Some(q.artifact.as_str()) == only);
    let only = quantized.map(|q| q.source.as_str()).or(only);
    let mut names: Vec<&str> = only.into_iter().collect();
    let mut next = only;
    while let Some(name) = next.take() {
        let from =
            program.trainings.iter().find(|t| t.artifact == name).and_then(|t| t.from.as_deref());
        if let Some(from) = from
            && !names.contains(&from)
        {
            names.push(from);
            next = Some(from);
        }
    }
    program.trainings.iter().filter(move |t| only.is_none() || names.contains(&t.artifact.as_str()))
}

/// The deviation of several runs as `± 0.12%`, empty for one.
pub(super) fn deviation(values: &[f64], print: impl Fn(f64) -> String) -> String {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return print(mean);
    }
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    format!("{} ± {}", print(mean), print(square.sqrt()))
}

/// The mean of what several runs gave, in words: `3 seeds`.
pub(super) fn runs(outcomes: &[Outcome]) -> Option<String> {
    (outcomes.len() > 1).then(|| human::plural(outcomes.len(), "seed"))
}
