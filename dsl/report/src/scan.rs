//! The parts of a line of dlm that are seen in a colour. Strings and comments end with their line, so each
//! line is scanned by itself.

/// What a part of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Anything else.
    Plain,
    /// A word of the language.
    Keyword,
    /// A string.
    Str,
    /// A number with its percent sign.
    Number,
    /// A comment.
    Comment,
}

/// Words that begin an item, and do so at the margin; inside of items they may be names of settings.
const ITEMS: &[&str] = &[
    "allow", "data", "distill", "expect", "export", "layer", "load", "model", "policy", "quantize",
    "train", "use",
];

/// Words of the language anywhere.
const WORDS: &[&str] = &[
    "and", "as", "assert", "else", "false", "from", "if", "in", "not", "on", "or", "override",
    "repeat", "to", "true", "with",
];

/// The parts of a line, in order; together they are the line.
pub(crate) fn parts(line: &str) -> Vec<(Part, &str)> {
    let mut parts: Vec<(Part, &str)> = Vec::new();
    let mut rest = line;
    let mut plain = rest;
    while let Some(first) = rest.chars().next() {
        let (part, length) = token(rest, first, rest.len() == line.len());
        if part != Part::Plain {
            let before = &plain[..plain.len() - rest.len()];
            if !before.is_empty() {
                parts.push((Part::Plain, before));
            }
            parts.push((part, &rest[..length]));
            plain = &rest[length..];
        }
        rest = &rest[length..];
    }
    if !plain.is_empty() {
        parts.push((Part::Plain, plain));
    }
    parts
}

/// What begins a text, and how many bytes that has.
fn token(text: &str, first: char, margin: bool) -> (Part, usize) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = |inside: &dyn Fn(char) -> bool| text.find(|c| !inside(c)).unwrap_or(text.len());
    match first {
        _ if text.starts_with("//") => (Part::Comment, text.len()),
        '"' => (Part::Str, string(text)),
        '0'..='9' => (Part::Number, number(text)),
        _ if word(first) => {
            let length = length(&word);
            let name = &text[..length];
            let known = WORDS.contains(&name) || margin && ITEMS.contains(&name);
            (if known { Part::Keyword } else { Part::Plain }, length)
        }
        _ => (Part::Plain, first.len_utf8()),
    }
}

/// The bytes of the string that a text begins with; one that is not closed goes to the end.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The bytes of the number that a text begins with: `1_000`, `1e-3`, `99.99%`. A dot belongs to it only
/// before a digit: `0..9` is two numbers.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digit_next = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        let after_e = at > 0 && matches!(bytes[at - 1], b'e' | b'E');
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => at += 1,
            b'.' if digit_next => at += 1,
            b'+' | b'-' if after_e && digit_next => at += 1,
            b'%' => return at + 1,
            _ => break,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colored(line: &str) -> Vec<(Part, &str)> {
        let all = parts(line);
        assert_eq!(all.iter().map(|(_, text)| *text).collect::<String>(), line);
        all.into_iter().filter(|(part, _)| *part != Part::Plain).collect()
    }

    #[test]
    fn words_strings_numbers_and_comments_are_found() {
        assert_eq!(
            colored("train Net on Digits as A { lr = 1e-3 } // say \"x\""),
            [
                (Part::Keyword, "train"),
                (Part::Keyword, "on"),
                (Part::Keyword, "as"),
                (Part::Number, "1e-3"),
                (Part::Comment, "// say \"x\""),
            ]
        );
        assert_eq!(
            colored("    source = csv(\"a//\\\"b\", valid = 10%)"),
            [(Part::Str, "\"a//\\\"b\""), (Part::Number, "10%"),]
        );
    }

    #[test]
    fn names_are_not_words() {
        assert_eq!(colored("    train = x1 -> conv2(stem_3)"), []);
        assert_eq!(
            colored("    a[0..9].b = 1_000.5"),
            [(Part::Number, "0"), (Part::Number, "9"), (Part::Number, "1_000.5"),]
        );
    }

    #[test]
    fn any_text_is_kept() {
        for line in ["", "\"open", "é → 3µ", "\t{", "1e-", "\"\\"] {
            colored(line);
        }
    }
}
