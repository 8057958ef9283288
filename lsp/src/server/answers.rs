//! What `ide` answers, in the protocol's form.

use super::documents::{Answer, Shared};
use super::lines::Lines;
use super::markup::{documentation, markdown, markup};
use super::settings::Abilities;
use super::{commands, diagnostics};
use crate::ide::{self, Edit, Place, Snapshot};
use serde_json::json;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use tower_lsp::lsp_types::*;

/// What words are, in the order of [`ide::tokens::Kind`].
pub(crate) const TOKEN_TYPES: &[SemanticTokenType] = &[
    SemanticTokenType::KEYWORD,
    SemanticTokenType::FUNCTION,
    SemanticTokenType::CLASS,
    SemanticTokenType::TYPE,
    SemanticTokenType::PROPERTY,
    SemanticTokenType::PARAMETER,
    SemanticTokenType::VARIABLE,
    SemanticTokenType::ENUM_MEMBER,
    SemanticTokenType::NUMBER,
    SemanticTokenType::STRING,
    SemanticTokenType::COMMENT,
];

/// What else is said of words.
pub(crate) const TOKEN_MODIFIERS: &[SemanticTokenModifier] = &[SemanticTokenModifier::DECLARATION];

/// No more completions than these are sent at once. Of more, the best; the editor asks again when more is typed.
const MOST_COMPLETIONS: usize = 200;

/// A document at the moment of a question.
pub(crate) struct View {
    pub(crate) shared: Arc<Shared>,
    pub(crate) answer: Answer,
}

impl View {
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.answer.snapshot
    }

    pub(crate) fn lines(&self) -> &Lines {
        &self.answer.lines
    }

    /// The address and the range of a place in any file that is known.
    pub(crate) fn location(&self, place: &Place, others: &[Snapshot]) -> Option<Location> {
        let uri = self.shared.uri(&self.shared.lock(), &place.file)?;
        Some(Location::new(uri, self.range_in(place, others)?))
    }

    fn range_in(&self, place: &Place, others: &[Snapshot]) -> Option<Span> {
        if place.file == *self.answer.snapshot.name {
            return Some(self.lines().range(&place.range));
        }
        let text = self.text(&place.file, others)?;
        Some(Lines::new(&text, self.lines().encoding()).range(&place.range))
    }

    /// One edit. Its lines end as those of the file do.
    fn text_edit(&self, edit: &Edit, others: &[Snapshot]) -> Option<TextEdit> {
        let range = self.range_in(&edit.place, others)?;
        let mut new = trimmed(&edit.text);
        let text = if new.contains('\n') { self.text(&edit.place.file, others) } else { None };
        if text.is_some_and(|text| ends_in_crlf(&text)) {
            new = new.replace('\n', "\r\n");
        }
        Some(TextEdit::new(range, new))
    }

    fn text(&self, file: &str, others: &[Snapshot]) -> Option<Arc<str>> {
        let checks = std::iter::once(self.snapshot()).chain(others);
        for snapshot in checks {
            for (_, source) in snapshot.checked.sources.iter() {
                if source.name == file {
                    return Some(source.text.clone());
                }
            }
        }
        self.shared.host.files.text(file).ok().map(Into::into)
    }

    /// Edits of several files as one change.
    pub(crate) fn change(&self, edits: &[Edit], others: &[Snapshot]) -> Option<WorkspaceEdit> {
        let mut files: Vec<(String, Vec<TextEdit>)> = Vec::new();
        for edit in edits {
            let new = self.text_edit(edit, others)?;
            match files.iter_mut().find(|(file, _)| *file == edit.place.file) {
                Some((_, edits)) => edits.push(new),
                None => files.push((edit.place.file.clone(), vec![new])),
            }
        }
        let state = self.shared.lock();
        if state.abilities.versioned_edits {
            let mut changes = Vec::new();
            for (file, edits) in files {
                let version = match state.docs.get(file.as_str()) {
                    Some(_) if file == *self.answer.snapshot.name => Some(self.answer.version),
                    Some(doc) => Some(doc.version),
                    None => None,
                };
                changes.push(TextDocumentEdit {
                    text_document: OptionalVersionedTextDocumentIdentifier {
                        uri: self.shared.uri(&state, &file)?,
                        version,
                    },
                    edits: edits.into_iter().map(OneOf::Left).collect(),
                });
            }
            let document_changes = Some(DocumentChanges::Edits(changes));
            return Some(WorkspaceEdit { document_changes, ..Default::default() });
        }
        let mut changes = HashMap::new();
        for (file, edits) in files {
            changes.insert(self.shared.uri(&state, &file)?, edits);
        }
        Some(WorkspaceEdit { changes: Some(changes), ..Default::default() })
    }
}

