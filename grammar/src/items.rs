//! Cuts a file into items before anything is parsed: what begins at the start of a line, whatever
//! brackets are open there. A bracket left open harms its own item only.

use crate::build::Head;
use crate::lex::{Foreign, Token, TokenKind};
use crate::words;

/// A stretch of the text that is parsed on its own.
#[derive(Debug)]
pub(crate) struct Slice {
    /// Its tokens, without comments.
    pub(crate) tokens: std::ops::Range<usize>,
    /// What it is.
    pub(crate) kind: SliceKind,
    /// Whether it should begin at the start of its line and does not.
    pub(crate) indented: bool,
}

/// What a slice holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SliceKind {
    /// An item.
    Item(Head),
    /// An item whose keyword is misspelt or another language's; the right one.
    Misspelt(Head, &'static str),
    /// No item can be recognised.
    Unknown,
    /// Foreign comments and semicolons alone.
    Trivia,
}

/// Cuts. Every token is in one slice.
pub(crate) fn cut(text: &str, tokens: &[Token]) -> Vec<Slice> {
    let (slices, open) = (Vec::new(), OpenBrackets::default());
    let mut cutter = Cutter { text, tokens, slices, start: 0, open, flush: None };
    let mut indented = false;
    for i in 0..tokens.len() {
        if let Some(begins_indented) = cutter.begins(i) {
            cutter.finish(i, indented);
            indented = begins_indented;
        }
        cutter.track(i);
    }
    cutter.finish(tokens.len(), indented);
    cutter.slices
}

struct Cutter<'t> {
    text: &'t str,
    tokens: &'t [Token],
    slices: Vec<Slice>,
    /// The first token of the present slice.
    start: usize,
    /// Brackets open in it.
    open: OpenBrackets,
    /// Whether the first line inside a bracket began at the start of the line.
    flush: Option<bool>,
}

