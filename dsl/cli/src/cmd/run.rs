//! `dlm run`: check, train, measure, judge.

mod figures;
mod outside;
mod page;
mod quantized;
mod reading;
mod remember;
mod report;
mod taught;
mod watch;
mod writer;

use crate::args::Run;
use crate::console::{Console, Style};
use crate::lock::Lock;
use crate::progress::{Detail, Progress};
use crate::{Failure, Status, diagnose, human, interrupt, moment, save};
use dlm_check::Program;
use dlm_check::session::Checked;
use dlm_learn::{Common, Options, Outcome, RunError};
use indicatif::MultiProgress;
use outside::{Log, Outside, Screen, Warned};
use reading::Counted;
pub(crate) use reading::Reading;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use writer::Writer;

/// Runs a program and reports what came of it.
pub(crate) fn run(args: Run, console: &mut Console) -> Result<Status, Failure> {
    interrupt::listen();
    match args.watch {
        true => watch::watch(&args, console, interrupt::asked, |console| once(&args, console)),
        false => once(&args, console),
    }
}

/// Checks and runs a program once.
fn once(args: &Run, console: &mut Console) -> Result<Status, Failure> {
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
    let _lock = Lock::take(&folder, waiting, interrupt::asked)?;
    ["", "checkpoints", "history"].iter().for_each(|inside| save::sweep(&folder.join(inside)));
    let (started, began) = (moment::now(), Instant::now());
    if !args.quiet && !args.json {
        console.out.text(report::opening(program, args.only.as_deref(), console.out.color));
    }
    let threads = args.threads.unwrap_or_else(|| {
        std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
    });
    let Ran { outcomes, warned, failed, log } = seeds(args, program, &folder, threads, console)?;
    let outcomes: Vec<Outcome> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    let outcomes = if failed.is_some() { &[] } else { outcomes.as_slice() };
    let mean = report::Mean::of(outcomes, program);
    let facts = Facts {
        args,
        checked: &checked,
        folder: &folder,
        started,
        seconds: began.elapsed().as_secs_f64(),
        threads,
        outcomes,
        mean: &mean,
        warned: &warned,
    };
    let mut entry = remember::entry(&facts, failed.as_ref(), interrupt::asked());
    if let Err(why) = entry.write(&folder) {
        let text = format!("this run will not be remembered: {why}");
        console.err.line(console.err.paint(Style::Yellow, text));
    }
    if let Some(error) = failed {
        if !args.json {
            let color = console.err.color;
            warned.iter().for_each(|it| console.err.line(taught::warning(it, color)));
        }
        return Ok(self::failed(&error, &checked, args, console));
    }
    let page = dlm_report::html(&page::page(&facts));
    let place = folder.join("report.html");
    let written = save::replace(&place, page.as_bytes());
    let results = figures::results(outcomes);
    if let Some(mut log) = log {
        log.line(&results, None);
    }
    if args.json {
        console.out.line(&results);
    } else {
        print(&facts, console);
    }
    // The results are worth more than their page.
    written.map_err(|why| Failure::run(format!("cannot write {}: {why}", place.display())))?;
    Ok(if mean.held() { Status::Good } else { Status::Program })
}

/// A run that has ended, and all that is told of it.
struct Facts<'a> {
    args: &'a Run,
    checked: &'a Checked,
    folder: &'a Path,
    /// When it began.
    started: String,
    seconds: f64,
    threads: usize,
    /// What it gave, for each seed.
    outcomes: &'a [Outcome],
    mean: &'a report::Mean<'a>,
    warned: &'a [Warned],
}

/// Prints what a run gave.
fn print(facts: &Facts<'_>, console: &mut Console) {
    let Facts { args, checked, folder, outcomes, mean, warned, .. } = facts;
    let program = &checked.program;
    let color = console.out.color;
    if !args.quiet {
        console.out.line("");
    }
    console.out.text(report::results(mean, color));
    console.out.text(taught::report(outcomes, color));
    for artifact in &outcomes[0].artifacts {
        console.out.text(quantized::report(artifact, args.seeds > 1, color));
    }
    console.out.text(taught::warnings(warned, outcomes, color));
    console.out.text(report::expectations(mean, program, color));
    if !args.quiet {
        console.out.text(report::files(&outcomes[0], program, folder, color));
    }
}

