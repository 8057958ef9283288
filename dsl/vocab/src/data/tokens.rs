//! Texts as tokens: characters, bytes or words.

use super::{Numbers, TokenUnit, Tokens};
use crate::word::Arg;
use std::borrow::Cow;
use std::collections::HashMap;

/// The most tokens of a vocabulary that fit into bytes.
const BYTES: usize = 256;

impl Tokens {
    /// The vocabulary of a text's bytes.
    pub(crate) fn bytes() -> Tokens {
        let name = |byte: u8| match byte {
            b' '..=b'~' => char::from(byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        };
        Tokens { unit: TokenUnit::Byte, names: (0..=255).map(name).collect() }
    }

    /// The vocabulary with [`Tokens::PADDING`] and [`Tokens::UNKNOWN`] before it.
    pub(crate) fn padded(self) -> Tokens {
        let special = [Tokens::PADDING, Tokens::UNKNOWN].map(str::to_string);
        Tokens { names: special.into_iter().chain(self.names).collect(), ..self }
    }

    /// The numbers of what a text consists of; of what is not known that of [`Tokens::UNKNOWN`].
    ///
    /// # Panics
    /// When something is not known and the vocabulary has no token for that.
    pub(crate) fn encoder(&self) -> impl Fn(&str) -> Vec<u32> + '_ {
        let known: HashMap<&str, u32> = self.names.iter().map(String::as_str).zip(0..).collect();
        let unknown = known.get(Tokens::UNKNOWN).copied();
        let first = if unknown.is_some() { 2 } else { 0 };
        move |text| {
            if self.unit == TokenUnit::Byte {
                return text.bytes().map(|byte| u32::from(byte) + first).collect();
            }
            let number = |piece: Cow<'_, str>| {
                known.get(&*piece).copied().or(unknown).expect("a known piece of text")
            };
            pieces(text, self.unit).map(number).collect()
        }
    }

    /// What makes a sample of `length` tokens of a text: its beginning, padded at the end.
    pub fn samples(&self, length: usize) -> impl Fn(&str) -> Vec<f32> + '_ {
        let encode = self.encoder();
        move |text| {
            let mut sample: Vec<f32> =
                encode(text.trim()).into_iter().map(|token| token as f32).collect();
            sample.resize(length, 0.0);
            sample
        }
    }
}

/// What one token is, and how many a vocabulary of words has at most, by the argument of `tokens`.
pub(crate) fn asked(arg: Option<&Arg>) -> (TokenUnit, usize) {
    match arg {
        Some(Arg::Name(name)) if name == "char" => (TokenUnit::Char, usize::MAX),
        Some(Arg::Name(name)) if name == "byte" => (TokenUnit::Byte, usize::MAX),
        Some(Arg::Call(name, numbers)) if name == "word" => (TokenUnit::Word, numbers[0] as usize),
        other => panic!("tokens: char, byte or word, not {other:?}"),
    }
}

/// The characters of a text, its words and punctuation marks in small letters, or nothing of bytes.
pub(crate) fn pieces(text: &str, unit: TokenUnit) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if unit == TokenUnit::Word {
            rest = rest.trim_start();
        }
        let first = rest.chars().next()?;
        let end = match unit {
            TokenUnit::Word if first.is_alphanumeric() => word_end(rest),
            _ => first.len_utf8(),
        };
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(match unit {
            TokenUnit::Word => small(piece),
            TokenUnit::Char | TokenUnit::Byte => Cow::Borrowed(piece),
        })
    })
}

/// Tokens as samples hold them.
pub(crate) fn numbers(tokens: Vec<u32>, vocabulary: usize) -> Numbers {
    match vocabulary <= BYTES {
        true => Numbers::U8 { bytes: tokens.into_iter().map(|t| t as u8).collect(), scale: 1.0 },
        false => Numbers::F32(tokens.into_iter().map(|token| token as f32).collect()),
    }
}

/// Where the word ends that a text begins with: letters, digits, and apostrophes between them.
fn word_end(text: &str) -> usize {
    let mut end = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let inside =
            matches!(c, '\'' | '’') && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if !c.is_alphanumeric() && !inside {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

/// A text in small letters.
fn small(text: &str) -> Cow<'_, str> {
    match text.chars().any(|c| c.is_uppercase() || !c.is_ascii()) {
        true => Cow::Owned(text.to_lowercase()),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_marks_stand_alone() {
        let words = |text| pieces(text, TokenUnit::Word).collect::<Vec<_>>();
        assert_eq!(
            words(" It's 'so' good...\u{85}ÄRGER, no-one"),
            ["it's", "'", "so", "'", "good", ".", ".", ".", "ärger", ",", "no", "-", "one"]
        );
        assert_eq!(words("rock'"), ["rock", "'"]);
        assert_eq!(words("  "), Vec::<&str>::new());
        assert_eq!(pieces(" É", TokenUnit::Char).collect::<Vec<_>>(), [" ", "É"]);
    }

    #[test]
    fn samples_are_cut_and_padded() {
        let names = ["a", "b"].map(str::to_string).to_vec();
        let words = Tokens { unit: TokenUnit::Word, names }.padded();
        assert_eq!(words.samples(4)("b A c"), [3., 2., 1., 0.]);
        assert_eq!(words.samples(2)("b A c"), [3., 2.]);
        assert_eq!(Tokens::bytes().padded().samples(4)("\0é"), [2., 197., 171., 0.]);
        let bytes = Tokens::bytes();
        assert_eq!((bytes.names.len(), &*bytes.names[65], &*bytes.names[10]), (256, "A", "\\x0a"));
    }
}
