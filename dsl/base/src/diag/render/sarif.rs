//! SARIF 2.1.0, which code scanning services read.

use super::place::place;
use crate::diag::{Code, Diag, Fix, Severity, codes};
use crate::source::Sources;
use crate::span::{FileId, Span};
use serde_json::{Value, json as object};

/// One SARIF log with one run: every code as a rule, every diagnostic as a result.
pub fn sarif(diags: &[Diag], sources: &Sources, version: &str) -> String {
    let rules: Vec<&Code> = codes::all().collect();
    let results: Vec<Value> = diags.iter().map(|diag| result(diag, &rules, sources)).collect();
    let log = object!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "dlm",
                "semanticVersion": version,
                "rules": rules.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}")
}

fn rule(code: &Code) -> Value {
    let doc = plain_doc(code);
    object!({
        "id": code.id,
        "shortDescription": { "text": code.title },
        "fullDescription": { "text": doc.lines().next().unwrap_or(code.title) },
        "help": { "text": doc, "markdown": doc },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

fn result(diag: &Diag, rules: &[&Code], sources: &Sources) -> Value {
    let mut text = diag.message.clone();
    for more in [&diag.primary.text, diag.help.as_ref().unwrap_or(&String::new())] {
        if !more.is_empty() {
            text = format!("{text}\n{more}");
        }
    }
    let mut result = object!({
        "ruleId": diag.code.id,
        "level": level(diag.severity()),
        "message": { "text": text },
        "locations": [location(diag.primary.span, sources)],
    });
    if let Some(index) = rules.iter().position(|code| **code == *diag.code) {
        result["ruleIndex"] = object!(index);
    }
    if !diag.labels.is_empty() {
        let related = diag.labels.iter().map(|label| {
            let mut location = location(label.span, sources);
            location["message"] = object!({ "text": label.text });
            location
        });
        result["relatedLocations"] = related.collect();
    }
    if !diag.fixes.is_empty() {
        result["fixes"] = diag.fixes.iter().map(|f| fix(f, sources)).collect();
    }
    result
}

fn fix(fix: &Fix, sources: &Sources) -> Value {
    let mut files: Vec<FileId> = fix.edits.iter().map(|edit| edit.span.file).collect();
    files.dedup();
    let change = |file: &FileId| {
        let edits = fix.edits.iter().filter(|edit| edit.span.file == *file);
        let replacements = edits.map(|edit| {
            object!({
                "deletedRegion": region(edit.span, sources),
                "insertedContent": { "text": edit.text },
            })
        });
        let span = Span { file: *file, start: 0, end: 0 };
        object!({
            "artifactLocation": { "uri": uri(place(span, sources).file) },
            "replacements": replacements.collect::<Vec<_>>(),
        })
    };
    object!({
        "description": { "text": fix.title },
        "artifactChanges": files.iter().map(change).collect::<Vec<_>>(),
    })
}

fn location(span: Span, sources: &Sources) -> Value {
    object!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(place(span, sources).file) },
            "region": region(span, sources),
        },
    })
}

fn region(span: Span, sources: &Sources) -> Value {
    let at = place(span, sources);
    object!({
        "startLine": at.start.line,
        "startColumn": at.start.column,
        "endLine": at.end.line,
        "endColumn": at.end.column,
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The text of a doc comment without the space that `///` leaves at the start of its lines.
fn plain_doc(code: &Code) -> String {
    let lines = code.doc.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
    lines.collect::<Vec<_>>().join("\n").trim().to_string()
}

/// A path as a URI: everything but unreserved characters and `/` in percent signs.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte as char);
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
