//! Every question on texts that somebody is typing.

use super::testing::edited;
use super::{Snapshot, actions, folding, links, navigate, selection, symbols, tokens};
use dlm_base::files::{Files, MemFiles};
use dlm_check::session::check_text;
use std::ops::Range;

/// The examples with their names.
fn examples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("the examples")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|it| it == "dlm"))
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    found.sort();
    assert!(found.len() > 5);
    found
}

fn check(name: &str, text: &str, files: &dyn Files) -> Snapshot {
    Snapshot::new(name, text, check_text(name, text, files))
}

fn good(text: &str, range: &Range<usize>) {
    assert!(text.get(range.clone()).is_some(), "{range:?} of {} bytes", text.len());
}

/// Asks everything about one text, at `offset` where a place is asked for.
fn ask(it: &Snapshot, offset: usize) {
    let text: &str = &it.text;
    let own = |place: &super::Place| {
        if place.file == *it.name {
            good(text, &place.range);
        }
    };
    let mut last = 0;
    for token in tokens::tokens(it, 0..text.len()) {
        good(text, &token.range);
        assert!(last <= token.range.start && !token.range.is_empty());
        assert!(!text[token.range.clone()].contains('\n'));
        last = token.range.end;
    }
    folding::folding(it).iter().for_each(|(range, _)| good(text, range));
    links::links(it).iter().for_each(|(range, _)| good(text, range));
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
    let mut inner = offset..offset;
    for range in selection::selection(it, offset) {
        good(text, &range);
        assert!(range.start <= inner.start && inner.end <= range.end && range != inner);
        inner = range;
    }
    navigate::definition(it, offset).iter().for_each(own);
    navigate::references(it, offset, true, &[]).iter().for_each(own);
    navigate::highlight(it, offset).iter().for_each(|(range, _)| good(text, range));
    if let Ok(range) = navigate::prepare_rename(it, offset) {
        good(text, &range);
        assert!(range.start <= offset && offset <= range.end);
    }
    let mut start = offset.saturating_sub(30);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    for range in [offset..offset, start..offset] {
        for action in actions::actions(it, range) {
            action.edits.iter().for_each(|edit| own(&edit.place));
        }
    }
}

#[test]
fn every_prefix_has_answers() {
    let files = MemFiles::default();
    for (name, text) in examples() {
        for (end, _) in text.char_indices() {
            // Words and lines as they end, and a spread of what lies between.
            if !text[end..].starts_with(|c: char| !c.is_alphanumeric()) && end % 7 != 0 {
                continue;
            }
            ask(&check(&name, &text[..end], &files), end);
        }
    }
}

#[test]
fn every_place_has_answers() {
    let files = MemFiles::default();
    for (name, text) in examples() {
        let it = check(&name, &text, &files);
        for (offset, _) in text.char_indices().step_by(3) {
            ask(&it, offset);
        }
        ask(&it, text.len());
    }
}

#[test]
fn renaming_there_and_back_changes_nothing() {
    let files = MemFiles::default();
    let mut renamed = 0;
    for (name, text) in examples() {
        let it = check(&name, &text, &files);
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
            let after = check(&name, &there, &files);
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
    use dlm_grammar::lex;
    for (name, text) in examples() {
        let it = check(&name, &text, &MemFiles::default());
        let coloured = tokens::tokens(&it, 0..text.len());
        for token in lex::tokens(&text).iter().filter(|it| it.kind == lex::TokenKind::Word) {
            let same = |it: &tokens::Token| it.range.start == token.start as usize;
            assert_eq!(coloured.iter().filter(|it| same(it)).count(), 1, "{name}");
        }
    }
}
