//! What stands around a byte, from tokens alone: it holds in any half-typed text.

use dlm_grammar::lex::{Foreign, Token, TokenKind, tokens};
use dlm_grammar::words;
use std::ops::Range;

/// A byte of a text with what stands before it, up to the beginning of its item.
#[derive(Debug)]
pub(crate) struct Caret<'t> {
    /// The whole text.
    pub(crate) text: &'t str,
    /// The byte.
    pub(crate) at: usize,
    /// The tokens of the item before the byte, without comments and without the word being written.
    pub(crate) before: Vec<Token>,
    /// The word being written; empty where there is none.
    pub(crate) word: Range<usize>,
    /// In what kind of text the byte stands.
    pub(crate) inside: Inside,
    /// The places in `before` of the brackets that are open, outermost first.
    pub(crate) open: Vec<usize>,
}

/// In what kind of text a byte stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Inside {
    /// In the program.
    Code,
    /// In a comment.
    Comment,
    /// In a string, whose content (without quotes) are these bytes.
    Str(Range<usize>),
    /// In a number.
    Number,
}

impl<'t> Caret<'t> {
    /// The surroundings of a byte; one past the end or within a character is moved back.
    pub(crate) fn new(text: &'t str, at: usize) -> Caret<'t> {
        let at = floor(text, at);
        let start = item_start(text, at);
        let rest = text[at..].find(['\n', '\r']).map_or(text.len(), |end| at + end);
        let mut caret = Caret {
            text,
            at,
            before: Vec::new(),
            word: at..at,
            inside: Inside::Code,
            open: Vec::new(),
        };
        for mut token in tokens(&text[start..rest]) {
            token.start += start as u32;
            token.end += start as u32;
            token.line += start as u32;
            if !caret.take(token) {
                break;
            }
        }
        caret
    }

    /// Reads one token; `false` at the last one that counts.
    fn take(&mut self, token: Token) -> bool {
        let (start, end) = (token.start as usize, token.end as usize);
        if start >= self.at {
            return false;
        }
        if self.open.is_empty() && token.first && token.column() == 0 && self.begins(token) {
            self.before.clear();
        }
        match token.kind {
            TokenKind::Comment | TokenKind::Foreign(Foreign::Hash | Foreign::Block) => {
                // What follows on its line is a part of it.
                let closed = self.text[start..end].ends_with("*/") && end <= self.at;
                if !closed && !self.text[start..self.at].contains(['\n', '\r']) {
                    self.inside = Inside::Comment;
                }
            }
            TokenKind::Str if end > self.at => self.inside = Inside::Str(start + 1..end - 1),
            TokenKind::OpenStr if end >= self.at => self.inside = Inside::Str(start + 1..end),
            TokenKind::Word | TokenKind::Foreign(Foreign::Word) if end >= self.at => {
                self.word = start..end;
            }
            TokenKind::Number if end >= self.at => self.inside = Inside::Number,
            _ if end > self.at => {}
            kind => {
                let place = self.before.len();
                self.before.push(token);
                match kind {
                    TokenKind::Open => self.open.push(place),
                    TokenKind::Close => {
                        self.open.pop();
                    }
                    _ => {}
                }
            }
        }
        true
    }

    /// Whether a word at the start of a line begins an item of its own.
    fn begins(&self, token: Token) -> bool {
        let word = token.text(self.text);
        token.kind == TokenKind::Word
            && !(words::CLAUSES.contains(&word) || matches!(word, "and" | "or" | "else" | "in"))
    }

    /// The text of a token of `before`; empty where there is none.
    pub(crate) fn text_of(&self, place: usize) -> &'t str {
        self.before.get(place).map_or("", |token| token.text(self.text))
    }

    /// The kind of a token of `before`.
    pub(crate) fn kind_of(&self, place: usize) -> Option<TokenKind> {
        self.before.get(place).map(|token| token.kind)
    }

    /// The place of the last token; `None` at the start of an item.
    pub(crate) fn last(&self) -> Option<usize> {
        self.before.len().checked_sub(1)
    }

