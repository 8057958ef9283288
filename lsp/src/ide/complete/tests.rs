use super::*;
use crate::ide::tests::{caret, snapshot as checked};
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
    let (snapshot, byte) = caret(&format!("{HEAD}{text}"));
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
    let text = "distill Other from Net on D { loss = 0.9 * $0 }";
    let first = ["attention_transfer", "decoupled", "hint", "logits", "relational", "similarity"];
    begins(text, &first);
    let rest = ["soft_targets", "cross_entropy", "l1", "l2", "binary_cross_entropy"];
    begins(text, &[&first[..], &rest[..]].concat());
    assert_eq!(one("train Other on D { loss = $0 }", "width").insert, "width * $0");
    holds("data E { augment = [$0] }", &["shift", "flip"], &[]);
    holds("train Other on D { from = $0 }", &["Net"], &["Net8", "Other", "D"]);
}

#[test]
fn verbs_take_names_of_the_right_kind() {
    begins("train $0", &["Net", "Other"]);
    begins("train Other $0", &["on"]);
    begins("train Other on D $0", &["as", "{ … }"]);
    begins("train Other on $0", &["D"]);
    let text = "data A { source = builtin(\"iris\") }\ntrain Other on $0";
    assert_eq!(labels(text), ["D", "A"]);
    begins("distill Other from $0", &["Net", "Net8"]);
    assert_eq!(labels("distill Other from [Net, $0"), ["Net8"]);
    begins("quantize $0", &["Net"]);
    begins("quantize Net with $0", &["P"]);
    begins("export $0", &["Net", "Net8"]);
    holds("load $0", &["Net", "answers"], &["D"]);
    assert!(labels("train Other on D as $0").is_empty());
    begins("allow W10$0", &["W1001"]);
}

#[test]
fn artifacts_are_offered_for_what_they_can_do() {
    let closed = |text: &str| labels(&format!("load \"o.onnx\" as Closed\n{text}"));
    assert_eq!(closed("quantize $0"), ["Net"]);
    assert_eq!(closed("export $0"), ["Net", "Net8"]);
    assert_eq!(closed("train Other on D { from = $0 }"), ["Net"]);
    assert_eq!(closed("distill Other from $0")[..3], ["Closed", "Net", "Net8"]);
    let text = "load \"o.onnx\" as Closed\ndistill Other from Closed on D { loss = $0 }";
    assert!(one(text, "logits").rank < one(text, "l2").rank);
    assert!(one(text, "hint").rank > one(text, "l2").rank);
    let text = "load answers(\"o.npy\") on D as Known\nexpect { $0 }";
    begins(text, &["Net", "Net8", "width"]);
}

#[test]
fn teachers_are_told_apart_and_partners_fit() {
    let text = "train Other on D as B\ndistill Other from [Net, B] on D as C { loss = hint(teacher = $0) }";
    begins(text, &["Net.stem", "Net.flatten1", "Net.head", "B.flatten1"]);
    let text = "distill Other from Net on D { loss = hint(student = dense1, teacher = $0) }";
    begins(text, &["flatten1", "head", "stem"]);
}

#[test]
fn conditions_and_their_texts_know_the_body() {
    let layer =
        |row: &str| format!("layer L(x: [C, H], k: int, on: bool) {{\n    {row}\n    x\n}}\n");
    begins(&layer("assert k > $0"), &["C", "H", "k"]);
    holds(&layer("assert k > $0"), &[], &["x", "relu"]);
    begins(&layer("assert k > 0, $0"), &["\"…\""]);
    let found = one(&layer("assert k > 0, \"k is {k$0}\""), "k");
    assert_eq!(found.insert.len(), found.replace.len());
    begins(&layer("x -> if $0"), &["on", "C", "H"]);
    holds(&layer("x -> repeat c in $0 { conv(c, 3) }"), &["[…]"], &["c"]);
    assert_eq!(labels(&layer("assert k > 0 $0")), [", \"…\"", "and", "or"]);
    assert_eq!(labels(&layer("x -> if on $0")), ["{ … }", "and", "or"]);
    assert_eq!(labels(&layer("y = if k == 1 $0")), ["{ … }", "and", "or"]);
    assert_eq!(labels(&layer("x -> repeat 2 $0")), ["{ … }"]);
    assert_eq!(labels(&layer("x -> repeat c in [8, 16] $0")), ["{ … }"]);
    assert_eq!(labels(&layer("x -> repeat i in 0..3 $0")), ["{ … }"]);
    assert_eq!(labels(&layer("x -> repeat 2 { relu } $0")), ["->", "as"]);
    assert_eq!(labels(&layer("x -> if on { relu } $0")), ["->", "else", "as"]);
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
    let keep = labels("policy Q { keep = [$0] }\nquantize Net with Q on D as N2\n");
    assert_eq!(keep, ["stem", "flatten1", "head"]);
    begins("policy Q { keep = [$0] }", &["stem", "flatten1", "head"]);
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
    holds("model M(x: [1, 8]) { x -> dense(D.$0) }", &["classes", "shape[0]"], &["shape"]);
    holds("wide = $0", &["width", "D.classes"], &["wide"]);
    assert!(labels("model M(x: [1, 8]) { x -> relu as $0").is_empty());
    begins("layer L(x: $0", &["[C, H, W]", "[features]", "int[T]", "[..]"]);
}

