//! What can be started from the editor: running and checking a file, drawing a network.

use super::answers::View;
use super::backend::Backend;
use super::documents::{Shared, name_of};
use crate::ide::lenses;
use serde_json::{Value, json};
use std::process::Stdio;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command as Process;
use tokio::sync::Notify;
use tower_lsp::Client;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::*;

/// Runs a file: its address, and the one artifact to make if not all.
pub(crate) const RUN: &str = "dlm.run";
/// Checks a file anew, data files included: its address.
pub(crate) const CHECK: &str = "dlm.check";
/// Draws a network of an open file: the file's address and the network's name or title. The answer is the
/// address of the drawing.
pub(crate) const DRAW: &str = "dlm.draw";

/// All commands.
pub(crate) const COMMANDS: &[&str] = &[RUN, CHECK, DRAW];

/// What a click on a lens does. A lens that does nothing is a command without a name.
pub(crate) fn of(command: Option<&lenses::Command>, title: &str, uri: &Url) -> Command {
    let (word, more) = match command {
        Some(lenses::Command::Run(artifact)) => (RUN, artifact.clone()),
        Some(lenses::Command::Check) => (CHECK, None),
        Some(lenses::Command::Draw(name)) => (DRAW, Some(name.clone())),
        None => ("", None),
    };
    let arguments: Vec<Value> = std::iter::once(json!(uri)).chain(more.map(Value::from)).collect();
    let arguments = (!word.is_empty()).then_some(arguments);
    Command { title: title.to_string(), command: word.to_string(), arguments }
}

/// Starts a command. Running goes on behind the answer.
pub(crate) async fn execute(
    backend: &Backend,
    params: ExecuteCommandParams,
) -> Result<Option<Value>> {
    let given = |at: usize| params.arguments.get(at).and_then(Value::as_str);
    let uri = given(0).and_then(|text| Url::parse(text).ok());
    let uri =
        uri.ok_or_else(|| Error::invalid_params("the first argument is the address of a file"))?;
    let name = name_of(&uri);
    let more = given(1).map(str::to_string);
    match params.command.as_str() {
        RUN => run(backend, &name, more),
        CHECK => check(backend, &uri, &name).await,
        DRAW => draw(backend, &uri, more).await,
        other => Err(Error::invalid_params(format!("there is no command `{other}`"))),
    }
}

async fn check(backend: &Backend, uri: &Url, name: &str) -> Result<Option<Value>> {
    backend.shared.recheck(name);
    let view = backend.view(uri).await?;
    let checked = &view.answer.snapshot.checked;
    let (errors, warnings) = (checked.errors(), checked.warnings());
    let plural = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let text = format!("{}, {}", plural(errors, "error"), plural(warnings, "warning"));
    let client = backend.client.clone();
    let kind = if errors > 0 { MessageType::ERROR } else { MessageType::INFO };
    tokio::spawn(async move { client.show_message(kind, text).await });
    Ok(Some(json!({ "errors": errors, "warnings": warnings })))
}

async fn draw(backend: &Backend, uri: &Url, name: Option<String>) -> Result<Option<Value>> {
    let name =
        name.ok_or_else(|| Error::invalid_params("the second argument is a network's name"))?;
    let uri = backend.ask(uri, move |view| picture(view, &name)).await??;
    let shared = &backend.shared;
    if shared.lock().abilities.shows {
        let (client, uri) = (backend.client.clone(), uri.clone());
        tokio::spawn(async move {
            let external = Some(true);
            let params = ShowDocumentParams { uri, external, take_focus: None, selection: None };
            client.show_document(params).await
        });
    }
    Ok(Some(json!(uri)))
}

