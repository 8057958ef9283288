//! The protocol: documents as they are typed, and answers in its own types.
//!
//! A change of a text is applied before anything is awaited, by one writer; a thread of its own checks the
//! newest text and drops what has become stale; questions are answered on other threads, so that a panic in
//! one of them ends in an error answer and not in the end of the server.

mod answers;
mod backend;
mod capabilities;
mod commands;
mod diagnostics;
mod documents;
mod edits;
mod frames;
mod lines;
mod markup;
mod overlay;
mod polite;
mod settings;
mod worker;
mod workspace;

use backend::Backend;
use dlm_base::Files;
use dlm_check::program::Network;
use polite::Polite;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tower_lsp::{LspService, Server};

/// What the server needs of the system that it runs on.
pub struct Host {
    /// Where files come from; paths are absolute.
    pub files: Box<dyn Files + Send + Sync>,
    /// The folder that holds the library inside the binary as files (`std/vision.dlm`) and the explanations of
    /// the codes (`codes/E0401.md`), and into which networks are drawn.
    pub folder: Option<String>,
    /// The program that runs files: `dlm`.
    pub program: PathBuf,
    /// Draws a network under a title into a file.
    pub draw: fn(&Network, title: &str, path: &str) -> std::io::Result<()>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Serves one editor over standard input and output until it says goodbye. The result is the exit status of
/// the process: 0 when the editor asked to shut down before it said `exit` or closed its end, 1 otherwise.
pub fn serve(host: Host) -> i32 {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let Ok(runtime) = runtime else { return 1 };
    let status = runtime.block_on(serve_on(host, tokio::io::stdin(), tokio::io::stdout()));
    // What still runs is stopped. It is not waited for long: standard input is read on a thread that waits for the
    // next byte, which may never come.
    runtime.shutdown_timeout(Duration::from_millis(200));
    status
}

/// Serves one editor over any pair of streams; as [`serve`].
pub async fn serve_on<I, O>(host: Host, input: I, output: O) -> i32
where
    I: AsyncRead + Send + Unpin + 'static,
    O: AsyncWrite + Send + Unpin,
{
    let host = Arc::new(host);
    let (service, socket) = LspService::build(|client| Backend::new(client, host))
        .custom_method("window/workDoneProgress/cancel", Backend::cancel)
        .finish();
    let (service, goodbye) = Polite::new(service);
    let (clean, sink) = tokio::io::duplex(1 << 16);
    let reading = tokio::spawn(frames::pass(input, sink));
    let serving = Server::new(clean, output, socket).concurrency_level(16).serve(service);
    tokio::select! {
        () = serving => {}
        () = goodbye.said() => {}
    }
    reading.abort();
    goodbye.status()
}
