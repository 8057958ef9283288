//! What was typed answers as what was opened, wherever the text has grown and shrunk; and completions as the editor
//! asks for them.

use crate::client::{Client, Disk, at, uri};
use serde_json::{Value, json};
use std::fmt::Write;

const NAME: &str = "/w/main.dlm";

/// A program of some length, with an empty line behind each declaration.
fn program() -> String {
    let mut text = String::from("use \"blocks.dlm\": Wide\n\n");
    for i in 0..12 {
        write!(
            text,
            "w{i} = {i} + 4\n\n/// Block {i} é😀.\nlayer Block{i}(x: [C, H, W], c: int = C) {{\n    \
             main = x -> conv(c, 3, bias = false) -> batch_norm -> relu\n\n    \
             skip = if c == C {{ x }} else {{ x -> conv(c, 1) }}\n    main + skip -> relu\n}}\n\n\
             model Net{i}(image: [3, 16, 16]) -> [10] {{\n    image -> Block{i}(w{i}) -> global_avg_pool\n        \
             -> Wide -> dense(10)\n}}\n\n"
        )
        .expect("a string");
    }
    text
}

fn position(text: &str, offset: usize) -> Value {
    let start = text[..offset].rfind('\n').map_or(0, |end| end + 1);
    at(
        text[..offset].matches('\n').count() as u32,
        text[start..offset].encode_utf16().count() as u32,
    )
}