#[test]
fn items_begin_at_the_start_of_a_line() {
    begins("$0", &["data", "model", "layer", "train"]);
    begins("quan$0", &["quantize"]);
    let found = one("quan$0", "quantize");
    assert!(found.snippet && found.insert.contains("with ${2:P} on ${3:D} as"), "{}", found.insert);
}

/// What somebody writes for what must be given.
const VALUES: &[(&str, &str)] = &[
    ("channels", "4"),
    ("hidden", "4"),
    ("name", "digits"),
    ("path", "stem"),
    ("width", "4"),
    ("units", "4"),
    ("size", "2"),
    ("factor", "2"),
    ("kernel", "3"),
    ("groups", "1"),
    ("n", "1"),
    ("degrees", "5"),
    ("axis", "0"),
    ("from", "0"),
    ("to", "1"),
    ("shape", "64"),
    ("axes", "0"),
    ("start", "5 epochs"),
    ("condition", "true"),
    ("p", "0.5"),
    ("std", "0.1"),
    ("weight", "0.1"),
    ("lr", "0.1"),
    ("peak", "0.1"),
    ("decay", "0.9"),
];

/// A snippet with values at its places.
fn filled(snippet: &str) -> String {
    let mut text = String::new();
    let mut rest = snippet;
    while let Some(at) = rest.find('$') {
        text += &rest[..at];
        rest = &rest[at + 1..];
        let Some(inner) = rest.strip_prefix('{') else {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            continue;
        };
        let end = inner.find('}').expect("a bracket");
        let place = inner[..end].trim_start_matches(|c: char| c.is_ascii_digit());
        let place = match place.strip_prefix('|') {
            Some(choice) => choice.split(',').next().unwrap_or_default(),
            None => place.trim_start_matches(':'),
        };
        let value = VALUES.iter().find(|(name, _)| *name == place);
        text += value.map_or(place, |(_, value)| value);
        rest = &inner[end + 1..];
    }
    text + rest
}

/// Words that are offered at `$0` of a program that checks when one is taken.
#[test]
fn what_is_offered_checks() {
    let mut bad = Vec::new();
    let mut tried = 0;
    for text in CHECKS {
        let (snapshot, byte) = caret(&format!("{HEAD}{text}"));
        for it in complete(&snapshot, byte, &NoFiles) {
            // Of a foreign rank, or with a value to think of.
            let thought = THOUGHT.contains(&it.label.as_str()) || it.insert.contains("{ $");
            if it.rank >= 300
                || thought
                || it.insert.ends_with(" $0")
                || it.insert.ends_with("{1:}")
            {
                continue;
            }
            let mut program = snapshot.text.to_string();
            program.replace_range(it.replace.clone(), &filled(&it.insert));
            for edit in &it.also {
                program.replace_range(edit.place.range.clone(), &edit.text);
            }
            tried += 1;
            let after = checked(&program);
            let errors = |it: &Snapshot| -> Vec<String> {
                let all = it.checked.diags.iter();
                let kinds = ["E01", "E02", "E03", "E04", "E07", "E08"];
                let known = all.filter(|it| kinds.iter().any(|kind| it.code.id.starts_with(kind)));
                known.map(|it| format!("{} {}", it.code.id, it.message)).collect()
            };
            let errors = errors(&after);
            if !errors.is_empty() {
                bad.push(format!("{}: {} gives {errors:?}", text.replace('\n', " "), it.label));
            }
        }
    }
    assert!(tried > 300, "{tried}");
    assert!(bad.is_empty(), "{} of {tried}\n{}", bad.len(), bad.join("\n"));
}

/// What depends on the values that one thinks of, or is not whole yet.
const THOUGHT: &[&str] = &[
    "->",
    "ConvNeXtStage",
    "InvertedResidualStage",
    "as",
    "bias = ",
    "bool",
    "cifar",
    "csv",
    "exponential",
    "float16",
    "idx",
    "images",
    "int",
    "attention_transfer",
    "hint",
    "l1",
    "l2",
    "latency",
    "layer",
    "list",
    "model",
    "npy",
    "npz",
    "real",
    "similarity",
    "SqueezeExcite",
    "string",
    "transpose",
];