type Span = tower_lsp::lsp_types::Range;

/// Whether the first line of a text ends in `\r\n`.
fn ends_in_crlf(text: &str) -> bool {
    text.find('\n').is_some_and(|end| text[..end].ends_with('\r'))
}

/// A text without white space at the ends of its lines, which may be room that no text has, and without `\r`.
fn trimmed(text: &str) -> String {
    let mut lines = text.split('\n').peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(line) = lines.next() {
        match lines.peek() {
            Some(_) => {
                out.push_str(line.trim_end_matches([' ', '\t', '\r']));
                out.push('\n');
            }
            None => out.push_str(line),
        }
    }
    out
}

pub(crate) fn hover(view: &View, at: Position) -> Option<Hover> {
    let found = ide::hover::hover(view.snapshot(), view.lines().offset(at))?;
    let reads = view.shared.lock().abilities.reads_markdown;
    Some(Hover {
        contents: HoverContents::Markup(markup(found.markdown, reads.hovers)),
        range: Some(view.lines().range(&found.range)),
    })
}

pub(crate) fn completion(view: &View, at: Position) -> CompletionResponse {
    use ide::complete::Kind;
    let offset = view.lines().offset(at);
    let (Abilities { snippets, docs_later, reads_markdown: reads, .. }, uri) = {
        let state = view.shared.lock();
        (state.abilities, view.shared.uri(&state, &view.answer.snapshot.name))
    };
    let later = uri.filter(|_| docs_later).map(|uri| json!({ "uri": uri, "at": at }));
    let mut found = ide::complete::complete(view.snapshot(), offset, &*view.shared.host.files);
    let is_incomplete = found.len() > MOST_COMPLETIONS;
    found.truncate(MOST_COMPLETIONS);
    let item = |it: ide::complete::Completion| {
        let plain = it.snippet && !snippets;
        let text = if plain { without_places(&it.insert) } else { it.insert };
        CompletionItem {
            kind: Some(match it.kind {
                Kind::Layer => CompletionItemKind::FUNCTION,
                Kind::Setting => CompletionItemKind::PROPERTY,
                Kind::Value => CompletionItemKind::ENUM_MEMBER,
                Kind::Name => CompletionItemKind::VARIABLE,
                Kind::Keyword => CompletionItemKind::KEYWORD,
                Kind::File => CompletionItemKind::FILE,
                Kind::Path => CompletionItemKind::FIELD,
            }),
            detail: (!it.detail.is_empty()).then_some(it.detail),
            documentation: (!it.doc.is_empty() && later.is_none())
                .then(|| documentation(&it.doc, reads.items)),
            data: later.clone(),
            filter_text: it.filter,
            additional_text_edits: (!it.also.is_empty()).then(|| {
                let own = it.also.iter().filter(|edit| edit.place.file == *view.snapshot().name);
                own.filter_map(|edit| view.text_edit(edit, &[])).collect()
            }),
            sort_text: Some(format!("{:05}", it.rank)),
            insert_text_format: Some(match it.snippet && snippets {
                true => InsertTextFormat::SNIPPET,
                false => InsertTextFormat::PLAIN_TEXT,
            }),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(
                view.lines().range(&it.replace),
                text,
            ))),
            label: it.label,
            ..Default::default()
        }
    };
    let items = found.into_iter().map(item).collect();
    CompletionResponse::List(CompletionList { is_incomplete, items })
}

/// Where a completion was asked for, by what is kept in it.
pub(crate) fn asked(data: &serde_json::Value) -> Option<(Url, Position)> {
    let uri = serde_json::from_value(data.get("uri")?.clone()).ok()?;
    Some((uri, serde_json::from_value(data.get("at")?.clone()).ok()?))
}