/// What the runs of a command came to.
#[derive(Default)]
struct Ran {
    /// What each gave, with the place of its seed.
    outcomes: Vec<(u64, Outcome)>,
    warned: Vec<Warned>,
    /// Why one of them ended early.
    failed: Option<RunError>,
    /// The events of the first.
    log: Option<Log>,
}

/// Runs a program with each of its seeds, as many at a time as there are threads: each is the same with any number
/// of threads, and none of them keeps several busy all the time.
fn seeds(
    args: &Run,
    program: &Program,
    folder: &Path,
    threads: usize,
    console: &mut Console,
) -> Result<Ran, Failure> {
    let several = args.seeds > 1;
    let workers = usize::try_from(args.seeds).unwrap_or(threads).min(threads);
    let detail = Detail::choose(args.quiet, args.json, console);
    let color = console.err.color;
    let bars = MultiProgress::new();
    let halted = AtomicBool::new(false);
    let screen = Screen { console: Mutex::new(console), json: args.json, several, halted };
    let common = Common::default();
    let next = AtomicU64::new(0);
    let ran = Mutex::new(Ran::default());
    let one = |offset: u64| -> Result<(), Failure> {
        let folder_of = match offset {
            0 => folder.to_path_buf(),
            _ => folder.join(format!("seeds/{offset}")),
        };
        let label = several.then(|| format!("seed {}", offset + 1));
        let mut outside = Outside {
            screen: &screen,
            offset,
            progress: Progress::new(detail, color, label, bars.clone()),
            folder: folder.to_path_buf(),
            log: Log::open(&folder_of)?,
            writer: Writer::new(),
            began: Instant::now(),
            warned: Vec::new(),
        };
        let options = Options {
            // What does not divide goes to the first.
            threads: Some(
                (threads / workers + usize::from(offset == 0) * (threads % workers)).max(1),
            ),
            only: args.only.clone(),
            seed_offset: offset,
            fresh: args.fresh,
        };
        let files = Counted(outside.progress.reading());
        let result = dlm_learn::run_with(program, &files, &options, &common, &mut outside);
        outside.progress.clear();
        let Outside { log, warned, .. } = outside;
        let mut ran = ran.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(outcome) => ran.outcomes.push((offset, outcome)),
            // Those that are halted because of it have nothing to say.
            Err(error) if !screen.halted.swap(true, Ordering::Relaxed) => ran.failed = Some(error),
            Err(_) => {}
        }
        taught::join(&mut ran.warned, warned);
        if offset == 0 {
            ran.log = Some(log);
        }
        Ok(())
    };
    let work = || -> Result<(), Failure> {
        loop {
            let offset = next.fetch_add(1, Ordering::Relaxed);
            if offset >= args.seeds || screen.halted.load(Ordering::Relaxed) {
                return Ok(());
            }
            one(offset)?;
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let first = work();
        let rest = others.into_iter().map(|other| match other.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        rest.fold(first, Result::and)
    })?;
    let mut ran = ran.into_inner().unwrap_or_else(PoisonError::into_inner);
    ran.outcomes.sort_by_key(|(offset, _)| *offset);
    Ok(ran)
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
fn failed(error: &RunError, checked: &Checked, args: &Run, console: &mut Console) -> Status {
    let stopped = interrupt::asked();
    if args.json {
        let event = if stopped { "stopped" } else { "failed" };
        let object = serde_json::json!({
            "event": event, "message": error.message, "help": error.help,
        });
        console.out.line(object);
    }
    if stopped {
        console.err.line(&error.message);
        let again = console.err.paint(Style::Bold, human::command());
        console.err.line(format!("the same command goes on from there: {again}"));
        return Status::Interrupted;
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
    let (mean, deviation) = figures::mean(values);
    match values.len() {
        0 | 1 => print(mean),
        _ => format!("{} ± {}", print(mean), print(deviation)),
    }
}

/// The mean of what several runs gave, in words: `3 seeds`.
pub(super) fn runs(outcomes: &[Outcome]) -> Option<String> {
    (outcomes.len() > 1).then(|| human::plural(outcomes.len(), "seed"))
}
