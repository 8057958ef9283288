//! From the pairs of the pest grammar to the tree, total: every pair has a node, whatever it holds.

use crate::tree::{Brackets, Name, Text};
use crate::words;
use dlm_base::diag::codes::syntax;
use dlm_base::{Diag, FileId, Span};
use pest::iterators::Pair;
use pest_derive::Parser;

mod expr;
mod items;
mod numbers;
mod rows;
mod steps;
mod verbs;

pub(crate) use items::Head;

/// The parser that pest derives.
#[derive(Parser)]
#[grammar = "dlm.pest"]
pub(crate) struct Grammar;

type P<'i> = Pair<'i, Rule>;

/// Brackets, operators and `else if` may nest this deep in all.
const MAX_HEIGHT: u32 = 256;

/// What is collected while the pairs of one item become its tree.
pub(crate) struct Builder<'t> {
    file: FileId,
    /// Where the item begins in the file.
    base: usize,
    /// The item as the user wrote it; the pairs are of a text of the same length.
    text: &'t str,
    /// Offsets in the item of mistakes that would cause further ones in the same row.
    grave: Vec<usize>,
    /// One row, one diagnostic: whether this one has its own.
    quiet: bool,
    /// Height of the expression built last.
    height: u32,
    /// How many expressions the present one lies in.
    depth: u32,
    /// What was found.
    pub(crate) diags: Vec<Diag>,
}

impl<'t> Builder<'t> {
    pub(crate) fn new(file: FileId, base: usize, text: &'t str, grave: Vec<usize>) -> Builder<'t> {
        let diags = Vec::new();
        Builder { file, base, text, grave, quiet: false, height: 0, depth: 0, diags }
    }

    /// Offsets in the item as a span of the file. What was mended may hold a token in the middle
    /// of a character.
    fn at(&self, start: usize, end: usize) -> Span {
        let (mut start, mut end) = (start.min(self.text.len()), end.min(self.text.len()));
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        Span::new(self.file, self.base + start, self.base + end)
    }

    /// The place of a token. Those of other rules may end in white space.
    fn span(&self, pair: &P) -> Span {
        let span = pair.as_span();
        self.at(span.start(), span.end())
    }

    /// What the user wrote there.
    fn source(&self, span: Span) -> &'t str {
        let range = span.start as usize - self.base..span.end as usize - self.base;
        self.text.get(range).unwrap_or("")
    }

    fn name(&self, pair: &P) -> Name {
        match pair.as_rule() {
            Rule::missing => Name::missing(self.span(pair)),
            _ => {
                let span = self.span(pair);
                Name { text: pair.as_str().to_owned(), span }
            }
        }
    }

    /// A name in a flow or a constant: words of the language are none.
    fn free_name(&mut self, pair: &P) -> Name {
        let name = self.name(pair);
        if words::is_reserved(&name.text) && !matches!(name.text.as_str(), "true" | "false") {
            let message = format!("`{}` is a word of the language, not a name", name.text);
            let diag = syntax::mistake(name.span, message, "expected a name");
            self.report(diag.help("choose another name"));
        }
        name
    }

    /// The braces of a block whose pair begins at `start`. What the repair closed is empty here.
    fn brackets(&self, start: usize, close: Option<&P>, content_end: Span) -> Brackets {
        let open = self.at(start, start + 1);
        let open =
            if self.source(open).starts_with(['(', '[', '{']) { open } else { open.at_start() };
        let close = close
            .map(|pair| self.span(pair))
            .filter(|&span| self.source(span).starts_with([')', ']', '}']))
            .unwrap_or_else(|| content_end.at_end());
        Brackets { open, close }
    }

    /// Begins a row: its first mistake is reported, unless a grave one lies inside.
    fn row(&mut self, pair: &P) {
        let span = pair.as_span();
        self.row_at(span.start(), span.end());
    }

