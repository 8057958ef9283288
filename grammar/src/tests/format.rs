//! The layout.

use super::parsed;
use crate::format;

fn formatted(text: &str) -> String {
    let parsed = parsed(text);
    assert!(parsed.diags.is_empty(), "{text}: {:?}", parsed.diags);
    format(&parsed.tree, text)
}

#[track_caller]
fn becomes(text: &str, expected: &str) {
    let once = formatted(text);
    assert_eq!(once, expected, "\n--- is\n{once}--- should be\n{expected}");
    assert_eq!(formatted(&once), once);
}

#[test]
fn programs_of_the_reference_stay_as_they_are() {
    for text in super::samples::ALL {
        if !text.starts_with('\n') {
            assert_eq!(formatted(text), *text);
        }
    }
}

#[test]
fn settings_stand_below_each_other() {
    becomes(
        "train M on D{epochs=3\nloss=cross_entropy(smoothing=0.1)//x\n\n\n\nseed=1 batch=32}",
        "train M on D {\n    epochs = 3\n    loss   = cross_entropy(smoothing = 0.1) //x\n\n    seed  = 1\n    batch = 32\n}\n",
    );
    becomes(
        "quantize S with E as T { epochs=3 optimizer=sgd(lr=1e-3) }",
        "quantize S with E as T { epochs = 3   optimizer = sgd(lr = 1e-3) }\n",
    );
    becomes(
        "policy P {\n override a { b = 1 }\n override kind(dense) { c = 2 }\n}",
        "policy P {\n    override a           { b = 1 }\n    override kind(dense) { c = 2 }\n}\n",
    );
    becomes(
        "expect {\n A.x>=1\n A.accuracy<2 KiB }",
        "expect {\n    A.x        >= 1\n    A.accuracy < 2 KiB\n}\n",
    );
    becomes("a=1\nbcd=2\n\ne=3", "a   = 1\nbcd = 2\n\ne = 3\n");
}

#[test]
fn long_flows_break_before_arrows() {
    let steps = " -> conv(32, 3, bias = false) -> batch_norm".repeat(3);
    becomes(
        &format!("model M(x: [1]) {{\n y = x{steps}\n y }}"),
        "model M(x: [1]) {\n    y = x -> conv(32, 3, bias = false) -> batch_norm -> conv(32, 3, bias = false) -> batch_norm\n          -> conv(32, 3, bias = false) -> batch_norm\n    y\n}\n",
    );
}

#[test]
fn breaks_before_arrows_stay() {
    becomes(
        "model M(x: [1]) {\n x\n -> relu -> tanh\n   -> repeat 2 {\n relu } as r\n}",
        "model M(x: [1]) {\n    x\n        -> relu -> tanh\n        -> repeat 2 {\n               relu\n           } as r\n}\n",
    );
}

#[test]
fn long_arguments_stand_one_a_line() {
    let name = "a_long_name_of_a_file_to_read_from";
    becomes(
        &format!(
            "data D {{\n source = csv(\"{name}\", target = \"{name}\", features = [\"{name}\"])\n}}"
        ),
        &format!(
            "data D {{\n    source = csv(\n        \"{name}\",\n        target = \"{name}\",\n        features = [\"{name}\"]\n    )\n}}\n"
        ),
    );
    let numbers: Vec<String> = (10..60).map(|n| n.to_string()).collect();
    let list = formatted(&format!("a = [{}]", numbers.join(",")));
    assert!(list.lines().count() == 5 && list.lines().all(|line| line.len() <= 100), "{list}");
}

#[test]
fn comments_stay_where_they_are() {
    becomes(
        "// head\n\n\n/// doc\nmodel M(x: [1]) { // open\n  // first\n  y = x // after\n   -> relu // step\n\n  // before\n  y\n  // last\n}\n// end",
        "// head\n\n/// doc\nmodel M(x: [1]) { // open\n    // first\n    y = x // after\n        -> relu // step\n\n    // before\n    y\n    // last\n}\n// end\n",
    );
}

#[test]
fn line_ends_are_kept_and_mistakes_left_alone() {
    assert_eq!(formatted("a=1\r\nb=2\r\n"), "a = 1\r\nb = 2\r\n");
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\n\n"), "");
    let broken = "a  =\n# c\n";
    assert_eq!(format(&parsed(broken).tree, broken), broken);
}
