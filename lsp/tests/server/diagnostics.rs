//! What an editor is told of the mistakes in a program.

use crate::client::{Client, Disk, at, uri};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_encoding_is_utf_16_unless_the_editor_offers_bytes() {
    for (offered, encoding, column) in
        [(json!(["utf-16"]), "utf-16", 13), (json!(["utf-32", "utf-8"]), "utf-8", 18)]
    {
        let mut client = Client::start(&Disk::default());
        let capabilities = json!({ "general": { "positionEncodings": offered } });
        let answer = client.ask("initialize", json!({ "capabilities": capabilities })).await;
        assert_eq!(answer["result"]["capabilities"]["positionEncoding"], encoding);
        client.tell("initialized", json!({})).await;
        client.open("/w/a.dlm", 1, "w = \"é日😀\" + q\n").await;
        let found = client.diagnostics("/w/a.dlm", 1).await;
        let start = |it: &Value| it["range"]["start"]["character"].clone();
        assert!(found.iter().any(|it| start(it) == column), "{encoding}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diagnostic_says_all_that_is_known() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    let text = "model M(x: [1, 8, 8]) {\n    x -> conv(4, 3) -> dense(10)\n}\n";
    client.open("/w/a.dlm", 7, text).await;
    let found = client.diagnostics("/w/a.dlm", 7).await;
    let found = found.iter().find(|it| it["code"] == "E0401").expect("a misfit");
    assert_eq!(found["source"], "dlm");
    assert_eq!(found["severity"], 1);
    assert_eq!(found["range"]["start"], at(1, 23));
    assert_eq!(found["codeDescription"]["href"], "file:///cache/codes/E0401.md");
    assert!(found["message"].to_string().contains("flatten"), "{found}");
    let related = &found["relatedInformation"][0];
    assert_eq!(related["location"]["uri"], uri("/w/a.dlm"));
    assert_eq!(related["location"]["range"]["start"], at(1, 9));
    assert!(found["data"]["index"].is_number());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_used_is_marked_and_closing_clears() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    client.open("/w/a.dlm", 1, "use std.vision: ResidualBlock\nw = 3\n").await;
    let found = client.diagnostics("/w/a.dlm", 1).await;
    assert_eq!(found[0]["tags"], json!([1]), "{found:?}");
    assert_eq!(found[0]["severity"], 2);
    client
        .tell("textDocument/didClose", json!({ "textDocument": { "uri": uri("/w/a.dlm") } }))
        .await;
    let cleared = client.hear("textDocument/publishDiagnostics").await;
    assert_eq!(cleared["params"]["diagnostics"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_imports_a_file_is_checked_as_that_file_is_typed() {
    let disk = Disk::default();
    disk.put("/w/blocks.dlm", "layer Wide(x: [C]) {\n    x -> dense(C)\n}\n");
    let mut client = Client::ready(&disk, json!({})).await;
    let text = "use \"blocks.dlm\": Wide\n\nmodel M(x: [4]) {\n    x -> Wide\n}\n";
    client.open("/w/main.dlm", 1, text).await;
    assert_eq!(client.diagnostics("/w/main.dlm", 1).await, Vec::<Value>::new());
    client.open("/w/blocks.dlm", 1, "layer Broad(x: [C]) {\n    x -> dense(C)\n}\n").await;
    let found = loop {
        let found = client.diagnostics("/w/main.dlm", 1).await;
        if !found.is_empty() {
            break found;
        }
    };
    assert_eq!(found[0]["code"], "E0205", "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_of_an_imported_file_are_told_at_that_file() {
    let disk = Disk::default();
    disk.put("/w/blocks.dlm", "layer Wide(x: [C]) {\n    x -> dens(C)\n}\n");
    let mut client = Client::ready(&disk, json!({})).await;
    client.open("/w/main.dlm", 1, "use \"blocks.dlm\": Wide\n").await;
    client.diagnostics("/w/main.dlm", 1).await;
    let of_blocks = |it: &Value| it["params"]["uri"] == uri("/w/blocks.dlm");
    let told = client.wait(of_blocks).await;
    assert_eq!(told["params"]["diagnostics"][0]["code"], "E0201", "{told}");
    client.change("/w/main.dlm", 2, None, "w = 3\n").await;
    let told = client.wait(of_blocks).await;
    assert_eq!(told["params"]["diagnostics"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_of_an_open_file_stay_when_what_imports_it_is_checked() {
    let disk = Disk::default();
    let wrong = "layer Wide(x: [C]) {\n    x -> dens(C)\n}\n";
    disk.put("/w/blocks.dlm", wrong);
    let mut client = Client::ready(&disk, json!({})).await;
    client.open("/w/blocks.dlm", 1, wrong).await;
    assert_eq!(client.diagnostics("/w/blocks.dlm", 1).await.len(), 1);
    client.open("/w/main.dlm", 1, "use \"blocks.dlm\": Wide\n").await;
    client.diagnostics("/w/main.dlm", 1).await;
    client.assert_lives().await;
    let later = client.heard().find(|it| it["params"]["uri"] == uri("/w/blocks.dlm"));
    assert_eq!(later, None, "its mistakes are taken away");
    // Closed, it has those that its importer finds.
    let closed = json!({ "textDocument": { "uri": uri("/w/blocks.dlm") } });
    client.tell("textDocument/didClose", closed).await;
    let found = |it: &Value| {
        it["params"]["uri"] == uri("/w/blocks.dlm") && it["params"]["diagnostics"] != json!([])
    };
    assert_eq!(client.wait(found).await["params"]["diagnostics"][0]["code"], "E0201");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_file_that_appears_changes_or_vanishes_is_read_again() {
    let disk = Disk::default();
    let mut client = Client::ready(&disk, json!({})).await;
    client.open("/w/a.dlm", 1, "data D {\n    source = csv(\"t.csv\", target = \"y\")\n}\n").await;
    let codes = |found: &[Value]| -> Vec<String> {
        found.iter().filter_map(|it| it["code"].as_str().map(str::to_string)).collect()
    };
    let found = client.diagnostics("/w/a.dlm", 1).await;
    assert_eq!(codes(&found), ["E0501"]);
    let changed = json!({ "changes": [{ "uri": uri("/w/t.csv"), "type": 1 }] });
    let row = "1,a\n2,b\n".repeat(40);
    disk.put("/w/t.csv", &format!("x,y\n{row}"));
    client.tell("workspace/didChangeWatchedFiles", changed.clone()).await;
    let found = client.diagnostics("/w/a.dlm", 1).await;
    assert_eq!(codes(&found), [""; 0], "{found:?}");
    disk.put("/w/t.csv", &format!("x,z\n{row}"));
    client.tell("workspace/didChangeWatchedFiles", changed.clone()).await;
    assert_eq!(codes(&client.diagnostics("/w/a.dlm", 1).await), ["E0303"]);
    disk.remove("/w/t.csv");
    client.tell("workspace/didChangeWatchedFiles", changed).await;
    assert_eq!(codes(&client.diagnostics("/w/a.dlm", 1).await), ["E0501"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_can_be_asked_for() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    client.open("/w/a.dlm", 1, "w = a\n").await;
    let command = json!({ "command": "dlm.check", "arguments": [uri("/w/a.dlm")] });
    let answer = client.ask("workspace/executeCommand", command).await;
    assert_eq!(answer["result"], json!({ "errors": 1, "warnings": 0 }));
    assert_eq!(client.hear("window/showMessage").await["params"]["message"], "1 error, 0 warnings");
}
