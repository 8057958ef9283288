//! Names over the files of a workspace.

use crate::client::{Client, Disk, at, uri};
use serde_json::json;

const BLOCKS: &str = "layer Tail(x: [C]) { x -> dense(C) as last }\n";
const NET: &str = "use \"blocks.dlm\": Tail\nmodel Net(x: [4]) { x -> Tail }\n";
const OTHER: &str = "use \"sub/blocks.dlm\": Tail\nmodel Other(x: [4]) { x -> Tail }\n";
const RUN: &str = "use \"sub/net.dlm\": Net\ndata D { source = csv(\"t.csv\", target = \"y\") }
train Net on D
policy P { keep = [Tail1.last] }
quantize Net with P on D as Net8
";

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_found_in_all_files_that_reach_it() {
    let disk = Disk::default();
    disk.put("/w/t.csv", &format!("a,b,c,d,y\n{}", "1,2,3,4,1\n4,3,2,1,2\n".repeat(40)));
    let files = [
        ("/w/sub/blocks.dlm", BLOCKS, 1),
        ("/w/sub/net.dlm", NET, 2),
        ("/w/other.dlm", OTHER, 2),
        ("/w/run.dlm", RUN, 1),
    ];
    for (name, text, _) in files {
        disk.put(name, text);
    }
    // Wherever one asks: where it is declared, where it is imported, or in another file that imports it.
    for (name, text, _) in files {
        let mut client = Client::ready(&disk, json!({})).await;
        client.open(name, 1, text).await;
        let (line, column) = text
            .lines()
            .enumerate()
            .find_map(|(line, it)| Some((line as u32, it.find("Tail")? as u32)))
            .expect("it is there");
        let params = json!({ "textDocument": { "uri": uri(name) }, "position": at(line, column),
            "newName": "Head", "context": { "includeDeclaration": true } });
        let found = client.ask("textDocument/references", params.clone()).await;
        let answer = client.ask("textDocument/rename", params).await;
        for (file, _, uses) in files {
            let of_file = |it: &&serde_json::Value| it["uri"] == uri(file);
            let places = found["result"].as_array().expect("a list").iter().filter(of_file);
            assert_eq!(places.count(), uses, "{file} from {name}: {found}");
            let edits = answer["result"]["changes"][uri(file)].as_array().map(Vec::len);
            assert_eq!(edits, Some(uses), "{file} from {name}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_keeps_its_names() {
    let mut client = Client::ready(&Disk::default(), json!({})).await;
    let name = "/cache/std/vision.dlm";
    client.open(name, 1, BLOCKS).await;
    let place =
        json!({ "textDocument": { "uri": uri(name) }, "position": at(0, 6), "newName": "Head" });
    for method in ["textDocument/prepareRename", "textDocument/rename"] {
        let answer = client.ask(method, place.clone()).await;
        assert_eq!(answer["error"]["message"], "the library keeps its names", "{method}");
    }
}
