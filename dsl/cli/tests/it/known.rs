//! What a later run finds made already, and what it makes again.

use crate::support::{Folder, Running};
use serde_json::Value;

/// A network, its student, and the student in integers.
const CHAIN: &str = "\
data Iris {
    source = builtin(\"iris\")
}

model Large(x: [4]) {
    x -> dense(16) -> relu -> dense(Iris.classes)
}

model Small(x: [4]) {
    x -> dense(5) -> relu -> dense(Iris.classes)
}

train Large on Iris {
    optimizer = adam(lr = 1e-2)
    epochs    = 3
}

distill Small from Large on Iris {
    epochs = 4
}

policy Edge {
    method = static
}

quantize Small with Edge on Iris as Small8

export Small8 to \"small8.onnx\"

expect {
    Small8.agreement(Large) >= 0%
    Small8.latency          <= 1 s
}
";

fn bytes(folder: &Folder, name: &str) -> Vec<u8> {
    std::fs::read(folder.0.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

const FILES: [&str; 3] = ["Large", "Small", "Small8"];

fn weights(folder: &Folder, run: &str) -> Vec<Vec<u8>> {
    FILES.iter().map(|name| bytes(folder, &format!("runs/{run}/{name}.safetensors"))).collect()
}

/// Flips one bit of a file.
fn damage(folder: &Folder, name: &str, place: f64) {
    let mut content = bytes(folder, name);
    let at = ((content.len() - 1) as f64 * place) as usize;
    content[at] ^= 4;
    folder.write(name, content);
}

#[test]
fn nothing_is_made_twice() {
    let folder = Folder::new("known");
    folder.write("a.dlm", CHAIN);
    let first = folder.dlm(&["run", "a.dlm"]).with(0);
    assert!(!first.err.contains("up to date"), "{}", first.err);
    let made = weights(&folder, "a");
    let again = folder.dlm(&["run", "a.dlm"]).with(0);
    for name in FILES {
        assert!(again.err.contains(&format!("✓ {name}  up to date")), "{}", again.err);
    }
    assert!(!again.err.contains("epoch"), "{}", again.err);
    let table =
        |out: &str| out.split("\nartifact").nth(1).unwrap().split('✓').next().unwrap().to_string();
    assert_eq!(table(&again.out), table(&first.out));
    assert_eq!(weights(&folder, "a"), made);

    // Comments, layout, order and names that nothing reads are no part of a key.
    let (data, rest) = CHAIN.split_at(CHAIN.find("model Large").unwrap());
    let other = format!("// Another order.\n{rest}\n{data}")
        .replace("dense(16) ->", "dense(16)\n        ->");
    folder.write("a.dlm", other.replace("policy Edge {", "/// Small.\npolicy Edge {"));
    let same = folder.dlm(&["run", "a.dlm"]).with(0);
    assert_eq!(same.err.matches("up to date").count(), 3, "{}", same.err);

    // Nor are threads, or where the folder lies.
    std::fs::create_dir(folder.0.join("moved")).unwrap();
    std::fs::rename(folder.0.join("runs"), folder.0.join("moved/runs")).unwrap();
    folder.write("moved/a.dlm", CHAIN);
    let moved = folder.dlm(&["run", "--threads", "1", "moved/a.dlm"]).with(0);
    assert_eq!(moved.err.matches("up to date").count(), 3, "{}", moved.err);

    let fresh = folder.dlm(&["run", "--fresh", "moved/a.dlm"]).with(0);
    assert!(!fresh.err.contains("up to date"), "{}", fresh.err);
    let fresh = FILES.map(|name| bytes(&folder, &format!("moved/runs/a/{name}.safetensors")));
    assert_eq!(fresh.to_vec(), made);
}

#[test]
fn what_has_changed_is_named_and_made_again_with_what_comes_from_it() {
    let folder = Folder::new("changed");
    folder.write("a.dlm", CHAIN);
    folder.dlm(&["run", "a.dlm"]).with(0);
    let run = |text: String, said: &[&str]| {
        folder.write("a.dlm", text);
        let ended = folder.dlm(&["run", "a.dlm"]).with(0);
        for said in said {
            assert!(ended.err.contains(said), "no `{said}` in\n{}", ended.err);
        }
    };
    run(
        CHAIN.replace("epochs = 4", "epochs = 5"),
        &[
            "✓ Large  up to date",
            "Small  made again: `epochs` 4 → 5",
            "Small8  made again: what is quantized",
        ],
    );
    run(
        CHAIN.replace("lr = 1e-2", "lr = 2e-2").replace("epochs = 4", "epochs = 5"),
        &["made again: `optimizer` adam(lr = 0.01", "Small  made again: `teacher Large`"],
    );
    run(CHAIN.replace("dense(16)", "dense(17)"), &["Large  made again: `model` and `optimizer`"]);
    run(
        CHAIN.replace("method = static", "method = dynamic"),
        &["Small8  made again: `method` static → dynamic"],
    );
    run(CHAIN.replace("\"iris\")", "\"iris\")\n    seed = 3"), &["`data.seed` 0 → 3"]);
    run(
        CHAIN.replace("    epochs    = 3", "    epochs = 3\n    clip = 1\n    seed = 1"),
        &["`clip` 1, not set before", "`seed` 0 → 1"],
    );
    // Another order of the run's artifacts, with one alone.
    folder.write("a.dlm", CHAIN);
    folder.dlm(&["run", "--only", "Large", "a.dlm"]).with(0);
    let ended = folder.dlm(&["run", "a.dlm"]).with(0);
    assert!(ended.err.contains("✓ Large  up to date"), "{}", ended.err);
}

const TABLE: &str = "\
data Points {
    source = csv(\"points.csv\", target = \"side\")
}

model Net(point: [2]) {
    point -> dense(Points.classes)
}

train Net on Points {
    epochs = 1
}
";

fn points(rows: usize, shift: usize) -> String {
    let row = |i: usize| format!("{},{},{}\n", i + shift, i % 5, ["left", "right"][i % 2]);
    "x,y,side\n".to_string() + &(0..rows).map(row).collect::<String>()
}

#[test]
fn data_count_by_their_content() {
    let folder = Folder::new("content");
    folder.write("a.dlm", TABLE).write("points.csv", points(40, 0));
    folder.dlm(&["run", "a.dlm"]).with(0);
    folder.write("points.csv", points(40, 0));
    let same = folder.dlm(&["run", "a.dlm"]).with(0);
    assert!(same.err.contains("✓ Net  up to date"), "{}", same.err);
    folder.write("points.csv", points(40, 1));
    let other = folder.dlm(&["run", "a.dlm"]).with(0);
    assert!(other.err.contains("Net  made again: `data.train.file`\n"), "{}", other.err);
    // The same under another name.
    std::fs::rename(folder.0.join("points.csv"), folder.0.join("moved points é.csv")).unwrap();
    folder.write("a.dlm", TABLE.replace("points.csv", "moved points é.csv"));
    let same = folder.dlm(&["run", "a.dlm"]).with(0);
    assert!(same.err.contains("✓ Net  up to date"), "{}", same.err);
}

#[test]
fn damage_is_found_and_mended_by_a_run_and_refused_by_others() {
    let folder = Folder::new("damage");
    folder.write("a.dlm", CHAIN).write("x.csv", "a,b,c,d\n5,3,1,0.2\n");
    folder.dlm(&["run", "a.dlm"]).with(0);
    let made = weights(&folder, "a");
    for (name, place) in [("Large", 0.99), ("Small", 0.9), ("Small8", 0.95), ("Large", 0.2)] {
        let file = format!("runs/a/{name}.safetensors");
        damage(&folder, &file, place);
        for args in [&["eval", "a.dlm", name][..], &["predict", "a.dlm", name, "x.csv"]] {
            let ended = folder.dlm(args).with(3);
            assert!(ended.err.contains(&format!("the weights of `{name}`: ")), "{}", ended.err);
        }
        let ended = folder.dlm(&["run", "a.dlm"]).with(0);
        let said = format!("{name}  made again: `{name}.safetensors` is damaged");
        assert!(ended.err.contains(&said), "{}", ended.err);
        assert_eq!(weights(&folder, "a"), made);
    }
    damage(&folder, "runs/a/Small.json", 0.5);
    damage(&folder, "runs/a/answers/Large.Iris.bin", 0.5);
    std::fs::remove_file(folder.0.join("runs/a/Small8.safetensors")).unwrap();
    let onnx = bytes(&folder, "small8.onnx");
    folder.write("small8.onnx", "something else");
    let ended = folder.dlm(&["run", "a.dlm"]).with(0);
    for said in ["`Small.json` is damaged", "`Small8.safetensors` is missing"] {
        assert!(ended.err.contains(said), "no `{said}` in {}", ended.err);
    }
    assert!(!ended.err.contains("kept from before"), "{}", ended.err);
    assert_eq!(weights(&folder, "a"), made);
    assert!(bytes(&folder, "small8.onnx") == onnx, "the export is not written again");
    // A damaged file of ours is no teacher.
    damage(&folder, "runs/a/Large.safetensors", 0.99);
    let load =
        CHAIN.split("distill").next().unwrap().split("train Large").next().unwrap().to_string();
    let load = load
        + "load Large from \"runs/a/Large.safetensors\" as T\n\ndistill Small from T on Iris {\n    epochs = 1\n}\n";
    folder.write("b.dlm", load);
    let ended = folder.dlm(&["run", "b.dlm"]).with(3);
    assert!(ended.err.contains("Large.safetensors`: it is damaged"), "{}", ended.err);
}

#[test]
fn clean_removes_what_no_key_needs_and_nothing_else() {
    let folder = Folder::new("clean");
    folder.write("a.dlm", CHAIN);
    folder.dlm(&["run", "--seeds", "2", "a.dlm"]).with(0);
    let ended = folder.dlm(&["clean", "a.dlm"]).with(0);
    assert!(ended.out.contains("nothing to remove"), "{}", ended.out);
    // A copy that somebody keeps is not the run's.
    for ending in ["json", "safetensors"] {
        folder.write(
            &format!("runs/a/best.{ending}"),
            bytes(&folder, &format!("runs/a/Small.{ending}")),
        );
    }
    folder.write("runs/a/notes.txt", "mine").write("runs/a/mine.json", "{}");
    folder.write("runs/a/checkpoints/.Large.safetensors.1.tmp", "half");
    let without = CHAIN.split("quantize").next().unwrap().replace("epochs = 4", "epochs = 5");
    folder.write("a.dlm", without);
    let dry = folder.dlm(&["clean", "--dry-run", "a.dlm"]).with(0);
    assert!(dry.out.contains("would be removed: 9 files"), "{}", dry.out);
    assert!(folder.has("runs/a/Small.safetensors"));
    let ended = folder.dlm(&["clean", "a.dlm"]).with(0);
    assert!(ended.out.contains("removed: 9 files"), "{}", ended.out);
    for name in
        ["Small.safetensors", "Small8.json", "seeds/1/Small8.safetensors", "seeds/1/Small.json"]
    {
        assert!(!folder.has(&format!("runs/a/{name}")), "{name}");
    }
    for name in [
        "Large.safetensors",
        "Large.json",
        "seeds/1/Large.json",
        "best.safetensors",
        "best.json",
        "notes.txt",
        "mine.json",
        "report.html",
        "metrics.jsonl",
    ] {
        assert!(folder.has(&format!("runs/a/{name}")), "{name}");
    }
    let ended = folder.dlm(&["run", "a.dlm"]).with(0);
    assert!(ended.err.contains("✓ Large  up to date"), "{}", ended.err);
    assert!(
        folder
            .dlm(&["clean", "a.dlm", "--out", "nowhere"])
            .with(0)
            .out
            .contains("no run has written there")
    );
}

#[test]
fn seeds_run_side_by_side_and_are_those_of_runs_alone() {
    let folder = Folder::new("seeds-apart");
    folder.write("a.dlm", CHAIN);
    let ended = folder.dlm(&["run", "--seeds", "3", "--threads", "2", "--json", "a.dlm"]).with(0);
    let events: Vec<Value> =
        ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let results = events.last().unwrap();
    assert_eq!((&results["event"], &results["seeds"]), (&"results".into(), &3.into()));
    let small8 = &results["artifacts"][2];
    assert_eq!(small8["artifact"], "Small8");
    for metric in ["test.accuracy", "test.loss", "valid.accuracy", "size", "latency", "agreement"] {
        let values = small8["metrics"][metric]["values"].as_array();
        assert_eq!(values.map(Vec::len), Some(3), "{metric}");
        assert!(small8["metrics"][metric]["deviation"].is_f64(), "{metric}");
    }
    assert!(events.iter().any(|event| event["event"] == "epoch_ended" && event["seed"] == 2));
    for seed in 1..3 {
        let text =
            CHAIN.replace("    epochs    = 3", &format!("    epochs = 3\n    seed = {seed}"));
        let text = text.replace("epochs = 4", &format!("epochs = 4\n    seed = {seed}"));
        folder.write("b.dlm", text);
        folder.dlm(&["run", "-q", "b.dlm"]).with(0);
        for name in FILES {
            let apart = bytes(&folder, &format!("runs/a/seeds/{seed}/{name}.safetensors"));
            // The header says what the seed of the program was; the numbers are the same.
            let alone = bytes(&folder, &format!("runs/b/{name}.safetensors"));
            assert!(apart == alone, "{name} with seed {seed}");
        }
    }
    let more = folder.dlm(&["run", "--seeds", "4", "a.dlm"]).with(0);
    assert_eq!(more.err.matches("up to date").count(), 9, "{}", more.err);
    assert!(more.err.contains("seed 4 ✓ Large  3 epochs"), "{}", more.err);
    assert!(more.out.contains("mean ± deviation of 4 seeds"), "{}", more.out);
}

/// What no seed touches is made once, for all.
#[test]
fn seeds_share_what_no_seed_touches() {
    let folder = Folder::new("seeds-shared");
    folder.write("a.dlm", CHAIN);
    folder.dlm(&["run", "-q", "--only", "Large", "a.dlm"]).with(0);
    let model = CHAIN.split("train Large").next().unwrap();
    let text = format!(
        "{model}load Large from \"runs/a/Large.safetensors\" as T\n\npolicy Edge {{\n    method = dynamic\n}}\n\n\
         quantize T with Edge on Iris as T8\n\ndistill Small from T on Iris {{\n    epochs = 2\n}}\n"
    );
    folder.write("b.dlm", text);
    let ended = folder.dlm(&["run", "--seeds", "3", "b.dlm"]).with(0);
    assert_eq!(ended.err.matches("✓ T  loaded").count(), 1, "{}", ended.err);
    assert_eq!(ended.err.matches("✓ T8  quantized").count(), 1, "{}", ended.err);
    assert_eq!(ended.err.matches("T  up to date").count(), 2, "{}", ended.err);
    assert!(folder.has("runs/b/seeds/2/Small.safetensors"));
    assert!(!folder.has("runs/b/seeds/2/T8.safetensors"));
}

/// The manual has a row for each event, with all its fields.
#[test]
fn events_are_as_the_manual_says() {
    let manual = std::fs::read_to_string("../../docs/runs.md").unwrap();
    let folder = Folder::new("manual");
    folder.write("a.dlm", CHAIN);
    let first = folder.dlm(&["run", "--json", "a.dlm"]).with(0).out;
    folder.write("a.dlm", CHAIN.replace("epochs = 4", "epochs = 5"));
    let second = folder.dlm(&["run", "--json", "a.dlm"]).with(0).out;
    let mut kinds = std::collections::BTreeSet::new();
    for line in first.lines().chain(second.lines()) {
        let event: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        let kind = event["event"].as_str().unwrap();
        let row = manual.lines().find(|row| row.starts_with(&format!("| `{kind}`")));
        let row = row.unwrap_or_else(|| panic!("the manual says nothing of {kind}"));
        for field in event.keys().filter(|field| *field != "event") {
            assert!(row.contains(&format!("`{field}`")), "{kind} has {field}: {row}");
        }
        kinds.insert(kind.to_string());
    }
    assert!(kinds.len() >= 14, "{kinds:?}");
}

#[test]
fn an_interrupt_keeps_what_was_done() {
    let folder = Folder::new("interrupt");
    let long = CHAIN.replace("    epochs    = 3", "    epochs    = 8000");
    folder.write("a.dlm", &long);
    let mut running: Running = folder.start(&["run", "a.dlm"]);
    running.until("epoch  300/8000", 1);
    let pid = running.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(running.child.wait().unwrap().code(), Some(130), "{}", running.err());
    let said = running.err();
    assert!(said.contains("`Large` was stopped in epoch "), "{said}");
    assert!(said.contains("the same command goes on from there: dlm run a.dlm"), "{said}");
    assert!(folder.has("runs/a/checkpoints/Large.safetensors"));
    let ended = folder.dlm(&["run", "a.dlm"]).with(0);
    assert!(ended.err.contains("Large  goes on after epoch "), "{}", ended.err);
    assert!(!folder.has("runs/a/checkpoints/Large.safetensors"));
    // The log has the whole training, and each epoch once.
    let log = folder.read("runs/a/metrics.jsonl");
    let large = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let large =
        large.filter(|event| event["event"] == "epoch_ended" && event["artifact"] == "Large");
    let epochs: Vec<u64> = large.map(|event| event["epoch"].as_u64().unwrap()).collect();
    assert_eq!(epochs, (1..=8000).collect::<Vec<u64>>());
    folder.write("b.dlm", long);
    folder.dlm(&["run", "-q", "b.dlm"]).with(0);
    assert!(weights(&folder, "a") == weights(&folder, "b"), "the weights differ");
    let history = folder.dlm(&["runs", "a.dlm"]).with(0);
    assert!(history.out.contains("stopped"), "{}", history.out);
}
