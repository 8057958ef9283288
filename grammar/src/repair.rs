//! Mends the text of one item before pest reads it, without moving a byte: open brackets are closed
//! in the white space where they should end, marks of other languages become ours or blanks. Each
//! mend is one diagnostic. What cannot be mended is left to the grammar.

use crate::build::Head;
use crate::lex::{Token, TokenKind};
use dlm_base::{Diag, FileId, Span};

mod balance;
mod marks;

/// Brackets may nest this deep.
pub(crate) const MAX_DEPTH: usize = 128;

/// A mended item.
pub(crate) struct Mended {
    /// The text, of the same length; `None` when nothing had to be mended.
    pub(crate) text: Option<String>,
    /// What was wrong.
    pub(crate) diags: Vec<Diag>,
    /// Offsets in the item of mistakes after which the row is not judged any further.
    pub(crate) grave: Vec<usize>,
    /// Whether brackets nest too deeply to be parsed.
    pub(crate) too_deep: bool,
}

/// Mends the item that the tokens make up. `text` is the file's.
pub(crate) fn mend(file: FileId, text: &str, tokens: &[Token], head: Head) -> Mended {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
        return Mended { text: None, diags: Vec::new(), grave: Vec::new(), too_deep: false };
    };
    let base = first.start as usize;
    let mut mender = Mender {
        file,
        text,
        tokens,
        base,
        end: last.end as usize,
        bytes: None,
        diags: Vec::new(),
        grave: Vec::new(),
    };
    let depth = mender.marks(head);
    let too_deep = depth > MAX_DEPTH;
    if !too_deep {
        mender.balance();
    }
    mender.grave.sort_unstable();
    let mended = mender.bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    Mended { text: mended, diags: mender.diags, grave: mender.grave, too_deep }
}

/// Only foreign comments and semicolons stand here.
pub(crate) fn trivia(file: FileId, text: &str, tokens: &[Token]) -> Vec<Diag> {
    mend(file, text, tokens, Head::Const).diags
}

struct Mender<'t> {
    file: FileId,
    text: &'t str,
    tokens: &'t [Token],
    /// Where the item begins and ends in the file.
    base: usize,
    end: usize,
    /// The mended text, from the first mend on.
    bytes: Option<Vec<u8>>,
    diags: Vec<Diag>,
    grave: Vec<usize>,
}

impl Mender<'_> {
    fn span(&self, token: &Token) -> Span {
        Span::new(self.file, token.start as usize, token.end as usize)
    }

    fn token_text(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |token| token.text(self.text))
    }

    fn kind(&self, i: usize) -> Option<TokenKind> {
        self.tokens.get(i).map(|token| token.kind)
    }

    /// Writes ASCII over the bytes from `start`; the rest up to `end` becomes blank.
    fn overwrite(&mut self, start: u32, end: u32, with: &str) {
        let (text, base, item_end) = (self.text, self.base, self.end);
        let bytes = self.bytes.get_or_insert_with(|| text.as_bytes()[base..item_end].to_vec());
        let range = start as usize - base..end as usize - base;
        if let Some(place) = bytes.get_mut(range) {
            place.fill(b' ');
            let length = with.len().min(place.len());
            place[..length].copy_from_slice(&with.as_bytes()[..length]);
        }
    }

    fn blank(&mut self, token: &Token) {
        self.overwrite(token.start, token.end, "");
    }

    fn grave(&mut self, at: u32) {
        self.grave.push(at as usize - self.base);
    }
}
