//! What policies make of networks.

use super::{clean, found, only};
use crate::program::{Length, Program};
use crate::quant::{
    Activations, Form, Format, Method, Per, Quantization, Range, Tail, Weights, memory, size,
};
use crate::session::Checked;

const NET: &str = r#"
data Digits { source = builtin("digits") }
model Net(image: [1, 8, 8]) {
    image -> conv(4, 3, bias = false) as stem -> batch_norm as norm -> relu as cut
          -> max_pool(2) -> flatten -> dense(10) as head
}
train Net on Digits { loss = cross_entropy(smoothing = 0.1) }
"#;

/// The quantization of the network under a policy; with the block of the verb.
fn quantized(policy: &str, block: &str) -> Checked {
    clean(&format!(
        "{NET}\npolicy P {{ {policy} }}\nquantize Net with P on Digits as Net8 {block}\n"
    ))
}

fn the(checked: &Checked) -> &Quantization {
    let [one] = checked.program.quantizations.as_slice() else { panic!("one quantization") };
    one
}

/// The layer at a path.
fn layer(program: &Program, path: &str) -> usize {
    let net = &program.networks[program.trainings[0].network];
    net.layers.iter().position(|layer| &*layer.path == path).expect(path)
}

fn format(checked: &Checked, path: &str) -> Format {
    the(checked).formats[layer(&checked.program, path)]
}

fn int(bits: u8, per: Per) -> Weights {
    Weights::Int { bits, per, symmetric: true }
}

fn codes(range: Range) -> Activations {
    Activations::Codes { symmetric: false, range }
}

#[test]
fn a_policy_has_defaults() {
    let checked = quantized("", "");
    let it = the(&checked);
    assert_eq!((it.method, it.calibrate, it.max_drop), (Method::Static, 512, None));
    assert!(it.tuning.is_none());
    assert!(it.formats.iter().all(|format| *format == Format::default()));
    assert_eq!(
        (it.artifact.as_str(), it.source.as_str(), it.policy.as_str()),
        ("Net8", "Net", "P")
    );
}

#[test]
fn the_last_match_wins_for_each_of_weights_and_activations() {
    let checked = quantized(
        "weights = int8(per = tensor)
         override kind(dense) { weights = int4   activations = uint8(range = mse) }
         override stem        { weights = int8   activations = int8(range = percentile(99)) }
         override Net8.head   { weights = int8 }",
        "",
    );
    assert_eq!(format(&checked, "head").weights, int(8, Per::Channel));
    assert_eq!(format(&checked, "head").activations, codes(Range::Mse));
    assert_eq!(format(&checked, "stem").weights, int(8, Per::Channel));
    assert_eq!(format(&checked, "stem").activations, codes(Range::Percentile(99.0)));
}

#[test]
fn a_format_for_a_part_is_one_for_all_that_is_folded_together() {
    let checked = quantized("override cut { activations = float32 }", "");
    let unit = &the(&checked).scheme.units[0];
    assert_eq!((unit.main, unit.output), (0, 2));
    assert!(matches!(unit.form, Form::Float(_)), "{unit:?}");
    let checked = quantized(
        "override stem { activations = uint8(range = entropy)   weights = int4 }
         override norm { activations = float32 }",
        "",
    );
    assert!(matches!(the(&checked).scheme.units[0].form, Form::Float(_)));
    assert_eq!(format(&checked, "cut").activations, Activations::Float32);
    let last = "override cut { activations = float32 } override stem { activations = uint8 }";
    let text = format!("{NET}policy P {{ {last} }}\nquantize Net with P on Digits as Net8\n");
    only(&text, "E0804 cut");
}

#[test]
fn what_is_kept_stays_in_float_whatever_overrides_say() {
    let checked = quantized("keep = [head]   override kind(conv) { weights = int4 }", "");
    assert!(format(&checked, "head").keep && !format(&checked, "stem").keep);
    assert_eq!(format(&checked, "stem").weights, int(4, Per::Channel));
    let unit = the(&checked).scheme.units.last().expect("units");
    assert_eq!(unit.weights, Some(Weights::Float32));
}

#[test]
fn tuning_goes_on_with_the_loss_of_the_training() {
    let checked = quantized("method = qat", "{ steps = 90   batch = 16 }");
    let tuning = the(&checked).tuning.as_ref().expect("tuning");
    assert_eq!(tuning.freeze_ranges, Tail::Share(1.0 / 3.0));
    let training = &tuning.training;
    assert_eq!((training.length, training.batch), (Length::Steps(90), 16));
    assert_eq!(training.artifact, "Net8");
    assert_eq!(training.network, checked.program.trainings[0].network);
    assert_eq!(training.loss[0].args.real("smoothing"), 0.1);
    assert!(training.from.is_none());
    let tail = |value: &str| {
        let checked = quantized("method = qat", &format!("{{ freeze_ranges = {value} }}"));
        the(&checked).tuning.as_ref().expect("tuning").freeze_ranges
    };
    assert_eq!(tail("25%"), Tail::Share(0.25));
    assert_eq!(tail("2 epochs"), Tail::Epochs(2.0));
    assert_eq!(tail("40 steps"), Tail::Steps(40.0));
}

