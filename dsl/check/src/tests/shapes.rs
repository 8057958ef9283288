use super::{check, clean, found, mended, only};

#[test]
fn an_operator_says_what_it_takes_and_how_to_mend_it() {
    let text = "model N(x: [1, 28, 28]) { x -> conv(8, 3) -> dense(10) }\n";
    let diag = only(text, "E0401 dense(10)");
    assert_eq!(diag.primary.text, "expects [features], found [8, 28, 28]");
    assert_eq!(diag.labels[0].text, "produces [8, 28, 28] (channels, height, width)");
    assert!(diag.help.unwrap().contains("6,272 inputs"));
    clean(&mended(text));
}

#[test]
fn flows_that_cannot_be_combined_are_both_shown() {
    let text = "layer R(x: [C, H, W], c: int) {\n  b = x -> conv(c * 4, 1)\n  x + b -> relu\n}\n\
                model N(x: [8, 4, 4]) { x -> R(4) }\n";
    let diag = only(text, "E0402 x + b");
    assert_eq!(diag.primary.text, "`x` is [8, 4, 4], `b` is [16, 4, 4]");
    assert_eq!(
        diag.labels[0].text,
        "`b` is [16, 4, 4] (channels, height, width), because c * 4 = 16"
    );
    assert_eq!(diag.labels[1].text, "`x` is [8, 4, 4] (channels, height, width)");
    assert_eq!(diag.labels[2].text, "used here with C = 8, H = 4, W = 4, c = 4");
    assert_eq!(
        diag.help.as_deref(),
        Some("bring both to the same channels: `(x -> conv(c * 4, 1)) + b`")
    );
    clean(&mended(text));
    only(
        "model N(x: [8, 4, 4]) { y = x -> conv(8, 3, stride = 2)\n concat(x, y) }\n",
        "E0402 concat(x, y)",
    );
}

#[test]
fn a_declared_result_is_checked() {
    let text = "model N(x: [4]) -> [10] { x -> dense(8) -> dense(3) }\n";
    let diag = only(text, "E0403 [10]");
    assert_eq!(diag.labels[0].text, "produces [3]");
    only("model N(x: [4], n: int = 2) -> [n * 2] { x -> dense(n) }\n", "E0403 [n * 2]");
    only("model N(x: [4]) -> [10, 1] { x -> dense(10) }\n", "E0403 [10, 1]");
    only("model N(x: [4]) -> [k] { x -> dense(10) }\n", "E0201 k");
    clean("model N(x: [4], n: int = 2) -> [2 * n] { x -> dense(4) -> dense(n * 2) }\n");
    clean("model N(x: [4]) -> [..] { x -> dense(10) }\n");
    clean("layer L(x: [C, H, W]) -> [C, H, W] { x -> relu }\nmodel N(x: [4, 2, 2]) { x -> L }\n");
}

#[test]
fn a_size_below_one_shows_its_formula() {
    let diag = only(
        "model N(x: [1, 4, 4]) { x -> conv(8, 5, padding = valid) }\n",
        "E0404 conv(8, 5, padding = valid)",
    );
    assert_eq!(diag.primary.text, "height: (4 + 2 × 0 − 5) / 1 + 1 = 0");
    only("n = 4\nmodel N(x: [n - 4]) { x -> dense(3) }\n", "E0404 n - 4");
    let diag = only(
        "model N(x: [4, 8, 8]) { x -> repeat i in 0..9 { max_pool(2) } }\n",
        "E0404 max_pool(2)",
    );
    assert_eq!(diag.labels[0].text, "in turn 3, with i = 3");
}

#[test]
fn an_error_makes_its_flow_unknown() {
    only(
        "model N(x: [1, 28, 28]) -> [3] { y = x -> dense(10)\n z = y + x -> conv(y, 3)\n z -> dense(4) }\n"
            .replace(" -> conv(y, 3)", " -> relu")
            .as_str(),
        "E0401 dense(10)",
    );
}

#[test]
fn each_declaration_shows_its_own_mistakes() {
    let checked = check(
        "model A(x: [1, 4, 4]) { x -> dense(3) }\nmodel B(x: [4]) { x -> conv(3, 3) }\nmodel C(x: [4]) { x -> dense(3) }\n",
    );
    assert_eq!(found(&checked), ["E0401 dense(3)", "E0401 conv(3, 3)"]);
    assert_eq!(checked.program.networks.len(), 1);
}

#[test]
fn open_sizes_are_bound_by_data() {
    let text = "data Digits { source = builtin(\"digits\") }\n\
                model N(x: [C, H, W]) { x -> conv(C * 2, 3) -> flatten -> dense(Digits.classes) }\n\
                train N on Digits\n";
    let checked = clean(text);
    assert_eq!(checked.program.networks.len(), 1);
    assert_eq!(checked.program.networks[0].inputs[0].1.shape.sizes(), [1, 8, 8]);
    let text = "data Digits { source = builtin(\"digits\") }\nmodel N(x: [3, H, W]) { x -> flatten -> dense(10) }\ntrain N on Digits\n";
    let checked = check(text);
    assert_eq!(found(&checked), ["E0405 N"], "{:#?}", checked.diags);
}

#[test]
fn mistakes_in_the_library_stand_at_the_call() {
    let text =
        "use std.vision: ConvBlock\nmodel N(x: [4, 8, 8]) { x -> flatten -> ConvBlock(3) }\n";
    only(text, "E0401 ConvBlock(3)");
    let text =
        "use std.vision: SqueezeExcite\nmodel N(x: [6, 8, 8]) { x -> SqueezeExcite(ratio = 4) }\n";
    only(text, "E0305 SqueezeExcite(ratio = 4)");
}

#[test]
fn a_network_has_an_end() {
    only("model N(x: [4]) { x -> repeat 1_000_000_000 { relu } }\n", "E0303 1_000_000_000");
    only("model N(x: [4]) { x -> repeat 60_000 { relu -> tanh } }\n", "E0303 repeat");
    let mut text = String::from("layer L0(x: [F]) { x }\n");
    for i in 1..40 {
        text.push_str(&format!("layer L{i}(x: [F]) {{ x -> L{} -> L{} }}\n", i - 1, i - 1));
    }
    text.push_str("model N(x: [4]) { x -> L39 }\n");
    let checked = check(&text);
    assert_eq!(checked.errors(), 1, "{:?}", found(&checked));
    let mut text = String::from("layer L0(x: [F]) { x -> relu }\n");
    for i in 1..1000 {
        text.push_str(&format!("layer L{i}(x: [F]) {{ x -> L{} }}\n", i - 1));
    }
    text.push_str("model N(x: [4]) { x -> L999 }\n");
    let checked = check(&text);
    assert_eq!(found(&checked), ["E0303 x"], "{:?}", checked.diags);
    only("model N(x: [4]) { x -> dense(3_000_000_000) -> dense(9) }\n", "E0303 3_000_000_000");
    only(
        "model N(x: [4]) { x -> reshape([1_000, 1_000_000, 1_000]) }\n",
        "E0303 [1_000, 1_000_000, 1_000]",
    );
    only(
        "model N(x: [4]) { x -> dense(1_000_000) -> dense(1_000_000) -> dense(9) }\n",
        "E0404 dense(1_000_000)",
    );
}