    /// The text of the last token.
    pub(crate) fn last_text(&self) -> &'t str {
        self.last().map_or("", |place| self.text_of(place))
    }

    /// The kind of the last token.
    pub(crate) fn last_kind(&self) -> Option<TokenKind> {
        self.last().and_then(|place| self.kind_of(place))
    }

    /// The word that begins the item; empty where none is there.
    pub(crate) fn keyword(&self) -> &'t str {
        match self.kind_of(0) {
            Some(TokenKind::Word) => self.text_of(0),
            _ => "",
        }
    }

    /// What has been written of the word.
    pub(crate) fn prefix(&self) -> &'t str {
        &self.text[self.word.start..self.at.max(self.word.start)]
    }

    /// Whether what is being written is the first on its line.
    pub(crate) fn first_on_line(&self) -> bool {
        let line = self.text[..self.word.start].rfind(['\n', '\r']).map_or(0, |end| end + 1);
        self.text[line..self.word.start].trim().is_empty()
    }

    /// Whether what is being written stands at the very start of a line.
    pub(crate) fn at_line_start(&self) -> bool {
        self.word.start == 0 || self.text[..self.word.start].ends_with(['\n', '\r', '\u{FEFF}'])
    }

    /// The place of the innermost open bracket.
    pub(crate) fn bracket(&self) -> Option<usize> {
        self.open.last().copied()
    }

    /// The place of the word that touches an opening parenthesis: what is called there.
    pub(crate) fn called(&self, bracket: usize) -> Option<usize> {
        let word = bracket.checked_sub(1)?;
        let touches = self.before[word].end == self.before[bracket].start;
        let is_word = self.kind_of(word) == Some(TokenKind::Word);
        (self.text_of(bracket) == "(" && touches && is_word).then_some(word)
    }

    /// The pieces between the commas behind an open bracket, each as its tokens; the last is being
    /// written.
    pub(crate) fn pieces(&self, bracket: usize) -> Vec<&[Token]> {
        let mut pieces = Vec::new();
        let (mut depth, mut from) = (0usize, bracket + 1);
        for place in bracket + 1..self.before.len() {
            match self.before[place].kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth = depth.saturating_sub(1),
                TokenKind::Comma if depth == 0 => {
                    pieces.push(&self.before[from..place]);
                    from = place + 1;
                }
                _ => {}
            }
        }
        pieces.push(&self.before[from..]);
        pieces
    }

    /// The place of the key of the setting whose value is being written behind an open bracket (or in the
    /// item, without one): the last `word =` outside of brackets.
    pub(crate) fn key(&self, bracket: Option<usize>) -> Option<usize> {
        let from = bracket.map_or(0, |bracket| bracket + 1);
        let mut depth = 0usize;
        let mut key = None;
        for place in from..self.before.len() {
            match self.before[place].kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth = depth.saturating_sub(1),
                TokenKind::Equals if depth == 0 && place > from => {
                    key = (self.kind_of(place - 1) == Some(TokenKind::Word)).then_some(place - 1);
                }
                _ => {}
            }
        }
        key
    }

    /// Whether the last token leaves a value to be written: `=`, `,`, an operator, an open bracket.
    pub(crate) fn wants_value(&self) -> bool {
        match self.last_kind() {
            Some(
                TokenKind::Equals
                | TokenKind::Comma
                | TokenKind::Operator
                | TokenKind::Open
                | TokenKind::Arrow,
            ) => true,
            Some(TokenKind::Word) => {
                matches!(self.last_text(), "and" | "or" | "not" | "if" | "in" | "repeat" | "assert")
            }
            _ => false,
        }
    }

    /// The name written before the dot behind which the word stands: `stage[0]` in `stage[0].co`.
    pub(crate) fn base(&self) -> Option<&'t str> {
        let dot = self.last().filter(|&place| self.kind_of(place) == Some(TokenKind::Dot))?;
        let mut first = dot;
        let mut depth = 0usize;
        while let Some(place) = first.checked_sub(1) {
            match (self.before[place].kind, depth) {
                (TokenKind::Close, _) if self.text_of(place) == "]" => depth += 1,
                (TokenKind::Open, 1..) => depth -= 1,
                (TokenKind::Word, 0) => {
                    let again = place
                        .checked_sub(1)
                        .is_some_and(|dot| self.kind_of(dot) == Some(TokenKind::Dot));
                    first = place;
                    if again {
                        first = place - 1;
                        continue;
                    }
                    break;
                }
                (_, 1..) => {}
                _ => break,
            }
            first = place;
        }
        let start = self.before[first].start as usize;
        let end = self.before[dot].start as usize;
        (start < end && depth == 0).then(|| &self.text[start..end])
    }
}

/// The byte itself, or the last one before it that begins a character.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Where the item around a byte begins: the last line that begins with a keyword of items, or the line
/// itself.
fn item_start(text: &str, at: usize) -> usize {
    let mut end = at;
    loop {
        let line = text[..end].rfind('\n').map_or(0, |end| end + 1);
        let rest = &text[line..];
        let word = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let word = &rest[..word.unwrap_or(rest.len())];
        // A word that is still being written is no keyword yet.
        let whole = line + word.len() < at;
        if (words::is_item(word) && whole) || line == 0 {
            return line;
        }
        end = line - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The caret at `$0`.
    fn at(text: &str) -> (String, usize) {
        let at = text.find("$0").expect("a caret");
        (text.replacen("$0", "", 1), at)
    }

    #[test]
    fn the_item_is_that_of_the_byte() {
        let (text, byte) = at("data A { source = x }\nmodel N(x: [1]) {\n    x -> co$0\n}\n");
        let caret = Caret::new(&text, byte);
        assert_eq!((caret.keyword(), caret.prefix(), caret.last_text()), ("model", "co", "->"));
        assert_eq!(caret.open.len(), 1);
    }

    #[test]
    fn comments_and_strings_are_no_code() {
        let inside = |text: &str| {
            let (text, byte) = at(text);
            Caret::new(&text, byte).inside
        };
        assert_eq!(inside("a = 1 // no$0te"), Inside::Comment);
        assert_eq!(inside("a = 1 // note $0"), Inside::Comment);
        assert_eq!(inside("a = 1 // note\n$0"), Inside::Code);
        assert_eq!(inside("use \"bl$0ock.dlm\""), Inside::Str(5..14));
        assert_eq!(inside("use \"bl$0"), Inside::Str(5..7));
        assert_eq!(inside("use \"b\"$0"), Inside::Code);
        assert_eq!(inside("a = 12$0"), Inside::Number);
    }

    #[test]
    fn pieces_keys_and_bases_are_found() {
        let (text, byte) = at("train N on D {\n  loss = a(1, [2, 3]) + b(x = 4, $0\n}");
        let caret = Caret::new(&text, byte);
        let call = caret.bracket().expect("a bracket");
        assert_eq!(caret.called(call).map(|place| caret.text_of(place)), Some("b"));
        assert_eq!(caret.pieces(call).len(), 2);
        let key = caret.key(Some(caret.open[0]));
        assert_eq!(key.map(|place| caret.text_of(place)), Some("loss"));
        let (text, byte) = at("policy P { keep = [head, stage[0].bl.co$0] }");
        assert_eq!(Caret::new(&text, byte).base(), Some("stage[0].bl"));
    }
}
