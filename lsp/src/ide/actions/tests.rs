use super::*;
use crate::ide::tests::{edited, snapshot};
use dlm_check::program::Network;

/// A text with `$0` where the selection begins, and `$1` where it ends if that is another place.
fn selected(text: &str) -> (Snapshot, Range<usize>) {
    let start = text.find("$0").expect("a caret");
    let text = text.replacen("$0", "", 1);
    let end = text.find("$1").unwrap_or(start);
    (snapshot(&text.replacen("$1", "", 1)), start..end)
}

/// What a network computes, whatever its layers are called.
fn meaning(network: &Network) -> (String, u64, u64, Vec<String>) {
    let layers =
        network.layers.iter().map(|it| format!("{} {}", it.operator.word.name, it.ty.shape));
    (network.title.clone(), network.params(), network.macs(), layers.collect())
}

fn meanings(it: &Snapshot) -> Vec<(String, u64, u64, Vec<String>)> {
    it.checked.program.networks.iter().map(|net| meaning(net)).collect()
}

/// The text after the change of that kind; the change means the same, is formatted and checks as clean.
fn changed(text: &str, kind: Kind) -> String {
    let (before, range) = selected(text);
    let action = actions(&before, range).into_iter().find(|it| it.kind == kind).expect("a change");
    let new = edited("main.dlm", &before.text, &action.edits);
    let after = snapshot(&new);
    let said = |it: &Snapshot| {
        it.checked.diags.iter().map(|it| it.message.clone()).collect::<Vec<String>>()
    };
    assert_eq!(said(&after), said(&before), "{new}");
    assert!(said(&after).is_empty(), "{:?}", said(&after));
    assert_eq!(meanings(&after), meanings(&before), "{new}");
    assert!(!meanings(&after).is_empty());
    let tree = &after.checked.modules[0].tree;
    assert_eq!(dlm_grammar::format(tree, &new), new);
    new
}

fn offered(text: &str, kind: Kind) -> bool {
    let (it, range) = selected(text);
    actions(&it, range).iter().any(|it| it.kind == kind)
}

#[test]
fn steps_become_a_layer() {
    let new = changed(
        "/// A net.\nmodel Net(image: [1, 8, 8], width: int = 4) {\n    image -> $0conv(width, 3, bias = false) -> batch_norm -> relu$1 -> flatten -> dense(10)\n}\n",
        Kind::Extract,
    );
    let expected = "\
layer Block(x: [C, H, W], width: int) {
    x -> conv(width, 3, bias = false) -> batch_norm -> relu
}

/// A net.
model Net(image: [1, 8, 8], width: int = 4) {
    image -> Block(width = width) -> flatten -> dense(10)
}
";
    assert_eq!(new, expected);
}

#[test]
fn flows_of_the_body_are_given_to_the_layer() {
    let new = changed(
        "model Net(image: [4, 8, 8]) {\n    side = image -> conv(4, 3)\n    image$0 -> conv(4, 3) -> concat(side)$1 -> flatten -> dense(10)\n}\n",
        Kind::Extract,
    );
    assert!(new.starts_with("layer Block(x: [C, H, W], side: [..]) {\n"), "{new}");
    assert!(new.contains("image -> Block(side) -> flatten"), "{new}");
}

#[test]
fn steps_of_a_repeat_become_a_layer() {
    let new = changed(
        "model Net(image: [1, 8, 8]) {\n    image -> repeat c in [4, 8] { $0conv(c, 3) -> relu$1 -> max_pool(2) }\n        -> flatten -> dense(10)\n}\n",
        Kind::Extract,
    );
    assert!(new.contains("layer Block(x: [C, H, W], c: int)"), "{new}");
    assert!(new.contains("{ Block(c = c) -> max_pool(2) }"), "{new}");
}

#[test]
fn half_a_step_is_no_layer() {
    let text = |part: &str| {
        let text = "model Net(x: [4]) { x -> dense(8, bias = true) -> relu -> dense(3) }\n";
        text.replacen(part, &format!("$0{part}$1"), 1)
    };
    assert!(offered(&text("dense(8, bias = true)"), Kind::Extract));
    assert!(offered(&text("-> relu -> dense(3)"), Kind::Extract));
    assert!(!offered(&text("bias"), Kind::Extract));
    assert!(!offered(&text("true) -> relu"), Kind::Extract));
    assert!(!offered(&text("x -> dense(8"), Kind::Extract));
}

#[test]
fn what_paths_name_stays_where_it_is() {
    let text = |keep: &str| {
        format!(
            "data Iris {{ source = builtin(\"iris\") }}\nmodel Net(x: [4]) {{ x -> $0dense(8)$1 -> dense(8) -> dense(3) as head }}\ntrain Net on Iris\npolicy Edge {{ keep = [{keep}] }}\nquantize Net with Edge on Iris as Net8\n"
        )
    };
    for kind in [Kind::Extract, Kind::Rewrite] {
        assert!(!offered(&text("dense2"), kind));
        assert!(offered(&text("kind(relu)"), kind));
    }
}

