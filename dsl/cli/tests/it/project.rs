//! From `dlm new` to answers: programs that run.

use crate::support::{Folder, GOOD};
use serde_json::Value;

#[test]
fn a_new_project_checks_runs_and_answers() {
    let folder = Folder::new("new");
    let ended = folder.dlm(&["new", "my-digits"]).with(0);
    assert!(ended.out.contains("dlm run my-digits/my-digits.dlm"), "{}", ended.out);
    for file in ["README.md", ".gitignore", ".editorconfig", ".github/workflows/dlm.yml"] {
        assert!(folder.has(&format!("my-digits/{file}")), "{file}");
    }
    assert!(!folder.read("my-digits/README.md").contains("{{"));
    let program = "my-digits/my-digits.dlm";
    folder.dlm(&["fmt", "--check", program]).with(0);
    folder.dlm(&["check", "--deny", "warnings", program]).with(0);
    let ended = folder.dlm(&["run", program]).with(0);
    assert!(ended.out.contains("✓ MyDigits.accuracy >= 95%"), "{}", ended.out);
    assert!(ended.err.contains("epoch 15/15"), "{}", ended.err);
    assert!(folder.has("my-digits/runs/my-digits/MyDigits.safetensors"));

    let ended = folder.dlm(&["eval", program, "MyDigits"]).with(0);
    for part in ["Classes on test", "Confusion", "precision"] {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
}

#[test]
fn new_changes_nothing_that_is_there() {
    let folder = Folder::new("new-twice");
    folder.write("mine/notes.txt", "precious");
    let ended = folder.dlm(&["new", "mine"]).with(2);
    assert!(ended.err.contains("mine is there already"), "{}", ended.err);
    assert_eq!(folder.read("mine/notes.txt"), "precious");
    assert!(!folder.has("mine/mine.dlm"));
    folder.dlm(&["new", "a b"]).with(2);
    folder.dlm(&["new", ".."]).with(2);
    std::fs::create_dir(folder.0.join("empty")).unwrap();
    folder.dlm(&["new", "empty"]).with(0);
}

#[test]
fn a_run_writes_weights_and_figures() {
    let folder = Folder::new("run");
    folder.write("iris.dlm", GOOD);
    let ended = folder.dlm(&["run", "iris.dlm"]).with(0);
    assert!(ended.out.contains("✓ Net.params <= 200"), "{}", ended.out);
    assert!(folder.has("runs/iris/Net.safetensors"));
    let log = folder.read("runs/iris/metrics.jsonl");
    let kinds: Vec<String> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].as_str().unwrap().into())
        .collect();
    assert_eq!(kinds.iter().filter(|k| *k == "epoch_ended").count(), 3);
    assert!(!kinds.contains(&"step".to_string()));

    folder.dlm(&["run", "iris.dlm", "--out", "elsewhere", "--quiet"]).with(0);
    let bytes = |name: &str| std::fs::read(folder.0.join(name)).unwrap();
    assert_eq!(bytes("elsewhere/Net.safetensors"), bytes("runs/iris/Net.safetensors"));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let folder = Folder::new("threads");
    folder.write("iris.dlm", GOOD);
    folder.dlm(&["run", "iris.dlm", "--out", "one", "--threads", "1"]).with(0);
    folder.dlm(&["run", "iris.dlm", "--out", "three", "--threads", "3"]).with(0);
    let bytes = |name: &str| std::fs::read(folder.0.join(name)).unwrap();
    assert_eq!(bytes("one/Net.safetensors"), bytes("three/Net.safetensors"));
}

#[test]
fn an_expectation_that_fails_ends_with_1() {
    let folder = Folder::new("expectation");
    let hard = GOOD.replace("Net.params <= 200", "Net.accuracy > 100%");
    folder.write("iris.dlm", hard);
    let ended = folder.dlm(&["run", "iris.dlm"]).with(1);
    assert!(ended.out.contains("✗ Net.accuracy > 100%"), "{}", ended.out);
    assert!(ended.out.contains("1 expectation does not hold"), "{}", ended.out);
    assert!(folder.has("runs/iris/Net.safetensors"));
}

#[test]
fn a_run_that_breaks_ends_with_3() {
    let folder = Folder::new("breaks");
    folder.write("iris.dlm", GOOD).write("full", "a file where a folder is wanted");
    let ended = folder.dlm(&["run", "iris.dlm", "--out", "full"]).with(3);
    assert!(ended.err.contains("cannot write full"), "{}", ended.err);
    folder.write("wild.dlm", GOOD.replace("adam(lr = 1e-2)", "sgd(lr = 1e30)"));
    let ended = folder.dlm(&["run", "wild.dlm"]).with(3);
    assert!(ended.err.contains("error: the loss of `Net` became"), "{}", ended.err);
    assert!(ended.err.contains("at wild.dlm:"), "{}", ended.err);
    assert!(!folder.has("runs/wild/Net.safetensors"));
    let ended = folder.dlm(&["run", "--json", "wild.dlm"]).with(3);
    let last: Value = serde_json::from_str(ended.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["event"], "failed");
}

