//! The generated pages of the manual are those that the definitions give.

use crate::support::Folder;
use std::path::Path;

#[test]
fn docs_of_words_are_fresh() {
    fresh("operators");
}

#[test]
fn docs_of_codes_are_fresh() {
    fresh("errors");
}

/// `UPDATE=1` writes the page instead.
fn fresh(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/{page}.md"));
    let folder = Folder::new(&format!("docs-{page}"));
    let text = folder.dlm(&["dump", "--docs", page]).with(0).out;
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == text, "docs/{page}.md is stale: UPDATE=1 cargo test -p dlm --test it docs");
}
