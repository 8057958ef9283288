use super::{check, clean, found, layers, only};

const BLOCK: &str = "layer Block(x: [C, H, W], channels: int = C, stride: int = 1) {\n\
                     x -> conv(channels, 3, stride = stride) -> relu\n}\n";

fn with_block(flow: &str) -> String {
    format!("{BLOCK}model N(x: [4, 8, 8]) {{ {flow} }}\n")
}

#[test]
fn sizes_are_bound_by_the_flow_and_serve_as_defaults() {
    let checked = clean(&with_block("x -> Block -> Block(6) -> Block(stride = 2)"));
    assert_eq!(
        layers(&checked),
        [
            "Block1.conv1 [4, 8, 8]",
            "Block1.relu1 [4, 8, 8]",
            "Block2.conv1 [6, 8, 8]",
            "Block2.relu1 [6, 8, 8]",
            "Block3.conv1 [6, 4, 4]",
            "Block3.relu1 [6, 4, 4]",
        ]
    );
}

#[test]
fn a_call_has_the_flow_first() {
    let checked = clean(&with_block("relu(Block(x, 6))"));
    assert_eq!(layers(&checked)[2], "relu1 [6, 8, 8]");
    clean(&with_block("concat(x, x -> relu, axis = 0) -> concat(x)"));
    only(&with_block("dense(32)"), "E0302 dense(32)");
}

#[test]
fn signs_broadcast_and_take_numbers() {
    let checked = clean(
        "model N(x: [4, 8, 8]) {\n  g = x -> global_avg_pool -> reshape([4, 1, 1])\n  -(x * g) + 1 - x / 2\n}\n",
    );
    let paths = layers(&checked);
    assert!(paths.contains(&"mul1 [4, 8, 8]".to_string()), "{paths:?}");
    assert_eq!(paths.last().unwrap(), "sub1 [4, 8, 8]");
}

#[test]
fn layers_take_several_flows() {
    let two = "layer Two(a: [C, H, W], b: [C, H, W], k: int = 1) { a + b * k }\n";
    let with = |flow: &str| {
        format!("{two}model N(x: [4, 8, 8]) {{ y = x -> conv(5, 3)\n z = x -> relu\n {flow} }}\n")
    };
    clean(&with("x -> Two(z) -> Two(b = z, k = 3) -> Two(y -> conv(4, 1), 2)"));
    let checked = check(&with("Two(x, y) -> Two(z)"));
    assert!(found(&checked).contains(&"E0402 Two(x, y)".to_string()), "{:?}", found(&checked));
    let diag = &checked.diags[0];
    assert_eq!(diag.message, "`C` of `Two` is 4 in `a` and 5 in `b`");
    let checked = check(&with("x -> Two -> Two(3) -> Two(z, 3, 4)"));
    let codes = found(&checked);
    assert!(codes.contains(&"E0302 Two".to_string()), "{codes:?}");
    assert!(codes.contains(&"E0303 3".to_string()), "{codes:?}");
    assert!(codes.contains(&"E0304 4".to_string()), "{codes:?}");
}

#[test]
fn a_layer_says_what_it_takes() {
    let diag = only(&with_block("x -> flatten -> Block"), "E0401 Block");
    assert_eq!(diag.message, "`Block` takes [C, H, W], but its input is [256]");
    let text = "layer Head(x: [64]) { x -> dense(3) }\nmodel N(x: [32]) { x -> Head }\n";
    let diag = only(text, "E0401 Head");
    assert_eq!(diag.primary.text, "expects [64], found [32]");
    let text =
        "n = 8\nlayer Head(x: [2 * n, H]) { x -> dense(3) }\nmodel N(x: [3, 4]) { x -> Head }\n";
    let diag = only(text, "E0401 Head");
    assert_eq!(diag.primary.text, "expects [2 * n, H] with 2 * n = 16, found [3, 4]");
    clean(
        "n = 8\nlayer Head(x: [2 * n, H]) { x -> dense(3) }\nmodel N(x: [16, 4]) { x -> Head }\n",
    );
    only(
        "layer Square(x: [C, N, N]) { x -> relu }\nmodel N(x: [3, 4, 5]) { x -> Square }\n",
        "E0401 Square",
    );
    clean(
        "layer Any(x: [..]) { x -> relu }\nmodel N(x: [3, 4, 5]) { x -> Any -> flatten -> Any }\n",
    );
}

