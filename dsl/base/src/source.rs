//! The texts that a check or a run has read, and the way from byte offsets to lines and columns.

use crate::span::{FileId, Span};
use std::sync::Arc;

/// One text: its name as shown to people, its content, and where its lines begin.
#[derive(Debug)]
pub struct Source {
    /// The path as the user wrote it, or `std/vision.dlm` for the library inside the binary.
    pub name: String,
    /// The content.
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

/// A line and a column, both from 1; columns count Unicode characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineCol {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Source {
    /// Indexes the lines of `text`.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Source {
        let text = text.into();
        let mut line_starts = vec![0];
        line_starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| i as u32 + 1));
        Source { name: name.into(), text, line_starts }
    }

    /// The line (from 0) that holds the byte at `offset`; offsets past the end are in the last line.
    pub fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|&s| s as usize <= offset) - 1
    }

    /// The offset at which `line` (from 0) begins.
    pub fn line_start(&self, line: usize) -> usize {
        self.line_starts.get(line).map_or(self.text.len(), |&s| s as usize)
    }

    /// How many lines there are; an empty text has one.
    pub fn lines(&self) -> usize {
        self.line_starts.len()
    }

    /// The text of `line` (from 0) without its line break.
    pub fn line(&self, line: usize) -> &str {
        let text = &self.text[self.line_start(line)..self.line_start(line + 1)];
        text.trim_end_matches(['\n', '\r'])
    }

    /// Line and column of a byte offset, clamped to the text and to a character boundary.
    pub fn line_col(&self, offset: usize) -> LineCol {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_of(offset);
        let column = self.text[self.line_start(line)..offset].chars().count();
        LineCol { line: line as u32 + 1, column: column as u32 + 1 }
    }
}

/// All texts of one check, by number.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    files: Vec<Arc<Source>>,
}

impl Sources {
    /// Adds a text and returns its number.
    pub fn add(&mut self, source: Source) -> FileId {
        self.files.push(Arc::new(source));
        FileId(self.files.len() as u32 - 1)
    }

    /// The text of that number.
    ///
    /// # Panics
    /// When no text has the number.
    pub fn get(&self, file: FileId) -> &Source {
        &self.files[file.0 as usize]
    }

    /// The text under a span.
    pub fn slice(&self, span: Span) -> &str {
        &self.get(span.file).text[span.range()]
    }

    /// All texts in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files.iter().enumerate().map(|(i, s)| (FileId(i as u32), &**s))
    }
}