/// Draws a network of the text as it is typed, whatever is wrong elsewhere in it; the address of the drawing.
fn picture(view: &View, name: &str) -> Result<Url> {
    let host = &view.shared.host;
    let folder = host.folder.as_ref().ok_or_else(|| failed("there is no folder to draw into"))?;
    let networks = &view.snapshot().checked.program.networks;
    let titled = networks.iter().find(|net| net.title == name);
    let network = titled.or_else(|| networks.iter().find(|net| net.model == name));
    let network = network.ok_or_else(|| {
        failed(&format!(
            "no network `{name}` can be drawn: it has an error, or sizes that nothing gives"
        ))
    })?;
    let path = format!("{folder}/{}.svg", network.model);
    (host.draw)(network, &network.title, &path)
        .map_err(|why| failed(&format!("cannot write {path}: {why}")))?;
    Url::from_file_path(&path).map_err(|()| failed("the drawing has no address"))
}

/// Starts a run; what it says goes to the editor as progress and, at the end, as a message.
fn run(backend: &Backend, name: &str, only: Option<String>) -> Result<Option<Value>> {
    let mut process = Process::new(&backend.shared.host.program);
    process.args(["--color", "never", "run", name, "--json"]);
    if let Some(only) = &only {
        process.args(["--only", only]);
    }
    process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = process.spawn().map_err(|why| failed(&format!("dlm does not start: {why}")))?;
    let last = name.rsplit('/').next().unwrap_or(name);
    let title = only.as_ref().map_or(last.to_string(), |only| format!("{last}: {only}"));
    let stop = Arc::new(Notify::new());
    let token = backend.begin(stop.clone());
    let (client, shared) = (backend.client.clone(), backend.shared.clone());
    let runs = backend.runs.clone();
    tokio::spawn(async move {
        let shows = shared.lock().abilities.progress;
        let progress = Progress::begin(client.clone(), token.clone(), title.clone(), shows).await;
        let (kind, text) = follow(child, &progress, &stop).await;
        progress.end(&text).await;
        runs.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&token);
        client.show_message(kind, format!("{title}: {text}")).await;
    });
    Ok(None)
}

/// Reads the events of a run until it ends or is stopped; how it ended, in words.
async fn follow(
    mut child: tokio::process::Child,
    progress: &Progress,
    stop: &Notify,
) -> (MessageType, String) {
    let (Some(out), Some(mut err)) = (child.stdout.take(), child.stderr.take()) else {
        return (MessageType::ERROR, "its output cannot be read".to_string());
    };
    let complaints = tokio::spawn(async move {
        let mut text = String::new();
        err.read_to_string(&mut text).await.ok();
        text
    });
    let mut lines = BufReader::new(out).lines();
    let mut told = Told::default();
    loop {
        let line = tokio::select! {
            line = lines.next_line() => line,
            () = stop.notified() => {
                child.kill().await.ok();
                return (MessageType::INFO, "stopped".to_string());
            }
        };
        let Ok(Some(line)) = line else { break };
        let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
        if let Some((text, percent)) = told.hear(&event) {
            progress.report(text, percent).await;
        }
    }
    let status = child.wait().await.ok().and_then(|status| status.code());
    let complaints = complaints.await.unwrap_or_default();
    let first = complaints.lines().find(|line| !line.trim().is_empty());
    match (status, told.failed.as_deref().or(first)) {
        (Some(0), _) => (MessageType::INFO, told.result.unwrap_or("done".to_string())),
        (Some(1), None) => (MessageType::WARNING, "an expectation does not hold".to_string()),
        (_, why) => (MessageType::ERROR, why.unwrap_or("the run failed").to_string()),
    }
}

/// What a run has said so far.
#[derive(Default)]
struct Told {
    steps: f64,
    /// The last share that was passed on, in per cent: a run has many more updates than a bar has places.
    percent: u32,
    result: Option<String>,
    failed: Option<String>,
}

