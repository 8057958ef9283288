//! `dlm eval`: what the data says of a stored artifact.

use crate::args::Eval;
use crate::console::{Console, Style, paint};
use crate::files::{self, Disk};
use crate::human::{count, number, share};
use crate::table::{Grid, Side};
use crate::{Failure, Status, diagnose, written};
use dlm_check::Program;
use dlm_check::program::Split;
use dlm_learn::event::split_word;
use dlm_learn::metrics::{Scores, per_class};
use dlm_learn::stored::Evaluation;
use dlm_learn::{RunError, Stored};
use std::path::Path;

/// A confusion matrix of more classes than this is not printed whole.
const CLASSES: usize = 20;

/// Measures a stored artifact on its data.
pub(crate) fn eval(args: Eval, console: &mut Console) -> Result<Status, Failure> {
    let checked = match diagnose::sound(&args.file, &args.set, true, console)? {
        Ok(checked) => checked,
        Err(status) => return Ok(status),
    };
    let program = &checked.program;
    let stored = open(program, &args.file, &args.name, args.out.as_deref())?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads.unwrap_or(0))
        .build()
        .map_err(|e| Failure::run(format!("the threads cannot be started: {e}")))?;
    let Evaluation { scores, classes: names } =
        pool.install(|| stored.evaluate(&Disk)).map_err(failure)?;
    if args.json {
        let parts: serde_json::Map<String, serde_json::Value> = scores
            .iter()
            .map(|(split, s)| (split_word(*split).to_string(), serde_json::json!(s)))
            .collect();
        console.out.line(serde_json::json!({
            "artifact": args.name, "model": model(&stored), "classes": names, "scores": parts,
        }));
        return Ok(Status::Good);
    }
    let color = console.out.color;
    let head = console.out.paint(Style::Bold, &args.name);
    let loaded = program.loads.iter().find(|load| load.artifact == args.name);
    let loaded = loaded.map(|load| written::load(program, load));
    let own = model(&stored).filter(|model| **model != args.name);
    let facts = loaded.or_else(|| own.cloned()).map(|facts| format!("  {facts}"));
    console.out.line(format!("{head}{}\n", facts.unwrap_or_default()));
    console.out.text(figures(&scores, color));
    let main = scores.iter().find(|(split, _)| *split == Split::Test).or(scores.last());
    if let Some((split, s)) = main
        && !s.confusion.is_empty()
    {
        console.out.text(classes(s, &names, *split, color));
        console.out.text(confusion(s, &names, color));
    }
    Ok(Status::Good)
}

/// An artifact that a run has stored, or that the program loads.
pub(crate) fn open<'a>(
    program: &'a Program,
    file: &Path,
    artifact: &str,
    out: Option<&Path>,
) -> Result<Stored<'a>, Failure> {
    if let Some(loaded) = Stored::load(program, artifact, &Disk).map_err(failure)? {
        return Ok(loaded);
    }
    let bytes = stored(program, file, artifact, out)?;
    Stored::open(program, artifact, &bytes).map_err(failure)
}

/// A failure of the run as one of the command.
pub(crate) fn failure(error: RunError) -> Failure {
    Failure { status: Status::Failed, message: error.message, help: error.help }
}

/// The model of an artifact whose network is known.
fn model<'a>(stored: &'a Stored<'_>) -> Option<&'a String> {
    Some(&stored.about.model).filter(|model| !model.is_empty())
}

/// The bytes of an artifact's weights.
fn stored(
    program: &Program,
    file: &Path,
    artifact: &str,
    out: Option<&Path>,
) -> Result<Vec<u8>, Failure> {
    if !program.artifacts().any(|known| known == artifact) {
        return Err(super::show::unknown(artifact, program.artifacts().collect()));
    }
    let path = super::run::folder(file, out).join(format!("{artifact}.safetensors"));
    files::read(&path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Failure::run(format!(
            "`{artifact}` has not been trained: there is no {}",
            path.display()
        ))
        .help(format!("run `dlm run {}` first", file.display())),
        _ => Failure::run(format!("{}: {e}", path.display())),
    })
}

fn figures(scores: &[(Split, Scores)], color: bool) -> String {
    let mut grid = Grid::new(&[
        ("part", Side::Left),
        ("samples", Side::Right),
        ("loss", Side::Right),
        ("accuracy", Side::Right),
        ("top 5", Side::Right),
        ("perplexity", Side::Right),
        ("bits/character", Side::Right),
        ("MAE", Side::Right),
        ("R²", Side::Right),
    ]);
    for (split, s) in scores {
        let many = s.confusion.len() > 5 || s.perplexity.is_some();
        grid.row([
            split_word(*split).to_string(),
            count(s.samples as u64),
            number(s.loss),
            s.accuracy.map(share).unwrap_or_default(),
            s.top5.filter(|_| many).map(share).unwrap_or_default(),
            s.perplexity.map(number).unwrap_or_default(),
            s.bits_per_character.map(number).unwrap_or_default(),
            s.mae.map(number).unwrap_or_default(),
            s.r2.map(|x| format!("{x:.4}")).unwrap_or_default(),
        ]);
    }
    grid.render(color)
}

