//! Messages that no editor should send: an error answer, and the server lives.

use crate::client::{Client, Disk, at, uri};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_length_is_an_error_and_the_next_message_is_read() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    let body = r#"{"jsonrpc":"2.0","id":900,"method":"shutdown"}"#;
    for wrong in [body.len() - 7, body.len() + 9] {
        client.write(format!("Content-Length: {wrong}\r\n\r\n{body}").as_bytes()).await;
        let id = client.begin("workspace/symbol", json!({ "query": "" })).await;
        let error =
            client.wait(|message| message["id"].is_null() && message.get("error").is_some());
        assert_eq!(error.await["error"]["code"], -32700);
        let again = client.ask("workspace/symbol", json!({ "query": "" })).await;
        assert!(again.get("result").is_some(), "after {id}: {again}");
    }
    client.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_an_error() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    let junk: &[&[u8]] = &[
        b"Content-Length: 2\r\n\r\n[]",
        b"Content-Length: 3\r\n\r\n{\"a",
        b"Content-Length: 2\r\n\r\n\xff\xfe",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length: 99999999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n?",
    ];
    for bytes in junk {
        client.write(bytes).await;
        let error =
            client.wait(|message| message["id"].is_null() && message.get("error").is_some());
        assert_eq!(error.await["error"]["code"], -32700);
    }
    client.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_methods_and_parameters_are_errors() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    let answer = client.ask("textDocument/telepathy", json!({})).await;
    assert_eq!(answer["error"]["code"], -32601, "{answer}");
    client.tell("textDocument/telepathy", json!({})).await;
    let answer = client.ask("textDocument/hover", json!({ "textDocument": 3 })).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    let answer = client.ask_at("textDocument/hover", "/w/never-opened.dlm", at(0, 0)).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    let command = json!({ "command": "dlm.fly", "arguments": [uri("/w/a.dlm")] });
    let answer = client.ask("workspace/executeCommand", command).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    let command = json!({ "command": "dlm.run", "arguments": [uri("/w/a.dlm")] });
    let answer = client.ask("workspace/executeCommand", command).await;
    assert!(answer["error"]["message"].to_string().contains("does not start"), "{answer}");
    client.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_answered_before_initialize() {
    let mut client = Client::start(&Disk::default());
    let answer = client.ask("workspace/symbol", json!({ "query": "" })).await;
    assert_eq!(answer["error"]["code"], -32002, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn places_outside_the_text_are_clamped() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    client.open("/w/a.dlm", 1, "w = 3 // 😀\n").await;
    let far = [at(0, 11), at(0, 10), at(0, 999), at(99, 0), at(u32::MAX >> 1, u32::MAX >> 1)];
    for place in far {
        for method in ["hover", "completion", "definition", "signatureHelp", "documentHighlight"] {
            let method = format!("textDocument/{method}");
            let answer = client.ask_at(&method, "/w/a.dlm", place.clone()).await;
            assert!(answer.get("result").is_some(), "{method}: {answer}");
        }
    }
    // Half a character, a reversed range, and lines that are not there.
    client.change("/w/a.dlm", 2, Some((at(0, 10), at(0, 10))), "x").await;
    client.change("/w/a.dlm", 3, Some((at(9, 9), at(0, 0))), "v = q").await;
    let found = client.diagnostics("/w/a.dlm", 3).await;
    assert!(found[0]["message"].to_string().contains("`q`"), "{found:?}");
    assert_eq!(found[0]["range"]["start"], at(1, 4));
    client.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_character_in_a_text_is_replaced() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    let body = format!(
        r#"{{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{{"textDocument":{{"uri":"{}","languageId":"dlm","version":1,"text":"w = 3 // \ud83d\n"}}}}}}"#,
        uri("/w/a.dlm")
    );
    client.write(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
    assert_eq!(client.diagnostics("/w/a.dlm", 1).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_ten_mebibytes_and_one_that_is_larger() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    let line = format!("// {}\n", "x".repeat(96));
    let comments = line.repeat((10 << 20) / line.len());
    client.open("/w/a.dlm", 1, &comments).await;
    assert_eq!(client.diagnostics("/w/a.dlm", 1).await, Vec::<Value>::new());
    client.change("/w/a.dlm", 2, Some((at(0, 0), at(0, 0))), "w = a\n").await;
    assert_eq!(client.diagnostics("/w/a.dlm", 2).await.len(), 1);
    client.change("/w/a.dlm", 3, None, &line.repeat((11 << 20) / line.len())).await;
    let found = client.diagnostics("/w/a.dlm", 3).await;
    assert!(found[0]["message"].to_string().contains("at most"), "{found:?}");
    client.assert_lives().await;
}
