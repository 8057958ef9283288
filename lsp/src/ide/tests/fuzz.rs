//! Every question on texts that somebody is typing: no panic, and no answer outside the text.
//!
//! The run is bounded; `DLM_FUZZ=full cargo test --release -p dlm-lsp fuzz` does all of it.

use super::{edited, examples, programs, snapshot_of};
use crate::ide::{Edit, Place, Snapshot, actions, complete, folding, hints, hover, lenses, links};
use crate::ide::{navigate, selection, signature, symbols, tokens};
use dlm_base::files::NoFiles;
use dlm_grammar::lex;
use std::ops::Range;

/// Whether every text is asked about.
fn full() -> bool {
    std::env::var("DLM_FUZZ").is_ok_and(|value| value == "full")
}

#[track_caller]
fn good(text: &str, range: &Range<usize>) {
    assert!(text.get(range.clone()).is_some(), "{range:?} of {} bytes:\n{text}", text.len());
}

/// Asks everything about one text, at a byte where a place is asked for.
fn ask(it: &Snapshot, at: usize) {
    ask_all(it);
    ask_at(it, at);
}

/// Asks what is shown of the whole text.
fn ask_all(it: &Snapshot) {
    let text: &str = &it.text;
    let mut last = 0;
    for token in tokens::tokens(it, 0..text.len()) {
        good(text, &token.range);
        assert!(last <= token.range.start && !token.range.is_empty());
        assert!(!text[token.range.clone()].contains('\n'));
        last = token.range.end;
    }
    folding::folding(it).iter().for_each(|(range, _)| good(text, range));
    links::links(it).iter().for_each(|(range, _)| good(text, range));
    lenses::lenses(it).iter().for_each(|lens| good(text, &lens.range));
    let shown = hints::Shown { shapes: true, arguments: true, sizes: true };
    for hint in hints::hints(it, 0..text.len(), shown) {
        good(text, &(hint.at..hint.at));
    }
    fn inside(text: &str, all: &[symbols::Symbol]) {
        for symbol in all {
            good(text, &symbol.range);
            good(text, &symbol.selection);
            assert!(!symbol.name.is_empty());
            assert!(symbol.range.start <= symbol.selection.start);
            assert!(symbol.selection.end <= symbol.range.end);
            inside(text, &symbol.children);
        }
    }
    inside(text, &symbols::symbols(it));
}

/// Asks what is told of a byte.
fn ask_at(it: &Snapshot, at: usize) {
    let text: &str = &it.text;
    let own = |place: &Place| {
        if place.file == *it.name {
            good(text, &place.range);
        }
    };
    let applied = |edits: &[Edit]| {
        edits.iter().for_each(|edit| own(&edit.place));
        edited(&it.name, text, edits);
    };
    if let Some(found) = hover::hover(it, at) {
        good(text, &found.range);
    }
    for found in complete::complete(it, at, &NoFiles) {
        good(text, &found.replace);
        applied(&found.also);
    }
    if let Some(found) = signature::signature(it, at) {
        found.params.iter().for_each(|(range, _)| good(&found.label, range));
        assert!(found.active.is_none_or(|active| active < found.params.len()));
    }
    let mut inner = at..at;
    for range in selection::selection(it, at) {
        good(text, &range);
        assert!(range.start <= inner.start && inner.end <= range.end && range != inner);
        inner = range;
    }
    navigate::definition(it, at).iter().for_each(own);
    navigate::references(it, at, true, &[]).iter().for_each(own);
    navigate::highlight(it, at).iter().for_each(|(range, _)| good(text, range));
    if let Ok(range) = navigate::prepare_rename(it, at) {
        good(text, &range);
        assert!(range.start <= at && at <= range.end);
        if let Ok(edits) = navigate::rename(it, at, "Quite_new", &[]) {
            applied(&edits);
        }
    }
    for range in [at..at, floor(text, at.saturating_sub(30))..at, 0..text.len()] {
        actions::actions(it, range).iter().for_each(|action| applied(&action.edits));
    }
}

/// The last byte up to this one that begins a character.
fn floor(text: &str, at: usize) -> usize {
    crate::ide::context::floor(text, at)
}

/// Numbers that look random (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

