//! The text as a row of tokens: for cutting it into items, for messages, and for completion in the
//! editor, which works on half-typed text. The tree comes from the pest grammar, not from here.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `conv`, `if`
    Word,
    /// `10_000`, `0.5`, `97%`; with letters that touch it, which is a mistake.
    Number,
    /// `"text"`
    Str,
    /// `"text` up to the end of the line.
    OpenStr,
    /// `// text`
    Comment,
    /// `(`, `[`, `{`
    Open,
    /// `)`, `]`, `}`
    Close,
    /// `->`
    Arrow,
    /// `=`
    Equals,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `.`
    Dot,
    /// `+ - * / == != < <= > >= ..`
    Operator,
    /// Something of another language, or nothing at all.
    Foreign(Foreign),
}

/// What other languages write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// `|>`, `=>`, `→`
    Arrow,
    /// `;`, one or more.
    Semicolon,
    /// `# text`
    Hash,
    /// `/* text */`
    Block,
    /// `'text'`, `“text”`
    Quotes,
    /// `&&`, `||`, `!`, `≤`, `≥`, `≠`, `×`, `−`
    Operator,
    /// `%` that touches no number.
    Percent,
    /// A word with letters beyond ASCII.
    Word,
    /// Characters that mean nothing.
    Unknown,
}

/// A token and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
    /// Offset at which its line begins.
    pub line: u32,
    /// Whether it is the first of its line.
    pub first: bool,
}

impl Token {
    /// How many bytes stand before it on its line.
    pub fn column(&self) -> u32 {
        self.start - self.line
    }

    /// Its text within the text that was read.
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start as usize..self.end as usize]
    }
}

/// The tokens of a text of less than 4 GiB, comments included. White space is what Unicode says,
/// the byte order mark and the zero-width space; lines end with LF, CRLF or a lone CR.
pub fn tokens(text: &str) -> Vec<Token> {
    let start = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
    let mut lexer = Lexer {
        text,
        at: start,
        line: start,
        first: true,
        block_comments: true,
        unquoted: (' ', 0),
    };
    let mut tokens = Vec::with_capacity(text.len() / 4);
    while let Some(token) = lexer.next() {
        tokens.push(token);
    }
    tokens
}

/// Whether the character is white space to the grammar.
pub(crate) fn is_white(c: char) -> bool {
    c.is_whitespace() || c == '\u{FEFF}' || c == '\u{200B}'
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    first: bool,
    /// Whether a `*/` may still follow.
    block_comments: bool,
    /// A closing quote that does not stand before that offset.
    unquoted: (char, usize),
}

