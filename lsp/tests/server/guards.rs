//! What goes wrong in servers that are not careful: order, goodbye, null, deadlock, panic.

use crate::client::{Client, Disk, at, uri};
use serde_json::{Value, json};

/// The capabilities of an editor that lets the server ask it things.
fn talkative() -> Value {
    json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true },
        "inlayHint": { "refreshSupport": true }, "codeLens": { "refreshSupport": true } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_are_applied_in_their_order() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    client.open("/w/a.dlm", 0, "w = a").await;
    let letters: String = ('a'..='z').cycle().take(60).collect();
    let mut id = 0;
    for (i, letter) in letters.chars().enumerate() {
        let end = at(0, 5 + i as u32);
        let version = i as i64 + 1;
        client.change("/w/a.dlm", version, Some((end.clone(), end)), &letter.to_string()).await;
        if version == 60 {
            let params =
                json!({ "textDocument": { "uri": uri("/w/a.dlm") }, "position": at(0, 5) });
            id = client.begin("textDocument/hover", params).await;
        }
    }
    client.answer(id).await;
    let found = client.diagnostics("/w/a.dlm", 60).await;
    assert!(found[0]["message"].to_string().contains(&format!("`a{letters}`")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_ends_with_the_right_text_and_no_stale_diagnostics() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    client.open("/w/a.dlm", 0, "w = a").await;
    for version in 1..=1000 {
        let end = at(0, 4 + version as u32);
        client.change("/w/a.dlm", version, Some((end.clone(), end)), "b").await;
    }
    let found = client.diagnostics("/w/a.dlm", 1000).await;
    let name = format!("`a{}`", "b".repeat(1000));
    assert!(found[0]["message"].to_string().contains(&name), "{found:?}");
    client.assert_lives().await;
    let mut last = 0;
    for message in client.heard().filter(|it| it["params"]["uri"] == uri("/w/a.dlm")) {
        let version = message["params"]["version"].as_i64().expect("a version");
        assert!(version > last || version == 0, "{version} behind {last}");
        assert!(version < 1000, "nothing comes behind the last");
        last = version;
        let said = message["params"]["diagnostics"][0]["message"].to_string();
        assert!(said.contains(&format!("`a{}`", "b".repeat(version as usize))), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_ends_at_exit_though_its_input_stays_open() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    let answer = client.ask("shutdown", Value::Null).await;
    assert_eq!(answer["result"], Value::Null);
    assert!(answer.get("error").is_none(), "{answer}");
    client.send(&json!({ "jsonrpc": "2.0", "method": "exit" })).await;
    assert_eq!(client.ended().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_without_a_shutdown_is_a_failure() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    client.send(&json!({ "jsonrpc": "2.0", "method": "exit", "params": null })).await;
    assert_eq!(client.ended().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_that_answers_nothing_is_answered() {
    let mut client = Client::ready(&Disk::default(), talkative()).await;
    let asked = client.hear("client/registerCapability").await;
    assert_eq!(asked["params"]["registrations"][0]["method"], "workspace/didChangeWatchedFiles");
    for i in 0..40 {
        let settings = json!({ "settings": { "dlm": { "hints": { "shapes": i % 2 == 1 } } } });
        client.tell("workspace/didChangeConfiguration", settings).await;
    }
    client.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_breaks_is_an_error_and_the_next_one_works() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    client.open("/w/a.dlm", 1, "data D { source = csv(\"panic.csv\", target = \"y\") }\n").await;
    let answer = client.ask_at("textDocument/hover", "/w/a.dlm", at(0, 0)).await;
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
    client.hear("window/logMessage").await;
    client.change("/w/a.dlm", 2, None, "w = 3\n").await;
    assert_eq!(client.diagnostics("/w/a.dlm", 2).await, Vec::<Value>::new());
    client.assert_lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_breaks_is_an_error_and_the_server_lives() {
    let disk = Disk::default();
    disk.put("/w/panic/a.dlm", "w = 3\n");
    let mut client = Client::ready(&disk, json!({})).await;
    let answer = client.ask("workspace/symbol", json!({ "query": "" })).await;
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
    client.assert_lives().await;
}
