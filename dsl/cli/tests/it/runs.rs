//! `dlm runs`: the history of a program.

use crate::support::{Folder, GOOD};
use serde_json::{Value, json};

/// A run of a network and its quantized form.
fn entry(started: &str, accuracy: &[f64], epochs: &str) -> Value {
    let artifact = |name: &str, kind: &str, size: u64, settings: Value| {
        json!({
            "name": name, "kind": kind, "model": "Net", "data": "Iris", "key": format!("{size}a{:060}", 0),
            "state": "made", "params": 131, "size": size, "seconds": 1.5,
            "metrics": { "test.accuracy": accuracy, "test.loss": vec![0.25; accuracy.len()] },
            "settings": settings,
        })
    };
    json!({
        "id": "", "started": started, "seconds": 2.25, "dlm": "0.1.0",
        "command": ["dlm", "run", "iris.dlm"], "threads": 2,
        "seeds": accuracy.len(), "seed_first": 0, "program": "fedcba9876543210", "set": [],
        "status": "held", "error": null,
        "artifacts": [
            artifact("Net", "trained", 524, json!({ "epochs": epochs, "batch": "32" })),
            artifact("Net8", "quantized", 180, json!({ "policy": "Edge" })),
        ],
        "expectations": [{ "text": "Net.accuracy >= 90%", "held": true, "left": accuracy[0], "right": 0.9 }],
    })
}

/// A folder with three runs: the first with three seeds, the last one failed.
fn three(test: &str) -> Folder {
    let folder = Folder::new(test);
    let first = entry("2026-07-31T09:00:00Z", &[0.9, 0.92, 0.94], "3");
    let mut second = entry("2026-08-01T12:03:01Z", &[0.86], "9");
    second["status"] = json!("failed expectations");
    second["expectations"][0]["held"] = json!(false);
    second["set"] = json!([["width", "64"]]);
    second["artifacts"].as_array_mut().unwrap().pop();
    let mut third = entry("2026-08-01T12:03:01Z", &[f64::NAN], "9");
    third["status"] = json!("failed");
    third["error"] = json!("the loss of `Net` became NaN");
    third["expectations"] = json!([]);
    folder.write("iris.dlm", GOOD);
    for (id, entry) in
        [("20260731-090000", first), ("20260801-120301", second), ("20260801-120301-2", third)]
    {
        folder.write(&format!("runs/iris/history/{id}.json"), entry.to_string());
    }
    folder
}

