//! Brackets: closes what is open, blanks what closes nothing.

use super::Mender;
use crate::items::{closer, is_trivia};
use crate::lex::{Token, TokenKind};
use dlm_base::Span;
use dlm_base::diag::codes::syntax;

/// A bracket that is open.
#[derive(Clone, Copy)]
struct Open {
    token: usize,
    byte: u8,
    /// The column at which its line begins.
    indent: u32,
}

impl Mender<'_> {
    pub(super) fn balance(&mut self) {
        if !self.is_balanced() {
            self.close_open();
        }
    }

    fn byte(&self, token: &Token) -> u8 {
        self.text.as_bytes()[token.start as usize]
    }

    fn is_balanced(&self) -> bool {
        let mut open = Vec::new();
        for token in self.tokens {
            match token.kind {
                TokenKind::Open => open.push(self.byte(token)),
                TokenKind::Close
                    if open.pop().is_none_or(|byte| closer(byte) != self.byte(token)) =>
                {
                    return false;
                }
                _ => {}
            }
        }
        open.is_empty()
    }

    /// The brackets do not match. Now the layout says where one should have ended.
    fn close_open(&mut self) {
        let mut open: Vec<Open> = Vec::new();
        let mut indent = 0;
        for i in 0..self.tokens.len() {
            let token = self.tokens[i];
            if is_trivia(&token) {
                continue;
            }
            if token.first || i == 0 {
                indent = token.column();
                let keep = self.ended_by_layout(&open, i);
                self.unclosed(&mut open, keep, i);
            }
            match token.kind {
                TokenKind::Open => {
                    open.push(Open { token: i, byte: self.byte(&token), indent });
                }
                TokenKind::Close => self.close(&mut open, i),
                _ => {}
            }
        }
        self.unclosed(&mut open, 0, self.tokens.len());
    }

    /// How many of the open brackets may still be open at the line that token `i` begins.
    fn ended_by_layout(&self, open: &[Open], i: usize) -> usize {
        let token = &self.tokens[i];
        let column = token.column();
        if self.token_text(i) == "}" {
            // It belongs to the innermost block that is not further right, if there is one.
            let is_partner = |open: &Open| open.byte == b'{' && open.indent <= column;
            return match open.iter().rposition(is_partner) {
                Some(at) => at + 1,
                None => open.len(),
            };
        }
        let begins = match token.kind {
            TokenKind::Arrow => true,
            TokenKind::Word => self.kind(i + 1) == Some(TokenKind::Equals) || !self.goes_on(i),
            _ => false,
        };
        if !begins {
            return open.len();
        }
        let block = open.iter().rposition(|open| open.byte == b'{').map_or(0, |at| at + 1);
        let ended = open[block..].iter().position(|open| column <= open.indent);
        ended.map_or(open.len(), |at| block + at)
    }

    /// `else`, `and` and the like belong to the line before.
    fn goes_on(&self, i: usize) -> bool {
        matches!(self.token_text(i), "else" | "and" | "or" | "in" | "as")
    }

    fn close(&mut self, open: &mut Vec<Open>, i: usize) {
        let token = self.tokens[i];
        let byte = self.byte(&token);
        let at = self.span(&token);
        let found = byte as char;
        // A parenthesis does not close over a brace.
        let partner = open
            .iter()
            .rposition(|open| closer(open.byte) == byte || (open.byte == b'{' && byte != b'}'))
            .filter(|&at| closer(open[at].byte) == byte);
        if let Some(partner) = partner {
            self.unclosed(open, partner + 1, i);
            open.pop();
            return;
        }
        match open.last().copied() {
            Some(last) if last.byte != b'{' && byte != b'}' => {
                let want = closer(last.byte) as char;
                let opening = self.span(&self.tokens[last.token]);
                let message =
                    format!("`{}` is closed by `{want}`, found `{found}`", last.byte as char);
                let diag = syntax::mistake(at, message, format!("expected `{want}`"))
                    .because(opening, "opened here")
                    .help(format!("write `{want}`"))
                    .fix(format!("replace by `{want}`"), at, want.to_string(), true);
                self.diags.push(diag);
                self.overwrite(token.start, token.end, &want.to_string());
                open.pop();
            }
            _ => {
                if self.diags.is_empty() || self.grave.is_empty() {
                    let message = format!("`{found}` closes nothing");
                    self.diags.push(
                        syntax::mistake(at, message, "no bracket is open here")
                            .help("remove it, or open the bracket before")
                            .fix("remove it", at, "", false),
                    );
                    self.grave(token.start);
                }
                self.overwrite(token.start, token.end, "");
            }
        }
    }

    /// The brackets behind the first `keep` are not closed before token `i`: closes them there.
    fn unclosed(&mut self, open: &mut Vec<Open>, keep: usize, i: usize) {
        if keep >= open.len() {
            return;
        }
        let lost: Vec<Open> = open.drain(keep..).collect();
        let mut line = None;
        for (at, bracket) in lost.iter().enumerate().rev() {
            let token = self.tokens[bracket.token];
            // Those of one line are one mistake; a string that swallowed the bracket is another.
            if line == Some(token.line) {
                continue;
            }
            line = Some(token.line);
            self.grave(token.start);
            if self.swallowed(bracket.token) {
                continue;
            }
            let (byte, want) = (bracket.byte as char, closer(bracket.byte) as char);
            let span = self.span(&token);
            let mut diag = syntax::unclosed(span, &byte.to_string(), &want.to_string());
            if let Some(outer) = at.checked_sub(1).map(|at| lost[at])
                && self.tokens[outer.token].line == token.line
            {
                let outer_span = self.span(&self.tokens[outer.token]);
                diag = diag.because(outer_span, "this one is open too");
            }
            let end = self.tokens[i - 1].end;
            let place = Span { start: end, end, ..span };
            let help = match self.tokens.get(i) {
                Some(next) => {
                    let next = crate::build::shorten(next.text(self.text));
                    format!("write `{want}` before `{next}`")
                }
                None => format!("write `{want}` where it ends"),
            };
            let with = match bracket.byte {
                b'{' => format!("\n{}}}", " ".repeat(bracket.indent as usize)),
                _ => want.to_string(),
            };
            self.diags.push(diag.help(help).fix(format!("insert `{want}`"), place, with, false));
        }
        self.write_closers(&lost, i);
    }

    /// Whether a string that is open ends the line of the bracket.
    fn swallowed(&self, i: usize) -> bool {
        self.tokens[i..]
            .iter()
            .take_while(|token| token.line == self.tokens[i].line)
            .any(|token| token.kind == TokenKind::OpenStr)
    }

    /// Puts the closing brackets into the blanks before token `i`, braces first when they are few.
    fn write_closers(&mut self, lost: &[Open], i: usize) {
        let from = self.tokens[i - 1].end as usize;
        let to = self.tokens.get(i).map_or(self.end, |token| token.start as usize);
        let between = &self.text.as_bytes()[from..to.max(from)];
        let blanks = |bytes: &mut dyn Iterator<Item = &u8>| {
            bytes.take_while(|byte| byte.is_ascii_whitespace()).count()
        };
        let (before, behind) = (blanks(&mut between.iter()), blanks(&mut between.iter().rev()));
        // The line break that ends a comment must stay.
        let behind = if before == between.len() { before } else { behind.saturating_sub(1) };
        let (start, room) = match before >= lost.len() || before >= behind {
            true => (from, before),
            false => (to - behind, behind),
        };
        let mut closers: Vec<u8> = lost.iter().rev().map(|open| closer(open.byte)).collect();
        if closers.len() > room {
            closers.retain(|&byte| byte == b'}');
        }
        closers.truncate(room);
        if let Ok(text) = String::from_utf8(closers)
            && !text.is_empty()
        {
            self.overwrite(start as u32, (start + text.len()) as u32, &text);
        }
    }
}
