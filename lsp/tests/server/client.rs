//! An editor at the other end of a pipe.

use dlm_base::Files;
use dlm_base::files::{FileError, MemFiles, ReadSeek};
use dlm_lsp::Host;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::io::{DuplexStream, ReadHalf, WriteHalf};
use tokio::task::JoinHandle;

/// Nothing here takes as long as this.
const PATIENCE: Duration = Duration::from_secs(120);

/// Files that a test changes while the server runs. What lies at a path with `panic` in it breaks who asks.
#[derive(Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<MemFiles>>);

impl Disk {
    /// Writes a file.
    pub(crate) fn put(&self, path: &str, text: &str) {
        self.0.lock().expect("no panic").put(path, text);
    }

    /// Removes a file.
    pub(crate) fn remove(&self, path: &str) {
        self.0.lock().expect("no panic").0.remove(path);
    }

    fn files(&self, path: &str) -> MemFiles {
        assert!(!path.contains("panic"), "this file breaks");
        self.0.lock().expect("no panic").clone()
    }
}

impl Files for Disk {
    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        self.files(path).open(path)
    }

    fn len(&self, path: &str) -> Result<u64, FileError> {
        self.files(path).len(path)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        self.files(path).list(path)
    }
}

/// The editor.
pub(crate) struct Client {
    to: WriteHalf<DuplexStream>,
    from: BufReader<ReadHalf<DuplexStream>>,
    next: i64,
    /// What came without being asked for and has not been looked at.
    heard: VecDeque<Value>,
    server: JoinHandle<i32>,
}

/// The address of a file.
pub(crate) fn uri(name: &str) -> String {
    format!("file://{name}")
}

/// A place.
pub(crate) fn at(line: u32, character: u32) -> Value {
    json!({ "line": line, "character": character })
}

impl Client {
    /// A server that has been started and nothing else.
    pub(crate) fn start(disk: &Disk) -> Client {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let (input, output) = tokio::io::split(theirs);
        let host = Host {
            files: Box::new(disk.clone()),
            folder: Some("/cache".to_string()),
            program: "/nowhere/dlm".into(),
            draw: |network, title, path| {
                let layers = network.layers.len();
                Err(std::io::Error::other(format!("{title} in {path}, layers: {layers}")))
            },
        };
        let server = tokio::spawn(dlm_lsp::serve_on(host, input, output));
        let (from, to) = tokio::io::split(ours);
        let from = BufReader::new(from);
        Client { to, from, next: 1, heard: VecDeque::new(), server }
    }

    /// A server that has been initialized.
    pub(crate) async fn ready(disk: &Disk, capabilities: Value) -> Client {
        let mut client = Client::start(disk);
        let params = json!({ "processId": null, "rootUri": null, "capabilities": capabilities,
            "workspaceFolders": [{ "uri": uri("/w"), "name": "w" }] });
        let answer = client.ask("initialize", params).await;
        assert!(answer["result"]["capabilities"].is_object(), "{answer}");
        client.tell("initialized", json!({})).await;
        client
    }

    /// Sends bytes.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.to.write_all(bytes).await.expect("the server reads");
    }

    /// Sends a message.
    pub(crate) async fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let framed = format!("Content-Length: {}\r\n\r\n{text}", text.len());
        self.write(framed.as_bytes()).await;
    }

    /// Sends a notification.
    pub(crate) async fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
    }

    /// Sends a request; its number.
    pub(crate) async fn begin(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next;
        self.next += 1;
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.send(&message).await;
        id
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params).await;
        self.answer(id).await
    }

    /// Waits for the answer to a request.
    pub(crate) async fn answer(&mut self, id: i64) -> Value {
        self.wait(|message| message["id"] == id && message.get("method").is_none()).await
    }

    /// Waits for a message that came by itself.
    pub(crate) async fn hear(&mut self, method: &str) -> Value {
        self.wait(|message| message["method"] == method).await
    }

    /// Waits for the diagnostics of a version of a file.
    pub(crate) async fn diagnostics(&mut self, name: &str, version: i64) -> Vec<Value> {
        let uri = uri(name);
        let found = self
            .wait(|message| {
                message["method"] == "textDocument/publishDiagnostics"
                    && message["params"]["uri"] == uri
                    && message["params"]["version"] == version
            })
            .await;
        found["params"]["diagnostics"].as_array().cloned().expect("a list")
    }

    /// The next message for which `wanted` holds; others are kept.
    pub(crate) async fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(found) = self.heard.iter().position(&wanted) {
            return self.heard.remove(found).expect("it is there");
        }
        loop {
            let message = tokio::time::timeout(PATIENCE, self.read()).await;
            let message = message.expect("the server answers in time");
            if wanted(&message) {
                return message;
            }
            self.heard.push_back(message);
        }
    }

    /// Forgets what has been heard so far and not been looked at: to keep it would make a long run ever slower.
    pub(crate) fn forget(&mut self) {
        self.heard.clear();
    }

    /// What has been heard so far and not been looked at.
    pub(crate) fn heard(&self) -> impl Iterator<Item = &Value> {
        self.heard.iter()
    }

    async fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.from.read_line(&mut line).await.expect("the server writes");
            assert!(!line.is_empty(), "the server has gone");
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().expect("a number"),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).await.expect("a whole message");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// Opens a document.
    pub(crate) async fn open(&mut self, name: &str, version: i64, text: &str) {
        let document =
            json!({ "uri": uri(name), "languageId": "dlm", "version": version, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document })).await;
    }

    /// Replaces a range of a document, or all of it.
    pub(crate) async fn change(
        &mut self,
        name: &str,
        version: i64,
        range: Option<(Value, Value)>,
        text: &str,
    ) {
        let mut change = json!({ "text": text });
        if let Some((start, end)) = range {
            change["range"] = json!({ "start": start, "end": end });
        }
        let params = json!({ "textDocument": { "uri": uri(name), "version": version },
            "contentChanges": [change] });
        self.tell("textDocument/didChange", params).await;
    }

    /// Asks about a place of a document.
    pub(crate) async fn ask_at(&mut self, method: &str, name: &str, place: Value) -> Value {
        let params = json!({ "textDocument": { "uri": uri(name) }, "position": place });
        self.ask(method, params).await
    }

    /// Whether the server still answers.
    pub(crate) async fn assert_lives(&mut self) {
        let name = "/w/alive.dlm";
        self.open(name, 1, "w  = 3\n").await;
        let params = json!({ "textDocument": { "uri": uri(name) },
            "options": { "tabSize": 4, "insertSpaces": true } });
        let answer = self.ask("textDocument/formatting", params).await;
        assert_eq!(answer["result"][0]["newText"], " ", "{answer}");
        self.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri(name) } })).await;
    }

    /// Waits for the server's end; its status. The pipe stays open.
    pub(crate) async fn ended(self) -> i32 {
        let ended = tokio::time::timeout(Duration::from_secs(20), self.server).await;
        ended.expect("the server ends").expect("without a panic")
    }
}