impl Cutter<'_> {
    fn text(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |token| token.text(self.text))
    }

    fn kind(&self, i: usize) -> Option<TokenKind> {
        self.tokens.get(i).map(|token| token.kind)
    }

    fn is_first(&self, i: usize) -> bool {
        self.tokens.get(i).is_none_or(|token| token.first)
    }

    /// Whether an item begins at the token, and if so, whether it is indented.
    fn begins(&self, i: usize) -> Option<bool> {
        let token = &self.tokens[i];
        if !token.first {
            return None;
        }
        let empty = self.start == i || self.tokens[self.start..i].iter().all(is_trivia);
        let word = matches!(token.kind, TokenKind::Word | TokenKind::Foreign(Foreign::Word));
        let begins = match (token.column(), self.open.stack.is_empty()) {
            (0, true) => empty || (word && !self.continues(i)),
            (0, false) => word && self.begins_inside(i),
            (_, true) => {
                word && (self.has_keyword(i) || (self.binds(i) && (empty || self.after_const())))
            }
            (_, false) => false,
        };
        let indented = token.column() > 0 && word && !is_trivia(token);
        begins.then_some(indented)
    }

    /// `on`, `as` and the like go on with the verb of the line before.
    fn continues(&self, i: usize) -> bool {
        let (word, head) = (self.text(i), self.text(self.start));
        let of_verb = words::CLAUSES.contains(&word)
            && matches!(head, "load" | "train" | "distill" | "quantize" | "export");
        (of_verb || matches!(word, "and" | "or" | "else" | "in")) && !self.binds(i)
    }

    fn binds(&self, i: usize) -> bool {
        self.kind(i + 1) == Some(TokenKind::Equals) && !self.is_first(i + 1)
    }

    /// A keyword and what may follow it.
    fn has_keyword(&self, i: usize) -> bool {
        words::is_item(self.text(i)) && self.keyword_follower(i)
    }

    fn keyword_follower(&self, i: usize) -> bool {
        match self.kind(i + 1) {
            Some(TokenKind::Word | TokenKind::Str | TokenKind::OpenStr) => !self.is_first(i + 1),
            Some(TokenKind::Foreign(Foreign::Word | Foreign::Quotes)) => !self.is_first(i + 1),
            Some(TokenKind::Open) => self.text(i + 1) == "{",
            _ => false,
        }
    }

    /// Whether an item begins though a bracket is open.
    fn begins_inside(&self, i: usize) -> bool {
        let word = self.text(i);
        if words::is_item(word) {
            let alone = self.is_first(i + 1)
                && !matches!(
                    self.kind(i + 1),
                    Some(
                        TokenKind::Arrow
                            | TokenKind::Equals
                            | TokenKind::Comma
                            | TokenKind::Operator
                            | TokenKind::Dot
                    )
                );
            return self.keyword_follower(i) || alone;
        }
        // Where the block is indented, what stands at the start of a line is outside.
        self.flush == Some(false)
            && (self.binds(i) || (misspelt(word).is_some() && self.keyword_follower(i)))
    }

    fn after_const(&self) -> bool {
        self.kind(self.start) == Some(TokenKind::Word)
            && self.kind(self.start + 1) == Some(TokenKind::Equals)
    }

    fn track(&mut self, i: usize) {
        let token = &self.tokens[i];
        if token.first && !self.open.stack.is_empty() && self.flush.is_none() {
            self.flush = Some(token.column() == 0 && token.kind != TokenKind::Close);
        }
        let byte = self.text.as_bytes()[token.start as usize];
        match token.kind {
            TokenKind::Open => self.open.push(byte),
            TokenKind::Close => self.open.close(byte),
            _ => {}
        }
    }

    fn finish(&mut self, end: usize, indented: bool) {
        let start = self.start;
        self.start = end;
        self.open = OpenBrackets::default();
        self.flush = None;
        // Foreign comments before and behind an item are not its own.
        let own = |range: std::ops::Range<usize>| {
            let tokens = &self.tokens[range.clone()];
            let first = tokens.iter().position(|token| !is_trivia(token))?;
            let last = tokens.iter().rposition(|token| !is_trivia(token))?;
            Some(range.start + first..range.start + last + 1)
        };
        let trivia = |tokens| Slice { tokens, kind: SliceKind::Trivia, indented: false };
        match own(start..end) {
            None if start == end => {}
            None => self.slices.push(trivia(start..end)),
            Some(tokens) => {
                let (first, last) = (tokens.start, tokens.end);
                if start < first {
                    self.slices.push(trivia(start..first));
                }
                let kind = self.slice_kind(first);
                self.slices.push(Slice { tokens, kind, indented });
                if last < end {
                    self.slices.push(trivia(last..end));
                }
            }
        }
    }

    fn slice_kind(&self, i: usize) -> SliceKind {
        let word = self.text(i);
        let next = self.text(i + 1);
        if !matches!(self.kind(i), Some(TokenKind::Word)) {
            return match self.kind(i) {
                Some(TokenKind::Foreign(Foreign::Word)) if next == "=" => {
                    SliceKind::Item(Head::Const)
                }
                _ => SliceKind::Unknown,
            };
        }
        if matches!(next, "=" | "==" | ":") {
            return SliceKind::Item(Head::Const);
        }
        if let Some(head) = Head::of(word) {
            return SliceKind::Item(head);
        }
        if self.keyword_follower(i)
            && let Some(meant) = misspelt(word)
            && let Some(head) = Head::of(meant)
        {
            return SliceKind::Misspelt(head, meant);
        }
        SliceKind::Unknown
    }
}

/// Brackets that are open, and how many of each kind: to close one takes constant time on average.
#[derive(Default)]
struct OpenBrackets {
    stack: Vec<u8>,
    counts: [usize; 3],
}

impl OpenBrackets {
    fn push(&mut self, open: u8) {
        self.counts[index(closer(open))] += 1;
        self.stack.push(open);
    }

    /// Closes the innermost partner and all that is open inside it.
    fn close(&mut self, close: u8) {
        while self.counts[index(close)] > 0 {
            let Some(open) = self.stack.pop() else { return };
            self.counts[index(closer(open))] -= 1;
            if closer(open) == close {
                return;
            }
        }
    }
}

fn index(close: u8) -> usize {
    match close {
        b')' => 0,
        b']' => 1,
        _ => 2,
    }
}

/// The keyword that was probably meant.
pub(crate) fn misspelt(word: &str) -> Option<&'static str> {
    let nearest =
        || dlm_base::suggest::nearest(word, words::ITEMS.iter().copied()).first().copied();
    words::foreign_item(word).or_else(nearest).filter(|meant| *meant != word)
}

/// What is no token of an item: comments of other languages and semicolons.
pub(crate) fn is_trivia(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Foreign(Foreign::Hash | Foreign::Block | Foreign::Semicolon))
}

/// The partner of an opening bracket.
pub(crate) fn closer(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}
