//! The programs of the folders that the editor has open.

use super::answers::{View, flatten};
use super::documents::{Answer, Shared};
use super::lines::Lines;
use super::overlay::Overlay;
use crate::ide::{Snapshot, symbols};
use dlm_base::Files;
use dlm_base::files::NoFiles;
use std::sync::Arc;
use tower_lsp::lsp_types as lsp;

/// No more folders and programs than this are looked into.
const MAX_FOLDERS: usize = 2_000;
const MAX_PROGRAMS: usize = 500;

/// Folders that hold no programs of their own.
const SKIPPED: &[&str] = &["target/", "node_modules/", "runs/"];

/// The document and the programs that read a file which it reads, itself among them: open ones and those of the
/// workspace. All are checked without room, so that a place in one is the same for all.
pub(crate) fn with_importers(view: &View) -> (View, Vec<Snapshot>) {
    let others = importers(view);
    let known = || View { shared: view.shared.clone(), answer: view.answer.clone() };
    if others.is_empty() {
        return (known(), others);
    }
    let name = view.answer.snapshot.name.clone();
    let Some(text) = view.shared.lock().docs.get(&name).map(|doc| doc.text.clone()) else {
        return (known(), others);
    };
    let snapshot = snapshot(&view.shared, &name, &text);
    let lines = Lines::new(&snapshot.text, view.lines().encoding());
    let answer = Answer { snapshot, lines, ..view.answer };
    (View { shared: view.shared.clone(), answer }, others)
}

fn importers(view: &View) -> Vec<Snapshot> {
    let name = &view.answer.snapshot.name;
    let own: Vec<&str> = own_files(view.snapshot()).collect();
    let others = texts(&view.shared).into_iter().filter(|(other, _)| other != name).collect();
    let others = mentioning(others, &own).into_iter();
    let snapshots = others.map(|(other, text)| snapshot(&view.shared, &other, &text));
    snapshots.filter(|it| own_files(it).any(|file| own.contains(&file))).collect()
}

/// The files that a program reads, but for the library.
fn own_files(snapshot: &Snapshot) -> impl Iterator<Item = &str> {
    let modules = snapshot.checked.modules.iter().filter(|module| !module.std);
    modules.map(|module| module.name.as_str())
}

/// The texts that may import one of the files, by way of each other or not.
fn mentioning(mut texts: Vec<(Arc<str>, Arc<str>)>, files: &[&str]) -> Vec<(Arc<str>, Arc<str>)> {
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_string();
    let mut names: Vec<String> = files.iter().map(|name| last(name)).collect();
    let mut found = Vec::new();
    loop {
        let uses = |text: &str| text.contains("use") && names.iter().any(|it| text.contains(it));
        let (more, rest): (Vec<_>, Vec<_>) = texts.into_iter().partition(|(_, text)| uses(text));
        if more.is_empty() {
            return found;
        }
        names = more.iter().map(|(name, _)| last(name)).collect();
        found.extend(more);
        texts = rest;
    }
}

/// The declarations of all programs whose names hold the letters of `query` in their order.
pub(crate) fn symbols(shared: &Shared, query: &str) -> Vec<lsp::SymbolInformation> {
    let mut found = Vec::new();
    let encoding = shared.lock().encoding();
    for (name, text) in texts(shared) {
        let Some(uri) = shared.uri(&shared.lock(), &name) else { continue };
        let alone = Snapshot::new(&name, &text, dlm_check::check_text(&name, &text, &NoFiles));
        let lines = Lines::new(&alone.text, encoding);
        for symbol in symbols::symbols(&alone) {
            flatten(&lines, &uri, &symbol, None, &mut found);
        }
    }
    found.retain(|it| holds(&it.name, query));
    found
}

/// Whether the letters of `query` occur in `name` in their order, whatever their case.
fn holds(name: &str, query: &str) -> bool {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    query.chars().flat_map(char::to_lowercase).all(|wanted| letters.any(|c| c == wanted))
}

/// Programs by name: the open ones as they are typed, and those of the workspace.
fn texts(shared: &Shared) -> Vec<(Arc<str>, Arc<str>)> {
    let (mut texts, folders) = {
        let state = shared.lock();
        let open: Vec<(Arc<str>, Arc<str>)> =
            state.docs.iter().map(|(name, doc)| (name.clone(), doc.text.clone())).collect();
        (open, state.folders.clone())
    };
    for name in programs(&*shared.host.files, folders) {
        if !texts.iter().any(|(open, _)| **open == *name)
            && let Ok(text) = shared.host.files.text(&name)
        {
            texts.push((name.into(), text.into()));
        }
    }
    texts
}

/// The programs in some folders and below.
fn programs(files: &dyn Files, mut folders: Vec<String>) -> Vec<String> {
    let (mut programs, mut looked) = (Vec::new(), 0);
    while let Some(folder) = folders.pop() {
        looked += 1;
        if looked > MAX_FOLDERS {
            break;
        }
        for entry in files.list(&folder).unwrap_or_default() {
            let path = format!("{}/{}", folder.trim_end_matches('/'), entry.trim_end_matches('/'));
            if entry.ends_with('/') {
                if !entry.starts_with('.') && !SKIPPED.contains(&entry.as_str()) {
                    folders.push(path);
                }
            } else if entry.ends_with(".dlm") && programs.len() < MAX_PROGRAMS {
                programs.push(path);
            }
        }
    }
    programs.sort();
    programs
}

fn snapshot(shared: &Shared, name: &str, text: &str) -> Snapshot {
    let open = {
        let docs = &shared.lock().docs;
        docs.iter().map(|(name, doc)| (name.clone(), doc.text.clone())).collect()
    };
    let overlay = Overlay::new(&*shared.host.files, open);
    Snapshot::new(name, text, dlm_check::check_text(name, text, &overlay))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlm_base::files::MemFiles;

    #[test]
    fn programs_are_found_in_all_folders() {
        let mut files = MemFiles::default();
        for name in ["/w/a.dlm", "/w/sub/b.dlm", "/w/.git/c.dlm", "/w/runs/d.dlm", "/w/e.csv"] {
            files.put(name, "");
        }
        assert_eq!(programs(&files, vec!["/w".to_string()]), ["/w/a.dlm", "/w/sub/b.dlm"]);
    }

    #[test]
    fn letters_in_their_order() {
        assert!(holds("ResidualBlock", "resbl"));
        assert!(holds("ResidualBlock", ""));
        assert!(!holds("ResidualBlock", "blockres"));
    }
}