const CHECKS: &[&str] = &[
    "model M(x: [1, 8, 8]) {\n    x -> $0\n}\n",
    "model M(x: [1, 8, 8]) {\n    x -> flatten -> $0\n}\n",
    "model M(x: [1, 8, 8]) {\n    x -> conv(4, 3, $0)\n}\n",
    "model M(x: [1, 8, 8]) {\n    x -> conv(8, 3, padding = $0)\n}\n",
    "model M(x: [1, 8, 8]) {\n    x -> conv(8, 3, bias = $0)\n}\n",
    "model M(x: [1, 8, 8]) {\n    x -> conv(8, 3, init = $0)\n}\n",
    "model M(x: [1, 8, 8]) {\n    x -> ConvBlock(8, $0)\n}\n",
    "model M(x: [1, 8, 8]) {\n    x -> repeat $0 { relu }\n}\n",
    "model M(x: [1, 8, 8]) {\n    x -> flatten -> dense($0)\n}\n",
    "model M(x: [1, 8, 8]) {\n    a = x -> relu\n    a + $0\n}\n",
    "model M(x: [1, 8, 8]) {\n    a = x -> relu\n    a -> concat($0)\n}\n",
    "model M(x: [1, 8, 8]) {\n    x -> relu $0\n}\n",
    "layer M(x: $0) { x }\n",
    "layer M(x: [1, 8, 8], n: int = $0) { x }\n",
    "layer M(x: [1, 8, 8], n: bool = $0) { x }\n",
    "layer M(x: [1, 8, 8], n: list = $0) { x }\n",
    "data E { source = builtin(\"digits\")\n valid = $0 }\n",
    "data E { source = builtin(\"$0\") }\n",
    "data E { source = builtin(\"digits\")\n normalize = $0 }\n",
    "data E { source = builtin(\"digits\")\n augment = [$0] }\n",
    "data E { source = builtin(\"digits\")\n augment = [flip($0)] }\n",
    "data E { source = builtin(\"digits\")\n stratify = $0 }\n",
    "data E { source = builtin(\"digits\")\n limit = $0 }\n",
    "data E { source = builtin(\"digits\")\n seed = $0 }\n",
    "train Other on D { loss = $0 }\n",
    "train Other on D { loss = 0.5 * cross_entropy + 0.1 * $0 }\n",
    "train Other on D { optimizer = $0 }\n",
    "train Other on D { optimizer = adam($0) }\n",
    "train Other on D { optimizer = sgd(lr = 0.1, $0) }\n",
    "train Other on D { schedule = $0 }\n",
    "train Other on D { schedule = cosine($0) }\n",
    "train Other on D { schedule = cosine(warmup = $0) }\n",
    "train Other on D { epochs = $0 }\n",
    "train Other on D { average = $0 }\n",
    "train Other on D { stop = $0 }\n",
    "train Other on D { stop = early(metric = $0) }\n",
    "train Other on D { keep_best = $0 }\n",
    "train Other on D { freeze = [$0] }\n",
    "train Other on D { from = $0 }\n",
    "train $0 on D as Again\n",
    "train Other on $0\n",
    "train Other on D $0\n",
    "distill Other from $0 on D\n",
    "distill Other from [Net, $0] on D as O2\n",
    "distill Other from Net on D { loss = $0 }\n",
    "distill Other from Net on D { loss = hint(teacher = stem, student = $0) }\n",
    "distill Other from Net on D { loss = similarity(teacher = $0, student = dense1) }\n",
    "policy Q { method = $0 }\n",
    "policy Q { weights = $0 }\n",
    "policy Q { weights = int8($0) }\n",
    "policy Q { weights = int8(per = $0) }\n",
    "policy Q { activations = $0 }\n",
    "policy Q { activations = uint8($0) }\n",
    "policy Q { activations = uint8(range = $0) }\n",
    "policy Q { calibrate = $0 }\n",
    "policy Q { keep = [$0] }\nquantize Net with Q on D as N2\n",
    "policy Q {\n    override $0 { activations = int8 }\n}\nquantize Net with Q on D as N2\n",
    "quantize $0 with P on D as N2\n",
    "quantize Net with $0 on D as N2\n",
    "policy Q { method = qat }\nquantize Net with Q on D as N2 { freeze_ranges = $0 }\n",
    "export $0 to \"a.onnx\"\n",
    "export Net to $0\n",
    "expect { Net.$0 >= 1 }\n",
    "expect { Net8.accuracy >= Net.$0 }\n",
    "expect { Net8.agreement($0) >= 1% }\n",
    "expect { Net8.size <= 4 $0 }\n",
    "expect { Net.accuracy $0 90% }\n",
    "half = $0\n",
    "half = 2 * $0\n",
    "use std.vision: $0\n",
    "$0\n",
];

#[test]
fn comments_and_numbers_offer_nothing() {
    assert!(labels("// tr$0").is_empty());
    assert!(labels("train Other on D { epochs = 1$0").is_empty());
}

#[test]
fn imports_and_files_are_listed() {
    begins("use $0", &["std.mlp", "std.sequence", "std.vision"]);
    begins("use std.$0", &["mlp", "sequence", "vision"]);
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
    for text in [
        "data E { source = csv(\"sets/a.csv\", target = \"$0\") }",
        "data E { source = csv(\"sets/a.csv\", target = \"$0",
        "data E { source = csv(file = \"sets/a.csv\", features = [\"$0\"]) }",
    ] {
        assert_eq!(complete_in(text), ["x", "y"], "{text}");
    }
    assert_eq!(complete_in("use \"bl$0\""), ["blocks.dlm"]);
    assert_eq!(complete_in("use \"blocks.dlm\": $0"), ["Own"]);
}
