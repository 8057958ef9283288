//! The protocol's requests, one method each: documents change at once, questions go to other threads.

use super::answers::{self, View};
use super::capabilities::capabilities;
use super::documents::{Shared, name_of};
use super::settings::Abilities;
use super::{Host, commands, edits, worker, workspace};
use crate::ide;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, mpsc};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::*;
use tower_lsp::{Client, LanguageServer};

/// The server of one editor.
pub(crate) struct Backend {
    pub(crate) client: Client,
    pub(crate) shared: Arc<Shared>,
    /// What is running, by the token of its progress: a notice stops it.
    pub(crate) runs: Arc<Mutex<BTreeMap<String, Arc<Notify>>>>,
}

impl Backend {
    pub(crate) fn new(client: Client, host: Arc<Host>) -> Backend {
        let (publish, waiting) = mpsc::unbounded_channel();
        let shared = Shared::new(host, publish);
        let checking = shared.clone();
        let (breaks, broken) = mpsc::unbounded_channel();
        std::thread::spawn(move || worker::check(&checking, &breaks));
        tokio::spawn(worker::complain(client.clone(), broken));
        tokio::spawn(worker::tell(shared.clone(), client.clone(), waiting));
        Backend { client, shared, runs: Arc::default() }
    }

    /// A token for something that runs, which `stop` ends.
    pub(crate) fn begin(&self, stop: Arc<Notify>) -> String {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut number = runs.len();
        let token = loop {
            let token = format!("dlm/run/{number}");
            if !runs.contains_key(&token) {
                break token;
            }
            number += 1;
        };
        runs.insert(token.clone(), stop);
        token
    }

    /// `window/workDoneProgress/cancel`
    pub(crate) async fn cancel(&self, params: WorkDoneProgressCancelParams) {
        if let NumberOrString::String(token) = params.token
            && let Some(stop) = self.runs.lock().unwrap_or_else(PoisonError::into_inner).get(&token)
        {
            stop.notify_one();
        }
    }

    /// The document as it is now, as soon as it has been checked.
    pub(crate) async fn view(&self, uri: &Url) -> Result<View> {
        let name = name_of(uri);
        let mut done = self.shared.done.subscribe();
        loop {
            {
                let state = self.shared.lock();
                let doc = state.docs.get(&name).ok_or_else(|| not_open(uri))?;
                if let Some(answer) = doc.answer.as_ref().filter(|it| it.changed == doc.changed) {
                    return Ok(View { shared: self.shared.clone(), answer: answer.clone() });
                }
                if doc.broke == Some(doc.changed) {
                    return Err(Error::internal_error());
                }
            }
            if done.changed().await.is_err() {
                return Err(Error::internal_error());
            }
        }
    }

    /// Answers a question about a document on another thread: a panic there is an error answer.
    pub(crate) async fn ask<T, F>(&self, uri: &Url, question: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&View) -> T + Send + 'static,
    {
        let view = self.view(uri).await?;
        elsewhere(move || question(&view)).await
    }

    async fn text(&self, uri: &Url) -> Result<(Arc<str>, super::lines::Encoding)> {
        let state = self.shared.lock();
        let doc = state.docs.get(&name_of(uri)).ok_or_else(|| not_open(uri))?;
        Ok((doc.text.clone(), state.encoding()))
    }

    /// Edits of a document that only its text is needed for.
    async fn format<F>(&self, uri: &Url, find: F) -> Result<Option<Vec<TextEdit>>>
    where
        F: FnOnce(&str, &super::lines::Lines) -> Vec<(std::ops::Range<usize>, String)>
            + Send
            + 'static,
    {
        let (text, encoding) = self.text(uri).await?;
        elsewhere(move || {
            let lines = super::lines::Lines::new(&text, encoding);
            let found = find(&text, &lines);
            let edit = |(bytes, new)| TextEdit::new(lines.range(&bytes), new);
            Some(found.into_iter().map(edit).collect())
        })
        .await
    }

    /// Refuses to change the library, whose files open like others.
    fn not_library(&self, uri: &Url) -> Result<()> {
        match self.shared.in_library(&name_of(uri)) {
            true => Err(Error::invalid_params("the library keeps its names")),
            false => Ok(()),
        }
    }

