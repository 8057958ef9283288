//! `check --format`, `fmt`, `show`, `dump`.

use crate::support::{BAD, Folder, GOOD, WARNED};
use serde_json::Value;

#[test]
fn json_is_one_object_a_line() {
    let folder = Folder::new("json");
    folder.write("bad.dlm", BAD).write("warned.dlm", WARNED).write("good.dlm", GOOD);
    let out = folder.dlm(&["check", "--format", "json", "bad.dlm", "warned.dlm"]).with(1).out;
    let objects: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codes: Vec<&str> = objects.iter().map(|o| o["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["E0401", "W1003"]);
    assert_eq!(objects[0]["file"], "bad.dlm");
    assert_eq!(objects[0]["severity"], "error");
    assert_eq!(objects[0]["range"]["start"], serde_json::json!({ "line": 2, "column": 36 }));
    assert_eq!(objects[0]["fixes"][0]["edits"][0]["text"], "flatten -> ");
    assert!(folder.dlm(&["check", "--format", "json", "good.dlm"]).with(0).out.is_empty());
}

#[test]
fn sarif_lists_rules_and_results() {
    let folder = Folder::new("sarif");
    folder.write("bad.dlm", BAD);
    let out = folder.dlm(&["check", "--format", "sarif", "bad.dlm"]).with(1).out;
    let log: Value = serde_json::from_str(&out).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["results"][0]["ruleId"], "E0401");
    let index = run["results"][0]["ruleIndex"].as_u64().unwrap() as usize;
    assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "E0401");
}

#[test]
fn github_and_short_are_one_line_each() {
    let folder = Folder::new("github");
    folder.write("bad.dlm", BAD);
    let out = folder.dlm(&["check", "--format", "github", "bad.dlm"]).with(1).out;
    assert!(out.starts_with("::error file=bad.dlm,line=2,endLine=2,col=36,"), "{out}");
    assert_eq!(out.lines().count(), 1);
    let out = folder.dlm(&["check", "--format", "short", "bad.dlm"]).with(1).out;
    assert!(out.starts_with("bad.dlm:2:36: error[E0401]: "), "{out}");
}

#[test]
fn an_import_that_two_programs_share_is_reported_on_once() {
    let folder = Folder::new("shared");
    let user = "use \"blocks.dlm\": Block\n\nmodel Net(x: [4]) {\n    x -> Block\n}\n";
    folder.write("blocks.dlm", "layer Block(x: [N]) {\n    x -> dnse(N)\n}\n");
    folder.write("a.dlm", user).write("b.dlm", user);
    let out = folder.dlm(&["check", "--format", "short", "a.dlm", "b.dlm"]).with(1).out;
    assert_eq!(out.matches("E0201").count(), 1, "{out}");
}

#[test]
fn set_changes_a_constant() {
    let folder = Folder::new("set");
    folder.write("a.dlm", "width = 4\n\nmodel Net(x: [4]) {\n    x -> dense(width)\n}\n");
    let shape = |args: &[&str]| {
        let out = folder.dlm(args).with(0).out;
        serde_json::from_str::<Value>(&out).unwrap()["output"].clone()
    };
    assert_eq!(shape(&["show", "--json", "a.dlm"]), serde_json::json!([4]));
    assert_eq!(shape(&["show", "--json", "a.dlm", "--set", "width=64"]), serde_json::json!([64]));
    folder.dlm(&["check", "a.dlm", "--set", "height=64"]).with(1);
}

#[test]
fn fmt_rewrites_checks_and_reads_standard_input() {
    let folder = Folder::new("fmt");
    let untidy = "model   Net( x:[4] ){\n x->dense( 3 )\n}\n";
    folder.write("a.dlm", untidy);
    let ended = folder.dlm(&["fmt", "--check", "a.dlm"]).with(1);
    assert_eq!(ended.out, "a.dlm would be formatted\n");
    assert_eq!(folder.read("a.dlm"), untidy);
    folder.dlm(&["fmt", "a.dlm"]).with(0);
    let tidy = folder.read("a.dlm");
    assert_eq!(tidy, "model Net(x: [4]) {\n    x -> dense(3)\n}\n");
    assert!(folder.dlm(&["fmt", "--check", "a.dlm"]).with(0).out.is_empty());
    let ended = folder.dlm_with(&["fmt", "-"], untidy).with(0);
    assert_eq!(ended.out, tidy);
    folder.dlm_with(&["fmt", "--check", "-"], untidy).with(1);
    let names: Vec<_> = std::fs::read_dir(&folder.0).unwrap().collect();
    assert_eq!(names.len(), 1, "a temporary file was left: {names:?}");
}