#[test]
fn every_prefix_has_answers() {
    let mut asked = 0;
    for (name, text) in examples() {
        for (end, _) in text.char_indices().chain([(text.len(), ' ')]) {
            // Words and lines as they end, and a spread of what lies between.
            let ends = !text[end..].starts_with(|c: char| c.is_alphanumeric());
            if full() || (ends && end % 5 == 0) || end % 31 == 0 {
                ask(&snapshot_of(&name, &text[..end]), end);
                asked += 1;
            }
        }
    }
    assert!(asked > 1_000, "{asked}");
}

#[test]
fn every_program_has_answers() {
    for (name, text) in programs() {
        let it = snapshot_of(&name, &text);
        ask_all(&it);
        let step = if full() { 1 } else { 7 };
        text.char_indices().step_by(step).for_each(|(at, _)| ask_at(&it, at));
    }
}

#[test]
fn a_missing_token_leaves_answers() {
    for (name, text) in examples() {
        for token in lex::tokens(&text).iter().step_by(if full() { 1 } else { 7 }) {
            let (start, end) = (token.start as usize, token.end as usize);
            let less = format!("{}{}", &text[..start], &text[end..]);
            ask(&snapshot_of(&name, &less), start);
        }
    }
}

#[test]
fn random_edits_leave_answers() {
    let scraps = [
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "->",
        "=",
        ",",
        "\"",
        " ",
        "\n",
        ".",
        ":",
        "//",
        "#",
        "/*",
        "é",
        "😀",
        "\r\n",
        "\t",
        "\u{FEFF}",
        "0",
        "9",
        "%",
        "-",
        "*",
        "..",
        "as ",
        "if ",
        "else ",
        "repeat ",
        "in ",
        "model ",
        "layer ",
        "train ",
        "quantize ",
        "override ",
        "conv(",
        "stage[0].",
        "use std.vision: ",
        "kind(",
        "1 epoch",
        "$0",
        "==",
        "\nmodel M(x: [",
    ];
    let rounds = if full() { 100_000 } else { 500 };
    let texts = programs();
    let mut random = Random(7);
    let (mut name, mut text) = texts[0].clone();
    for round in 0..rounds {
        if round % 12 == 0 {
            (name, text) = texts[random.below(texts.len())].clone();
        }
        let start = floor(&text, random.below(text.len() + 1));
        let end = floor(&text, (start + random.below(20)).min(text.len()));
        let new = match random.below(4) {
            0 => String::new(),
            // A piece of itself, somewhere else.
            1 => {
                let from = floor(&text, random.below(text.len() + 1));
                text[from..floor(&text, (from + random.below(40)).min(text.len()))].to_string()
            }
            _ => scraps[random.below(scraps.len())].to_string(),
        };
        text.replace_range(start..end, &new);
        ask(&snapshot_of(&name, &text), start + new.len());
    }
}

#[test]
fn renaming_there_and_back_changes_nothing() {
    let mut renamed = 0;
    for (name, text) in examples() {
        let it = snapshot_of(&name, &text);
        let mut seen = Vec::new();
        for token in tokens::tokens(&it, 0..text.len()) {
            let offset = token.range.start;
            let Ok(range) = navigate::prepare_rename(&it, offset) else { continue };
            let old = &text[range];
            if seen.contains(&old) {
                continue;
            }
            seen.push(old);
            let edits = navigate::rename(&it, offset, "Quite_new", &[]).expect(old);
            let there = edited(&name, &text, &edits);
            let first = there.find("Quite_new").expect("the new name");
            let after = snapshot_of(&name, &there);
            assert_eq!(after.checked.diags.len(), it.checked.diags.len(), "{name}: {old}");
            let edits = navigate::rename(&after, first, old, &[]).expect(old);
            assert_eq!(edited(&name, &there, &edits), text, "{name}: {old}");
            renamed += 1;
        }
    }
    assert!(renamed > 50, "{renamed}");
}

#[test]
fn every_word_of_the_examples_is_coloured() {
    for (name, text) in examples() {
        let it = snapshot_of(&name, &text);
        let coloured = tokens::tokens(&it, 0..text.len());
        for token in lex::tokens(&text).iter().filter(|it| it.kind == lex::TokenKind::Word) {
            let same = |it: &tokens::Token| it.range.start == token.start as usize;
            assert_eq!(coloured.iter().filter(|it| same(it)).count(), 1, "{name}");
        }
    }
}
