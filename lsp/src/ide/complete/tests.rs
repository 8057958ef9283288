use super::*;
use crate::ide::test::at;
use dlm_base::files::{MemFiles, NoFiles};

const HEAD: &str = "use std.vision: ConvBlock
width = 32
data D { source = builtin(\"digits\") }
model Net(x: [1, 8, 8]) { x -> conv(8, 3) as stem -> flatten -> dense(10) as head }
model Other(x: [1, 8, 8]) { x -> flatten -> dense(10) }
train Net on D
policy P { method = static }
quantize Net with P on D as Net8
";

fn list(text: &str) -> Vec<Completion> {
    let (snapshot, byte) = at(&format!("{HEAD}{text}"));
    complete(&snapshot, byte, &NoFiles)
}

fn labels(text: &str) -> Vec<String> {
    list(text).into_iter().map(|it| it.label).collect()
}

/// The first words.
#[track_caller]
fn begins(text: &str, wanted: &[&str]) {
    let found = labels(text);
    assert!(found.len() >= wanted.len() && found[..wanted.len()] == *wanted, "{text}: {found:?}");
}

/// Words that are there, and words that are not.
#[track_caller]
fn holds(text: &str, there: &[&str], not: &[&str]) {
    let found = labels(text);
    for word in there {
        assert!(found.iter().any(|it| it == word), "{text}: no {word} in {found:?}");
    }
    for word in not {
        assert!(found.iter().all(|it| it != word), "{text}: {word} in {found:?}");
    }
}

#[track_caller]
fn one(text: &str, label: &str) -> Completion {
    let found = list(text);
    let it = found.iter().find(|it| it.label == label);
    it.unwrap_or_else(|| panic!("{text}: no {label} in {:?}", labels(text))).clone()
}

#[test]
fn steps_that_take_the_shape_come_first() {
    let rank = |text: &str, label: &str| one(text, label).rank;
    let image = "model M(x: [1, 8, 8]) {\n    x -> $0\n}\n";
    assert!(rank(image, "conv") < rank(image, "dense"));
    assert!(rank(image, "ConvBlock") < rank(image, "dense"));
    assert!(rank(image, "reshape") < rank(image, "dense"));
    assert_eq!(one(image, "flatten").detail, "[1, 8, 8] → [64]");
    assert_eq!(one(image, "conv").insert, "conv(${1:channels}, ${2:kernel})$0");
    let row = "model M(x: [1, 8, 8]) {\n    x -> flatten -> $0\n";
    assert!(rank(row, "dense") < rank(row, "conv"));
    assert!(rank(row, "dense") < rank(row, "ConvBlock"));
    let block = "model M(x: [1, 8, 8]) {\n    x -> flatten -> repeat 2 { $0 }\n}\n";
    assert!(rank(block, "dense") < rank(block, "conv"));
    assert!(rank(block, "relu") < rank(block, "max_pool"));
}

#[test]
fn names_of_other_systems_find_ours() {
    let text = "model M(x: [1, 8, 8]) { x -> Line$0 }";
    let found = one(text, "dense");
    assert_eq!(found.filter.as_deref(), Some("Linear"));
    let text = "model M(x: [1, 8, 8]) { x -> conv(8, 3, out_ch$0) }";
    assert!(labels(text).is_empty(), "{:?}", labels(text));
    let text = "model M(x: [1, 8, 8]) { x -> conv(8, kernel_s$0) }";
    assert_eq!(one(text, "kernel = ").filter.as_deref(), Some("kernel_size"));
    let text = "train Other on D { batch_s$0 }";
    assert_eq!(one(text, "batch").filter.as_deref(), Some("batch_size"));
}

#[test]
fn layers_of_the_library_bring_their_import() {
    let found = one("model M(x: [1, 8, 8]) { x -> Resid$0 }", "ResidualBlock");
    assert_eq!(found.also.len(), 1);
    assert_eq!(found.also[0].text, ", ResidualBlock");
    assert_eq!(found.also[0].place.range, 25..25);
}

#[test]
fn arguments_that_are_not_given_are_offered() {
    let text = "model M(x: [1, 8, 8]) { x -> conv(8, 3, stride = 2, $0) }";
    holds(text, &["padding = ", "bias = "], &["channels = ", "kernel = ", "stride = "]);
    begins("model M(x: [1, 8, 8]) { x -> conv(8, 3, padding = $0) }", &["same", "valid"]);
    begins("model M(x: [1, 8, 8]) { x -> conv(8, 3, bias = $0", &["true", "false"]);
    holds("model M(x: [1, 8, 8]) { x -> conv($0", &["channels = ", "width"], &[]);
    holds("model M(x: [1, 8, 8]) { x -> ConvBlock($0", &["channels = ", "stride = "], &["x = "]);
    begins("train Other on D { schedule = cosine(warmup = 3 $0) }", &["epochs", "steps"]);
    begins("policy Q { weights = int8(per = $0) }", &["channel", "group", "tensor"]);
    holds("policy Q { activations = uint8(range = $0", &["minmax", "percentile"], &["channel"]);
}

#[test]
fn blocks_offer_the_settings_that_are_missing() {
    let text = "train Other on D {\n    epochs = 3\n    $0\n    batch = 8\n}\n";
    holds(text, &["optimizer", "loss", "seed"], &["epochs", "batch", "method"]);
    holds("policy Q {\n    $0\n}", &["method", "weights", "keep", "override"], &["epochs"]);
    holds("policy Q { override stem { $0 } }", &["weights", "activations"], &["method", "keep"]);
    holds("data E { $0 }", &["source", "test", "augment"], &["epochs"]);
}

#[test]
fn values_fit_their_setting() {
    begins("train Other on D { optimizer = $0 }", &["adam", "adamw", "lion"]);
    holds("train Other on D { loss = $0", &["cross_entropy"], &["soft_targets", "hint"]);
    assert!(
        one("train Other on D { loss = $0", "cross_entropy").rank
            < one("train Other on D { loss = $0", "mse").rank
    );
    let text = "distill Other from Net on D { loss = 0.9 * $0 }";
    holds(text, &["decoupled", "logits"], &["adam"]);
    assert!(one(text, "logits").rank < one(text, "mse").rank);
    begins("policy Q { method = $0 }", &["dynamic", "qat", "static"]);
    begins("train Other on D { keep_best = $0 }", &["true", "false"]);
    holds("data E { source = $0 }", &["builtin", "csv"], &["10%"]);
    holds("data E { valid = $0 }", &["builtin", "10%", "500 samples"], &[]);
    holds("data E { augment = [$0] }", &["shift", "flip"], &[]);
    holds("train Other on D { from = $0 }", &["Net"], &["Net8", "Other", "D"]);
}

#[test]
fn verbs_take_names_of_the_right_kind() {
    begins("train $0", &["Net", "Other"]);
    begins("train Other $0", &["on", "as"]);
    begins("train Other on $0", &["D"]);
    begins("distill Other from $0", &["Net", "Net8"]);
    begins("distill Other from [Net, $0", &["Net", "Net8"]);
    begins("quantize $0", &["Net"]);
    begins("quantize Net with $0", &["P"]);
    begins("export $0", &["Net", "Net8"]);
    holds("load $0", &["Net", "answers"], &["D"]);
    assert!(labels("train Other on D as $0").is_empty());
    begins("allow W10$0", &["W1001"]);
}

#[test]
fn expectations_know_artifacts_and_metrics() {
    begins("expect { $0 }", &["Net", "Net8"]);
    holds("expect { Net8.$0 }", &["accuracy", "size", "valid"], &["Net"]);
    assert!(one("expect { Net8.$0 }", "accuracy").rank < one("expect { Net8.$0 }", "r2").rank);
    holds("expect { Net8.valid.$0 }", &["accuracy"], &["size", "valid"]);
    begins("expect { Net8.agreement($0) }", &["other = ", "Net", "Net8"]);
    holds("expect { Net8.size <= 4 $0", &["KiB"], &[]);
    begins("expect { Net.accuracy $0", &[">=", "<="]);
}

#[test]
fn layer_paths_are_those_of_the_network() {
    holds("policy Q { keep = [$0] }", &["stem", "flatten1", "head"], &["D"]);
    holds("policy Q { override $0 }", &["kind", "stem"], &[]);
    holds("policy Q { override kind($0) }", &["dense", "conv"], &["stem"]);
    begins("train Net on D as Again { freeze = [st$0] }", &["stem"]);
    let text = "distill Other from Net on D { loss = hint(teacher = $0) }";
    begins(text, &["stem", "flatten1", "head"]);
    let text = "distill Other from Net on D { loss = hint(teacher = stem, student = $0) }";
    begins(text, &["flatten1", "dense1"]);
}

#[test]
fn bodies_know_their_names() {
    let text = "layer L(x: [C, H], n: int = 1) {\n    a = x -> relu\n    $0\n}\n";
    begins(text, &["a", "x"]);
    holds(text, &["assert", "C", "n"], &[]);
    holds("model M(x: [1, 8]) { x -> dense(D.$0) }", &["classes", "shape"], &[]);
    holds("wide = $0", &["width", "D.classes"], &["wide"]);
    assert!(labels("model M(x: [1, 8]) { x -> relu as $0").is_empty());
    begins("layer L(x: $0", &["[C, H, W]", "[features]", "[..]"]);
}

#[test]
fn items_begin_at_the_start_of_a_line() {
    begins("$0", &["data", "model", "layer", "train"]);
    begins("quan$0", &["quantize"]);
    let found = one("quan$0", "quantize");
    assert!(found.snippet && found.insert.contains("with ${2:P} on ${3:D} as"), "{}", found.insert);
}

#[test]
fn comments_and_numbers_offer_nothing() {
    assert!(labels("// tr$0").is_empty());
    assert!(labels("train Other on D { epochs = 1$0").is_empty());
}

#[test]
fn imports_and_files_are_listed() {
    begins("use $0", &["std.mlp", "std.vision"]);
    begins("use std.$0", &["mlp", "vision"]);
    holds("use std.vision: ConvBlock, $0", &["ResidualBlock"], &["ConvBlock"]);
    begins("data E { source = builtin(\"$0\") }", &["digits", "iris", "spirals"]);
    begins("export Net8 to \"$0\"", &["net8.onnx", "net8.safetensors"]);
    let mut files = MemFiles::default();
    files.put("p/sets/a.csv", "x,y\n1,2\n");
    files.put("p/sets/b.png", "");
    files.put("p/blocks.dlm", "layer Own(x: [C]) { x }");
    let complete_in = |text: &str| {
        let byte = text.find("$0").expect("a caret");
        let text = text.replacen("$0", "", 1);
        let checked = dlm_check::check_text("p/main.dlm", &text, &files);
        let snapshot = Snapshot::new("p/main.dlm", &text, checked);
        let found = complete(&snapshot, byte, &files);
        found.into_iter().map(|it| it.label).collect::<Vec<_>>()
    };
    assert_eq!(complete_in("data E { source = csv(\"$0\") }"), ["sets/", "blocks.dlm"]);
    assert_eq!(complete_in("data E { source = csv(\"sets/$0\") }"), ["a.csv", "b.png"]);
    assert_eq!(complete_in("use \"bl$0\""), ["blocks.dlm"]);
    assert_eq!(complete_in("use \"blocks.dlm\": $0"), ["Own"]);
}
