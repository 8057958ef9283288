//! One JSON object a diagnostic, on one line.

use super::place::place;
use crate::diag::{Diag, Fix, Label};
use crate::source::{LineCol, Sources};
use crate::span::Span;
use serde_json::{Value, json as object};

/// The object that `dlm check --format json` prints: `code`, `severity`, `message`, `file`, `range`,
/// `label` (what is said at the range), `labels`, `help` (or null) and `fixes`. Lines and columns
/// count from 1, columns in characters.
pub fn json(diag: &Diag, sources: &Sources) -> String {
    let labels: Vec<Value> = diag.labels.iter().map(|label| label_object(label, sources)).collect();
    let fixes: Vec<Value> = diag.fixes.iter().map(|fix| fix_object(fix, sources)).collect();
    object!({
        "code": diag.code.id,
        "severity": diag.severity().to_string(),
        "message": diag.message,
        "file": place(diag.primary.span, sources).file,
        "range": range(diag.primary.span, sources),
        "label": diag.primary.text,
        "labels": labels,
        "help": diag.help,
        "fixes": fixes,
    })
    .to_string()
}

fn label_object(label: &Label, sources: &Sources) -> Value {
    object!({
        "file": place(label.span, sources).file,
        "range": range(label.span, sources),
        "message": label.text,
    })
}

fn fix_object(fix: &Fix, sources: &Sources) -> Value {
    let edit = |edit: &crate::diag::Edit| {
        object!({
            "file": place(edit.span, sources).file,
            "range": range(edit.span, sources),
            "text": edit.text,
        })
    };
    object!({
        "title": fix.title,
        "sure": fix.sure,
        "edits": fix.edits.iter().map(edit).collect::<Vec<_>>(),
    })
}

fn range(span: Span, sources: &Sources) -> Value {
    let at = place(span, sources);
    let point = |p: LineCol| object!({ "line": p.line, "column": p.column });
    object!({ "start": point(at.start), "end": point(at.end) })
}