#[test]
fn sizes_count_scales_biases_and_grids() {
    let bytes = |policy: &str| {
        let checked = quantized(policy, "");
        let net = &checked.program.networks[checked.program.trainings[0].network];
        size(net, &the(&checked).scheme)
    };
    // stem 4 · 9 with a bias from the normalisation, head 10 · 64; grids of the input and two results.
    let scales = 4 * 4 + 10 * 4;
    let biases = 4 * 4 + 10 * 4;
    assert_eq!(bytes(""), 36 + 640 + scales + biases + 3 * 5);
    assert_eq!(bytes("weights = int4"), 18 + 320 + scales + biases + 3 * 5);
    assert_eq!(bytes("weights = int8(per = tensor)"), 36 + 640 + 2 * 4 + biases + 3 * 5);
    assert_eq!(bytes("activations = float32"), 36 + 640 + scales + biases);
    assert_eq!(bytes("weights = float16   activations = float32"), 2 * 676 + biases);
    // The result of the last layer is float, and the codes before it have one grid.
    assert_eq!(bytes("keep = [head]"), 36 + 4 * 4 + 4 * 640 + biases + 2 * 5);
}

#[test]
fn memory_counts_codes_as_bytes() {
    let bytes = |policy: &str| {
        let checked = quantized(policy, "");
        let net = &checked.program.networks[checked.program.trainings[0].network];
        memory(net, &the(&checked).scheme)
    };
    // The convolution reads 64 numbers and makes 4 · 64; what is folded into it makes nothing.
    assert_eq!(bytes(""), 64 + 256);
    assert_eq!(bytes("activations = float32"), 4 * (64 + 256));
    assert_eq!(bytes("method = dynamic"), 4 * (64 + 256));
}

#[test]
fn a_policy_that_is_wrong_says_so_once_for_all_its_uses() {
    let uses = "quantize Net with P on Digits as A\nquantize Net with P on Digits as B";
    let text = format!("{NET}\npolicy P {{ override haed {{ weights = int4 }} }}\n{uses}\n");
    only(&text, "E0804 haed");
    let text = format!("{NET}\npolicy P {{ weights = int4(per = group(7)) }}\n{uses}\n");
    only(&text, "E0803 int4(per = group(7))");
}

#[test]
fn an_entry_need_match_only_one_of_the_networks() {
    let small = "model Small(image: [1, 8, 8]) { image -> flatten -> dense(10) as tail }
train Small on Digits
policy P { override tail { weights = int4 }   override stem { weights = int4 } }
quantize Net with P on Digits as Net8
";
    let text = format!("{NET}{small}");
    assert_eq!(found(&super::check(&text)), ["E0804 tail"]);
    let checked = clean(&format!("{text}quantize Small with P on Digits as Small8\n"));
    assert_eq!(checked.program.quantizations.len(), 2);
}

#[test]
fn nothing_follows_from_what_is_wrong_elsewhere() {
    // The training is wrong: nothing is known of the network.
    let text = NET.replace("dense(10)", "dnse(10)");
    let policy = "policy P { keep = [haed] }\nquantize Net with P on Digits as Net8\n";
    only(&format!("{text}{policy}expect {{ Net8.size < 1 B }}\n"), "E0201 dnse");
    // The policy is wrong: what it would cover is not known.
    let policy =
        "policy P { weights = int9   keep = [haed] }\nquantize Net with P on Digits as Net8\n";
    only(&format!("{NET}{policy}expect {{ Net8.size < 1 B }}\n"), "E0201 int9");
}

#[test]
fn a_size_that_the_run_may_raise_is_a_lower_bound() {
    let expect = |row: &str| {
        let policy = "policy P { max_drop = 1% }\nquantize Net with P on Digits as Net8\n";
        found(&super::check(&format!("{NET}{policy}expect {{ {row} }}\n")))
    };
    assert_eq!(expect("Net8.size <= 1 KiB"), [""; 0]);
    assert_eq!(expect("Net8.size <= 500 B"), ["E0901 Net8.size <= 500 B"]);
    assert_eq!(expect("Net8.size >= 2 KiB"), [""; 0]);
    assert_eq!(expect("500 B >= Net8.size"), [""; 0]);
    assert_eq!(expect("Net8.params <= 10"), ["E0901 Net8.params <= 10"]);
}