#[test]
fn arguments_of_layers_are_checked_like_those_of_operators() {
    only(&with_block("x -> Block(6, strid = 2)"), "E0301 strid");
    only(&with_block("x -> Block(filters = 6)"), "E0301 filters");
    only(&with_block("x -> Block(6, 1, 2)"), "E0304 2");
    only(&with_block("x -> Block(6, channels = 2)"), "E0304 channels = 2");
    only(&with_block("x -> Block(\"six\")"), "E0303 \"six\"");
    only(&with_block("x -> Block(6.5)"), "E0303 6.5");
    let diag =
        only("layer B(x: [F], n: int) { x -> dense(n) }\nmodel N(x: [4]) { x -> B }\n", "E0302 B");
    assert_eq!(diag.help.as_deref(), Some("it is called as `x -> B(n)`"));
}

#[test]
fn an_assertion_speaks_at_the_call() {
    let text = "layer A(x: [F], ratio: int) {\n  assert ratio > 0, \"ratio is {ratio}, of {F}\"\n  x -> dense(F / ratio)\n}\n\
                model N(x: [4]) { x -> A(0) -> dense(3) }\n";
    let diag = only(text, "E0306 A(0)");
    assert_eq!(diag.message, "ratio is 0, of 4");
    let text = "use std.vision: ConvBlock\nmodel N(x: [4, 8, 8]) { x -> repeat c in [4, 0] { ConvBlock(c) } }\n";
    only(text, "E0306 ConvBlock(c)");
    only("layer A(x: [F]) { assert F > n, \"\"\n x -> relu }\n", "E0201 n");
}

#[test]
fn a_mistake_inside_a_layer_names_the_use_that_shows_it() {
    let text = "layer Third(x: [C, H, W]) { x -> conv(C / 3, 3) }\n\
                model N(x: [4, 8, 8]) { x -> Third -> Third }\n";
    let diag = only(text, "E0305 C / 3");
    assert_eq!(diag.labels[0].text, "used here with C = 4, H = 8, W = 8");
    // Many uses, one mistake.
    let text = "layer Third(x: [C, H, W]) { x -> conv(C / 3, 3) }\n\
                model M(x: [5, 8, 8]) { x -> Third }\nmodel N(x: [4, 8, 8]) { x -> Third }\n";
    only(text, "E0305 C / 3");
}

#[test]
fn a_layer_without_open_sizes_is_expanded_though_nobody_uses_it() {
    only("layer Head(x: [8, 4, 4]) { x -> dense(3) }\n", "E0401 dense(3)");
    only("layer Open(x: [C, H, W]) { x -> conv(C, 3, strid = 2) }\n", "E0301 strid");
    clean("layer Open(x: [C, H, W]) { x -> dense(3) }\n");
}

#[test]
fn a_flow_parameter_of_whole_numbers_wants_them() {
    let text = "layer Embed(x: int[T]) { x -> identity }\nmodel N(x: [4]) { x -> Embed }\n";
    let diag = only(text, "E0401 Embed");
    assert_eq!(diag.primary.text, "expects int[T], found [4]");
}

#[test]
fn a_model_has_an_input() {
    only(
        "model N(width: int = 3) { width -> dense(3) }\n"
            .replace("width -> dense(3)", "dense(width)")
            .as_str(),
        "E0302 (width: int = 3)",
    );
}

