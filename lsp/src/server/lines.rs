//! From bytes to the lines and columns of the protocol and back.

use dlm_check::session::Room;
use line_index::{LineIndex, TextSize, WideEncoding};
use std::ops::Range;
use std::sync::Arc;
use tower_lsp::lsp_types as lsp;

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16: what every editor can.
    #[default]
    Utf16,
}

/// A text with its lines.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    text: Arc<str>,
    index: Arc<LineIndex>,
    room: Arc<Room>,
    encoding: Encoding,
}

impl Lines {
    pub(crate) fn new(text: &Arc<str>, encoding: Encoding) -> Lines {
        Lines::with_room(text, Room::default(), encoding)
    }

    /// Of a text that was given room at the ends of lines: its lines and columns are those of the text without.
    pub(crate) fn with_room(text: &Arc<str>, room: Room, encoding: Encoding) -> Lines {
        let index = Arc::new(LineIndex::new(text));
        Lines { text: text.clone(), index, room: Arc::new(room), encoding }
    }

    /// What a column counts.
    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The line and column of a byte, which is clamped to the text and to a character.
    pub(crate) fn position(&self, offset: usize) -> lsp::Position {
        let mut offset = self.room.outside(offset.min(self.text.len()));
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let narrow = self.index.line_col(TextSize::new(offset as u32));
        let column = match self.encoding {
            Encoding::Utf8 => narrow.col,
            Encoding::Utf16 => {
                let wide = self.index.to_wide(WideEncoding::Utf16, narrow);
                wide.map_or(narrow.col, |wide| wide.col)
            }
        };
        lsp::Position::new(narrow.line, column)
    }

    /// The range of some bytes.
    pub(crate) fn range(&self, bytes: &Range<usize>) -> lsp::Range {
        lsp::Range::new(self.position(bytes.start), self.position(bytes.end.max(bytes.start)))
    }

    /// How many columns some bytes of one line take.
    pub(crate) fn width(&self, bytes: &Range<usize>) -> u32 {
        let (start, end) = (self.position(bytes.start), self.position(bytes.end));
        if start.line == end.line { end.character.saturating_sub(start.character) } else { 0 }
    }

    /// The byte at a line and column.
    pub(crate) fn offset(&self, at: lsp::Position) -> usize {
        match self.index.line(at.line) {
            Some(line) => {
                let start = usize::from(line.start());
                let offset = start + within(&self.text[start..], at.character, self.encoding);
                self.room.outside(offset)
            }
            None => self.room.outside(self.text.len()),
        }
    }

    /// The bytes of a range; one that is reversed is empty.
    pub(crate) fn bytes(&self, range: lsp::Range) -> Range<usize> {
        let (start, end) = (self.offset(range.start), self.offset(range.end));
        start..end.max(start)
    }
}

/// Replaces a range of a text, or all of it.
pub(crate) fn apply(text: &mut String, range: Option<lsp::Range>, new: &str, encoding: Encoding) {
    match range {
        None => *text = new.to_string(),
        Some(range) => {
            let start = offset(text, range.start, encoding);
            let end = offset(text, range.end, encoding).max(start);
            text.replace_range(start..end, new);
        }
    }
}

/// The byte at a line and column. A column behind the end of its line is that end, a line behind the last the
/// end of the text, and a column inside a character its start.
pub(crate) fn offset(text: &str, at: lsp::Position, encoding: Encoding) -> usize {
    let mut start = 0;
    for _ in 0..at.line {
        match text[start..].find('\n') {
            Some(end) => start += end + 1,
            None => return text.len(),
        }
    }
    start + within(&text[start..], at.character, encoding)
}

/// The byte at a column of the first line of a text.
fn within(text: &str, column: u32, encoding: Encoding) -> usize {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        let width = match encoding {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
        };
        let ends = c == '\n' || (c == '\r' && text[at..].starts_with("\r\n"));
        if ends || units + width as u32 > column {
            return at;
        }
        units += width as u32;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "aé😀z\r\n日本\n\nend";

    fn at(line: u32, character: u32) -> lsp::Position {
        lsp::Position::new(line, character)
    }

    #[test]
    fn every_character_has_its_column_and_back() {
        let text: Arc<str> = TEXT.into();
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            let lines = Lines::new(&text, encoding);
            for (i, _) in TEXT.char_indices().filter(|(_, c)| *c != '\n') {
                assert_eq!(lines.offset(lines.position(i)), i);
                assert_eq!(offset(TEXT, lines.position(i), encoding), i);
            }
        }
    }

    #[test]
    fn columns_count_units() {
        let lines = Lines::new(&TEXT.into(), Encoding::Utf16);
        assert_eq!(lines.position(TEXT.find('z').unwrap()), at(0, 4));
        assert_eq!(lines.position(TEXT.find('本').unwrap()), at(1, 1));
        let lines = Lines::new(&TEXT.into(), Encoding::Utf8);
        assert_eq!(lines.position(TEXT.find('z').unwrap()), at(0, 7));
    }

    #[test]
    fn what_lies_outside_is_clamped() {
        let lines = Lines::new(&TEXT.into(), Encoding::Utf16);
        assert_eq!(lines.offset(at(0, 99)), TEXT.find('\r').unwrap());
        assert_eq!(lines.offset(at(0, 3)), TEXT.find('😀').unwrap(), "half a character");
        assert_eq!(lines.offset(at(2, 5)), TEXT.find("end").unwrap() - 1);
        assert_eq!(lines.offset(at(77, 0)), TEXT.len());
        assert_eq!(lines.offset(at(u32::MAX, u32::MAX)), TEXT.len());
        assert_eq!(lines.position(999), at(3, 3));
        assert_eq!(lines.position(2), at(0, 1), "inside a character");
        assert_eq!(lines.bytes(lsp::Range::new(at(3, 2), at(0, 0))), 20..20);
    }

    #[test]
    fn edits_are_applied() {
        let mut text = TEXT.to_string();
        apply(&mut text, Some(lsp::Range::new(at(0, 2), at(1, 1))), "X\n", Encoding::Utf16);
        assert_eq!(text, "aéX\n本\n\nend");
        apply(&mut text, Some(lsp::Range::new(at(9, 9), at(0, 0))), "!", Encoding::Utf16);
        assert_eq!(text, "aéX\n本\n\nend!");
        apply(&mut text, None, "new", Encoding::Utf16);
        assert_eq!(text, "new");
    }
}
