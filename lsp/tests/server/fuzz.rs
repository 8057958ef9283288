//! Every request on every prefix of every example, and on random edits: no panic, no place outside the text.
//!
//! The run is bounded; `DLM_FUZZ=full cargo test --release -p dlm-lsp fuzz` does all of it.

use crate::client::{Client, Disk, at, uri};
use serde_json::{Value, json};

const PLACES: &[&str] =
    &["hover", "completion", "signatureHelp", "definition", "documentHighlight", "prepareRename"];
const WHOLE: &[&str] = &[
    "documentSymbol",
    "foldingRange",
    "semanticTokens/full",
    "codeLens",
    "documentLink",
    "formatting",
];

/// The examples of the project.
fn examples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let entries = std::fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").path());
    let mut found: Vec<(String, String)> = names
        .filter(|path| path.extension().is_some_and(|it| it == "dlm"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a text");
            (path.file_name().expect("a name").to_string_lossy().into_owned(), text)
        })
        .collect();
    found.sort();
    assert!(found.len() > 5);
    found
}

fn full() -> bool {
    std::env::var("DLM_FUZZ").is_ok_and(|value| value == "full")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_on_prefixes_of_the_examples() {
    let step = if full() { 1 } else { 487 };
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    for (name, text) in examples() {
        let name = format!("/w/{name}");
        client.open(&name, 0, "").await;
        let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        for (version, end) in ends.step_by(step).enumerate() {
            client.change(&name, version as i64 + 1, None, &text[..end]).await;
            everything(&mut client, &name, &text[..end], end, version).await;
        }
        client
            .tell("textDocument/didClose", json!({ "textDocument": { "uri": uri(&name) } }))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_after_random_edits() {
    let rounds = if full() { 10_000 } else { 12 };
    let scraps =
        ["(", ")", "{", "}", "[", "]", "->", "=", ",", "\"", " ", "\n", "conv", "é", "😀", "//"];
    let mut random = Random(11);
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    for (name, original) in examples() {
        let name = format!("/w/{name}");
        let mut text = original.clone();
        client.open(&name, 0, &text).await;
        for version in 1..=rounds {
            if version % 40 == 0 {
                text.clone_from(&original);
            }
            let mut start = random.below(text.len() + 1);
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            let mut end = (start + random.below(12)).min(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let new = scraps[random.below(scraps.len())];
            let new = if random.below(3) == 0 { "" } else { new };
            text.replace_range(start..end, new);
            client.change(&name, version as i64, None, &text).await;
            everything(&mut client, &name, &text, start, version).await;
        }
        client
            .tell("textDocument/didClose", json!({ "textDocument": { "uri": uri(&name) } }))
            .await;
    }
}

/// Numbers that look random (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Asks everything; at a place where that matters.
async fn everything(client: &mut Client, name: &str, text: &str, offset: usize, turn: usize) {
    let place = position(text, offset);
    let document = json!({ "uri": uri(name) });
    let all = json!({ "start": at(0, 0), "end": position(text, text.len()) });
    let mut asked = Vec::new();
    for method in PLACES {
        let params = json!({ "textDocument": document, "position": place });
        asked.push((*method, client.begin(&format!("textDocument/{method}"), params).await));
    }
    for method in WHOLE {
        let options = json!({ "tabSize": 4, "insertSpaces": true });
        let params = json!({ "textDocument": document, "options": options });
        asked.push((*method, client.begin(&format!("textDocument/{method}"), params).await));
    }
    let context = json!({ "diagnostics": [], "includeDeclaration": true });
    let more = [
        ("inlayHint", json!({ "range": all })),
        ("semanticTokens/range", json!({ "range": all })),
        ("codeAction", json!({ "range": { "start": place, "end": place }, "context": context })),
        ("selectionRange", json!({ "positions": [place] })),
        ("references", json!({ "position": place, "context": context })),
        ("rename", json!({ "position": place, "newName": "other" })),
    ];
    // Those that look into other files are dear: not every time.
    let dear = if turn.is_multiple_of(8) { more.len() } else { 4 };
    for (method, mut params) in more.into_iter().take(dear) {
        params["textDocument"] = document.clone();
        asked.push((method, client.begin(&format!("textDocument/{method}"), params).await));
    }
    for (method, id) in asked {
        let answer = client.answer(id).await;
        let refused = answer["error"]["code"] == -32602 && method.to_lowercase().contains("rename");
        assert!(
            answer.get("result").is_some() || refused,
            "{method} at {offset}: {answer}\n{text}"
        );
        within(&answer["result"], name, text, method);
    }
    client.forget();
}

fn position(text: &str, offset: usize) -> Value {
    let line = text[..offset].matches('\n').count() as u32;
    let start = text[..offset].rfind('\n').map_or(0, |end| end + 1);
    at(line, text[start..offset].encode_utf16().count() as u32)
}

/// Asserts that each range of the document lies inside it.
fn within(answer: &Value, name: &str, text: &str, method: &str) {
    match answer {
        Value::Array(items) => items.iter().for_each(|item| within(item, name, text, method)),
        Value::Object(fields) => {
            if fields.get("uri").is_some_and(|it| it.as_str() != Some(&*uri(name))) {
                return;
            }
            if let (Some(line), Some(column)) = (fields.get("line"), fields.get("character")) {
                let row = text.split('\n').nth(line.as_u64().expect("a number") as usize);
                let row = row.unwrap_or_else(|| panic!("{method}: line {line} of\n{text}"));
                let width = row.encode_utf16().count() as u64;
                assert!(column.as_u64() <= Some(width), "{method}: {line}:{column} of\n{text}");
            }
            fields.values().for_each(|value| within(value, name, text, method));
        }
        _ => {}
    }
}
