//! What the formatter changes, as edits: only the white space between words, so that the caret stays.

use dlm_base::FileId;
use dlm_grammar::lex::{self, Token};
use std::ops::Range;

/// The edits that format a text, by place. A text with mistakes of form has none.
pub(crate) fn format(text: &str) -> Vec<(Range<usize>, String)> {
    let tree = dlm_grammar::parse(FileId(0), text).tree;
    let formatted = dlm_grammar::format(&tree, text);
    if formatted == text {
        return Vec::new();
    }
    between(text, &formatted).unwrap_or_else(|| vec![whole(text, &formatted)])
}

/// The edits of [`format`] within some bytes. If more than white space changes, there are none.
pub(crate) fn format_within(text: &str, bytes: &Range<usize>) -> Vec<(Range<usize>, String)> {
    let tree = dlm_grammar::parse(FileId(0), text).tree;
    let formatted = dlm_grammar::format(&tree, text);
    let edits = between(text, &formatted).unwrap_or_default();
    let inside = |range: &Range<usize>| range.start >= bytes.start && range.end <= bytes.end;
    edits.into_iter().filter(|(range, _)| inside(range)).collect()
}

/// The bytes of the declaration whose closing brace has just been written before `offset`.
pub(crate) fn closed(text: &str, offset: usize) -> Option<Range<usize>> {
    if !text.get(..offset)?.ends_with('}') {
        return None;
    }
    let tree = dlm_grammar::parse(FileId(0), text).tree;
    let item = tree.items.iter().find(|item| item.span.end as usize == offset)?;
    Some(item.span.range())
}

/// The differences between words, if the words are the same.
fn between(text: &str, formatted: &str) -> Option<Vec<(Range<usize>, String)>> {
    let (old, new) = (lex::tokens(text), lex::tokens(formatted));
    let same = |(a, b): (&Token, &Token)| a.text(text).trim_end() == b.text(formatted).trim_end();
    if old.len() != new.len() || !old.iter().zip(&new).all(same) {
        return None;
    }
    let mut edits = Vec::new();
    let (mut from, mut new_from) = (0, 0);
    let ends = old.iter().zip(&new).map(|(a, b)| {
        let end =
            |token: &Token, text: &str| token.start as usize + token.text(text).trim_end().len();
        (a.start as usize, b.start as usize, end(a, text), end(b, formatted))
    });
    for (start, new_start, end, new_end) in ends.chain([(text.len(), formatted.len(), 0, 0)]) {
        let (gap, new_gap) = (from..start, &formatted[new_from..new_start]);
        if text[gap.clone()] != *new_gap {
            edits.push((gap, new_gap.to_string()));
        }
        (from, new_from) = (end, new_end);
    }
    Some(edits)
}

/// One edit from the first difference to the last.
fn whole(text: &str, formatted: &str) -> (Range<usize>, String) {
    let mut start = text.bytes().zip(formatted.bytes()).take_while(|(a, b)| a == b).count();
    while !(text.is_char_boundary(start) && formatted.is_char_boundary(start)) {
        start -= 1;
    }
    let (rest, new_rest) = (&text[start..], &formatted[start..]);
    let mut same =
        rest.bytes().rev().zip(new_rest.bytes().rev()).take_while(|(a, b)| a == b).count();
    let fits = |same| {
        rest.is_char_boundary(rest.len() - same) && new_rest.is_char_boundary(new_rest.len() - same)
    };
    while !fits(same) {
        same -= 1;
    }
    (start..text.len() - same, new_rest[..new_rest.len() - same].to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "w=3  // é\nmodel M(x:[1,8,8]){\nx->flatten->dense( w ) }\n\n\n\nv  = 4";

    fn applied(text: &str, edits: &[(Range<usize>, String)]) -> String {
        let mut out = text.to_string();
        for (range, new) in edits.iter().rev() {
            out.replace_range(range.clone(), new);
        }
        out
    }

    fn formatted(text: &str) -> String {
        dlm_grammar::format(&dlm_grammar::parse(FileId(0), text).tree, text)
    }

    #[test]
    fn the_edits_give_the_formatted_text() {
        let edits = format(TEXT);
        assert!(edits.len() > 3, "{edits:?}");
        assert_eq!(applied(TEXT, &edits), formatted(TEXT));
        assert_eq!(applied(TEXT, &[whole(TEXT, &formatted(TEXT))]), formatted(TEXT));
        assert_eq!(format(&formatted(TEXT)), []);
        assert_eq!(format("model M("), []);
    }

    #[test]
    fn a_part_is_formatted_alone() {
        let end = TEXT.find('}').expect("a brace") + 1;
        let item = closed(TEXT, end).expect("a declaration");
        let out = applied(TEXT, &format_within(TEXT, &item));
        assert!(out.starts_with("w=3  // é\n"), "{out}");
        assert!(out.ends_with("\n\n\n\nv  = 4"), "{out}");
        assert!(out.contains("-> dense(w)"), "{out}");
        assert_eq!(closed(TEXT, end - 1), None);
    }
}
