//! The formatter: one layout for every program, comments kept, the tree unchanged.
//!
//! Rows are indented by four spaces for each block, `=` of neighbouring settings stand below each
//! other, blank lines are at most one. Breaks before `->` stay where they are, and lines of more than
//! 100 columns are broken there. Blocks on one line stay on one line while they fit.

use crate::tree::{Comment, Tree};
use dlm_base::Span;

mod flow;
mod items;
mod rows;

/// Lines are broken behind this column.
const WIDTH: usize = 100;

/// The text in the layout of dlm. A text with mistakes of form comes back as it is. Formatting what
/// came out changes nothing.
///
/// `tree` is that of `text`.
pub fn format(tree: &Tree, text: &str) -> String {
    if tree.broken {
        return text.to_owned();
    }
    let mut formatted = print(tree, text);
    // Comments in odd places may move what the next pass measures; a few passes settle that.
    for _ in 0..4 {
        let again = print(&crate::parse(tree.file, &formatted).tree, &formatted);
        if again == formatted {
            break;
        }
        formatted = again;
    }
    formatted
}

/// One pass.
fn print(tree: &Tree, text: &str) -> String {
    let mut printer = Printer::new(text, &tree.comments, None);
    printer.items(&tree.items);
    printer.flush(text.len());
    let mut out = printer.out;
    if !out.is_empty() {
        out.push('\n');
    }
    let crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    if crlf { out.replace('\n', "\r\n") } else { out }
}

/// What stands before the next token.
#[derive(Clone, Copy)]
enum Gap {
    None,
    Space,
    /// A line break. `blank`: an empty line stays if there was one.
    Line {
        indent: usize,
        blank: bool,
    },
}

struct Printer<'t> {
    text: &'t str,
    comments: &'t [Comment],
    /// The next comment to print.
    next: usize,
    out: String,
    /// Characters on the present line.
    col: usize,
    /// Blanks at the start of the present line.
    indent: usize,
    gap: Gap,
    /// Where what was printed last ends in the source.
    last: usize,
    /// Where a line begins that a comment has forced.
    cont: usize,
    /// Everything goes on one line, of at most so many characters.
    flat: Option<usize>,
    /// It does not fit, or must not be on one line.
    overflow: bool,
}

impl<'t> Printer<'t> {
    fn new(text: &'t str, comments: &'t [Comment], flat: Option<usize>) -> Printer<'t> {
        Printer {
            text,
            comments,
            next: 0,
            out: String::new(),
            col: 0,
            indent: 0,
            gap: Gap::None,
            last: 0,
            cont: 4,
            flat,
            overflow: false,
        }
    }

    /// How long it is on one line, unless it is too long or must not be on one.
    fn measure(&self, print: impl FnOnce(&mut Printer<'t>)) -> Option<usize> {
        let mut flat = Printer::new(self.text, &[], Some(WIDTH));
        print(&mut flat);
        (!flat.overflow).then_some(flat.col)
    }

    /// Whether it fits on the rest of the line.
    fn fits(&self, print: impl FnOnce(&mut Printer<'t>)) -> bool {
        self.flat.is_some() || self.measure(print).is_some_and(|width| self.here() + width <= WIDTH)
    }

    fn is_flat(&self) -> bool {
        self.flat.is_some()
    }

    /// The column at which the next token will stand.
    fn here(&self) -> usize {
        match self.gap {
            Gap::None => self.col,
            Gap::Space => self.col + 1,
            Gap::Line { indent, .. } => indent,
        }
    }

    /// Prints a token of the source, after the comments before it.
    fn token(&mut self, span: Span) {
        self.flush(span.start as usize);
        self.separate(span.start as usize);
        self.push(&self.text[span.range()]);
        self.last = span.end as usize;
    }

    /// Prints a token that is nowhere in the tree: a comma.
    fn mark(&mut self, mark: &str) {
        self.gap = Gap::None;
        self.push(mark);
    }

    fn space(&mut self) {
        self.gap = Gap::Space;
    }

    fn line(&mut self, indent: usize, blank: bool) {
        if self.is_flat() {
            self.overflow = true;
        }
        self.gap = Gap::Line { indent, blank };
    }

    /// Begins a row of a block.
    fn row(&mut self, indent: usize, blank: bool) {
        self.line(indent, blank);
        self.cont = indent + 4;
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.col += text.chars().count();
        if self.flat.is_some_and(|limit| self.col > limit) {
            self.overflow = true;
        }
    }

    fn pad(&mut self, blanks: usize) {
        self.out.extend(std::iter::repeat_n(' ', blanks));
        self.col += blanks;
    }

    /// Prints the gap before what begins at `start` of the source.
    fn separate(&mut self, start: usize) {
        match std::mem::replace(&mut self.gap, Gap::None) {
            Gap::None => {}
            Gap::Space => self.push(" "),
            Gap::Line { .. } if self.out.is_empty() => {}
            Gap::Line { indent, blank } => {
                self.out.push('\n');
                if blank && breaks(&self.text[self.last.min(start)..start]) > 1 {
                    self.out.push('\n');
                }
                self.col = 0;
                self.indent = indent;
                self.pad(indent);
            }
        }
    }

    /// Prints the comments before offset `before` of the source.
    fn flush(&mut self, before: usize) {
        let between_rows = matches!(self.gap, Gap::Line { .. });
        while let Some(comment) = self.comments.get(self.next)
            && (comment.span.start as usize) < before
        {
            self.next += 1;
            let start = comment.span.start as usize;
            let (indent, blank) = match self.gap {
                Gap::Line { indent, blank } => (indent, blank),
                _ => (self.cont, false),
            };
            let trailing = !comment.alone && !self.out.is_empty();
            if trailing {
                // It stays at its column, unless the code has moved far away from it.
                let blanks = column(self.text, start).saturating_sub(self.col);
                self.pad(if blanks > 60 { 2 } else { blanks.max(1) });
            } else {
                self.gap = Gap::Line { indent, blank };
                self.separate(start);
            }
            self.push(&self.text[comment.span.range()]);
            self.last = comment.span.end as usize;
            self.gap = Gap::Line { indent, blank: blank || between_rows };
        }
    }

    /// Whether a comment stands there.
    fn has_comment(&self, span: Span) -> bool {
        let first = self.comments.partition_point(|comment| comment.span.start < span.start);
        self.comments.get(first).is_some_and(|comment| comment.span.start < span.end)
    }

    /// Whether the source has a line break between the two.
    fn broke(&self, before: Span, after: Span) -> bool {
        let range = before.end as usize..(after.start as usize).max(before.end as usize);
        self.text[range].contains(['\n', '\r'])
    }
}

/// How many line breaks there are.
fn breaks(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_break =
        |i: &usize| bytes[*i] == b'\n' || (bytes[*i] == b'\r' && bytes.get(*i + 1) != Some(&b'\n'));
    (0..bytes.len()).filter(is_break).count()
}

/// Characters before the offset on its line.
fn column(text: &str, at: usize) -> usize {
    let line = text[..at].rfind(['\n', '\r']).map_or(0, |before| before + 1);
    text[line..at].trim_start_matches('\u{FEFF}').chars().count()
}
