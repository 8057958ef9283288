//! What the tests of this folder share.

use super::{Edit, Snapshot};
use dlm_base::files::MemFiles;
use dlm_check::session::check_text;

mod fuzz;

/// A text without other files.
pub(crate) fn snapshot(text: &str) -> Snapshot {
    snapshot_of("main.dlm", text)
}

/// A text of that name without other files.
pub(crate) fn snapshot_of(name: &str, text: &str) -> Snapshot {
    with_files(name, text, &[])
}

/// A text beside others.
pub(crate) fn with_files(name: &str, text: &str, others: &[(&str, &str)]) -> Snapshot {
    let mut files = MemFiles::default();
    others.iter().for_each(|(name, text)| files.put(*name, *text));
    Snapshot::new(name, text, check_text(name, text, &files))
}

/// A text with `$0` for the caret, which is taken out, and the caret's place.
pub(crate) fn caret(text: &str) -> (Snapshot, usize) {
    let at = text.find("$0").expect("a caret");
    (snapshot(&text.replacen("$0", "", 1)), at)
}

/// The examples of the project, with their names.
pub(crate) fn examples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let entries = std::fs::read_dir(folder).expect("the examples");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut found: Vec<(String, String)> = paths
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

/// The examples, the library, and the programs of the pages of the language, wrong ones among them.
pub(crate) fn programs() -> Vec<(String, String)> {
    let mut found = examples();
    let library = dlm_check::stdlib::PARTS.iter();
    found.extend(library.map(|part| (part.path.to_string(), part.text.to_string())));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/spec");
    let entries = std::fs::read_dir(folder).expect("the pages");
    let mut pages: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    pages.sort();
    for page in pages.iter().filter(|path| path.extension().is_some_and(|it| it == "md")) {
        let text = std::fs::read_to_string(page).expect("a text");
        let blocks = text.split("```dlm\n").skip(1).filter_map(|it| it.split("```").next());
        let name = page.file_name().expect("a name").to_string_lossy().into_owned();
        found.extend(blocks.map(|it| (name.clone(), it.to_string())));
    }
    assert!(found.len() > 100);
    found
}

/// The text of a file after the edits in it.
pub(crate) fn edited(file: &str, text: &str, edits: &[Edit]) -> String {
    let mut edits: Vec<&Edit> = edits.iter().filter(|edit| edit.place.file == file).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.place.range.start));
    let mut text = text.to_string();
    for edit in edits {
        text.replace_range(edit.place.range.clone(), &edit.text);
    }
    text
}
