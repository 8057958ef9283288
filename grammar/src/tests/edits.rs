//! Half-typed and damaged programs: always a tree, always an end, never a panic.

use super::{parsed, programs, shape};
use crate::format;

/// A small generator of numbers, the same in each run.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % end.max(1)
    }
}

const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "->",
    "=",
    "==",
    ",",
    ":",
    ".",
    "..",
    "\"",
    "'",
    "\n",
    " ",
    "//",
    "#",
    "/*",
    ";",
    "|>",
    "→",
    "%",
    "x",
    "if",
    "else",
    "repeat",
    "in",
    "as",
    "not",
    "and",
    "override",
    "assert",
    "model",
    "\nmodel M(x: [1]) {",
    "\nwidth = ",
    "train A on B",
    "1",
    "0.5",
    "1e",
    "KiB",
    "é",
    "\u{1F600}",
    "\u{FEFF}",
    "\0",
    "\r",
    "\r\n",
    "\u{2028}",
    "\\",
    "*",
    "-",
    "“",
    "”",
    "!",
    "@",
    "{ }",
    "( )",
];

/// What must hold for every text.
pub(super) fn check(text: &str) {
    let parsed = parsed(text);
    let in_text = |span: dlm_base::Span| {
        assert!(text.get(span.range()).is_some(), "a place outside of {text:?}: {span:?}");
    };
    for diag in &parsed.diags {
        in_text(diag.primary.span);
        diag.labels.iter().for_each(|label| in_text(label.span));
        for edit in diag.fixes.iter().flat_map(|fix| &fix.edits) {
            in_text(edit.span);
        }
        assert!(!diag.message.is_empty() && !diag.primary.text.is_empty());
    }
    let starts: Vec<u32> = parsed.tree.items.iter().map(|item| item.span.start).collect();
    assert!(starts.is_sorted(), "items out of order in {text:?}");
    parsed.tree.items.iter().for_each(|item| in_text(item.span));
    assert_eq!(parsed.tree.broken, !parsed.diags.is_empty());
    let formatted = format(&parsed.tree, text);
    if parsed.tree.broken {
        assert_eq!(formatted, text);
        return;
    }
    let again = super::parsed(&formatted);
    assert!(again.diags.is_empty(), "formatting broke {text:?}: {formatted:?}: {:?}", again.diags);
    assert_eq!(shape(&formatted), shape(text), "{text:?} became {formatted:?}");
    assert_eq!(format(&again.tree, &formatted), formatted, "not stable: {text:?}");
    assert_eq!(comments(text), comments(&formatted), "comments of {text:?}");
}

fn comments(text: &str) -> Vec<String> {
    let tree = parsed(text).tree;
    tree.comments.iter().map(|comment| text[comment.span.range()].to_owned()).collect()
}

#[test]
fn every_program_is_sound() {
    for (name, text) in programs() {
        let diags = parsed(&text).diags;
        assert!(diags.is_empty(), "{name}: {diags:?}");
        check(&text);
    }
}

#[test]
fn every_prefix_has_a_tree() {
    for (_, text) in programs() {
        // Of long ones every few characters, so that the test takes seconds.
        for (end, _) in text.char_indices().step_by(1 + text.len() / 1000) {
            check(&text[..end]);
        }
    }
}

#[test]
fn every_damage_has_a_tree() {
    let programs = programs();
    let mut numbers = Numbers(7);
    for _ in 0..count(1000) {
        let (_, text) = &programs[numbers.below(programs.len())];
        check(&damaged(text, &mut numbers));
    }
}

#[test]
fn every_soup_has_a_tree() {
    let words =
        ["model M(x: [1]) {", "\ndata D {", "a = ", "x", "relu", "conv(", "->", "if c {", "\n}"];
    let mut numbers = Numbers(13);
    for _ in 0..count(1000) {
        let mut soup = String::new();
        for _ in 0..1 + numbers.below(40) {
            let all = PIECES.len() + words.len();
            let piece = numbers.below(all);
            soup.push_str(
                PIECES.get(piece).copied().unwrap_or_else(|| words[piece - PIECES.len()]),
            );
            soup.push_str(["", " ", "\n"][numbers.below(3)]);
        }
        check(&soup);
    }
}

/// How many texts to try: `DLM_EDITS`, or few enough for every run of the tests.
fn count(usual: usize) -> usize {
    std::env::var("DLM_EDITS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// A few pieces inserted, removed or moved.
pub(super) fn damaged(text: &str, numbers: &mut Numbers) -> String {
    let mut text = text.to_owned();
    for _ in 0..1 + numbers.below(4) {
        let at = boundary(&text, numbers.below(text.len() + 1));
        match numbers.below(4) {
            0 => {
                let end = boundary(&text, (at + 1 + numbers.below(12)).min(text.len()));
                text.replace_range(at..end.max(at), "");
            }
            1 => {
                let end = boundary(&text, (at + 1 + numbers.below(3)).min(text.len()));
                text.replace_range(at..end.max(at), PIECES[numbers.below(PIECES.len())]);
            }
            2 => {
                let from = boundary(&text, numbers.below(text.len() + 1));
                let to = boundary(&text, (from + numbers.below(30)).min(text.len()));
                let piece = text[from..to.max(from)].to_owned();
                text.insert_str(at, &piece);
            }
            _ => text.insert_str(at, PIECES[numbers.below(PIECES.len())]),
        }
    }
    text
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[test]
fn layouts_do_not_matter() {
    // White space and comments between tokens in every way: same tree, stable format.
    let mut numbers = Numbers(11);
    for (_, text) in programs() {
        for _ in 0..3 {
            check(&relaid(&text, &mut numbers));
        }
    }
}

/// The text with other blanks, breaks and comments between some of its tokens.
fn relaid(text: &str, numbers: &mut Numbers) -> String {
    let tokens = crate::lex::tokens(text);
    let mut out = String::new();
    let mut end = 0;
    for token in &tokens {
        let gap = &text[end..token.start as usize];
        let top = token.first && token.column() == 0;
        let commented = out.ends_with('\n') || gap.contains('\n');
        out.push_str(match numbers.below(12) {
            _ if gap.is_empty() || top => gap,
            0 if !commented => "\n        ",
            1 => "    \n // c\n\n  ",
            2 if !commented => " // a comment\n  ",
            3 => "\n\n\n ",
            4 if !gap.contains('\n') => "  ",
            _ => gap,
        });
        out.push_str(token.text(text));
        end = token.end as usize;
    }
    out.push_str(&text[end..]);
    out
}
