use super::{clean, layers};

/// The paths of the operators of a body behind a map `[4, 8, 8]`.
fn paths(layer: &str, flow: &str) -> Vec<String> {
    let checked = clean(&format!("{layer}\nmodel N(x: [4, 8, 8]) {{ {flow} }}\n"));
    let strip = |path: String| path.split(' ').next().unwrap_or_default().to_string();
    layers(&checked).into_iter().map(strip).collect()
}

const PAIR: &str = "layer Pair(x: [C, H, W]) { x -> conv(C, 3) -> relu }";

#[test]
fn unnamed_steps_are_counted_by_kind() {
    let found = paths("", "x -> conv(4, 3) as stem -> conv(4, 3) -> relu -> conv(4, 3)");
    assert_eq!(found, ["stem", "conv1", "relu1", "conv2"]);
    let found = paths("", "a = x -> conv(4, 3)\n b = x -> conv(4, 3)\n a + b -> relu");
    assert_eq!(found, ["conv1", "conv2", "add1", "relu1"]);
}

#[test]
fn a_name_of_ones_own_is_not_given_again() {
    let found = paths("", "x -> conv(4, 3) -> conv(4, 3) as conv1");
    assert_eq!(found, ["conv2", "conv1"]);
}

#[test]
fn steps_of_a_layer_follow_its_name() {
    let found = paths(PAIR, "x -> Pair -> Pair as second");
    assert_eq!(found, ["Pair1.conv1", "Pair1.relu1", "second.conv1", "second.relu1"]);
}

#[test]
fn a_turn_of_one_step_is_that_step() {
    let found = paths(PAIR, "x -> repeat 2 { Pair } as stage");
    assert_eq!(found, ["stage[0].conv1", "stage[0].relu1", "stage[1].conv1", "stage[1].relu1"]);
    let found = paths("", "x -> repeat 2 { conv(4, 3) -> relu }");
    assert_eq!(
        found,
        ["repeat1[0].conv1", "repeat1[0].relu1", "repeat1[1].conv1", "repeat1[1].relu1"]
    );
    let found = paths("", "x -> repeat 2 { conv(4, 3) }");
    assert_eq!(found, ["repeat1[0]", "repeat1[1]"]);
    let found = paths("", "x -> repeat 1 { repeat 2 { relu } }");
    assert_eq!(found, ["repeat1[0][0]", "repeat1[0][1]"]);
    let found = paths("", "x -> repeat 1 { relu as act }");
    assert_eq!(found, ["repeat1[0].act"]);
    let found = paths("", "x -> repeat 1 { concat(x -> relu) }");
    assert_eq!(found, ["repeat1[0].relu1", "repeat1[0]"]);
}

#[test]
fn an_if_is_a_place_only_with_a_name() {
    let found = paths("", "x -> relu -> if true { conv(4, 3) -> relu } else { tanh }");
    assert_eq!(found, ["relu1", "conv1", "relu2"]);
    let found = paths("", "x -> if true { conv(4, 3) -> relu } as head");
    assert_eq!(found, ["head.conv1", "head.relu1"]);
    let found = paths("", "x -> if false { tanh } else { relu } as head");
    assert_eq!(found, ["head"]);
    let found = paths("", "x -> if false { tanh } -> relu");
    assert_eq!(found, ["relu1"]);
    let found = paths("", "a = if 1 > 0 { x -> conv(4, 3) } else { x }\n a -> relu");
    assert_eq!(found, ["conv1", "relu1"]);
    // One name in both branches is one place.
    paths("", "x -> if true { relu as act } else { tanh as act }");
}

#[test]
fn repeats_go_over_numbers_lists_and_ranges() {
    let checked = clean(
        "model N(x: [4, 8, 8]) {\n x -> repeat c in [2 * 4, 16] { conv(c, 3) }\n \
         -> repeat i in 1..3 { conv(i, 1) } -> repeat 0 { tanh } -> relu\n}\n",
    );
    assert_eq!(
        layers(&checked),
        [
            "repeat1[0] [8, 8, 8]",
            "repeat1[1] [16, 8, 8]",
            "repeat2[0] [1, 8, 8]",
            "repeat2[1] [2, 8, 8]",
            "relu1 [2, 8, 8]",
        ]
    );
}

#[test]
fn relu_like_steps_are_seen_behind_normalisation() {
    let checked = clean(
        "model N(x: [4, 8, 8]) { x -> conv(4, 3, bias = false) -> batch_norm -> relu -> conv(4, 3) -> tanh }\n",
    );
    assert_eq!(checked.program.networks[0].before_relu, [true, true, false, false, false]);
}

#[test]
fn what_the_result_does_not_need_is_left_out() {
    let checked = clean("model N(x: [4]) { _aux = x -> dense(100) -> relu\n x -> dense(3) }\n");
    assert_eq!(layers(&checked), ["dense2 [3]"]);
}