/// Everything that can be asked about some places of a document.
async fn answers(client: &mut Client, text: &str) -> Vec<(String, Value)> {
    let document = json!({ "uri": uri(NAME) });
    let all = json!({ "start": at(0, 0), "end": position(text, text.len()) });
    let context = json!({ "diagnostics": [], "includeDeclaration": true });
    let mut found = Vec::new();
    for method in
        ["documentSymbol", "foldingRange", "semanticTokens/full", "codeLens", "documentLink"]
    {
        let params = json!({ "textDocument": document });
        found.push((method, client.ask(&format!("textDocument/{method}"), params).await));
    }
    let params = json!({ "textDocument": document, "range": all });
    found.push(("inlayHint", client.ask("textDocument/inlayHint", params).await));
    for word in ["Wide", "Block3", "w7)", "conv(c, 1)", "skip =", "Net11", "dense(10)\n}\n\nw9"] {
        let Some(offset) = text.find(word) else { continue };
        let place = position(text, offset + 1);
        for method in ["hover", "completion", "definition", "documentHighlight", "references"] {
            let params = json!({ "textDocument": document, "position": place, "context": context });
            found.push((method, client.ask(&format!("textDocument/{method}"), params).await));
        }
        let params = json!({ "textDocument": document, "position": place, "newName": "other" });
        found.push(("rename", client.ask("textDocument/rename", params).await));
        let range = json!({ "start": place, "end": place });
        let params = json!({ "textDocument": document, "range": range, "context": context });
        found.push(("codeAction", client.ask("textDocument/codeAction", params).await));
        let params = json!({ "textDocument": document, "positions": [place] });
        found.push(("selectionRange", client.ask("textDocument/selectionRange", params).await));
    }
    let plain = |(method, answer): (&str, Value)| (method.to_string(), answer["result"].clone());
    found.into_iter().map(plain).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_answers_as_what_was_opened() {
    let disk = Disk::default();
    disk.put("/w/blocks.dlm", "layer Wide(x: [C]) {\n    x -> dense(C) -> relu\n}\n");
    disk.put("/w/user.dlm", "use \"main.dlm\": Block3\nmodel M(x: [3, 8, 8]) { x -> Block3 }\n");
    let mut text = program();
    let mut typing = Client::ready(&disk, json!({})).await;
    typing.open(NAME, 0, &text).await;
    typing.diagnostics(NAME, 0).await;
    // Behind what is typed something is written, taken away, and moved to another line.
    let edits = [
        ("layer Block2", 0, "// before\n".to_string()),
        ("dense(10)\n}\n\nw5", 9, " // a comment behind a step, é".to_string()),
        ("w4 = 4", 6, " * 3".to_string()),
        ("skip = if c == C { x } else { x -> conv(c, 1) }\n    main", 0, "    ".to_string()),
        ("w8 = 8 + 4\n", 11, format!("k = {}\n", "1 + ".repeat(60) + "1")),
        ("}\n\nw1 = ", 1, " ".to_string()),
    ];
    let mut version = 0;
    for (word, further, new) in &edits {
        let offset = text.find(word).expect("it is there") + further;
        for (i, c) in new.char_indices() {
            let place = position(&text, offset + i);
            text.insert(offset + i, c);
            version += 1;
            typing.change(NAME, version, Some((place.clone(), place)), &c.to_string()).await;
            if i % 7 == 0 && i + c.len_utf8() < new.len() {
                typing.diagnostics(NAME, version).await;
            }
        }
        let mut opening = Client::ready(&disk, json!({})).await;
        opening.open(NAME, version, &text).await;
        let (told, expected) =
            (typing.diagnostics(NAME, version).await, opening.diagnostics(NAME, version).await);
        assert_eq!(told, expected, "{text}");
        let known = answers(&mut typing, &text).await;
        for (known, fresh) in known.into_iter().zip(answers(&mut opening, &text).await) {
            assert_eq!(known, fresh, "of\n{text}");
        }
    }
    // Several declarations go at once, from the middle of one to the middle of another.
    let (from, to) =
        (text.find("layer Block6").expect("a layer") + 9, text.find("Block9(x").expect("a layer"));
    let range = (position(&text, from), position(&text, to));
    text.replace_range(from..to, "");
    typing.change(NAME, version + 1, Some(range), "").await;
    let mut opening = Client::ready(&disk, json!({})).await;
    opening.open(NAME, version + 1, &text).await;
    assert_eq!(
        typing.diagnostics(NAME, version + 1).await,
        opening.diagnostics(NAME, version + 1).await
    );
    let known = answers(&mut typing, &text).await;
    assert_eq!(known, answers(&mut opening, &text).await, "of\n{text}");
    let used = known.iter().filter(|(method, _)| method == "references");
    assert!(used.clone().any(|(_, it)| it.to_string().contains("/w/user.dlm")), "{used:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn documentation_of_completions_comes_when_it_is_asked_for() {
    let resolves = json!({ "properties": ["documentation"] });
    let capabilities =
        |item: Value| json!({ "textDocument": { "completion": { "completionItem": item } } });
    let reads = json!(["markdown"]);
    let later = json!({ "resolveSupport": resolves, "documentationFormat": reads });
    let text = "model M(x: [1, 8, 8]) {\n    x -> \n}\n";
    let relu = |answer: &Value| {
        let items = answer["result"]["items"].as_array().cloned().expect("a list");
        items.into_iter().find(|it| it["label"] == "relu").expect("an operator")
    };
    let mut client = Client::ready(&Disk::default(), capabilities(later)).await;
    client.open("/w/a.dlm", 1, text).await;
    let found = relu(&client.ask_at("textDocument/completion", "/w/a.dlm", at(1, 9)).await);
    assert!(found["documentation"].is_null(), "{found}");
    let answer = client.ask("completionItem/resolve", found).await;
    let item = json!({ "documentationFormat": reads });
    let mut at_once = Client::ready(&Disk::default(), capabilities(item)).await;
    at_once.open("/w/a.dlm", 1, text).await;
    let known = relu(&at_once.ask_at("textDocument/completion", "/w/a.dlm", at(1, 9)).await);
    assert!(known["documentation"]["value"].as_str().is_some_and(|it| it.len() > 10), "{known}");
    assert_eq!(answer["result"]["documentation"], known["documentation"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_imported_yet_is_imported_when_it_is_chosen() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    let text = "model M(x: [8, 8, 8]) {\n    x -> Resid\n}\n";
    client.open("/w/a.dlm", 1, text).await;
    let answer = client.ask_at("textDocument/completion", "/w/a.dlm", at(1, 14)).await;
    let items = answer["result"]["items"].as_array().cloned().expect("a list");
    let found = items.into_iter().find(|it| it["label"] == "ResidualBlock").expect("a layer");
    let edit = &found["additionalTextEdits"][0];
    assert!(
        edit["newText"].as_str().is_some_and(|it| it.contains("use std.vision: ResidualBlock"))
    );
    assert_eq!(edit["range"]["start"], at(0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_inserted_ends_its_lines_as_the_file_does() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    let text = "model M(x: [8, 8, 8]) {\r\n    x -> conv(8, 3) -> relu -> Resid\r\n}\r\n";
    client.open("/w/a.dlm", 1, text).await;
    let only_crlf = |text: &serde_json::Value| {
        let text = text.as_str().expect("a text");
        text.matches("\r\n").count() == text.matches('\n').count() && text.contains('\n')
    };
    let answer = client.ask_at("textDocument/completion", "/w/a.dlm", at(1, 36)).await;
    let items = answer["result"]["items"].as_array().cloned().expect("a list");
    let found = items.into_iter().find(|it| it["label"] == "ResidualBlock").expect("a layer");
    assert!(only_crlf(&found["additionalTextEdits"][0]["newText"]), "{found}");
    client.change("/w/a.dlm", 2, Some((at(1, 27), at(1, 36))), "").await;
    let params = json!({ "textDocument": { "uri": uri("/w/a.dlm") },
        "range": { "start": at(1, 9), "end": at(1, 27) }, "context": { "diagnostics": [] } });
    let answer = client.ask("textDocument/codeAction", params).await;
    let actions = answer["result"].as_array().cloned().expect("a list");
    let extract = actions.iter().find(|it| it["kind"] == "refactor.extract").expect("steps");
    let edits = extract["edit"]["changes"][uri("/w/a.dlm")].as_array().expect("edits");
    assert!(edits.iter().any(|it| only_crlf(&it["newText"])), "{extract}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_very_many_completions_those_that_fit_what_is_typed_are_sent() {
    let mut text = String::new();
    for i in 0..400 {
        writeln!(text, "layer Block{i}(x: [C]) {{ x -> dense(C) }}").expect("a string");
    }
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    for (version, (typed, all)) in [("", false), ("b399", true)].into_iter().enumerate() {
        let name = format!("/w/{version}.dlm");
        client.open(&name, 1, &format!("{text}model M(x: [4]) {{ x -> {typed} }}\n")).await;
        let column = "model M(x: [4]) { x -> ".len() + typed.len();
        let answer = client.ask_at("textDocument/completion", &name, at(400, column as u32)).await;
        assert_eq!(answer["result"]["isIncomplete"], !all);
        let items = answer["result"]["items"].as_array().expect("a list");
        assert_eq!(items.len(), if all { 1 } else { 200 }, "{typed}");
        assert_eq!(items.iter().any(|it| it["label"] == "Block399"), all, "{typed}");
    }
}