    /// Asks the editor to ask again for what depends on settings. It is not waited for: an editor that does
    /// not answer would hold everything up.
    fn again(&self) {
        let abilities = self.shared.lock().abilities;
        let client = self.client.clone();
        tokio::spawn(async move {
            if abilities.hints_again {
                client.inlay_hint_refresh().await.ok();
            }
            if abilities.lenses_again {
                client.code_lens_refresh().await.ok();
            }
        });
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.shared.lock().ends = true;
        self.shared.work.notify_all();
    }
}

async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::internal_error())
}

fn not_open(uri: &Url) -> Error {
    Error::invalid_params(format!("{uri} is not open"))
}

#[tower_lsp::async_trait]
impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let abilities = Abilities::of(&params.capabilities);
        let mut state = self.shared.lock();
        state.abilities = abilities;
        if let Some(options) = &params.initialization_options {
            state.settings.take(options);
        }
        let folders = params.workspace_folders.unwrap_or_default();
        state.folders = folders.iter().map(|folder| name_of(&folder.uri).to_string()).collect();
        // Older editors give nothing else.
        #[allow(deprecated)]
        if let (true, Some(root)) = (state.folders.is_empty(), &params.root_uri) {
            state.folders.push(name_of(root).to_string());
        }
        Ok(InitializeResult {
            capabilities: capabilities(abilities.encoding),
            server_info: Some(ServerInfo {
                name: "dlm".to_string(),
                version: Some(env!("CARGO_PKG_VERSION").to_string()),
            }),
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        if !self.shared.lock().abilities.watches {
            return;
        }
        let client = self.client.clone();
        tokio::spawn(async move {
            let watcher = FileSystemWatcher {
                glob_pattern: GlobPattern::String("**/*".to_string()),
                kind: None,
            };
            let options = DidChangeWatchedFilesRegistrationOptions { watchers: vec![watcher] };
            let registration = Registration {
                id: "dlm/files".to_string(),
                method: "workspace/didChangeWatchedFiles".to_string(),
                register_options: serde_json::to_value(options).ok(),
            };
            client.register_capability(vec![registration]).await.ok();
        });
    }

    async fn shutdown(&self) -> Result<()> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.values().for_each(|stop| stop.notify_one());
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.shared.open(params.text_document);
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        self.shared.change(params);
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.shared.files_changed(&[name_of(&params.text_document.uri).to_string()]);
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.shared.close(&params.text_document.uri);
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let names: Vec<String> =
            params.changes.iter().map(|change| name_of(&change.uri).to_string()).collect();
        self.shared.files_changed(&names);
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        let changed = {
            let mut state = self.shared.lock();
            let before = state.settings;
            state.settings.take(&params.settings);
            before != state.settings
        };
        if changed {
            self.again();
        }
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let names = |folders: &[WorkspaceFolder]| -> Vec<String> {
            folders.iter().map(|folder| name_of(&folder.uri).to_string()).collect()
        };
        let (added, removed) = (names(&params.event.added), names(&params.event.removed));
        let mut state = self.shared.lock();
        state.folders.retain(|folder| !removed.contains(folder));
        state.folders.extend(added);
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let TextDocumentPositionParams { text_document, position } =
            params.text_document_position_params;
        self.ask(&text_document.uri, move |view| answers::hover(view, position)).await
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        self.ask(&text_document.uri, move |view| Some(answers::completion(view, position))).await
    }

    async fn completion_resolve(&self, mut item: CompletionItem) -> Result<CompletionItem> {
        let asked = item.data.as_ref().and_then(answers::asked);
        if let Some((uri, at)) = asked {
            let label = item.label.clone();
            let doc = self.ask(&uri, move |view| answers::completion_doc(view, at, &label)).await?;
            item.documentation = doc;
        }
        Ok(item)
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        let TextDocumentPositionParams { text_document, position } =
            params.text_document_position_params;
        self.ask(&text_document.uri, move |view| answers::signature(view, position)).await
    }

    async fn goto_definition(
        &self,
        params: GotoDefinitionParams,
    ) -> Result<Option<GotoDefinitionResponse>> {
        let TextDocumentPositionParams { text_document, position } =
            params.text_document_position_params;
        self.ask(&text_document.uri, move |view| answers::definition(view, position)).await
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let declaration = params.context.include_declaration;
        self.ask(&text_document.uri, move |view| {
            let (view, others) = workspace::with_importers(view);
            Some(answers::references(&view, position, declaration, &others))
        })
        .await
    }

    async fn document_highlight(
        &self,
        params: DocumentHighlightParams,
    ) -> Result<Option<Vec<DocumentHighlight>>> {
        let TextDocumentPositionParams { text_document, position } =
            params.text_document_position_params;
        self.ask(&text_document.uri, move |view| Some(answers::highlight(view, position))).await
    }

    async fn prepare_rename(
        &self,
        params: TextDocumentPositionParams,
    ) -> Result<Option<PrepareRenameResponse>> {
        let TextDocumentPositionParams { text_document, position } = params;
        self.not_library(&text_document.uri)?;
        self.ask(&text_document.uri, move |view| {
            let offset = view.lines().offset(position);
            let range = ide::navigate::prepare_rename(view.snapshot(), offset);
            let range = range.map_err(Error::invalid_params)?;
            Ok(Some(PrepareRenameResponse::Range(view.lines().range(&range))))
        })
        .await?
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let to = params.new_name;
        self.not_library(&text_document.uri)?;
        self.ask(&text_document.uri, move |view| {
            let (view, others) = workspace::with_importers(view);
            let offset = view.lines().offset(position);
            let edits = ide::navigate::rename(view.snapshot(), offset, &to, &others);
            Ok(view.change(&edits.map_err(Error::invalid_params)?, &others))
        })
        .await?
    }

    async fn document_symbol(
        &self,
        params: DocumentSymbolParams,
    ) -> Result<Option<DocumentSymbolResponse>> {
        self.ask(&params.text_document.uri, answers::symbols).await
    }

    async fn symbol(
        &self,
        params: WorkspaceSymbolParams,
    ) -> Result<Option<Vec<SymbolInformation>>> {
        let shared = self.shared.clone();
        elsewhere(move || Some(workspace::symbols(&shared, &params.query))).await
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.ask(&params.text_document.uri, |view| Some(answers::folding(view))).await
    }

    async fn selection_range(
        &self,
        params: SelectionRangeParams,
    ) -> Result<Option<Vec<SelectionRange>>> {
        let places = params.positions;
        self.ask(&params.text_document.uri, move |view| Some(answers::selections(view, &places)))
            .await
    }

    async fn semantic_tokens_full(
        &self,
        params: SemanticTokensParams,
    ) -> Result<Option<SemanticTokensResult>> {
        self.ask(&params.text_document.uri, |view| Some(answers::tokens(view, None).into())).await
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        let range = params.range;
        let tokens = move |view: &View| Some(answers::tokens(view, Some(range)).into());
        self.ask(&params.text_document.uri, tokens).await
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        let range = params.range;
        self.ask(&params.text_document.uri, move |view| Some(answers::hints(view, range))).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.ask(&params.text_document.uri, |view| Some(answers::lenses(view))).await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.ask(&params.text_document.uri, |view| Some(answers::links(view))).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let CodeActionParams { range, context, text_document, .. } = params;
        self.ask(&text_document.uri, move |view| Some(answers::actions(view, range, &context)))
            .await
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.format(&params.text_document.uri, |text, _| edits::format(text)).await
    }

    async fn range_formatting(
        &self,
        params: DocumentRangeFormattingParams,
    ) -> Result<Option<Vec<TextEdit>>> {
        let range = params.range;
        self.format(&params.text_document.uri, move |text, lines| {
            edits::format_within(text, &lines.bytes(range))
        })
        .await
    }

    async fn on_type_formatting(
        &self,
        params: DocumentOnTypeFormattingParams,
    ) -> Result<Option<Vec<TextEdit>>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        self.format(&text_document.uri, move |text, lines| {
            let closed = edits::closed(text, lines.offset(position));
            closed.map_or_else(Vec::new, |bytes| edits::format_within(text, &bytes))
        })
        .await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        commands::execute(self, params).await
    }
}