#[test]
fn a_layer_is_inlined() {
    let new = changed(
        "layer Wide(x: [C], units: int = 2 * C) {\n    assert units > 0, \"no\"\n    x -> dense(units) -> relu\n}\n\nmodel Net(x: [4]) {\n    x -> Wide -> $0Wide(5) -> Wide(units = 3 + 3) -> dense(3)\n}\n",
        Kind::Inline,
    );
    assert!(new.contains("x -> Wide -> dense(5) -> relu -> Wide(units = 3 + 3)"), "{new}");
    let new = changed(
        "layer Wide(x: [C], units: int = 2 * C) {\n    x -> dense(units) -> relu\n}\n\nmodel Net(x: [4]) {\n    x -> dense(6) -> $0Wide -> dense(3)\n}\n",
        Kind::Inline,
    );
    assert!(new.contains("x -> dense(6) -> dense((2 * 6)) -> relu -> dense(3)"), "{new}");
}

#[test]
fn a_layer_with_rows_is_inlined() {
    let new = changed(
        "use std.vision: ConvBlock, ResidualBlock\n\nmodel Net(image: [1, 8, 8]) {\n    main = image -> ConvBlock(4)\n    main -> ConvBlock(4) -> Residual$0Block(8) -> flatten -> dense(10)\n}\n",
        Kind::Inline,
    );
    let expected = "\
use std.vision: ConvBlock

model Net(image: [1, 8, 8]) {
    main = image -> ConvBlock(4)
    x = main -> ConvBlock(4)
    main2 = x -> conv(8, 3, stride = 1, bias = false) -> batch_norm -> relu
        -> conv(8, 3, bias = false) -> batch_norm
    skip = if 1 == 1 and 8 == 4 { x }
           else { x -> conv(8, 1, stride = 1, bias = false) -> batch_norm }
    main2 + skip -> relu -> flatten -> dense(10)
}
";
    let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
    assert_eq!(words(&new), words(expected), "{new}");
}

#[test]
fn the_last_use_takes_the_layer_with_it() {
    let text = "use std.vision: ConvBlock\n\ndata Digits { source = builtin(\"digits\") }\n\nlayer Tail(x: [C, H, W]) {\n    x -> flatten -> dense(10)\n}\n\nmodel Net(image: [1, 8, 8]) {\n    image -> ConvBlock(4) -> Tail\n}\n\ntrain Net on Digits\n";
    let new = changed(&text.replacen("-> Tail", "-> $0Tail", 1), Kind::Inline);
    assert!(!new.contains("Tail"), "{new}");
    let new = changed(&text.replacen("-> ConvBlock", "-> $0ConvBlock", 1), Kind::Inline);
    assert!(!new.contains("std.vision"), "{new}");
    assert!(new.starts_with("data Digits"), "{new}");
}

#[test]
fn equal_steps_become_a_repeat() {
    let new = changed(
        "model Net(x: [4]) {\n    x -> dense(8) -> re$0lu -> dense(8) -> relu -> dense(8) -> relu -> dense(3)\n}\n",
        Kind::Rewrite,
    );
    assert!(new.contains("x -> repeat 3 { dense(8) -> relu } -> dense(3)"), "{new}");
    let new = changed(
        "model Net(x: [4]) {\n    x -> $0dense(8) -> dense( 8 ) -> relu -> dense(3)\n}\n",
        Kind::Rewrite,
    );
    assert!(new.contains("x -> repeat 2 { dense(8) } -> relu"), "{new}");
    assert!(!offered("model Net(x: [4]) { x -> $0dense(8) -> dense(9) }\n", Kind::Rewrite));
    assert!(!offered("model Net(x: [4]) { x -> $0dense(8) as a -> dense(8) }\n", Kind::Rewrite));
}

#[test]
fn diagnostics_bring_their_fixes() {
    let (it, range) = selected("model Net(image: [1, 8, 8]) { image -> den$0se(10) }\n");
    let all = actions(&it, range);
    let fix = all.iter().find(|it| it.kind == Kind::QuickFix).expect("a fix");
    let mends = fix.mends.expect("a diagnostic");
    assert_eq!(it.checked.diags[mends].code.id, "E0401");
    let new = edited("main.dlm", &it.text, &fix.edits);
    assert!(snapshot(&new).checked.diags.is_empty(), "{new}");
    let far = actions(&it, 0..3);
    assert!(far.iter().all(|it| it.kind != Kind::QuickFix));
}

#[test]
fn sizes_that_differ_from_use_to_use_are_no_numbers() {
    let text = |row: &str| {
        format!(
            "layer Wide(x: [C], units: int = 2 * C) {{\n    x -> dense(units) -> relu\n}}\n\nlayer Two(x: [C]) {{\n    x -> relu -> $0Wide\n}}\n\nmodel Net(x: [4]) {{\n    x -> {row} -> dense(3)\n}}\n"
        )
    };
    assert!(!offered(&text("Two -> Two"), Kind::Inline));
    let text = text("repeat 2 { relu -> Wide }").replacen("$0", "", 1);
    assert!(!offered(&text.replacen("relu -> Wide }", "relu -> $0Wide }", 1), Kind::Inline));
}
