//! The documents that are open, as they were typed and as they were checked.

use super::Host;
use super::lines::{Encoding, Lines, apply};
use super::settings::{Abilities, Settings};
use crate::ide::Snapshot;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, watch};
use tower_lsp::lsp_types as lsp;

/// What handlers, the checking thread and the publisher share.
pub(crate) struct Shared {
    pub(crate) host: Arc<Host>,
    state: Mutex<State>,
    /// There is something to check, or the server ends.
    pub(crate) work: Condvar,
    /// A check has ended.
    pub(crate) done: watch::Sender<()>,
    /// Diagnostics on their way to the editor.
    pub(crate) publish: mpsc::UnboundedSender<Publication>,
}

/// Everything that changes.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) docs: BTreeMap<Arc<str>, Doc>,
    pub(crate) abilities: Abilities,
    pub(crate) settings: Settings,
    /// The folders of the workspace.
    pub(crate) folders: Vec<String>,
    /// Diagnostics of files that are not open: by file, then by the open file that imports it.
    pub(crate) foreign: BTreeMap<String, BTreeMap<Arc<str>, Vec<lsp::Diagnostic>>>,
    /// Counts changes of texts.
    clock: u64,
    pub(crate) ends: bool,
}

/// An open document.
pub(crate) struct Doc {
    /// As the editor writes it.
    pub(crate) uri: lsp::Url,
    pub(crate) version: i32,
    pub(crate) text: Arc<str>,
    /// When its text changed last.
    pub(crate) changed: u64,
    /// Whether it must be checked; since when, by the same clock.
    pub(crate) dirty: Option<u64>,
    /// The newest check.
    pub(crate) answer: Option<Answer>,
    /// The change at which the check broke.
    pub(crate) broke: Option<u64>,
    /// The files that the newest check asked for.
    pub(crate) asked: BTreeSet<String>,
}

/// A text with what is known of it.
#[derive(Clone)]
pub(crate) struct Answer {
    /// The change of the text that was checked.
    pub(crate) changed: u64,
    pub(crate) version: i32,
    pub(crate) snapshot: Snapshot,
    pub(crate) lines: Lines,
}

/// Diagnostics of one file.
pub(crate) struct Publication {
    /// The open document and the change that they are of; they are dropped when it has changed since.
    pub(crate) of: Option<(Arc<str>, u64)>,
    pub(crate) uri: lsp::Url,
    pub(crate) version: Option<i32>,
    pub(crate) diagnostics: Vec<lsp::Diagnostic>,
}