/// The documentation of one completion.
pub(crate) fn completion_doc(view: &View, at: Position, label: &str) -> Option<Documentation> {
    let offset = view.lines().offset(at);
    let found = ide::complete::complete(view.snapshot(), offset, &*view.shared.host.files);
    let doc = found.into_iter().find(|it| it.label == label)?.doc;
    let reads = view.shared.lock().abilities.reads_markdown;
    (!doc.is_empty()).then(|| documentation(&doc, reads.items))
}

/// The text of a snippet with its places as they are suggested: `dense(${1:units})$0` is `dense(units)`; of a
/// choice, `${1|static,qat|}`, it is the first.
fn without_places(snippet: &str) -> String {
    let mut out = String::new();
    let mut rest = snippet.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('\\', Some('$' | '}' | '\\')) => out.extend(rest.next()),
            ('$', Some('0'..='9')) => while rest.next_if(char::is_ascii_digit).is_some() {},
            ('$', Some('{')) => {
                rest.next();
                while rest.next_if(char::is_ascii_digit).is_some() {}
                let choice = rest.next_if(|&c| c == ':' || c == '|') == Some('|');
                let mut place = String::new();
                while let Some(c) = rest.next().filter(|&c| c != '}') {
                    place.extend(if c == '\\' { rest.next() } else { Some(c) });
                }
                let end = if choice { place.find([',', '|']) } else { None };
                out.push_str(&place[..end.unwrap_or(place.len())]);
            }
            (c, _) => out.push(c),
        }
    }
    out
}

pub(crate) fn signature(view: &View, at: Position) -> Option<SignatureHelp> {
    let found = ide::signature::signature(view.snapshot(), view.lines().offset(at))?;
    let reads = view.shared.lock().abilities.reads_markdown.signatures;
    let units = |at: usize| -> u32 {
        let before = found.label.get(..at).unwrap_or(&found.label);
        before.encode_utf16().count() as u32
    };
    let parameter = |(range, doc): &(Range<usize>, String)| ParameterInformation {
        label: ParameterLabel::LabelOffsets([units(range.start), units(range.end)]),
        documentation: (!doc.is_empty()).then(|| documentation(doc, reads)),
    };
    let parameters = found.params.iter().map(parameter).collect();
    // Without a parameter in sight none is marked: editors mark none that is out of range.
    let active = found.active.unwrap_or(found.params.len()) as u32;
    let signature = SignatureInformation {
        parameters: Some(parameters),
        documentation: (!found.doc.is_empty()).then(|| documentation(&found.doc, reads)),
        active_parameter: Some(active),
        label: found.label.clone(),
    };
    Some(SignatureHelp {
        signatures: vec![signature],
        active_signature: Some(0),
        active_parameter: Some(active),
    })
}

pub(crate) fn definition(view: &View, at: Position) -> Option<GotoDefinitionResponse> {
    let place = ide::navigate::definition(view.snapshot(), view.lines().offset(at))?;
    view.location(&place, &[]).map(GotoDefinitionResponse::Scalar)
}

pub(crate) fn references(
    view: &View,
    at: Position,
    declaration: bool,
    others: &[Snapshot],
) -> Vec<Location> {
    let offset = view.lines().offset(at);
    let found = ide::navigate::references(view.snapshot(), offset, declaration, others);
    found.iter().filter_map(|place| view.location(place, others)).collect()
}

pub(crate) fn highlight(view: &View, at: Position) -> Vec<DocumentHighlight> {
    let found = ide::navigate::highlight(view.snapshot(), view.lines().offset(at));
    let mark = |(range, declares): (Range<usize>, bool)| DocumentHighlight {
        range: view.lines().range(&range),
        kind: Some(match declares {
            true => DocumentHighlightKind::WRITE,
            false => DocumentHighlightKind::READ,
        }),
    };
    found.into_iter().map(mark).collect()
}