/// What the command prints, with times in UTC.
fn said(folder: &Folder, args: &[&str]) -> String {
    let output = folder.command(args).env("TZ", "UTC").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn runs_are_listed_the_newest_last() {
    let folder = three("runs-list");
    let expected = "\
run                 when                   time   result                   Net accuracy    Net8 accuracy
────────────────────────────────────────────────────────────────────────────────────────────────────────
20260731-090000     2026-07-31 09:00:00   2.2 s   ✓ 1 expectation        92.00% ± 2.00%   92.00% ± 2.00%
20260801-120301     2026-08-01 12:03:01   2.2 s   ✗ 1 of 1 expectation           86.00%
20260801-120301-2   2026-08-01 12:03:01   2.2 s   ✗ failed                          NaN              NaN
";
    assert_eq!(said(&folder, &["runs", "iris.dlm"]), expected);
    let last = said(&folder, &["runs", "iris.dlm", "--last", "1"]);
    assert!(last.contains("20260801-120301-2") && !last.contains("20260731"), "{last}");
    assert!(last.ends_with("and 2 runs before; --last N lists more\n"), "{last}");
    let json = said(&folder, &["runs", "iris.dlm", "--json"]);
    let rows: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((rows.len(), &rows[0]["id"]), (3, &json!("20260731-090000")));
    let elsewhere = said(&folder, &["runs", "iris.dlm", "--out", "runs/iris", "--last", "1"]);
    assert_eq!(elsewhere, last);
}

#[test]
fn one_run_is_shown_whole() {
    let folder = three("runs-show");
    let expected = "\
20260731-090000
dlm run iris.dlm
2026-07-31 09:00:00 · 2.2 s · dlm 0.1.0 · 2 threads · 3 seeds · program fedcba98
✓ 1 expectation

Net  trained · Net · Iris · made in 1.5 s
  batch           32
  epochs          3
  key             524a0000
  parameters      131
  size            524 B
  test.accuracy   92.00% ± 2.00%
  test.loss       0.2500 ± 0

Net8  quantized · Net · Iris · made in 1.5 s
  policy          Edge
  key             180a0000
  parameters      131
  size            180 B
  test.accuracy   92.00% ± 2.00%
  test.loss       0.2500 ± 0

  ✓ Net.accuracy >= 90%   90.00%
";
    assert_eq!(said(&folder, &["runs", "iris.dlm", "202607"]), expected);
    let text = said(&folder, &["runs", "iris.dlm", "-1"]);
    assert!(text.contains("\n✗ failed\nthe loss of `Net` became NaN\n"), "{text}");
    let json: Value =
        serde_json::from_str(&said(&folder, &["runs", "iris.dlm", "-3", "--json"])).unwrap();
    assert_eq!(json["artifacts"][1]["name"], "Net8");
}

#[test]
fn two_runs_are_compared() {
    let folder = three("runs-compare");
    let expected = "  \
  20260731-090000   2026-07-31 09:00:00   2.2 s   ✓ 1 expectation
  20260801-120301   2026-08-01 12:03:01   2.2 s   ✗ 1 of 1 expectation

  --set width   –         → 64
  seeds         3 seeds   → 1 seed

Net
  epochs          3                → 9
  params          131              → 131      =
  size            524 B            → 524 B    =
  test.accuracy   92.00% ± 2.00%   → 86.00%   −6.00%  worse
  test.loss       0.2500 ± 0       → 0.2500   =

Net8  only in 20260731-090000

  ✓ → ✗   Net.accuracy >= 90%   90.00% → 86.00%
";
    assert_eq!(said(&folder, &["runs", "iris.dlm", "-3", "20260801-120301"]), expected);
    let text = said(&folder, &["--color", "always", "runs", "iris.dlm", "-2", "-3"]);
    assert!(text.contains("\u{1b}[32m  test.accuracy"), "{text}");
    let same = said(&folder, &["runs", "iris.dlm", "-2", "-2"]);
    assert!(same.ends_with("\nthe same program, settings and artifacts\n"), "{same}");
    let json: Value =
        serde_json::from_str(&said(&folder, &["runs", "iris.dlm", "-3", "-2", "--json"])).unwrap();
    assert_eq!(
        json["artifacts"][0]["changes"],
        json!([{ "name": "epochs", "old": "3", "new": "9" }])
    );
    assert_eq!(json["only_old"], json!(["Net8"]));
}

#[test]
fn a_damaged_file_is_named_and_passed_over() {
    let folder = three("runs-damaged");
    folder.write("runs/iris/history/20260801-120301.json", "{\"id\": ");
    let ended = folder.dlm(&["runs", "iris.dlm"]).with(0);
    assert_eq!(ended.out.lines().count(), 4, "{}", ended.out);
    let start = "warning: passed over: runs/iris/history/20260801-120301.json: EOF while parsing";
    assert!(ended.err.starts_with(start), "{}", ended.err);
}

#[test]
fn what_is_not_there_is_told() {
    let folder = three("runs-none");
    let ended = folder.dlm(&["runs", "iris.dlm", "1999"]).with(2);
    assert!(ended.err.starts_with("error: no run is called `1999`\nhelp: "), "{}", ended.err);
    folder.dlm(&["runs", "iris.dlm", "2026"]).with(2);
    folder.dlm(&["runs", "iris.dlm", "-4"]).with(2);
    folder.dlm(&["runs", "iris.dlm", "-1", "--last", "3"]).with(2);
    folder.write("new.dlm", GOOD);
    let ended = folder.dlm(&["runs", "new.dlm"]).with(3);
    assert!(ended.err.contains("no run is remembered in runs/new"), "{}", ended.err);
    assert!(ended.err.contains("help: run `dlm run new.dlm` first"), "{}", ended.err);
    let ended = folder.dlm(&["runs", "iriss.dlm"]).with(2);
    assert!(ended.err.contains("iriss.dlm: there is no such file"), "{}", ended.err);
}