impl Told {
    /// What an event adds to the progress, if anything: a line and a share in per cent.
    fn hear(&mut self, event: &Value) -> Option<(String, u32)> {
        let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
        let number = |key: &str| event.get(key).and_then(Value::as_f64);
        let artifact = text("artifact");
        match text("event") {
            "train_started" => {
                (self.steps, self.percent) = (number("steps").unwrap_or(0.0), 0);
                Some((artifact.to_string(), 0))
            }
            "step" => {
                let percent = (100.0 * number("step")? / self.steps.max(1.0)) as u32;
                if percent <= self.percent {
                    return None;
                }
                self.percent = percent.min(100);
                let (epoch, loss) = (number("epoch")?, number("loss")?);
                Some((format!("{artifact}: epoch {epoch}, loss {loss:.4}"), self.percent))
            }
            "epoch_ended" => {
                let loss = number("train_loss")?;
                let valid = event.pointer("/valid/loss").and_then(Value::as_f64);
                let valid = valid.map(|it| format!(", validation {it:.4}")).unwrap_or_default();
                let epoch = number("epoch")?;
                Some((format!("{artifact}: epoch {epoch}, loss {loss:.4}{valid}"), self.percent))
            }
            "train_ended" => {
                self.result = Some(format!("{artifact} is trained"));
                None
            }
            "up_to_date" => {
                self.result = Some(format!("{artifact} is up to date"));
                Some((format!("{artifact}: up to date"), self.percent))
            }
            "quantize_started" => {
                self.percent = 0;
                Some((format!("{artifact}: quantizing"), 0))
            }
            "failed" => {
                self.failed = Some(text("message").to_string());
                None
            }
            _ => None,
        }
    }
}

/// A bar in the editor.
struct Progress {
    client: Client,
    token: Option<NumberOrString>,
}

impl Progress {
    async fn begin(client: Client, token: String, title: String, shows: bool) -> Progress {
        let token = NumberOrString::String(token);
        let params = WorkDoneProgressCreateParams { token: token.clone() };
        let made =
            shows && client.send_request::<request::WorkDoneProgressCreate>(params).await.is_ok();
        let progress = Progress { client, token: made.then_some(token) };
        let begin = WorkDoneProgressBegin {
            title,
            cancellable: Some(true),
            message: None,
            percentage: Some(0),
        };
        progress.send(WorkDoneProgress::Begin(begin)).await;
        progress
    }

    async fn report(&self, text: String, percent: u32) {
        let report = WorkDoneProgressReport {
            cancellable: Some(true),
            message: Some(text),
            percentage: Some(percent),
        };
        self.send(WorkDoneProgress::Report(report)).await;
    }

    async fn end(&self, text: &str) {
        let end = WorkDoneProgressEnd { message: Some(text.to_string()) };
        self.send(WorkDoneProgress::End(end)).await;
    }

    async fn send(&self, what: WorkDoneProgress) {
        if let Some(token) = self.token.clone() {
            let value = ProgressParamsValue::WorkDone(what);
            let params = ProgressParams { token, value };
            self.client.send_notification::<notification::Progress>(params).await;
        }
    }
}

impl Shared {
    /// Checks an open document again though nothing seems to have changed.
    fn recheck(&self, name: &str) {
        let mut state = self.lock();
        let tick = state.tick();
        if let Some(doc) = state.docs.get_mut(name) {
            // The answer that is waited for is the one to come.
            (doc.changed, doc.dirty) = (tick, Some(tick));
        }
        self.work.notify_one();
    }
}

fn failed(message: &str) -> Error {
    Error { message: message.to_string().into(), ..Error::internal_error() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_a_run_become_lines() {
        let mut told = Told::default();
        let start = json!({ "event": "train_started", "artifact": "A", "steps": 200, "epochs": 2 });
        assert_eq!(told.hear(&start), Some(("A".to_string(), 0)));
        let step = |n: u64| json!({ "event": "step", "artifact": "A", "epoch": 1, "step": n, "loss": 0.5 });
        assert_eq!(told.hear(&step(1)), None);
        assert_eq!(told.hear(&step(2)), Some(("A: epoch 1, loss 0.5000".to_string(), 1)));
        assert_eq!(told.hear(&step(3)), None);
        let end = json!({ "event": "epoch_ended", "artifact": "A", "epoch": 1, "train_loss": 0.25,
            "valid": { "loss": 0.125 } });
        let line = "A: epoch 1, loss 0.2500, validation 0.1250".to_string();
        assert_eq!(told.hear(&end), Some((line, 1)));
        assert_eq!(told.hear(&json!({ "event": "failed", "message": "no" })), None);
        assert_eq!(told.failed.as_deref(), Some("no"));
    }
}