pub(crate) fn hints(view: &View, range: Span) -> Vec<InlayHint> {
    let bytes = view.lines().bytes(range);
    let shown = view.shared.lock().settings.hints;
    let hint = |it: ide::hints::Hint| InlayHint {
        position: view.lines().position(it.at),
        kind: Some(if it.before { InlayHintKind::PARAMETER } else { InlayHintKind::TYPE }),
        label: InlayHintLabel::String(it.text),
        text_edits: None,
        tooltip: it.tooltip.map(|text| InlayHintTooltip::MarkupContent(markdown(text))),
        padding_left: Some(!it.before),
        padding_right: Some(it.before),
        data: None,
    };
    ide::hints::hints(view.snapshot(), bytes, shown).into_iter().map(hint).collect()
}

pub(crate) fn lenses(view: &View) -> Vec<CodeLens> {
    let (shown, uri) = {
        let state = view.shared.lock();
        (state.settings.lenses, view.shared.uri(&state, &view.answer.snapshot.name))
    };
    let Some(uri) = uri.filter(|_| shown) else { return Vec::new() };
    let lens = |it: ide::lenses::Lens| CodeLens {
        range: view.lines().range(&it.range),
        command: Some(commands::of(it.command.as_ref(), &it.text, &uri)),
        data: None,
    };
    ide::lenses::lenses(view.snapshot()).into_iter().map(lens).collect()
}

pub(crate) fn folding(view: &View) -> Vec<FoldingRange> {
    let fold = |(range, comment): (Range<usize>, bool)| {
        let range = view.lines().range(&range);
        FoldingRange {
            start_line: range.start.line,
            end_line: range.end.line,
            kind: comment.then_some(FoldingRangeKind::Comment),
            ..Default::default()
        }
    };
    let folds = ide::folding::folding(view.snapshot()).into_iter().map(fold);
    folds.filter(|it| it.end_line > it.start_line).collect()
}

pub(crate) fn selections(view: &View, places: &[Position]) -> Vec<SelectionRange> {
    let one = |at: &Position| {
        let offset = view.lines().offset(*at);
        let mut found = None;
        for range in ide::selection::selection(view.snapshot(), offset).iter().rev() {
            let range = view.lines().range(range);
            found = Some(SelectionRange { range, parent: found.map(Box::new) });
        }
        let here = || SelectionRange { range: Span::new(*at, *at), parent: None };
        found.unwrap_or_else(here)
    };
    places.iter().map(one).collect()
}

pub(crate) fn tokens(view: &View, range: Option<Span>) -> SemanticTokens {
    let text = view.snapshot().text.len();
    let bytes = range.map_or(0..text, |range| view.lines().bytes(range));
    let mut data = Vec::new();
    let mut last = Position::new(0, 0);
    for token in ide::tokens::tokens(view.snapshot(), bytes) {
        let start = view.lines().position(token.range.start);
        let length = view.lines().width(&token.range);
        if length == 0 || start < last {
            continue;
        }
        let line = start.line - last.line;
        data.push(SemanticToken {
            delta_line: line,
            delta_start: if line == 0 { start.character - last.character } else { start.character },
            length,
            token_type: token.kind as u32,
            token_modifiers_bitset: u32::from(token.declares),
        });
        last = start;
    }
    SemanticTokens { result_id: None, data }
}

pub(crate) fn links(view: &View) -> Vec<DocumentLink> {
    let link = |(range, path): (Range<usize>, String)| {
        let target = view.shared.uri(&view.shared.lock(), &path)?;
        let range = view.lines().range(&range);
        Some(DocumentLink { range, target: Some(target), tooltip: None, data: None })
    };
    ide::links::links(view.snapshot()).into_iter().filter_map(link).collect()
}

pub(crate) fn symbol_kind(kind: ide::symbols::Kind) -> SymbolKind {
    use ide::symbols::Kind;
    match kind {
        Kind::Const => SymbolKind::CONSTANT,
        Kind::Data => SymbolKind::STRUCT,
        Kind::Layer => SymbolKind::FUNCTION,
        Kind::Model => SymbolKind::CLASS,
        Kind::Policy => SymbolKind::INTERFACE,
        Kind::Artifact => SymbolKind::OBJECT,
        Kind::Step => SymbolKind::FIELD,
        Kind::Setting => SymbolKind::PROPERTY,
    }
}

