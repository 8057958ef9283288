//! Spans as lines and columns, forgiving of spans that no text has.

use crate::source::{LineCol, Source, Sources};
use crate::span::{FileId, Span};

/// Where a span begins and ends, for people: lines and columns from 1, columns in characters.
pub(super) struct Place<'a> {
    /// The file's name.
    pub(super) file: &'a str,
    /// The first character.
    pub(super) start: LineCol,
    /// Behind the last character.
    pub(super) end: LineCol,
}

/// The place of a span. A file that is not among the sources is called `?`.
pub(super) fn place(span: Span, sources: &Sources) -> Place<'_> {
    let Some(source) = lookup(span.file, sources) else {
        let start = LineCol { line: 1, column: 1 };
        return Place { file: "?", start, end: start };
    };
    let start = source.line_col(span.start as usize);
    let end = source.line_col(span.end as usize).max(start);
    Place { file: &source.name, start, end }
}

/// The source of that number, if there is one.
pub(super) fn lookup(file: FileId, sources: &Sources) -> Option<&Source> {
    sources.iter().find(|(id, _)| *id == file).map(|(_, source)| source)
}
