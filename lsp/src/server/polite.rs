//! What editors expect of a server and the service does not do by itself: it ends at `exit` though its input
//! stays open, takes `"params": null` for no parameters, and answers what could not be read.

use super::frames::UNREADABLE;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::sync::Notify;
use tower_lsp::jsonrpc::{Error, Id, Request, Response};
use tower_lsp::{ExitedError, LspService};

/// A service around the service.
pub(crate) struct Polite<S> {
    inner: LspService<S>,
    goodbye: Goodbye,
}

/// How the conversation ends.
#[derive(Clone, Default)]
pub(crate) struct Goodbye {
    shut: Arc<AtomicBool>,
    exit: Arc<Notify>,
}

impl Goodbye {
    /// Waits for `exit`.
    pub(crate) async fn said(&self) {
        self.exit.notified().await;
    }

    /// The exit status of the process.
    pub(crate) fn status(&self) -> i32 {
        i32::from(!self.shut.load(Ordering::SeqCst))
    }
}

impl<S> Polite<S> {
    /// The service, and the way to know its end.
    pub(crate) fn new(inner: LspService<S>) -> (Polite<S>, Goodbye) {
        let goodbye = Goodbye::default();
        (Polite { inner, goodbye: goodbye.clone() }, goodbye)
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Option<Response>, ExitedError>> + Send>>;

impl<S: tower_lsp::LanguageServer> tower_service::Service<Request> for Polite<S> {
    type Response = Option<Response>;
    type Error = ExitedError;
    type Future = Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ExitedError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Answer {
        if request.params().is_some_and(serde_json::Value::is_null) {
            let (method, id, _) = request.into_parts();
            let builder = Request::build(method);
            request = match id {
                Some(id) => builder.id(id).finish(),
                None => builder.finish(),
            };
        }
        match request.method() {
            UNREADABLE => {
                let answer = Response::from_error(Id::Null, Error::parse_error());
                return Box::pin(std::future::ready(Ok(Some(answer))));
            }
            "shutdown" => self.goodbye.shut.store(true, Ordering::SeqCst),
            "exit" => self.goodbye.exit.notify_one(),
            _ => {}
        }
        self.inner.call(request)
    }
}
