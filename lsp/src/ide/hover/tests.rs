use super::*;
use crate::ide::tests::caret;

const TEXT: &str = "/// How wide.
width = 4 * 6
data D { source = builtin(\"digits\")  valid = 10%  augment = [shift(1)] }
/// A block.
layer Block(x: [C, H, W], n: int = C) { x -> conv(n, 3) -> relu }
model Net(x: [1, 8, 8]) {
    a = x -> conv(8, 3, padding = same) as stem -> repeat 2 { Block } -> softmax
    b = a + a
    b -> flatten -> dense(D.classes) as head
}
train Net on D { optimizer = adamw(lr = 1e-3)  schedule = cosine  epochs = 5  batch = 64 }
policy P { method = static  keep = [head]  override kind(conv) { weights = int8(per = tensor) } }
quantize Net with P on D as Net8
allow W1003
expect { Net8.accuracy >= 90%  Net8.size <= 40 KiB }
";

/// The explanation of the word behind `before`, in the program.
fn of(before: &str) -> String {
    let found = TEXT.find(before).unwrap_or_else(|| panic!("no {before}")) + before.len();
    let (snapshot, byte) = caret(&format!("{}$0{}", &TEXT[..found], &TEXT[found..]));
    hover(&snapshot, byte).unwrap_or_else(|| panic!("nothing at {before}")).markdown
}

#[track_caller]
fn says(before: &str, parts: &[&str]) {
    let text = of(before);
    for part in parts {
        assert!(text.contains(part), "{before}: no {part:?} in\n{text}");
    }
}

#[test]
fn operators_have_their_shapes_here() {
    says(
        "a = x -> co",
        &[
            "conv(x, channels, kernel, stride = 1",
            "`[1, 8, 8] → [8, 8, 8]` · 80 parameters · 4,608 MACs",
            "`stem`",
            "`weight [8, 1, 3, 3]`",
            "`Net8`: runs in integers, weights int8 per tensor",
        ],
    );
    says("-> soft", &["`[8, 8, 8] → [8, 8, 8]`", "float32, because"]);
    says("b -> flatten -> den", &["`Net8`: float32, because `keep` names it", "5,130 parameters"]);
    says(
        "{ Blo",
        &[
            "Block(x: [C, H, W], n: int = C)",
            "A layer.",
            "A block.",
            "`C = 8`",
            "1,168 MACs".trim_start_matches("1,168 "),
        ],
    );
    says("b = a ", &["`[8, 8, 8], [8, 8, 8] → [8, 8, 8]`"]);
    says("x -", &["`[8, 8, 8]` flows here: 512 numbers a sample"]);
}

#[test]
fn names_of_bodies_have_shapes_and_values() {
    says("    a = ", &["x: [1, 8, 8]"]);
    says("b = ", &["a: [8, 8, 8]", "A flow of this body."]);
    says("x -> conv(", &["n: int", "`n = 8`", "first used, in line 7"]);
    says("layer Block(x: [", &["A size", "`C = 8`"]);
    says("as ste", &["The name of this step.", "[8, 8, 8]"]);
}

#[test]
fn declarations_tell_what_they_are() {
    says("\nwid", &["width = 24", "How wide."]);
    says("data ", &["1,797 samples of `[1, 8, 8]`", "10 classes: 0, 1, 2", "augmented: `shift`"]);
    says("builtin(\"dig", &["1,797 samples of `[1, 8, 8]`"]);
    says("model N", &["| stem | conv | `[8, 8, 8]` | 80 | 4,608 |", "activations"]);
    says("train ", &["| stem | conv |"]);
    says("policy ", &["method = static", "`Net8`: static · "]);
    says("as Net", &["quantize Net with P on D as Net8", "An artifact."]);
    says("D.cla", &["D.classes = 10"]);
}

#[test]
fn settings_and_their_values_have_documentation() {
    says("epo", &["A setting of `train`", "Takes a whole number. Default: 10."]);
    says("schedule = cos", &["A schedule.", "warmup = 0 epochs"]);
    says("adamw(l", &["A parameter of `adamw`"]);
    says("method = sta", &["A method of quantization."]);
    says("int8(per = ten", &["What shares a scale."]);
    says("kind(con", &["An operator."]);
    says("padding = sa", &["One of"]);
    says("keep = [he", &["`head` of `Net`: `dense` · `[10]` · 5,130 parameters"]);
    says("valid = 10", &["`10%` is 0.1"]);
    says("<= 40", &["`40 KiB` is 40,960 bytes"]);
    says("Net8.acc", &["A metric."]);
    says("Net8.si", &["`Net8.size = "]);
    says("allow W10", &["**W1003**"]);
    says("quan", &["quantize Artifact with Policy on Data as Name"]);
    says("quantize Net wi", &["The policy that says"]);
    says("repe", &["repeat 3 { steps }"]);
}

#[test]
fn comments_say_nothing() {
    let (snapshot, byte) = caret("// tr$0ain\ntrain");
    assert_eq!(hover(&snapshot, byte), None);
}
