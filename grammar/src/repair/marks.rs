//! Marks of other languages, and marks of ours in the wrong place.

use super::Mender;
use crate::build::{Head, shorten};
use crate::lex::{Foreign, Token, TokenKind};
use crate::parse::MAX_DIAGS;
use crate::words;
use dlm_base::diag::codes::syntax;
use dlm_base::{Diag, Span};

/// A bracket that is open while the tokens are read.
struct Open {
    byte: u8,
    /// In braces: an `assert` whose comma has not come yet.
    comma_allowed: bool,
    /// The parameters of a layer: `:` types there.
    params: bool,
}

impl Mender<'_> {
    /// Mends marks; gives the depth of the brackets.
    pub(super) fn marks(&mut self, head: Head) -> usize {
        let mut open: Vec<Open> = Vec::new();
        let mut deepest = 0;
        for i in 0..self.tokens.len() {
            let token = self.tokens[i];
            match token.kind {
                TokenKind::Open => {
                    self.detached(i, head, open.len());
                    let byte = self.text.as_bytes()[token.start as usize];
                    let net = matches!(head, Head::Layer | Head::Model);
                    let params = net && open.is_empty() && byte == b'(';
                    open.push(Open { byte, comma_allowed: false, params });
                    deepest = deepest.max(open.len());
                }
                TokenKind::Close => {
                    open.pop();
                }
                TokenKind::Word if token.text(self.text) == "assert" => {
                    if let Some(open) = open.last_mut() {
                        open.comma_allowed = true;
                    }
                }
                TokenKind::Comma => {
                    if let Some(open) = open.last_mut()
                        && open.byte == b'{'
                        && !std::mem::take(&mut open.comma_allowed)
                    {
                        self.comma_in_braces(i, head);
                    }
                }
                TokenKind::Colon => {
                    let binds = match open.last() {
                        Some(open) => open.byte != b'[' && !open.params,
                        None => head == Head::Const && i == 1,
                    };
                    let named = self.kind(i.wrapping_sub(1)) == Some(TokenKind::Word)
                        && self.token_text(i - 1) != "else";
                    let typed = matches!(head, Head::Layer | Head::Model)
                        && open.last().is_some_and(|open| open.byte == b'{');
                    if binds && named && !(typed && self.type_of_binding(i)) {
                        self.colon(i);
                    }
                }
                TokenKind::OpenStr => {
                    let swallowed = open.iter().rev().take_while(|open| open.byte != b'{').count();
                    self.open_string(&token, swallowed);
                }
                TokenKind::Dot => self.half_number(i),
                TokenKind::Foreign(kind) => self.foreign(i, kind),
                _ => {}
            }
        }
        deepest
    }

    fn push(&mut self, diag: Diag) {
        if self.diags.len() < MAX_DIAGS {
            self.diags.push(diag);
        }
    }

    /// `conv (32)`: the bracket must touch the name.
    fn detached(&mut self, i: usize, head: Head, depth: usize) {
        let (Some(before), token) = (i.checked_sub(1).map(|i| self.tokens[i]), self.tokens[i])
        else {
            return;
        };
        let between = &self.text[before.end as usize..token.start as usize];
        let byte = token.text(self.text);
        let word = before.text(self.text);
        let own = before.kind != TokenKind::Word
            || !matches!(between, " " | "\t")
            || byte == "{"
            || words::is_reserved(word)
            || (matches!(word, "on" | "from" | "with" | "to" | "override") && byte == "[")
            || (depth == 0 && (i < 2 || (i == 2 && matches!(head, Head::Layer | Head::Model))));
        if own {
            return;
        }
        let what =
            if byte == "(" { "the parenthesis of a call" } else { "the bracket of an index" };
        let gap = Span { start: before.end, end: token.start, ..self.span(&token) };
        self.push(
            syntax::mistake(gap, format!("{what} touches its name"), "no space belongs here")
                .help(format!("write `{word}{byte}`"))
                .fix("remove the space", gap, "", true),
        );
        let swapped = format!("{byte}{between}");
        self.overwrite(before.end, token.end, &swapped);
    }

    fn comma_in_braces(&mut self, i: usize, head: Head) {
        let token = self.tokens[i];
        let at = self.span(&token);
        let next = self.tokens.get(i + 1).filter(|next| !next.first);
        let diag = syntax::mistake(at, "rows in braces are not separated by commas", "not needed");
        let in_flow = matches!(head, Head::Layer | Head::Model)
            && next.is_some_and(|next| next.kind == TokenKind::Word);
        self.push(match in_flow {
            true => diag.help("join steps by `->`, or begin a new line"),
            false => diag.help("begin a new line, or leave a space").fix(
                "remove the comma",
                at,
                "",
                true,
            ),
        });
        if in_flow {
            self.grave(token.start);
        }
        self.blank(&token);
    }

    /// `y: [1] = x` in a body.
    fn type_of_binding(&mut self, i: usize) -> bool {
        let colon = self.tokens[i];
        let on_line = self.tokens[i + 1..].iter().take(20).take_while(|token| !token.first);
        let equals = on_line.into_iter().find(|token| token.kind == TokenKind::Equals).copied();
        let Some(equals) = equals else { return false };
        let at = self.span(&colon);
        let surplus = Span { end: equals.start, ..at };
        let name = shorten(self.token_text(i - 1));
        self.push(
            syntax::mistake(at, "only parameters have a type", "not needed")
                .help(format!("write `{name} = …`; its shape follows from its flow"))
                .fix("remove the type", surplus, " ", true),
        );
        self.overwrite(colon.start, equals.start, "");
        true
    }

    fn colon(&mut self, i: usize) {
        let token = self.tokens[i];
        let (at, name) = (self.span(&token), self.token_text(i - 1).to_owned());
        let name = shorten(&name);
        let gap = if self.tokens[i - 1].end == token.start { " =" } else { "=" };
        self.push(
            syntax::mistake(
                at,
                format!("`:` gives a type; a value is bound to `{name}` by `=`"),
                "expected `=`",
            )
            .help(format!("write `{name} = …`"))
            .fix("replace by `=`", at, gap, true),
        );
        self.overwrite(token.start, token.end, "=");
    }

    /// A string without its end, which has perhaps swallowed so many closing brackets.
    fn open_string(&mut self, token: &Token, swallowed: usize) {
        let at = self.span(token);
        let opening = Span { end: at.start + 1, ..at };
        let mut text = token.text(self.text).trim_end();
        for _ in 0..swallowed {
            let Some(shorter) = text.strip_suffix([')', ']']) else { break };
            text = shorter.trim_end();
        }
        let end = at.start + text.len() as u32;
        self.push(syntax::unclosed_string(opening, Span { start: end, end, ..at }));
        self.grave(token.start);
    }

    /// `.5` and `5.`
    fn half_number(&mut self, i: usize) {
        let dot = self.tokens[i];
        let before = i.checked_sub(1).map(|i| self.tokens[i]).filter(|it| it.end == dot.start);
        let after = self.tokens.get(i + 1).copied().filter(|it| it.start == dot.end);
        let is_number = |token: &Token| token.kind == TokenKind::Number;
        let at = self.span(&dot);
        let (whole, place, written) = match (before, after) {
            (None, Some(after)) if is_number(&after) => {
                let text = format!("0.{}", after.text(self.text));
                (at.to(self.span(&after)), at.at_start(), text)
            }
            (Some(before), None) if is_number(&before) => {
                let text = format!("{}.0", before.text(self.text));
                (self.span(&before).to(at), at.at_end(), text)
            }
            _ => return,
        };
        let message = format!("digits stand on both sides of the point: `{}`", shorten(&written));
        self.push(
            syntax::mistake(whole, message, "a digit is missing")
                .help(format!("write `{}`", shorten(&written)))
                .fix("insert `0`", place, "0", true),
        );
        self.blank(&dot);
    }

    fn foreign(&mut self, i: usize, kind: Foreign) {
        let token = self.tokens[i];
        let at = self.span(&token);
        let text = token.text(self.text);
        let shown = shorten(text);
        let replace = |ours: &str| format!("replace by `{ours}`");
        let (diag, with): (Diag, String) = match kind {
            Foreign::Arrow => (
                syntax::mistake(at, format!("`{shown}` is not the arrow of dlm"), "expected `->`")
                    .help("write `->`")
                    .fix(replace("->"), at, "->", true),
                "->".to_owned(),
            ),
            Foreign::Semicolon => (
                syntax::mistake(at, "no `;` ends a line of dlm", "not needed")
                    .help("remove it; the line break is enough")
                    .fix("remove it", at, "", true),
                String::new(),
            ),
            Foreign::Hash => {
                let comment = text.trim_start_matches('#').trim_start();
                let ours = format!("// {comment}");
                let diag =
                    syntax::mistake(at, "comments begin with `//`, not with `#`", "not a comment")
                        .help(format!("write `{}`", shorten(&ours)))
                        .fix("make it a comment", at, ours.trim_end(), true);
                (diag, String::new())
            }
            Foreign::Block => (self.block_comment(i), String::new()),
            Foreign::Quotes => self.quotes(at, text),
            Foreign::Operator => self.operator(at, text),
            Foreign::Percent => (
                syntax::mistake(
                    at,
                    "the `%` of a percentage touches its number",
                    "touches no number",
                )
                .help("write `97%`"),
                String::new(),
            ),
            Foreign::Word => {
                let with: String =
                    text.bytes().map(|b| if b.is_ascii() { b as char } else { '_' }).collect();
                let message = format!("`{shown}` is no name");
                let diag = syntax::mistake(at, message, "letters beyond a–z")
                    .help("names are made of the letters A–Z and a–z, digits and `_`");
                (diag, with)
            }
            Foreign::Unknown => {
                let c = text.chars().next().unwrap_or(' ');
                let name = if c.is_control() {
                    format!("the character U+{:04X}", c as u32)
                } else {
                    format!("`{c}`")
                };
                let diag = syntax::mistake(
                    at,
                    format!("{name} means nothing in dlm"),
                    "unknown character",
                );
                let diag = match c {
                    '\'' | '`' => diag.help("strings stand in double quotes: `\"text\"`"),
                    '@' => diag.help("products are written `a * b`, dense layers `x -> dense(10)`"),
                    '^' => diag.help("there are no powers; write `n * n`"),
                    _ => diag.help("remove it").fix("remove it", at, "", false),
                };
                (diag, String::new())
            }
        };
        self.push(diag);
        self.overwrite(token.start, token.end, &with);
        if matches!(kind, Foreign::Percent | Foreign::Unknown) {
            // The row has a hole now.
            self.grave(token.start);
        }
    }

    fn block_comment(&self, i: usize) -> Diag {
        let token = self.tokens[i];
        let (at, text) = (self.span(&token), token.text(self.text));
        let opening = Span { end: at.start + 2, ..at };
        let diag = syntax::mistake(
            opening,
            "comments run from `//` to the end of the line",
            "not a comment",
        )
        .help("begin each line of the comment with `//`");
        let rest = &self.text[token.end as usize..];
        let behind = rest.split(['\n', '\r']).next().unwrap_or("");
        let inner = text.trim_start_matches(['/', '*']);
        let inner = inner.strip_suffix("*/").unwrap_or(inner).trim_matches('*').trim();
        match behind.trim().is_empty() && !inner.contains(['\n', '\r']) {
            true => diag.fix("make it a comment", at, format!("// {inner}"), true),
            false => diag,
        }
    }

    fn quotes(&self, at: Span, text: &str) -> (Diag, String) {
        let mut inner = text.chars();
        let quote = inner.next().unwrap_or('\'');
        inner.next_back();
        let escaped = inner.as_str().replace('"', "\\\"");
        let ours = format!("\"{escaped}\"");
        let message = format!("strings stand in double quotes, not in `{quote}`");
        let diag = syntax::mistake(at, message, "expected `\"`")
            .help(format!("write `{}`", shorten(&ours)))
            .fix("use double quotes", at, ours, true);
        // Only the quotes change, blanks fill what they are shorter.
        let left = quote.len_utf8() - 1;
        let with = format!("{}\"{}\"", " ".repeat(left), inner.as_str());
        match with.is_ascii() {
            true => (diag, with),
            false => (diag, format!("\"{}\"", "_".repeat(text.len() - 2))),
        }
    }

    fn operator(&self, at: Span, text: &str) -> (Diag, String) {
        // The second is of the same kind and short enough to stand in its place.
        let (ours, stand_in) = match text {
            "&&" => ("and", "=="),
            "||" => ("or", "=="),
            "!" => ("not", "-"),
            "≤" => ("<=", "<="),
            "≥" => (">=", ">="),
            "≠" => ("!=", "!="),
            "−" => ("-", "-"),
            "÷" => ("/", "/"),
            _ => ("*", "*"),
        };
        let diag = syntax::mistake(
            at,
            format!("`{text}` is written `{ours}`"),
            format!("expected `{ours}`"),
        )
        .help(format!("write `{ours}`"))
        .fix(format!("replace by `{ours}`"), at, ours, true);
        (diag, stand_in.to_owned())
    }
}
