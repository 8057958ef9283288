//! `dlm fmt`: one style for all programs.

use crate::args::Fmt;
use crate::console::{Console, Style};
use crate::files::Disk;
use crate::{Failure, Status, diagnose, save};
use dlm_base::diag::render;
use dlm_base::{Diag, Files, Severity, Source, Sources};
use std::io::Read;
use std::path::Path;

/// Formats files in place, or standard input to standard output.
pub(crate) fn fmt(args: Fmt, console: &mut Console) -> Result<Status, Failure> {
    let mut status = Status::Good;
    for path in &args.files {
        let one = if path == Path::new("-") {
            from_stdin(args.check, console)?
        } else {
            in_place(path, args.check, console)?
        };
        if one != Status::Good {
            status = one;
        }
    }
    Ok(status)
}

fn from_stdin(check: bool, console: &mut Console) -> Result<Status, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|e| Failure::run(format!("standard input: {e}")))?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let why = format!("it is not UTF-8 text (byte {at} is not part of a character)");
        Failure::usage(format!("standard input: {why}"))
    })?;
    let Some(formatted) = formatted("<stdin>", &text, console) else { return Ok(Status::Program) };
    if check {
        return Ok(if formatted == text { Status::Good } else { changed("<stdin>", console) });
    }
    console.out.text(formatted);
    Ok(Status::Good)
}

fn in_place(path: &Path, check: bool, console: &mut Console) -> Result<Status, Failure> {
    let name = diagnose::readable(path)?;
    let text = Disk.text(&name).map_err(|e| Failure::usage(format!("{name}: {e}")))?;
    let Some(formatted) = formatted(&name, &text, console) else { return Ok(Status::Program) };
    if formatted == text {
        return Ok(Status::Good);
    }
    if check {
        return Ok(changed(&name, console));
    }
    save::replace(path, formatted.as_bytes())
        .map_err(|e| Failure::run(format!("cannot write {name}: {e}")))?;
    Ok(Status::Good)
}

/// The text in the one style, unless it has syntax errors, which are shown.
fn formatted(name: &str, text: &str, console: &mut Console) -> Option<String> {
    let mut sources = Sources::default();
    let file = sources.add(Source::new(name, text));
    let parsed = dlm_grammar::parse(file, text);
    let errors: Vec<Diag> =
        parsed.diags.into_iter().filter(|d| d.severity() == Severity::Error).collect();
    if !errors.is_empty() {
        diagnose::show(&errors, &sources, &mut console.err);
        let summary = console.err.paint(Style::Red, render::summary(&errors));
        console.err.line(format!("{summary}; {name} was left as it is"));
        return None;
    }
    Some(dlm_grammar::format(&parsed.tree, text))
}

fn changed(name: &str, console: &mut Console) -> Status {
    console.out.line(format!("{name} would be formatted"));
    Status::Program
}