#[test]
fn fmt_leaves_a_file_with_syntax_errors_alone() {
    let folder = Folder::new("fmt-errors");
    let broken = "model Net(x: [4]) {\n  x -> dense(3\n}\n";
    folder.write("a.dlm", broken);
    let ended = folder.dlm(&["fmt", "a.dlm"]).with(1);
    assert!(ended.err.contains("a.dlm was left as it is"), "{}", ended.err);
    assert_eq!(folder.read("a.dlm"), broken);
    let ended = folder.dlm_with(&["fmt", "-"], broken).with(1);
    assert!(ended.out.is_empty() && ended.err.contains("E01"), "{}", ended.err);
}

#[test]
fn show_tells_every_layer_and_the_sums() {
    let folder = Folder::new("show");
    folder.write("a.dlm", GOOD);
    let out = folder.dlm(&["show", "a.dlm"]).with(0).out;
    for part in ["dense1", "dense(16)", "[16]", "relu1", "dense2", "131"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let out = folder.dlm(&["show", "--json", "a.dlm", "Net"]).with(0).out;
    let net: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(net["params"], 4 * 16 + 16 + 16 * 3 + 3);
    assert_eq!(net["macs"], 4 * 16 + 16 * 3);
    assert_eq!(net["layers"].as_array().unwrap().len(), 3);
    let ended = folder.dlm(&["show", "a.dlm", "Nt"]).with(2);
    assert!(ended.err.contains("did you mean `Net`?"), "{}", ended.err);
}

#[test]
fn show_tells_how_a_quantized_artifact_runs() {
    let folder = Folder::new("show-quantized");
    let verbs = "policy Edge { keep = [dense2]   weights = int8(per = tensor) }\n\
        quantize Net with Edge on Iris as Net8\n";
    folder.write("a.dlm", format!("{GOOD}{verbs}"));
    let table = folder.dlm(&["show", "a.dlm", "Net8"]).with(0).out;
    let row = |name: &str| table.lines().find(|line| line.starts_with(name)).expect(name);
    assert!(table.starts_with("Net8 = Net with Edge"), "{table}");
    assert!(row("dense1").contains("int8 tensor") && row("dense1").contains("integers"), "{table}");
    assert!(row("relu1").contains("in dense1"), "{table}");
    assert!(row("dense2").matches("float32").count() == 2, "{table}");
    assert!(table.contains("`keep` names them: dense2"), "{table}");
    // 64 codes, a scale and 16 biases; 48 + 3 floats; the grids of the input and of one result.
    let bytes = 64 + 4 + 64 + 204 + 10;
    assert!(row("3 layers").ends_with(&format!("{bytes} B")), "{table}");
    // The only policy that a network is used with is shown beside it.
    assert!(folder.dlm(&["show", "a.dlm", "Net"]).with(0).out.contains("Net8"));
    let out = folder.dlm(&["show", "--json", "a.dlm", "Net8"]).with(0).out;
    let net: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(net["quantized"]["bytes"], bytes);
    assert_eq!(net["quantized"]["method"], "static");
    assert_eq!(net["layers"][0]["quantized"]["per"], "tensor");
    assert_eq!(net["layers"][1]["quantized"]["into"], "dense1");
    assert_eq!(net["layers"][2]["quantized"]["why"], "`keep` names them");
    let ended = folder.dlm(&["show", "a.dlm", "Nt8"]).with(2);
    assert!(ended.err.contains("`Net8`"), "{}", ended.err);
}

#[test]
fn show_draws() {
    let folder = Folder::new("draw");
    folder.write("a.dlm", GOOD);
    folder.dlm(&["show", "a.dlm", "--svg", "pictures/net.svg"]).with(0);
    let svg = folder.read("pictures/net.svg");
    assert!(svg.starts_with("<svg ") && svg.contains("dense(16)"), "{svg}");
    let dot = folder.dlm(&["show", "a.dlm", "--dot"]).with(0).out;
    assert!(dot.starts_with("digraph"), "{dot}");
    folder.dlm(&["show", "a.dlm", "--dot", "--json"]).with(2);
}

#[test]
fn dump_prints_each_stage() {
    let folder = Folder::new("dump");
    folder.write("a.dlm", GOOD);
    for (stage, part) in
        [("tree", "Iris"), ("program", "Net"), ("graph", "dense"), ("plan", "batch 32")]
    {
        let out = folder.dlm(&["dump", "--stage", stage, "a.dlm"]).with(0).out;
        assert!(out.contains(part), "{stage}: {out}");
    }
}
