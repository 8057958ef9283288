use super::{check, clean, found, mended, only};
use dlm_base::diag::codes;

const TRAIN: &str = "data Iris { source = builtin(\"iris\") }\ntrain N on Iris\n";

#[test]
fn what_nothing_uses_is_said_in_files_with_verbs() {
    let net = "model N(x: [4]) { x -> dense(3) }\n";
    let checked = check(&format!(
        "{TRAIN}{net}width = 3\nlayer L(x: [F]) {{ x -> L2 }}\nlayer L2(x: [F]) {{ x -> relu }}\nmodel M(x: [4]) {{ x -> relu }}\n_keep = 3\n"
    ));
    assert_eq!(found(&checked), ["W1001 width", "W1001 L", "W1001 M"]);
    clean(&format!("{net}width = 3\nlayer L(x: [F]) {{ x -> relu }}\n"));
}

#[test]
fn unused_imports_are_taken_out() {
    let text =
        "use std.vision: ConvBlock, SqueezeExcite\nmodel N(x: [4, 8, 8]) { x -> ConvBlock }\n";
    only(text, "W1001 SqueezeExcite");
    assert!(mended(text).starts_with("use std.vision: ConvBlock\n"), "{}", mended(text));
    let text =
        "use std.vision: SqueezeExcite, ConvBlock\nmodel N(x: [4, 8, 8]) { x -> ConvBlock }\n";
    assert!(mended(text).starts_with("use std.vision: ConvBlock\n"), "{}", mended(text));
    let text = "use std.vision: SqueezeExcite\nmodel N(x: [4, 8, 8]) { x -> relu }\n";
    assert!(mended(text).starts_with("\nmodel"), "{}", mended(text));
}

#[test]
fn a_misspelt_use_is_one_mistake() {
    only("use std.vision: ConvBlock\nmodel N(x: [4, 8, 8]) { x -> ConvBlok }\n", "E0201 ConvBlok");
}

#[test]
fn bindings_that_do_not_reach_the_result_say_what_they_cost() {
    let diag = only("model N(x: [4]) { aux = x -> dense(1000)\n x -> dense(3) }\n", "W1001 aux");
    assert_eq!(diag.primary.text, "does not reach the result; its 5,000 parameters are left out");
    let diag = only("layer L(x: [F]) { aux = x -> dense(F)\n x -> dense(3) }\n", "W1001 aux");
    assert_eq!(diag.primary.text, "does not reach the result");
    // What only an unused row needs is unused too.
    let checked = check("model N(x: [4]) { a = x -> dense(3)\n b = a -> relu\n x -> dense(3) }\n");
    assert_eq!(found(&checked), ["W1001 a", "W1001 b"]);
    clean("model N(x: [4]) { a = x -> dense(3)\n if true { a } else { x } }\n");
    only("layer L(x: [F], n: int = 2) { x -> dense(F) }\n", "W1001 n");
}

#[test]
fn a_bias_before_batch_norm_is_useless() {
    let text = "model N(x: [4, 8, 8]) { x -> conv(8, 3) -> batch_norm -> relu }\n";
    only(text, "W1003 conv(8, 3)");
    assert!(mended(text).contains("conv(8, 3, bias = false)"));
    clean(&mended(text));
    // Once, however often the step is expanded; and not where one use needs the bias.
    let block = "layer B(x: [C, H, W], norm: bool = true) { x -> conv(C, 3) -> if norm { batch_norm } -> relu }\n";
    only(
        &format!("{block}model N(x: [4, 8, 8]) {{ x -> B -> repeat 3 {{ B }} }}\n"),
        "W1003 conv(C, 3)",
    );
    clean(&format!("{block}model N(x: [4, 8, 8]) {{ x -> B -> B(norm = false) }}\n"));
    clean("model N(x: [4, 8, 8]) { y = x -> conv(8, 3)\n y + (y -> batch_norm) }\n");
}

#[test]
fn relu_does_not_stand_before_softmax_or_at_the_end_of_a_classifier() {
    only("model N(x: [4]) { x -> dense(3) -> relu -> dropout(0.1) -> softmax }\n", "W1007 relu");
    let checked = check(&format!("{TRAIN}model N(x: [4]) {{ x -> dense(3) -> relu }}\n"));
    assert_eq!(found(&checked), ["W1007 relu"]);
    clean("model N(x: [4]) { x -> dense(3) -> relu }\n");
}

#[test]
fn warnings_can_be_silenced() {
    let net = "model N(x: [4, 8, 8]) { x -> conv(8, 3) -> batch_norm -> relu }\n";
    clean(&format!("allow W1003\n{net}"));
    only(
        &format!("allow W1003\nmodel M(x: [4]) {{ x -> relu }}\n{net}allow W1003\n{net}")
            .replacen(net, "", 1)
            .replace("model N", "model P"),
        "W1009 W1003",
    );
    only(
        &format!("allow W9999\n{net}").replace("conv(8, 3)", "conv(8, 3, bias = false)"),
        "E0201 W9999",
    );
    only(
        &format!("allow E0401\n{net}").replace("conv(8, 3)", "conv(8, 3, bias = false)"),
        "E0303 E0401",
    );
}

#[test]
fn what_a_run_says_of_teachers_can_be_silenced() {
    let text = "data Iris { source = builtin(\"iris\") }
model Large(x: [4]) { x -> dense(9) -> relu -> dense(3) }
model Small(x: [4]) { x -> dense(3) }
train Large on Iris
allow W1017
distill Small from Large on Iris
";
    assert_eq!(clean(text).program.trainings[1].silenced, [&codes::runs::W1017]);
    // A distillation rounds nothing, and a training has no teacher.
    only(&text.replace("W1017", "W1012"), "W1009 W1012");
    let text = text.replace("allow W1017\n", "").replace("train Large", "allow W1017\ntrain Large");
    only(&text, "W1009 W1017");
}

#[test]
fn other_files_keep_their_warnings_to_themselves() {
    let checked = super::check_among(&[
        ("main.dlm", "use \"b.dlm\": B\nmodel N(x: [4, 8, 8]) { x -> B }\n"),
        ("b.dlm", "layer B(x: [C, H, W]) { x -> conv(C, 3) -> batch_norm }\n"),
    ]);
    assert_eq!(found(&checked), [""; 0]);
}
