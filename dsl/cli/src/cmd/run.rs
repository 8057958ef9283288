//! `dlm run`: check, train, measure, judge.

mod outside;
mod quantized;
mod report;
mod taught;
mod watch;

use crate::args::Run;
use crate::console::{Console, Style};
use crate::files::Disk;
use crate::lock::Lock;
use crate::progress::{Detail, Progress};
use crate::{Failure, Status, diagnose, human};
use dlm_check::session::Checked;
use dlm_learn::{Options, Outcome, RunError};
use outside::{Log, Outside, Warned};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Runs a program and reports what came of it.
pub(crate) fn run(args: Run, console: &mut Console) -> Result<Status, Failure> {
    if args.watch {
        let again = Run { watch: false, ..args };
        return watch::watch(&again, console, || false, |console| run(again.clone(), console));
    }
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
    if program.steps.is_empty() {
        return Err(Failure::usage(format!("{}: nothing to run", args.file.display()))
            .help("say what to train: `train Model on Data`"));
    }
    let folder = folder(&args.file, args.out.as_deref());
    let waiting = |who| console.err.line(console.err.paint(Style::Dim, who));
    let _lock = Lock::take(&folder, waiting, || false)?;
    if !args.quiet && !args.json {
        console.out.text(report::opening(program, args.only.as_deref(), console.out.color));
    }
    let mut outcomes = Vec::new();
    let mut warned: Vec<Warned> = Vec::new();
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
            warned: Vec::new(),
        };
        let result = dlm_learn::run(program, &Disk, &options, &mut outside);
        outside.progress.clear();
        let new = std::mem::take(&mut outside.warned);
        taught::join(&mut warned, new);
        match result {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => {
                if !args.json {
                    let color = console.err.color;
                    warned.iter().for_each(|it| console.err.line(taught::warning(it, color)));
                }
                return Ok(failed(&error, &checked, args.json, console));
            }
        }
    }
    let outcome = report::Mean::of(&outcomes, program);
    if !args.json {
        let color = console.out.color;
        if !args.quiet {
            console.out.line("");
        }
        console.out.text(report::results(&outcome, color));
        console.out.text(taught::report(&outcomes, color));
        for artifact in &outcomes[0].artifacts {
            console.out.text(quantized::report(artifact, args.seeds > 1, color));
        }
        console.out.text(taught::warnings(&warned, &outcomes, color));
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