#[test]
fn a_model_in_a_body_is_a_layer() {
    let body = "model Body(x: [C, H, W], width: int = 2 * C) { x -> conv(width, 3) -> relu }\n";
    let checked = clean(&format!(
        "{body}model N(image: [1, 8, 8]) {{ image -> Body -> Body(width = 3) as last -> flatten }}\n"
    ));
    assert_eq!(
        layers(&checked),
        [
            "Body1.conv1 [2, 8, 8]",
            "Body1.relu1 [2, 8, 8]",
            "last.conv1 [3, 8, 8]",
            "last.relu1 [3, 8, 8]",
            "flatten1 [192]",
        ]
    );
    only(&format!("{body}model N(x: [4]) {{ x -> Body }}\n"), "E0401 Body");
    let checked =
        check("model A(x: [F]) { x -> dense(2) -> B }\nmodel B(x: [F]) { x -> relu -> A }\n");
    assert_eq!(found(&checked), ["E0207 A"]);
    only("data Iris { source = builtin(\"iris\") }\nmodel N(x: [4]) { x -> Iris }\n", "E0203 Iris");
}

const LOOK: &str = "layer Look(x: [T, D], heads: int, mask: int[T] = none, memory: [M, D] = none) {\n\
                    x -> attention(heads, mask = mask, memory = memory)\n}\n";

#[test]
fn a_flow_need_not_be_given() {
    let with = |flow: &str| format!("{LOOK}model N(x: [4, 8], m: int[4]) {{ {flow} }}\n");
    // Not every flow uses both inputs.
    let heard = |text: &str| {
        let checked = check(text);
        assert!(found(&checked).iter().all(|it| it == "W1001 m"), "{:?}", found(&checked));
        checked
    };
    let inputs = |flow: &str| -> Vec<usize> {
        let checked = heard(&with(flow));
        let layers = checked.program.networks[0].layers.iter();
        layers.map(|layer| layer.inputs.len()).collect()
    };
    assert_eq!(inputs("x -> Look(2)"), [1]);
    assert_eq!(inputs("x -> Look(2, m)"), [2]);
    assert_eq!(inputs("x -> Look(2, memory = x)"), [2]);
    assert_eq!(inputs("Look(x, 2, mask = m, memory = x)"), [3]);
    let nested =
        "layer Outer(x: [T, D], mask: int[T] = none) { x -> Look(2, mask = mask) -> relu }\n";
    let outer = |flow: &str| format!("{nested}{}", with(flow));
    assert_eq!(heard(&outer("x -> Outer")).program.networks[0].layers[0].inputs.len(), 1);
    assert_eq!(heard(&outer("x -> Outer(mask = m)")).program.networks[0].layers[0].inputs.len(), 2);
    let wrong = found(&check(&with("x -> Look(2, mask = x)")));
    assert!(wrong[0].starts_with("E0401") && wrong.len() == 1, "{wrong:?}");
}

#[test]
fn what_was_not_given_is_only_passed_on() {
    let with = |flow: &str| {
        format!(
            "layer L(x: [F], more: [F] = none) {{ {flow} }}\nmodel N(x: [4]) {{ x -> L }}\n\
             model M(x: [4]) {{ x -> L(more = x -> relu) }}\n"
        )
    };
    for flow in ["x + more", "x -> concat(more)", "more -> relu", "-more", "x * 2 - more"] {
        let checked = check(&with(flow));
        let diag = &checked.diags[0];
        assert_eq!(diag.message, "`more` need not be given, and was not", "{flow}");
        assert_eq!(found(&checked).len(), 1, "{flow}: {:?}", found(&checked));
    }
    let first = only("layer L(x: [F] = none) { x -> relu }\n", "E0303 none");
    assert_eq!(first.message, "the first flow is always given");
    only("layer L(x: [F], y: [F] = 3) { x + y }\n", "E0303 3");
    let model = "model M(x: [F], more: [F] = none) { x -> relu -> dense(3) }\n\
                 data Iris { source = builtin(\"iris\") }\ntrain M on Iris\n";
    assert_eq!(found(&check(model)), ["W1001 more"]);
}
