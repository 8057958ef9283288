//! `dlm check`: diagnostics and nothing else.

use crate::args::{Check, Deny, Format};
use crate::console::{Console, Style};
use crate::{Failure, Status, diagnose, human};
use dlm_base::diag::render;
use dlm_base::{Diag, Sources};
use dlm_check::Program;

/// Checks files and reports on standard output.
pub(crate) fn check(args: Check, console: &mut Console) -> Result<Status, Failure> {
    let mut found = Found::default();
    for path in &args.files {
        let checked = diagnose::check(path, &args.set)?;
        let (start, count) = (found.diags.len(), checked.diags.len());
        found.add(checked.diags, &checked.sources);
        if args.format == Format::Human {
            let name = path.display();
            let new = &found.diags[start..];
            diagnose::show(new, &found.sources, &mut console.out);
            if count == 0 {
                let tick = console.out.paint(Style::Green, "✓");
                let what = console.out.paint(Style::Dim, contents(&checked.program));
                console.out.line(format!("{tick} {name}  {what}"));
            }
        }
    }
    let Found { diags, sources, .. } = &found;
    match args.format {
        Format::Human => {
            if !diags.is_empty() {
                let line = diagnose::closing(diags, &console.out);
                console.out.line(line);
            }
        }
        Format::Short => diags.iter().for_each(|d| console.out.line(render::short(d, sources))),
        Format::Json => diags.iter().for_each(|d| console.out.line(render::json(d, sources))),
        Format::Github => diags.iter().for_each(|d| console.out.line(render::github(d, sources))),
        Format::Sarif => {
            console.out.line(render::sarif(diags, sources, env!("CARGO_PKG_VERSION")));
        }
    }
    let bad = match args.deny {
        Some(Deny::Warnings) => !diags.is_empty(),
        None => diagnose::errors(diags) > 0,
    };
    Ok(if bad { Status::Program } else { Status::Good })
}

/// The diagnostics of all files, over one set of sources. A file that two programs import is reported
/// on once.
#[derive(Default)]
struct Found {
    diags: Vec<Diag>,
    sources: Sources,
    lines: Vec<String>,
}

impl Found {
    fn add(&mut self, diags: Vec<Diag>, sources: &Sources) {
        let first = self.sources.iter().count() as u32;
        for (_, source) in sources.iter() {
            let copy = dlm_base::Source::new(source.name.clone(), source.text.clone());
            self.sources.add(copy);
        }
        for mut diag in diags {
            let line = render::short(&diag, sources);
            if !self.lines.contains(&line) {
                self.lines.push(line);
                shift(&mut diag, first);
                self.diags.push(diag);
            }
        }
    }
}

/// Moves every span by so many files.
fn shift(diag: &mut Diag, files: u32) {
    diag.primary.span.file.0 += files;
    diag.labels.iter_mut().for_each(|label| label.span.file.0 += files);
    let edits = diag.fixes.iter_mut().flat_map(|fix| &mut fix.edits);
    edits.for_each(|edit| edit.span.file.0 += files);
}

/// `1 dataset, 2 models, 1 load, 1 training, 1 distillation`.
fn contents(program: &Program) -> String {
    let mut models: Vec<&str> = program.networks.iter().map(|n| n.model.as_str()).collect();
    models.sort_unstable();
    models.dedup();
    let distilled = program.trainings.iter().filter(|it| !it.teachers.is_empty()).count();
    let parts = [
        (program.datasets.len(), "dataset"),
        (models.len(), "model"),
        (program.loads.len(), "load"),
        (program.trainings.len() - distilled, "training"),
        (distilled, "distillation"),
        (program.quantizations.len(), "quantization"),
        (program.exports.len(), "export"),
        (program.expectations.len(), "expectation"),
    ];
    let parts = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| human::plural(n, word));
    parts.collect::<Vec<_>>().join(", ")
}