impl Shared {
    pub(crate) fn new(host: Arc<Host>, publish: mpsc::UnboundedSender<Publication>) -> Arc<Shared> {
        let (done, _) = watch::channel(());
        let state = Mutex::new(State::default());
        Arc::new(Shared { host, state, work: Condvar::new(), done, publish })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to do.
    pub(crate) fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.work.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn open(&self, item: lsp::TextDocumentItem) {
        let mut state = self.lock();
        let name = name_of(&item.uri);
        let tick = state.tick();
        let doc = Doc {
            uri: item.uri,
            version: item.version,
            text: item.text.into(),
            changed: tick,
            dirty: Some(tick),
            answer: None,
            broke: None,
            asked: BTreeSet::new(),
        };
        state.docs.insert(name.clone(), doc);
        state.recheck_users(&name);
        self.work.notify_one();
    }

    pub(crate) fn change(&self, params: lsp::DidChangeTextDocumentParams) {
        let mut state = self.lock();
        let name = name_of(&params.text_document.uri);
        let (tick, encoding) = (state.tick(), state.abilities.encoding);
        let Some(doc) = state.docs.get_mut(&name) else { return };
        let mut text = doc.text.to_string();
        for change in params.content_changes {
            apply(&mut text, change.range, &change.text, encoding);
        }
        doc.text = text.into();
        doc.version = params.text_document.version;
        (doc.changed, doc.dirty) = (tick, Some(tick));
        state.recheck_users(&name);
        self.work.notify_one();
    }

    pub(crate) fn close(&self, uri: &lsp::Url) {
        let mut state = self.lock();
        let name = name_of(uri);
        let Some(doc) = state.docs.remove(&name) else { return };
        self.clear(doc.uri);
        let mut freed = Vec::new();
        for (file, owners) in &mut state.foreign {
            if owners.remove(&name).is_some() {
                freed.push(file.clone());
            }
        }
        for file in freed {
            self.publish_foreign(&state, &file);
        }
        state.foreign.retain(|_, owners| !owners.is_empty());
        state.recheck_users(&name);
        self.work.notify_one();
    }

    /// Checks again what asked for one of these files or folders.
    pub(crate) fn files_changed(&self, names: &[String]) {
        let mut state = self.lock();
        let tick = state.tick();
        for doc in state.docs.values_mut() {
            let asks = |name: &String| {
                let folder = name.rfind('/').map_or("", |cut| &name[..cut]);
                doc.asked.contains(name) || doc.asked.contains(folder)
            };
            if names.iter().any(asks) {
                doc.dirty.get_or_insert(tick);
            }
        }
        self.work.notify_one();
    }

    /// Tells the editor of a file what its importers found in it; of one that is open its own check tells.
    pub(crate) fn publish_foreign(&self, state: &State, file: &str) {
        if state.docs.contains_key(file) {
            return;
        }
        let Some(uri) = self.uri(state, file) else { return };
        let mut diagnostics: Vec<lsp::Diagnostic> = Vec::new();
        for found in state.foreign.get(file).into_iter().flat_map(BTreeMap::values).flatten() {
            if !diagnostics.contains(found) {
                diagnostics.push(found.clone());
            }
        }
        let sent = Publication { of: None, uri, version: None, diagnostics };
        // The publisher lives as long as the server does.
        self.publish.send(sent).ok();
    }

    fn clear(&self, uri: lsp::Url) {
        let sent = Publication { of: None, uri, version: None, diagnostics: Vec::new() };
        self.publish.send(sent).ok();
    }

    /// The address of a file as the checker names it.
    pub(crate) fn uri(&self, state: &State, name: &str) -> Option<lsp::Url> {
        if let Some(doc) = state.docs.get(name) {
            return Some(doc.uri.clone());
        }
        if name.starts_with("std/") {
            let folder = self.host.folder.as_ref()?;
            return lsp::Url::from_file_path(format!("{folder}/{name}")).ok();
        }
        lsp::Url::from_file_path(name).ok()
    }

    /// Whether a document is a file of the library inside the binary.
    pub(crate) fn in_library(&self, name: &str) -> bool {
        let folder = self.host.folder.as_deref();
        folder
            .and_then(|folder| name.strip_prefix(folder))
            .is_some_and(|it| it.starts_with("/std/"))
    }
}

impl State {
    /// Counts one more change.
    pub(crate) fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// The documents that import this one are checked again.
    fn recheck_users(&mut self, name: &str) {
        let tick = self.clock;
        for (other, doc) in &mut self.docs {
            if **other != *name && doc.asked.contains(name) {
                doc.dirty.get_or_insert(tick);
            }
        }
    }

    /// What is to be checked next: what was typed last comes first.
    pub(crate) fn next(&mut self) -> Option<Arc<str>> {
        let waiting = self.docs.iter().filter(|(_, doc)| doc.dirty.is_some());
        let typed = |doc: &Doc| doc.answer.as_ref().is_none_or(|it| it.changed < doc.changed);
        let next = waiting.max_by_key(|(_, doc)| (typed(doc), doc.changed))?;
        Some(next.0.clone())
    }

    pub(crate) fn encoding(&self) -> Encoding {
        self.abilities.encoding
    }
}

/// The path of a document, as `Files` take it; of one that is no file its address.
pub(crate) fn name_of(uri: &lsp::Url) -> Arc<str> {
    let path = if uri.scheme() == "file" { uri.to_file_path().ok() } else { None };
    match path.as_deref().and_then(|path| path.to_str()) {
        Some(path) => path.replace('\\', "/").into(),
        None => uri.as_str().into(),
    }
}