    /// Begins the next row, unless it is on the line of a mistake: then it is its rest.
    fn next_row(&mut self, before: Span, pair: &P) {
        if !(self.quiet && self.same_line(before, self.span(pair))) {
            self.row(pair);
        }
    }

    fn row_at(&mut self, start: usize, end: usize) {
        let first = self.grave.partition_point(|&at| at < start);
        self.quiet = self.grave.get(first).is_some_and(|&at| at < end);
    }

    fn report(&mut self, diag: Diag) {
        if !self.quiet {
            self.quiet = true;
            if self.diags.len() < crate::parse::MAX_DIAGS {
                self.diags.push(diag);
            }
        }
    }

    /// What stands at the start of the span, for a message.
    fn found(&self, at: Span) -> String {
        let rest = &self.text[(at.start as usize - self.base).min(self.text.len())..];
        let token = first_token(rest);
        match token.chars().next() {
            None => "the end of the declaration".to_owned(),
            Some('"') => format!("the string `{}`", shorten(token)),
            Some(c) if c.is_ascii_digit() => format!("the number `{}`", shorten(token)),
            Some(c) if (c as u32) < 32 => format!("the character U+{:04X}", c as u32),
            Some(_) => format!("`{}`", shorten(token)),
        }
    }

    /// The place of the token at the start of the span.
    fn token_at(&self, at: Span) -> Span {
        let start = (at.start as usize - self.base).min(self.text.len());
        self.at(start, start + first_token(&self.text[start..]).len())
    }

    /// A string literal.
    fn text(&mut self, pair: &P) -> Text {
        let span = self.span(pair);
        let literal = pair.as_str();
        let inner = literal.strip_prefix('"').unwrap_or(literal);
        let inner = inner.strip_suffix('"').unwrap_or(inner);
        let value = self.unescape(inner, self.base + pair.as_span().start() + 1);
        Text { value, span }
    }

    /// The text that stands for another between quotes, from offset `start` of the file.
    fn unescape(&mut self, inner: &str, start: usize) -> String {
        if !inner.contains('\\') {
            return inner.to_owned();
        }
        let mut value = String::with_capacity(inner.len());
        let mut rest = inner;
        while let Some(at) = rest.find('\\') {
            value.push_str(&rest[..at]);
            let escape = &rest[at + 1..];
            let offset = start + inner.len() - rest.len() + at;
            let (c, length) = match escape.chars().next() {
                Some('n') => (Some('\n'), 1),
                Some('t') => (Some('\t'), 1),
                Some('"') => (Some('"'), 1),
                Some('\\') => (Some('\\'), 1),
                Some('u') => unicode_escape(escape),
                Some(other) => (None, other.len_utf8()),
                None => (None, 0),
            };
            match c {
                Some(c) => value.push(c),
                None => {
                    let at = self.at(offset - self.base, offset - self.base + 1 + length);
                    let message = format!("`{}` is no escape", self.source(at));
                    self.report(
                        syntax::mistake(at, message, "means nothing")
                            .help(r#"escapes are `\n`, `\t`, `\"`, `\\` and `\u{…}`"#),
                    );
                }
            }
            rest = &escape[length..];
        }
        value.push_str(rest);
        value
    }
}

/// `u{e9}`: the character and the length.
fn unicode_escape(escape: &str) -> (Option<char>, usize) {
    let digits = escape
        .strip_prefix("u{")
        .and_then(|rest| rest.bytes().take(9).position(|b| b == b'}').map(|end| &rest[..end]));
    match digits {
        Some(digits) => {
            let c = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
            (c, digits.len() + 3)
        }
        None => (None, 1),
    }
}

fn first_token(text: &str) -> &str {
    // A few tokens of text are enough to find the first one.
    let mut end = text.len().min(256);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    crate::lex::tokens(&text[..end]).first().map_or("", |token| token.text(text))
}

/// At most 40 characters of a token.
pub(crate) fn shorten(token: &str) -> String {
    match token.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &token[..end]),
        None => token.to_owned(),
    }
}
