//! What holds for every text, and what people are told.

mod edits;
mod format;
mod limits;
mod mistakes;
mod trees;

use crate::{Parsed, parse};
use dlm_base::{FileId, Source, Sources};

/// The text parsed as file 0.
fn parsed(text: &str) -> Parsed {
    parse(FileId(0), text)
}

/// The diagnostics as `line:column-column code message`, one a line.
fn told(text: &str) -> Vec<String> {
    let mut sources = Sources::default();
    let file = sources.add(Source::new("a.dlm", text));
    let source = sources.get(file);
    let diags = parse(file, text).diags;
    let line = |diag: &dlm_base::Diag| {
        let start = source.line_col(diag.primary.span.start as usize);
        let end = source.line_col(diag.primary.span.end as usize);
        let (line, from, to) = (start.line, start.column, end.column);
        format!("{line}:{from}-{to} {} {}", diag.code.id, diag.message)
    };
    diags.iter().map(line).collect()
}

/// The text after the first fix of the first diagnostic.
fn fixed(text: &str) -> String {
    let diags = parsed(text).diags;
    let fix = diags.first().and_then(|diag| diag.fixes.first()).expect("a fix");
    let mut fixed = text.to_owned();
    for edit in fix.edits.iter().rev() {
        fixed.replace_range(edit.span.range(), &edit.text);
    }
    fixed
}

/// The tree without places, to compare trees of texts in different layouts.
fn shape(text: &str) -> String {
    let tree = parsed(text).tree;
    let written = format!("{:?}", tree.items);
    let mut shape = String::new();
    let mut rest = written.as_str();
    while let Some(at) = rest.find("Span {") {
        shape.push_str(&rest[..at]);
        rest = rest[at..].split_once('}').map_or("", |(_, rest)| rest);
    }
    shape + rest
}

/// All programs of the project: the examples, the library, those of the reference.
fn programs() -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut programs = Vec::new();
    for folder in ["examples", "stdlib"] {
        let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == "dlm") {
                let text = std::fs::read_to_string(&path).expect("readable");
                programs.push((path.display().to_string(), text));
            }
        }
    }
    let reference = std::fs::read_to_string(root.join("docs/language.md")).unwrap_or_default();
    for (i, block) in reference.split("```dlm\n").skip(1).enumerate() {
        let text = block.split("```").next().unwrap_or("");
        programs.push((format!("docs/language.md, block {}", i + 1), text.to_owned()));
    }
    for (i, text) in samples::ALL.iter().enumerate() {
        programs.push((format!("sample {}", i + 1), (*text).to_owned()));
    }
    programs.sort();
    programs
}

mod samples;