/// As a tree, or for editors that know none as a row.
pub(crate) fn symbols(view: &View) -> Option<DocumentSymbolResponse> {
    let (tree, uri) = {
        let state = view.shared.lock();
        (state.abilities.symbol_tree, view.shared.uri(&state, &view.answer.snapshot.name)?)
    };
    let found = ide::symbols::symbols(view.snapshot());
    if tree {
        let nested = found.into_iter().map(|it| nested_symbol(view.lines(), it)).collect();
        return Some(DocumentSymbolResponse::Nested(nested));
    }
    let mut flat = Vec::new();
    for symbol in &found {
        flatten(view.lines(), &uri, symbol, None, &mut flat);
    }
    Some(DocumentSymbolResponse::Flat(flat))
}

#[expect(deprecated, reason = "the protocol's structure has a field that is out of use")]
fn nested_symbol(lines: &Lines, it: ide::symbols::Symbol) -> DocumentSymbol {
    let children: Vec<_> =
        it.children.into_iter().map(|child| nested_symbol(lines, child)).collect();
    DocumentSymbol {
        name: it.name,
        detail: (!it.detail.is_empty()).then_some(it.detail),
        kind: symbol_kind(it.kind),
        tags: None,
        deprecated: None,
        range: lines.range(&it.range),
        selection_range: lines.range(&it.selection),
        children: (!children.is_empty()).then_some(children),
    }
}

/// A symbol and what is inside it.
#[expect(deprecated, reason = "the protocol's structure has a field that is out of use")]
pub(crate) fn flatten(
    lines: &Lines,
    uri: &Url,
    it: &ide::symbols::Symbol,
    inside: Option<&str>,
    out: &mut Vec<SymbolInformation>,
) {
    out.push(SymbolInformation {
        name: it.name.clone(),
        kind: symbol_kind(it.kind),
        tags: None,
        deprecated: None,
        location: Location::new(uri.clone(), lines.range(&it.selection)),
        container_name: inside.map(str::to_string),
    });
    for child in &it.children {
        flatten(lines, uri, child, Some(&it.name), out);
    }
}

pub(crate) fn actions(view: &View, range: Span, context: &CodeActionContext) -> CodeActionResponse {
    use ide::actions::Kind;
    let wanted = |kind: &CodeActionKind| {
        context.only.as_ref().is_none_or(|only| {
            only.iter()
                .any(|it| kind == it || kind.as_str().starts_with(&format!("{}.", it.as_str())))
        })
    };
    let mut offered = Vec::new();
    for action in ide::actions::actions(view.snapshot(), view.lines().bytes(range)) {
        let kind = match action.kind {
            Kind::QuickFix => CodeActionKind::QUICKFIX,
            Kind::Extract => CodeActionKind::REFACTOR_EXTRACT,
            Kind::Inline => CodeActionKind::REFACTOR_INLINE,
            Kind::Rewrite => CodeActionKind::REFACTOR_REWRITE,
        };
        if !wanted(&kind) {
            continue;
        }
        let Some(edit) = view.change(&action.edits, &[]) else { continue };
        // As the editor has it, if it does: then it knows which squiggle goes away.
        let mends = action.mends.and_then(|index| {
            let data = Some(json!({ "index": index }));
            let own = diagnostics::one(&view.shared, &view.answer, index)?;
            let same = |it: &&Diagnostic| it.data == data && it.range == own.range;
            Some(context.diagnostics.iter().find(same).cloned().unwrap_or(own))
        });
        offered.push(CodeActionOrCommand::CodeAction(CodeAction {
            title: action.title,
            kind: Some(kind),
            diagnostics: mends.map(|it| vec![it]),
            edit: Some(edit),
            is_preferred: action.preferred.then_some(true),
            ..Default::default()
        }));
    }
    offered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_without_their_places_are_plain_text() {
        assert_eq!(without_places("dense(${1:units})$0"), "dense(units)");
        assert_eq!(without_places("conv(${1:channels}, ${2})\\$$1"), "conv(channels, )$");
        assert_eq!(without_places("method = ${2|static,qat|}\n}, $0"), "method = static\n}, ");
        assert_eq!(without_places("\"${2:says {name\\}}\"$0"), "\"says {name}\"");
    }

    #[test]
    fn the_legend_has_every_kind() {
        assert_eq!(TOKEN_TYPES.len(), ide::tokens::Kind::Comment as usize + 1);
    }
}