#[test]
fn json_events_are_all_that_a_run_prints_with_json() {
    let folder = Folder::new("events");
    folder.write("iris.dlm", GOOD);
    let ended = folder.dlm(&["run", "--json", "iris.dlm"]).with(0);
    let kinds: Vec<String> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].as_str().unwrap().into())
        .collect();
    for kind in
        ["train_started", "step", "epoch_ended", "train_ended", "evaluated", "saved", "judged"]
    {
        assert!(kinds.iter().any(|k| k == kind), "no {kind}");
    }
    assert!(ended.err.is_empty(), "{}", ended.err);
}

#[test]
fn quiet_shows_results_alone() {
    let folder = Folder::new("quiet");
    folder.write("iris.dlm", GOOD);
    let ended = folder.dlm(&["run", "-q", "iris.dlm"]).with(0);
    assert!(ended.err.is_empty(), "{}", ended.err);
    assert!(ended.out.contains("artifact") && ended.out.contains("Net"), "{}", ended.out);
}

#[test]
fn several_seeds_are_averaged() {
    let folder = Folder::new("seeds");
    folder.write("iris.dlm", GOOD);
    let ended = folder.dlm(&["run", "--seeds", "3", "iris.dlm"]).with(0);
    assert!(ended.out.contains("mean ± deviation of 3 seeds"), "{}", ended.out);
    folder.dlm(&["run", "iris.dlm", "--out", "one"]).with(0);
    let bytes = |name: &str| std::fs::read(folder.0.join(name)).unwrap();
    assert_eq!(bytes("one/Net.safetensors"), bytes("runs/iris/Net.safetensors"));
}

#[test]
fn only_takes_an_artifact_of_the_program() {
    let folder = Folder::new("only");
    let two = GOOD.to_string() + "\ntrain Net on Iris as Second {\n    epochs = 1\n}\n";
    folder.write("iris.dlm", two);
    folder.dlm(&["run", "--only", "Second", "iris.dlm"]).with(0);
    assert!(folder.has("runs/iris/Second.safetensors") && !folder.has("runs/iris/Net.safetensors"));
    let ended = folder.dlm(&["run", "--only", "Secnd", "iris.dlm"]).with(2);
    assert!(ended.err.contains("did you mean `Second`?"), "{}", ended.err);
}

#[test]
fn what_was_not_trained_cannot_be_asked() {
    let folder = Folder::new("untrained");
    folder.write("iris.dlm", GOOD).write("x.csv", "a,b,c,d\n5,3,1,0.2\n");
    let ended = folder.dlm(&["eval", "iris.dlm", "Net"]).with(3);
    assert!(ended.err.contains("run `dlm run iris.dlm` first"), "{}", ended.err);
    folder.dlm(&["predict", "iris.dlm", "Net", "x.csv"]).with(3);
    folder.dlm(&["eval", "iris.dlm", "Nett"]).with(2);
    folder.write("runs/iris/Net.safetensors", "not weights");
    folder.dlm(&["eval", "iris.dlm", "Net"]).with(3);
}

#[test]
fn predictions_come_as_text_and_as_json() {
    let folder = Folder::new("predict");
    let mut table = String::from("x,y,side\n");
    for i in 0..60 {
        let (shift, side) = if i % 2 == 0 { (0.0, "left") } else { (5.0, "right") };
        table += &format!("{},{},{side}\n", shift + f64::from(i % 7) / 7.0, f64::from(i % 5));
    }
    folder.write("points.csv", table).write(
        "points.dlm",
        "data Points {
    source = csv(\"points.csv\", target = \"side\")
}

model Net(point: [2]) {
    point -> dense(8) -> relu -> dense(Points.classes)
}

train Net on Points {
    optimizer = adam(lr = 5e-2)
    epochs    = 30
}
",
    );
    folder.dlm(&["run", "-q", "points.dlm"]).with(0);
    folder.write("x.csv", "x,y\n0.2,1\n5.5,2\n");
    let text = folder.dlm(&["predict", "points.dlm", "Net", "x.csv"]).with(0).out;
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.starts_with("x.csv[0]   left"), "{text}");
    let json = folder.dlm(&["predict", "--json", "points.dlm", "Net", "x.csv"]).with(0).out;
    let rows: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows[0]["class"], "left");
    assert_eq!(rows[1]["class"], "right");
    folder.dlm(&["predict", "points.dlm", "Net", "nothing.csv"]).with(3);
}