impl Lexer<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn char(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<Token> {
        self.skip_white();
        if self.at >= self.text.len() {
            return None;
        }
        let (start, line, first) = (self.at, self.line, self.first);
        let kind = self.kind();
        self.first = self.line != line;
        Some(Token { kind, start: start as u32, end: self.at as u32, line: line as u32, first })
    }

    fn skip_white(&mut self) {
        loop {
            match self.byte(0) {
                b'\n' => self.line_break(1),
                b'\r' if self.byte(1) == b'\n' => self.line_break(2),
                b'\r' => self.line_break(1),
                b' ' | b'\t' => self.at += 1,
                0 if self.at >= self.text.len() => return,
                byte if byte.is_ascii() && !(byte as char).is_whitespace() => return,
                _ => match self.char() {
                    Some(c) if is_white(c) => self.at += c.len_utf8(),
                    _ => return,
                },
            }
        }
    }

    fn line_break(&mut self, bytes: usize) {
        self.at += bytes;
        self.line = self.at;
        self.first = true;
    }

    fn kind(&mut self) -> TokenKind {
        use TokenKind::*;
        let two = [self.byte(0), self.byte(1)];
        let (kind, length) = match &two {
            [b'a'..=b'z' | b'A'..=b'Z' | b'_', _] => return self.word(),
            [b'0'..=b'9', _] => return self.number(),
            b"//" => (Comment, self.to_line_end()),
            b"/*" => return self.block_comment(),
            [b'#', _] => (Foreign(self::Foreign::Hash), self.to_line_end()),
            [b'"', _] => return self.string(),
            [b'\'', _] => return self.quotes('\''),
            b"->" => (Arrow, 2),
            b"|>" | b"=>" => (Foreign(self::Foreign::Arrow), 2),
            b"==" | b"!=" | b"<=" | b">=" | b".." => (Operator, 2),
            b"&&" | b"||" => (Foreign(self::Foreign::Operator), 2),
            [b'!', _] => (Foreign(self::Foreign::Operator), 1),
            [b'+' | b'-' | b'*' | b'/' | b'<' | b'>', _] => (Operator, 1),
            [b'(' | b'[' | b'{', _] => (Open, 1),
            [b')' | b']' | b'}', _] => (Close, 1),
            [b'=', _] => (Equals, 1),
            [b',', _] => (Comma, 1),
            [b':', _] => (Colon, 1),
            [b'.', _] => (Dot, 1),
            [b'%', _] => (Foreign(self::Foreign::Percent), 1),
            [b';', _] => (Foreign(self::Foreign::Semicolon), self.run(|c| c == ';')),
            _ => return self.other(),
        };
        self.at += length;
        kind
    }

    fn run(&self, of: impl Fn(char) -> bool) -> usize {
        let rest = &self.text[self.at..];
        rest.find(|c| !of(c)).unwrap_or(rest.len())
    }

    fn to_line_end(&self) -> usize {
        let length = self.run(|c| c != '\n' && c != '\r');
        self.text[self.at..self.at + length].trim_end_matches(is_white).len()
    }

    fn word(&mut self) -> TokenKind {
        self.at += self.run(|c| c.is_ascii_alphanumeric() || c == '_');
        if self.byte(0) >= 0x80 && self.char().is_some_and(char::is_alphanumeric) {
            self.at += self.run(|c| c.is_alphanumeric() || c == '_');
            return TokenKind::Foreign(Foreign::Word);
        }
        TokenKind::Word
    }

    /// As the rule `number` of the grammar.
    fn number(&mut self) -> TokenKind {
        let digits = |c: char| c.is_ascii_digit() || c == '_';
        self.at += self.run(digits);
        if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
            self.at += 1;
            self.at += self.run(digits);
        }
        if self.byte(0) | 0x20 == b'e' {
            let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
            if self.byte(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
            }
        }
        self.at += self.run(|c| c.is_ascii_alphanumeric() || c == '_');
        if self.byte(0) == b'%' {
            self.at += 1;
        }
        TokenKind::Number
    }

    fn string(&mut self) -> TokenKind {
        self.at += 1;
        loop {
            match self.byte(0) {
                b'"' => {
                    self.at += 1;
                    return TokenKind::Str;
                }
                b'\n' | b'\r' => return self.open_string(),
                0 if self.at >= self.text.len() => return self.open_string(),
                b'\\' if matches!(self.byte(1), b'"' | b'\\') => self.at += 2,
                byte if byte.is_ascii() => self.at += 1,
                _ => self.at += self.char().map_or(1, char::len_utf8),
            }
        }
    }

    fn open_string(&mut self) -> TokenKind {
        TokenKind::OpenStr
    }

    fn quotes(&mut self, close: char) -> TokenKind {
        let open = self.char().map_or(1, char::len_utf8);
        let inside = self.at + open;
        let (known, until) = self.unquoted;
        let end = match known == close && inside < until {
            true => None,
            false => self.text[inside..].find([close, '\n', '\r', '"']),
        };
        if let Some(end) = end.filter(|end| self.text[inside + end..].starts_with(close)) {
            self.at = inside + end + close.len_utf8();
            return TokenKind::Foreign(Foreign::Quotes);
        }
        if known != close || inside >= until {
            self.unquoted = (close, inside + end.unwrap_or(self.text.len() - inside));
        }
        self.at = inside;
        TokenKind::Foreign(Foreign::Unknown)
    }

    fn block_comment(&mut self) -> TokenKind {
        let close = match self.block_comments {
            true => self.text[self.at + 2..].find("*/"),
            false => None,
        };
        let length = match close {
            Some(inside) => inside + 4,
            None => {
                self.block_comments = false;
                self.to_line_end()
            }
        };
        let comment = &self.text[self.at..self.at + length];
        if let Some(last_break) = comment.rfind(['\n', '\r']) {
            self.line = self.at + last_break + 1;
        }
        self.at += length;
        TokenKind::Foreign(Foreign::Block)
    }

    fn other(&mut self) -> TokenKind {
        let Some(c) = self.char() else { return TokenKind::Foreign(Foreign::Unknown) };
        let (kind, length) = match c {
            '→' | '⟶' | '⇒' | '➔' | '➜' => (Foreign::Arrow, c.len_utf8()),
            '≤' | '≥' | '≠' | '×' | '−' | '·' | '÷' => (Foreign::Operator, c.len_utf8()),
            '“' | '”' | '„' => {
                return self.quotes(if c == '„' { '“' } else { '”' });
            }
            '‘' | '’' => return self.quotes('’'),
            c if c.is_alphanumeric() => {
                (Foreign::Word, self.run(|c| c.is_alphanumeric() || c == '_'))
            }
            c => (Foreign::Unknown, self.run(|other| other == c)),
        };
        self.at += length;
        TokenKind::Foreign(kind)
    }
}