fn classes(s: &Scores, names: &[String], split: Split, color: bool) -> String {
    let mut grid = Grid::new(&[
        ("class", Side::Left),
        ("samples", Side::Right),
        ("precision", Side::Right),
        ("recall", Side::Right),
        ("F1", Side::Right),
    ]);
    let mut sums = [0.0; 3];
    for (class, row) in s.confusion.iter().enumerate() {
        let figures = per_class(&s.confusion, class);
        sums.iter_mut().zip(figures).for_each(|(sum, x)| *sum += x);
        let samples: u64 = row.iter().map(|&n| u64::from(n)).sum();
        let [precision, recall, f1] = figures.map(share);
        grid.row([name(names, class), count(samples), precision, recall, f1]);
    }
    let [precision, recall, f1] = sums.map(|x| share(x / s.confusion.len() as f64));
    grid.total(["mean".to_string(), count(s.samples as u64), precision, recall, f1]);
    let title = paint(color, Style::Bold, format!("Classes on {}", split_word(split)));
    format!("\n{title}\n\n{}", grid.render(color))
}

fn confusion(s: &Scores, names: &[String], color: bool) -> String {
    let classes = s.confusion.len();
    let title = paint(color, Style::Bold, "Confusion");
    if classes > CLASSES {
        return format!("\n{title}\n\n{}", worst(s, names));
    }
    let cell = |n: u32| if n == 0 { "·".to_string() } else { n.to_string() };
    let labels: Vec<String> = (0..classes).map(|class| name(names, class)).collect();
    let largest = s.confusion.iter().flatten().max().copied().unwrap_or(0);
    let widest = labels.iter().map(|l| l.chars().count()).max().unwrap_or(1);
    let total: usize = labels.iter().map(|l| l.chars().count() + 2).sum();
    // Long names stand beside the rows alone, and numbers stand for them above the columns.
    let short = total > 70;
    let heads: Vec<String> =
        (0..classes).map(|i| if short { i.to_string() } else { labels[i].clone() }).collect();
    let number = if short { classes.to_string().len() + 1 } else { 0 };
    let width = |i: usize| heads[i].chars().count().max(largest.to_string().len());
    let mut head = " ".repeat(widest + number + 2);
    for (i, h) in heads.iter().enumerate() {
        head += &format!("{h:>width$}  ", width = width(i));
    }
    let note = paint(color, Style::Dim, "  rows: the right class; columns: the answer");
    let mut out = format!("\n{title}{note}\n\n{}\n", paint(color, Style::Dim, head.trim_end()));
    for (i, row) in s.confusion.iter().enumerate() {
        let label = if short {
            format!("{i:>number$} {}", labels[i], number = number - 1)
        } else {
            labels[i].clone()
        };
        out += &format!("{label:<widest$}  ", widest = widest + number);
        for (j, &n) in row.iter().enumerate() {
            let text = format!("{:>width$}", cell(n), width = width(j));
            let style = match (i == j, n) {
                (true, _) => Some(Style::Green),
                (false, 0) => Some(Style::Dim),
                (false, _) => Some(Style::Red),
            };
            out += &style.map_or(text.clone(), |style| paint(color, style, &text));
            out += "  ";
        }
        out = out.trim_end().to_string() + "\n";
    }
    out
}

/// The confusions that happen most, for many classes.
fn worst(s: &Scores, names: &[String]) -> String {
    let mut pairs: Vec<(u32, usize, usize)> = Vec::new();
    for (i, row) in s.confusion.iter().enumerate() {
        pairs.extend(
            row.iter().enumerate().filter(|&(j, &n)| i != j && n > 0).map(|(j, &n)| (n, i, j)),
        );
    }
    pairs.sort_by_key(|&(n, i, j)| (std::cmp::Reverse(n), i, j));
    let mut out = String::new();
    for (n, i, j) in pairs.into_iter().take(12) {
        out += &format!("{n:>5} × {} taken for {}\n", name(names, i), name(names, j));
    }
    out
}

fn name(names: &[String], class: usize) -> String {
    names.get(class).cloned().unwrap_or_else(|| class.to_string())
}
