//! What an editor can start.

use crate::client::{Client, Disk, uri};
use serde_json::json;

const TEXT: &str = "data D { source = builtin(\"digits\") }
model Sound(x: [1, 8, 8], width: int = 4) { x -> flatten -> dense(width) -> relu -> dense(10) }
model Broken(x: [1, 8, 8]) { x -> dense(10) }
train Sound(width = 8) on D as Wide
";

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_network_is_drawn_beside_a_broken_one() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    client.open("/w/a.dlm", 1, TEXT).await;
    let found = client.diagnostics("/w/a.dlm", 1).await;
    assert!(found.iter().any(|it| it["code"] == "E0401"), "{found:?}");
    // The test's drawing is a complaint that says what was to be drawn, and where.
    for (name, said) in [
        ("Sound", "cannot write /cache/Sound.svg: Sound in /cache/Sound.svg, layers: 4"),
        (
            "Sound(width = 8)",
            "cannot write /cache/Sound.svg: Sound(width = 8) in /cache/Sound.svg, layers: 4",
        ),
        (
            "Broken",
            "no network `Broken` can be drawn: it has an error, or sizes that nothing gives",
        ),
        (
            "../Sound",
            "no network `../Sound` can be drawn: it has an error, or sizes that nothing gives",
        ),
    ] {
        let params = json!({ "command": "dlm.draw", "arguments": [uri("/w/a.dlm"), name] });
        let answer = client.ask("workspace/executeCommand", params).await;
        assert_eq!(answer["error"]["message"], said, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_is_drawn_as_it_is_typed() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    client.open("/w/a.dlm", 1, TEXT).await;
    let longer = TEXT.replace("flatten ->", "flatten -> dense(9) ->");
    client.change("/w/a.dlm", 2, None, &longer).await;
    let params = json!({ "command": "dlm.draw", "arguments": [uri("/w/a.dlm"), "Sound"] });
    let answer = client.ask("workspace/executeCommand", params).await;
    let said = answer["error"]["message"].as_str().expect("a message");
    assert!(said.ends_with("layers: 5"), "{said}");
}
