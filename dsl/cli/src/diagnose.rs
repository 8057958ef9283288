//! From a path to a checked program, with its diagnostics shown.

use crate::args::Set;
use crate::console::{Console, Stream, Style};
use crate::files::{self, Disk, name};
use crate::{Failure, Status, human};
use dlm_base::diag::render;
use dlm_base::{Diag, Severity, Sources};
use dlm_check::session::{self, Checked};
use std::path::Path;

/// So many diagnostics are shown; people mend the first ones first.
const SHOWN: usize = 20;

/// Checks the program at `path`.
///
/// A path that cannot be read is a mistake of the command line.
pub(crate) fn check(path: &Path, set: &[Set]) -> Result<Checked, Failure> {
    let path = readable(path)?;
    let mut checked = session::check_file(&path, &Disk, &overrides(set));
    checked.diags.sort_by_key(|d| (d.primary.span.file, d.primary.span.start, d.severity()));
    Ok(checked)
}

/// What the command line sets, as the checker takes it.
pub(crate) fn overrides(set: &[Set]) -> Vec<(String, String)> {
    set.iter().map(|it| (it.name.clone(), it.value.clone())).collect()
}

/// Checks the program at `path` for a command that needs it without errors: shows all diagnostics on
/// standard error, and gives nothing where there are errors.
pub(crate) fn sound(
    path: &Path,
    set: &[Set],
    quiet: bool,
    console: &mut Console,
) -> Result<Result<Checked, Status>, Failure> {
    let checked = check(path, set)?;
    let broken = errors(&checked.diags) > 0;
    let shown: Vec<Diag> = checked
        .diags
        .iter()
        .filter(|d| d.severity() == Severity::Error || !(quiet || broken))
        .cloned()
        .collect();
    show(&shown, &checked.sources, &mut console.err);
    if broken {
        let line = closing(&shown, &console.err);
        console.err.line(line);
        return Ok(Err(Status::Program));
    }
    Ok(Ok(checked))
}

/// `2 errors, 1 warning`, and how to learn more; empty where there is nothing to say.
pub(crate) fn closing(diags: &[Diag], stream: &Stream) -> String {
    let Some(first) = diags.first() else { return String::new() };
    let style = if errors(diags) > 0 { Style::Red } else { Style::Yellow };
    let summary = stream.paint(style, render::summary(diags));
    let command = stream.paint(Style::Bold, format!("dlm explain {}", first.code.id));
    format!("{summary}; `{command}` tells more")
}

/// How many of them are errors.
pub(crate) fn errors(diags: &[Diag]) -> usize {
    diags.iter().filter(|d| d.severity() == Severity::Error).count()
}

/// Reports for people, with an empty line after each.
pub(crate) fn show(diags: &[Diag], sources: &Sources, stream: &mut Stream) {
    for diag in diags.iter().take(SHOWN) {
        let report = render::terminal(diag, sources, stream.color);
        stream.line(report);
    }
    if diags.len() > SHOWN {
        let more = human::plural(diags.len() - SHOWN, "diagnostic");
        let text = stream.paint(Style::Dim, format!("… and {more} more"));
        stream.line(format!("{text}\n"));
    }
}

/// The path as text, if a file that can be read is there.
pub(crate) fn readable(path: &Path) -> Result<String, Failure> {
    let text = name(path)?;
    let why = match files::open(path) {
        Ok(_) => return Ok(text),
        Err(_) if path.is_dir() => "it is a folder; name a .dlm file in it".to_string(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let failure = Failure::usage(format!("{text}: there is no such file"));
            let beside = path.with_extension("dlm");
            return Err(match path.extension() {
                None if beside.is_file() => {
                    failure.help(format!("did you mean {}?", beside.display()))
                }
                _ => failure,
            });
        }
        Err(e) => e.to_string(),
    };
    Err(Failure::usage(format!("{text}: {why}")))
}
