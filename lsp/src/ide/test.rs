//! Texts with a caret, checked, for the tests of answers.

use super::Snapshot;
use dlm_base::Files;
use dlm_base::files::NoFiles;

/// The text without `$0`, checked, and the byte at which `$0` stood.
///
/// # Panics
/// When there is no `$0`.
pub(crate) fn at(text: &str) -> (Snapshot, usize) {
    let at = text.find("$0").expect("a caret");
    (checked(&text.replacen("$0", "", 1), &NoFiles), at)
}

/// A text, checked.
pub(crate) fn checked(text: &str, files: &dyn Files) -> Snapshot {
    Snapshot::new("main.dlm", text, dlm_check::check_text("main.dlm", text, files))
}

/// The examples, with their names.
pub(crate) fn examples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let entries = std::fs::read_dir(folder).expect("the examples");
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|it| it == "dlm") {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            found.push((name, std::fs::read_to_string(&path).expect("a text")));
        }
    }
    found.sort();
    found
}

/// Asks every question at a byte, and looks at the ranges of the answers.
///
/// # Panics
/// When an answer is no part of the text.
pub(crate) fn ask(snapshot: &Snapshot, at: usize) {
    let text = &snapshot.text;
    let fits = |range: &std::ops::Range<usize>| {
        assert!(text.get(range.clone()).is_some(), "{range:?} at {at} of {text}");
    };
    if let Some(found) = super::hover::hover(snapshot, at) {
        fits(&found.range);
    }
    for found in super::complete::complete(snapshot, at, &NoFiles) {
        fits(&found.replace);
        found.also.iter().for_each(|edit| fits(&edit.place.range));
    }
    if let Some(found) = super::signature::signature(snapshot, at) {
        for (range, _) in &found.params {
            assert!(found.label.get(range.clone()).is_some(), "{range:?} of {}", found.label);
        }
        assert!(found.active.is_none_or(|active| active < found.params.len()));
    }
}

/// Asks what is shown of the whole text, and looks at the ranges of the answers.
///
/// # Panics
/// When an answer is no part of the text.
pub(crate) fn ask_all(snapshot: &Snapshot) {
    let text = &snapshot.text;
    let shown = super::hints::Shown { shapes: true, arguments: true, sizes: true };
    for hint in super::hints::hints(snapshot, 0..text.len(), shown) {
        assert!(text.is_char_boundary(hint.at), "{hint:?} of {text}");
    }
    for lens in super::lenses::lenses(snapshot) {
        assert!(text.get(lens.range.clone()).is_some(), "{lens:?} of {text}");
    }
}

/// Checks and asks all of a text, at its end and at some places within.
fn ask_half(text: &str) {
    let snapshot = checked(text, &NoFiles);
    ask_all(&snapshot);
    ask(&snapshot, text.len());
    ask(&snapshot, text.len() / 2);
    ask(&snapshot, text.len() + 7);
}

/// The ends of the tokens of a text, and their middles.
fn cuts(text: &str) -> Vec<usize> {
    let tokens = dlm_grammar::lex::tokens(text).into_iter();
    let cuts = tokens.flat_map(|token| [(token.start + token.end).div_ceil(2), token.end]);
    let mut cuts: Vec<usize> =
        cuts.map(|cut| cut as usize).filter(|cut| text.is_char_boundary(*cut)).collect();
    cuts.dedup();
    cuts
}

#[test]
fn half_typed_examples_have_answers() {
    for (_, text) in examples() {
        cuts(&text).into_iter().for_each(|cut| ask_half(&text[..cut]));
    }
}

#[test]
#[ignore = "takes minutes"]
fn every_prefix_of_every_example_has_answers() {
    for (_, text) in examples() {
        for cut in (0..=text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            ask_half(&text[..cut]);
        }
    }
}

#[test]
fn a_missing_token_leaves_answers() {
    for (_, text) in examples() {
        let snapshot = checked(&text, &NoFiles);
        ask_all(&snapshot);
        for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            ask(&snapshot, at);
        }
        let tokens = dlm_grammar::lex::tokens(&text);
        for token in tokens.iter().step_by(5) {
            let (start, end) = (token.start as usize, token.end as usize);
            let less = format!("{}{}", &text[..start], &text[end..]);
            let snapshot = checked(&less, &NoFiles);
            ask_all(&snapshot);
            ask(&snapshot, start);
        }
    }
}
