//! Diagnostics in the protocol's form.

use super::documents::{Answer, Shared};
use super::lines::Lines;
use dlm_base::{Diag, FileId, Severity, Span};
use serde_json::json;
use std::collections::BTreeMap;
use tower_lsp::lsp_types as lsp;

/// The diagnostics of a document, and those that its check found in files that it imports and that are not of
/// the library, by file.
pub(crate) fn of(
    shared: &Shared,
    answer: &Answer,
) -> (Vec<lsp::Diagnostic>, BTreeMap<String, Vec<lsp::Diagnostic>>) {
    let mut writer = Writer::new(shared, answer);
    let (mut own, mut others) = (Vec::new(), BTreeMap::<String, Vec<lsp::Diagnostic>>::new());
    for (index, diag) in answer.snapshot.checked.diags.iter().enumerate() {
        let written = writer.diagnostic(diag, index);
        if diag.primary.span.file == FileId(0) {
            own.push(written);
        } else {
            let name = &answer.snapshot.checked.sources.get(diag.primary.span.file).name;
            if !name.starts_with("std/") {
                others.entry(name.clone()).or_default().push(written);
            }
        }
    }
    (own, others)
}

/// One diagnostic of a check, by its place among them.
pub(crate) fn one(shared: &Shared, answer: &Answer, index: usize) -> Option<lsp::Diagnostic> {
    let diag = answer.snapshot.checked.diags.get(index)?;
    Some(Writer::new(shared, answer).diagnostic(diag, index))
}

struct Writer<'a> {
    shared: &'a Shared,
    answer: &'a Answer,
    /// The lines of other files.
    lines: BTreeMap<FileId, Lines>,
    uris: BTreeMap<FileId, Option<lsp::Url>>,
}

impl<'a> Writer<'a> {
    fn new(shared: &'a Shared, answer: &'a Answer) -> Writer<'a> {
        Writer { shared, answer, lines: BTreeMap::new(), uris: BTreeMap::new() }
    }

    fn range(&mut self, span: Span) -> lsp::Range {
        if span.file == FileId(0) {
            return self.answer.lines.range(&span.range());
        }
        let source = self.answer.snapshot.checked.sources.get(span.file);
        let encoding = self.answer.lines.encoding();
        let lines =
            self.lines.entry(span.file).or_insert_with(|| Lines::new(&source.text, encoding));
        lines.range(&span.range())
    }

    fn uri(&mut self, file: FileId) -> Option<lsp::Url> {
        let (shared, checked) = (self.shared, &self.answer.snapshot.checked);
        let find = || shared.uri(&shared.lock(), &checked.sources.get(file).name);
        self.uris.entry(file).or_insert_with(find).clone()
    }

    fn diagnostic(&mut self, diag: &Diag, index: usize) -> lsp::Diagnostic {
        let related = diag.labels.iter().filter_map(|label| {
            let location = lsp::Location::new(self.uri(label.span.file)?, self.range(label.span));
            let message = label.text.clone();
            Some(lsp::DiagnosticRelatedInformation { location, message })
        });
        let related: Vec<_> = related.collect();
        let mut message = diag.message.clone();
        if !diag.primary.text.is_empty() {
            message = format!("{message}: {}", diag.primary.text);
        }
        if let Some(help) = &diag.help {
            message = format!("{message}\nhelp: {help}");
        }
        let page = self.shared.host.folder.as_ref().and_then(|folder| {
            lsp::Url::from_file_path(format!("{folder}/codes/{}.md", diag.code.id)).ok()
        });
        lsp::Diagnostic {
            range: self.range(diag.primary.span),
            severity: Some(match diag.severity() {
                Severity::Error => lsp::DiagnosticSeverity::ERROR,
                Severity::Warning => lsp::DiagnosticSeverity::WARNING,
            }),
            code: Some(lsp::NumberOrString::String(diag.code.id.to_string())),
            code_description: page.map(|href| lsp::CodeDescription { href }),
            source: Some("dlm".to_string()),
            message,
            related_information: (!related.is_empty()).then_some(related),
            tags: diag.unused.then(|| vec![lsp::DiagnosticTag::UNNECESSARY]),
            data: Some(json!({ "index": index })),
        }
    }
}
