//! How long an editor waits: from a keystroke to its diagnostics and to completions, through the whole
//! transport. `cargo run --release -p dlm-lsp --example speed`

#![allow(clippy::print_stdout)]

use dlm_base::files::NoFiles;
use dlm_lsp::Host;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::io::{DuplexStream, ReadHalf, WriteHalf};

/// Keystrokes that are measured in one file.
const STROKES: usize = 300;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("threads").block_on(async {
        for (lines, limits) in [(1_000, "p50 2 ms, p95 8 ms"), (10_000, "p95 25 ms")] {
            measure(lines, limits).await;
        }
        burst().await;
    });
}

/// A program of about so many lines: layers, models that use them, constants; a `train` on data that is inside
/// the binary.
fn program(lines: usize) -> String {
    let mut text = String::from("use std.vision: ResidualBlock\n\n");
    let mut i = 0;
    while text.lines().count() < lines {
        let width = 8 + i % 5;
        write!(
            text,
            "w{i} = {width} * 2\n\n/// A block.\nlayer Block{i}(x: [C, H, W], c: int = C) {{\n    \
             main = x -> conv(c, 3, bias = false) -> batch_norm -> relu\n    \
             skip = if c == C {{ x }} else {{ x -> conv(c, 1) }}\n    main + skip -> relu\n}}\n\n\
             model Net{i}(image: [3, 16, 16]) -> [10] {{\n    image -> Block{i}(w{i}) -> \
             repeat 2 {{ ResidualBlock(w{i}) }}\n        -> global_avg_pool\n        -> dense(10)\n}}\n\n"
        )
        .expect("a string");
        i += 1;
    }
    text
}

async fn measure(lines: usize, limits: &str) {
    let text = program(lines);
    let count = text.lines().count();
    let mut editor = Editor::start(&text).await;
    // Behind the last argument of each model.
    let places: Vec<(usize, usize)> = text
        .lines()
        .enumerate()
        .filter_map(|(line, row)| Some((line, row.find("dense(10")? + "dense(10".len())))
        .collect();
    // A digit is typed and taken back: at one place in the middle, then at another each time.
    let (mut strokes, mut completions) = (Vec::new(), Vec::new());
    for (name, step) in [("at one place", 0), ("all over the file", 37)] {
        strokes.clear();
        let mut place = places.len() / 2;
        for turn in 0..STROKES {
            let typed = turn % 2 == 0;
            if typed {
                place = (place + step) % places.len();
            }
            let (line, column) = places[place];
            let (end, new) = if typed { (column, "0") } else { (column + 1, "") };
            let start = Instant::now();
            let version = editor.type_at(line, column, end, new).await;
            editor.diagnostics(version).await;
            strokes.push(start.elapsed());
            let start = Instant::now();
            editor.complete(line, column.saturating_sub(9)).await;
            completions.push(start.elapsed());
        }
        let [p50, p95] = quantiles(&mut strokes);
        println!(
            "{count:>6} lines, {name}: keystroke to diagnostics p50 {p50:.2} ms, p95 {p95:.2} ms (wanted: {limits})"
        );
    }
    let [p50, p95] = quantiles(&mut completions);
    println!("{count:>6} lines: completion p50 {p50:.2} ms, p95 {p95:.2} ms (wanted: p95 5 ms)");
}

/// A thousand keystrokes at once.
async fn burst() {
    let text = program(1_000);
    let mut editor = Editor::start(&text).await;
    let start = Instant::now();
    let line = text.matches('\n').count();
    let mut last = 0;
    for column in 0..1_000 {
        let new = if column == 0 { "v" } else { "x" };
        last = editor.type_at(line, column, column, new).await;
    }
    let told = editor.diagnostics(last).await;
    let took = start.elapsed().as_secs_f64() * 1e3;
    let name = format!("v{}", "x".repeat(999));
    let right = told["params"]["diagnostics"].to_string().contains(&name[..30]);
    println!(
        "burst of 1,000 edits: {took:.0} ms, {} publications, last one right: {right}",
        editor.told
    );
}

/// The middle one and the one that 95 of 100 stay below, in milliseconds.
fn quantiles(times: &mut [Duration]) -> [f64; 2] {
    times.sort();
    [50, 95].map(|percent| times[times.len() * percent / 100].as_secs_f64() * 1e3)
}

struct Editor {
    to: WriteHalf<DuplexStream>,
    from: BufReader<ReadHalf<DuplexStream>>,
    version: i64,
    told: usize,
}

const URI: &str = "file:///w/program.dlm";

impl Editor {
    async fn start(text: &str) -> Editor {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let (input, output) = tokio::io::split(theirs);
        let host = Host {
            files: Box::new(NoFiles),
            folder: None,
            program: "dlm".into(),
            draw: |_, _, _| Ok(()),
        };
        tokio::spawn(dlm_lsp::serve_on(host, input, output));
        let (from, to) = tokio::io::split(ours);
        // As every editor of today does, it asks for the documentation of what it shows.
        let resolves = json!({ "properties": ["documentation"] });
        let item = json!({ "snippetSupport": true, "resolveSupport": resolves });
        let capabilities = json!({ "textDocument": { "completion": { "completionItem": item } } });
        let mut editor = Editor { to, from: BufReader::new(from), version: 0, told: 0 };
        editor
            .send(json!({ "id": 1, "method": "initialize", "params": { "capabilities": capabilities } }))
            .await;
        editor.wait(|it| it["id"] == 1).await;
        editor.send(json!({ "method": "initialized", "params": {} })).await;
        let document = json!({ "uri": URI, "languageId": "dlm", "version": 0, "text": text });
        let params = json!({ "textDocument": document });
        editor.send(json!({ "method": "textDocument/didOpen", "params": params })).await;
        let told = editor.diagnostics(0).await;
        assert_eq!(told["params"]["diagnostics"], json!([]), "the program is sound");
        editor
    }

    async fn type_at(&mut self, line: usize, start: usize, end: usize, new: &str) -> i64 {
        self.version += 1;
        let place = |column| json!({ "line": line, "character": column });
        let change = json!({ "range": { "start": place(start), "end": place(end) }, "text": new });
        let params = json!({ "textDocument": { "uri": URI, "version": self.version },
            "contentChanges": [change] });
        self.send(json!({ "method": "textDocument/didChange", "params": params })).await;
        self.version
    }

    async fn complete(&mut self, line: usize, column: usize) {
        let params = json!({ "textDocument": { "uri": URI },
            "position": { "line": line, "character": column } });
        let id = 100 + self.version;
        self.send(json!({ "id": id, "method": "textDocument/completion", "params": params })).await;
        self.wait(|it| it["id"] == id).await;
    }

    async fn diagnostics(&mut self, version: i64) -> Value {
        self.wait(|it| it["params"]["version"] == version).await
    }

    async fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        let framed = format!("Content-Length: {}\r\n\r\n{text}", text.len());
        self.to.write_all(framed.as_bytes()).await.expect("the server reads");
    }

    async fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut length = 0;
            let mut line = String::new();
            while self.from.read_line(&mut line).await.expect("the server writes") > 2 {
                if let Some(number) = line.trim_end().strip_prefix("Content-Length: ") {
                    length = number.parse().expect("a number");
                }
                line.clear();
            }
            let mut body = vec![0; length];
            self.from.read_exact(&mut body).await.expect("a whole message");
            let message: Value = serde_json::from_slice(&body).expect("JSON");
            self.told += usize::from(message["method"] == "textDocument/publishDiagnostics");
            if wanted(&message) {
                return message;
            }
        }
    }
}
