//! The thread that checks, and the task that tells the editor.

use super::documents::{Answer, Publication, Shared};
use super::lines::Lines;
use super::overlay::Overlay;
use super::{diagnostics, documents};
use crate::ide::Snapshot;
use dlm_base::FileId;
use dlm_check::session::Session;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use tokio::sync::mpsc;
use tower_lsp::Client;
use tower_lsp::lsp_types::MessageType;

/// Checks what has changed, always the newest text, until the server ends.
pub(crate) fn check(shared: &Arc<Shared>, broken: &mpsc::UnboundedSender<Arc<str>>) {
    let (old, olds) = std::sync::mpsc::channel::<Option<Answer>>();
    std::thread::spawn(move || olds.into_iter().for_each(drop));
    let mut sessions: BTreeMap<Arc<str>, Session> = BTreeMap::new();
    loop {
        let (name, text, changed, version, open, encoding) = {
            let mut state = shared.lock();
            let name = loop {
                if state.ends {
                    return;
                }
                match state.next() {
                    Some(name) => break name,
                    None => state = shared.wait(state),
                }
            };
            sessions.retain(|name, _| state.docs.contains_key(name));
            let open =
                state.docs.iter().map(|(name, doc)| (name.clone(), doc.text.clone())).collect();
            let encoding = state.encoding();
            let Some(doc) = state.docs.get_mut(&name) else { continue };
            doc.dirty = None;
            (name, doc.text.clone(), doc.changed, doc.version, open, encoding)
        };
        let overlay = Overlay::new(&*shared.host.files, open);
        let session = sessions.entry(name.clone()).or_default();
        let checked = catch_unwind(AssertUnwindSafe(|| session.check(&name, &text, &overlay)));
        let asked = overlay.asked.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Ok((checked, room)) = checked else {
            sessions.remove(&name);
            let mut state = shared.lock();
            if let Some(doc) = state.docs.get_mut(&name) {
                doc.broke = Some(changed);
            }
            drop(state);
            broken.send(name).ok();
            shared.done.send_replace(());
            continue;
        };
        let wide = checked.sources.get(FileId(0)).text.clone();
        let lines = Lines::with_room(&wide, room, encoding);
        let snapshot = Snapshot { name: name.clone(), text: wide, checked: Arc::new(checked) };
        let answer = Answer { changed, version, snapshot, lines };
        let mut state = shared.lock();
        let Some(doc) = state.docs.get_mut(&name) else { continue };
        doc.asked = asked;
        let before = doc.answer.replace(answer.clone());
        drop(state);
        shared.done.send_replace(());
        publish(shared, &name, &answer);
        // To free a large program takes as long as to check it: nobody is to wait for that.
        old.send(before).ok();
    }
}

/// Sends the diagnostics of a check on their way, unless the text has changed meanwhile.
fn publish(shared: &Arc<Shared>, name: &Arc<str>, answer: &Answer) {
    let (own, others) = diagnostics::of(shared, answer);
    let mut state = shared.lock();
    let Some(doc) = state.docs.get(name) else { return };
    if doc.changed != answer.changed {
        return;
    }
    let uri = doc.uri.clone();
    let own = if shared.in_library(name) { Vec::new() } else { own };
    let of = Some((name.clone(), answer.changed));
    let sent = Publication { of, uri, version: Some(answer.version), diagnostics: own };
    shared.publish.send(sent).ok();
    let mut touched = Vec::new();
    for (file, owners) in &mut state.foreign {
        let before = owners.remove(name);
        if before.is_some() && !others.contains_key(file) {
            touched.push(file.clone());
        }
    }
    for (file, found) in others {
        state.foreign.entry(file.clone()).or_default().insert(name.clone(), found);
        touched.push(file);
    }
    for file in touched {
        shared.publish_foreign(&state, &file);
    }
    state.foreign.retain(|_, owners| !owners.is_empty());
}

/// Tells the editor, in order, and drops what has become stale on the way.
pub(crate) async fn tell(
    shared: Arc<Shared>,
    client: Client,
    mut waiting: mpsc::UnboundedReceiver<documents::Publication>,
) {
    while let Some(it) = waiting.recv().await {
        let current = it.of.as_ref().is_none_or(|(name, changed)| {
            shared.lock().docs.get(name).is_some_and(|doc| doc.changed == *changed)
        });
        if current {
            client.publish_diagnostics(it.uri, it.diagnostics, it.version).await;
        }
    }
}

/// Tells the editor of checks that broke.
pub(crate) async fn complain(client: Client, mut broken: mpsc::UnboundedReceiver<Arc<str>>) {
    while let Some(name) = broken.recv().await {
        let message =
            format!("the check of {name} broke: this is a mistake in dlm, not in the program");
        client.log_message(MessageType::ERROR, message).await;
    }
}
