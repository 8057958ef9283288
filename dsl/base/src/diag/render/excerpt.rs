//! The lines of a file that a report shows, made fit for a terminal: nothing that moves the cursor,
//! no line wider than a page, and for every label a place of at least one character.

use crate::source::Source;
use crate::span::Span;
use std::collections::BTreeMap;

/// Lines up to this width are shown whole.
const WIDTH: usize = 120;

/// How much of a long line is shown before the label that it is shown for.
const LEAD: usize = 40;

/// A text of as many lines as the file, in which lines without a label are empty.
pub(super) struct Excerpt {
    /// The text.
    pub(super) text: String,
    /// For each label the characters of `text` under it, counted in characters; never empty and on
    /// one line.
    pub(super) places: Vec<std::ops::Range<usize>>,
    /// For each label the column of its first character in the excerpt, from 1.
    pub(super) columns: Vec<usize>,
}

/// One label on its line, in characters of the real line.
struct Mark {
    line: usize,
    start: usize,
    end: usize,
}

/// A real line and the part of it that is shown.
struct Shown {
    chars: Vec<char>,
    /// The first shown character of the real line, and the one behind the last.
    from: usize,
    to: usize,
    /// How many columns stand before the character `from`: 1 for an ellipsis.
    indent: usize,
    /// How many characters of the excerpt stand before the line.
    offset: usize,
}

/// Cuts the excerpt of `source` that shows these spans; the first span is the most important.
pub(super) fn cut(source: &Source, spans: &[Span]) -> Excerpt {
    let marks: Vec<Mark> = spans.iter().map(|span| mark(source, *span)).collect();
    let mut shown: BTreeMap<usize, Shown> = BTreeMap::new();
    for m in &marks {
        shown.entry(m.line).or_insert_with(|| show(source.line(m.line), m));
    }
    // An empty label behind the last character needs a space to stand under.
    for m in &marks {
        if let Some(line) = shown.get_mut(&m.line)
            && line.to == line.chars.len()
            && m.end > line.to
        {
            line.chars.push(' ');
            line.to += 1;
        }
    }
    let last = shown.keys().next_back().copied().unwrap_or(0);
    let (mut text, mut count) = (String::new(), 0);
    for number in 0..=last {
        if let Some(line) = shown.get_mut(&number) {
            line.offset = count;
            let before = if line.indent > 0 { Some('…') } else { None };
            let behind = if line.to < line.chars.len() { Some('…') } else { None };
            let middle = line.chars[line.from..line.to].iter().copied();
            for c in before.into_iter().chain(middle).chain(behind) {
                text.push(c);
                count += 1;
            }
        }
        text.push('\n');
        count += 1;
    }
    let columns = marks.iter().map(|m| shown[&m.line].column(m.start));
    let columns: Vec<usize> = columns.collect();
    let places = marks.iter().zip(&columns).map(|(m, column)| {
        let line = &shown[&m.line];
        let end = line.column(m.end).max(column + 1);
        line.offset + column..line.offset + end
    });
    let places = places.collect();
    Excerpt { text, places, columns: columns.into_iter().map(|c| c + 1).collect() }
}

impl Shown {
    /// The column, from 0, at which a character of the real line is shown; the ellipsis stands for
    /// those that are not.
    fn column(&self, char: usize) -> usize {
        if char < self.from {
            0
        } else if char > self.to {
            self.indent + self.to - self.from
        } else {
            self.indent + char - self.from
        }
    }
}

/// The label's place on its first line; at least one character wide.
fn mark(source: &Source, span: Span) -> Mark {
    let clamp = |offset: u32| {
        let mut offset = (offset as usize).min(source.text.len());
        while !source.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let start = clamp(span.start);
    let end = clamp(span.end).max(start);
    let line = source.line_of(start);
    let (first, text) = (source.line_start(line), source.line(line));
    let column = |offset: usize| text[..(offset - first).min(text.len())].chars().count();
    let start = column(start);
    Mark { line, start, end: column(end).max(start + 1) }
}

/// The part of a line to show for a label.
fn show(text: &str, mark: &Mark) -> Shown {
    let chars: Vec<char> = text.chars().map(visible).collect();
    let (mut from, mut to) = (0, chars.len());
    if chars.len() > WIDTH {
        if mark.end.min(mark.start + WIDTH / 2) > WIDTH {
            from = mark.start.saturating_sub(LEAD);
        }
        to = chars.len().min(from + WIDTH);
    }
    Shown { chars, from, to, indent: usize::from(from > 0), offset: 0 }
}

/// A character that takes its place on the line and does nothing else: control characters become
/// their pictures; line separators and signs that turn the direction of writing a replacement.
pub(super) fn visible(c: char) -> char {
    match c {
        '\t' => '\t',
        '\u{7f}' => '␡',
        c if (c as u32) < 0x20 => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{80}'..='\u{9f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{feff}' => '\u{fffd}',
        c => c,
    }
}
