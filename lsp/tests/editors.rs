//! The words in the files of `editors/` are those of the language.
//!
//! A line with the mark `words:operators` stands before each line that holds that list. After a change
//! of the words: `UPDATE=1 cargo test -p dlm-lsp --test editors`.

// Helpers of tests may unwrap like tests.
#![allow(clippy::unwrap_used)]

use dlm_grammar::words;
use dlm_vocab::{Param, Type, Word};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn words_of_vs_code_are_fresh() {
    fresh("vscode/syntaxes/dlm.tmLanguage.json", ["(?:", ")"], "|");
}

#[test]
fn words_of_vim_are_fresh() {
    fresh("neovim/syntax/dlm.vim", ["\\%(", "\\)"], "\\|");
}

#[test]
fn words_of_emacs_are_fresh() {
    fresh("emacs/dlm-mode.el", ["'(\"", "\")"], "\" \"");
}

#[test]
fn every_list_of_words_is_shown_by_every_editor() {
    for file in
        ["vscode/syntaxes/dlm.tmLanguage.json", "neovim/syntax/dlm.vim", "emacs/dlm-mode.el"]
    {
        let text = std::fs::read_to_string(folder().join(file)).unwrap();
        for name in LISTS {
            assert!(text.contains(&format!("words:{name}")), "{file} has no words:{name}");
        }
    }
}

/// Expects that each line behind a mark holds the words of that list and no others, between the two
/// brackets; `UPDATE=1` writes the file instead.
fn fresh(file: &str, brackets: [&str; 2], separator: &str) {
    let path = folder().join(file);
    let there = std::fs::read_to_string(&path).unwrap();
    let mut text = String::new();
    let mut list = None;
    for line in there.lines() {
        match list.take() {
            Some(name) => text += &with_words(line, &words_of(name), brackets, separator),
            None => text += line,
        }
        text.push('\n');
        list = marked(line);
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    assert!(
        there == text,
        "editors/{file} is stale: UPDATE=1 cargo test -p dlm-lsp --test editors"
    );
}

/// The name behind the mark of a line, if it has one.
fn marked(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("words:")?;
    let end = rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len());
    (end > 0).then_some(&rest[..end])
}

/// The line with these words between its brackets: of several pairs, the longest one that holds
/// words alone.
fn with_words(line: &str, words: &[&str], [open, close]: [&str; 2], separator: &str) -> String {
    let held = line.match_indices(open).filter_map(|(at, _)| {
        let start = at + open.len();
        let end = start + line[start..].find(close)?;
        let word = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        line[start..end].split(separator).all(word).then_some(start..end)
    });
    let place = held.max_by_key(|place| place.len()).expect("brackets around words");
    format!("{}{}{}", &line[..place.start], words.join(separator), &line[place.end..])
}

/// The lists that a mark can name.
const LISTS: &[&str] = &[
    "items",
    "clauses",
    "flow",
    "types",
    "units",
    "functions",
    "operators",
    "values",
    "settings",
    "metrics",
];

/// The words of a list, sorted.
fn words_of(list: &str) -> Vec<&'static str> {
    let words: BTreeSet<&str> = match list {
        "items" => words::ITEMS.iter().copied().collect(),
        "clauses" => words::CLAUSES.iter().copied().collect(),
        "flow" => words::FLOW.iter().copied().collect(),
        "types" => words::TYPES.iter().copied().collect(),
        "units" => words::UNITS.iter().copied().collect(),
        "operators" => dlm_vocab::ops::OPERATORS.iter().map(|op| op.word.name).collect(),
        "functions" => dlm_check::consts::FUNCTIONS.iter().map(|function| function.name).collect(),
        "values" => values(),
        "settings" => dlm_vocab::settings::BLOCKS
            .iter()
            .flat_map(|(_, settings)| settings.iter().map(|setting| setting.name))
            .collect(),
        "metrics" => dlm_vocab::metric::METRICS.iter().map(|metric| metric.word.name).collect(),
        _ => panic!("no list of words is called {list}"),
    };
    words.into_iter().collect()
}

/// What settings and arguments can be: words, and names that a parameter chooses from.
fn values() -> BTreeSet<&'static str> {
    let mut words: Vec<&'static Word> = Vec::new();
    words.extend(dlm_vocab::data::SOURCES.iter().map(|it| &it.word));
    words.extend(dlm_vocab::augment::AUGMENTS.iter().map(|it| &it.word));
    words.extend(dlm_vocab::loss::LOSSES.iter().map(|it| &it.word));
    words.extend(dlm_vocab::optim::OPTIMIZERS.iter().map(|it| &it.word));
    words.extend(dlm_vocab::schedule::SCHEDULES.iter().map(|it| &it.word));
    words.extend(dlm_vocab::format::FORMATS.iter().map(|it| &it.word));
    words.extend(dlm_vocab::range::RANGES.iter().map(|it| &it.word));
    words.extend(dlm_vocab::settings::WORDS.iter().flat_map(|(_, words)| words.iter()));
    let operators = dlm_vocab::ops::OPERATORS.iter().map(|op| &op.word);
    let params = words.iter().copied().chain(operators).flat_map(|word| word.params);
    let mut values: BTreeSet<&str> = params.flat_map(choices).collect();
    values.extend(words.iter().map(|word| word.name));
    values
}

fn choices(param: &'static Param) -> Vec<&'static str> {
    match param.ty {
        Type::Choice(names) => names.to_vec(),
        Type::Padding => vec!["same", "valid"],
        _ => Vec::new(),
    }
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("editors")
}
