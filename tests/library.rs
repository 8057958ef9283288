//! The networks and layers of the library: as large as published, trained, quantized and exported.

use crate::support::{check, run};
use dlm_check::program::Split;
use dlm_learn::Options;

/// Parameters and multiply-adds of torchvision 0.29's networks of these forms; of ResNet-20 the paper has
/// "0.27 M" and the others count 41 M.
const PUBLISHED: &[(&str, &str, u64, u64)] = &[
    ("MobileNetV2(1000)", "[3, 224, 224]", 3_504_872, 300_774_272),
    ("MobileNetV2(1000, width = 0.35)", "[3, 224, 224]", 1_677_128, 59_285_808),
    ("MobileNetV2(1000, width = 0.5)", "[3, 224, 224]", 1_968_680, 97_131_840),
    ("MobileNetV2(1000, width = 1.4)", "[3, 224, 224]", 6_108_776, 582_195_824),
    ("ResNet(1000, depths = [2, 2, 2, 2])", "[3, 224, 224]", 11_689_512, 1_814_073_344),
    ("ResNet(1000, depths = [3, 4, 6, 3])", "[3, 224, 224]", 21_797_672, 3_663_761_408),
    (
        "ResNet(1000, depths = [3, 4, 6, 3], bottleneck = true)",
        "[3, 224, 224]",
        25_557_032,
        4_089_184_256,
    ),
    ("ResNet(10)", "[3, 32, 32]", 272_474, 40_813_184),
    ("ConvNeXt(1000)", "[3, 224, 224]", 28_589_128, 4_455_531_264),
];

#[test]
fn networks_are_as_large_as_published() {
    let mut text = String::from("use std.vision: ConvNeXt, MobileNetV2, ResNet\n");
    for (i, (call, shape, ..)) in PUBLISHED.iter().enumerate() {
        text += &format!("model M{i}(image: {shape}) {{ image -> {call} }}\n");
    }
    let program = check(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let found: Vec<(&str, u64, u64)> = PUBLISHED
        .iter()
        .zip(&program.networks)
        .map(|((call, ..), net)| (*call, net.params(), net.macs()))
        .collect();
    let published: Vec<(&str, u64, u64)> =
        PUBLISHED.iter().map(|&(call, _, params, macs)| (call, params, macs)).collect();
    assert_eq!(found, published);
}

#[test]
fn networks_of_the_library_are_trained_quantized_and_exported() {
    let models = [
        "ResNet(classes = Digits.classes, depth = 8, width = 8)",
        "ResNet(10, depths = [1, 1, 1, 1], bottleneck = true, width = 8)",
        "MobileNetV2(Digits.classes, width = 0.1, stride = 1)",
        "ConvNeXt(10, depths = [1, 1], width = 16, patch = 1)",
        "Rows",
        "Columns",
    ];
    let mut text = "use std.vision: ConvNeXt, MobileNetV2, ResNet
use std.sequence: BidirectionalGru, Decoder, Encoder, TemporalConvBlock
model Rows(image: [1, 8, 8]) {
    memory = image -> reshape([8, 8]) -> Encoder(1, heads = 2)
    image -> reshape([8, 8]) -> Decoder(memory, 1, heads = 2) -> BidirectionalGru(16) -> dense(10)
}
model Columns(image: [1, 8, 8]) {
    image -> reshape([8, 8]) -> repeat d in [1, 2] { TemporalConvBlock(16, dilation = d) }
        -> flatten -> dense(10)
}
data Digits { source = builtin(\"digits\") limit = 64 valid = 32 samples test = 32 samples }
policy Edge { method = static calibrate = 32 samples }
"
    .to_string();
    for (i, model) in models.iter().enumerate() {
        text += &format!(
            "train {model} on Digits as N{i} {{ epochs = 2 }}
quantize N{i} with Edge on Digits as Q{i}
export N{i} to \"n{i}.onnx\"
export Q{i} to \"q{i}.onnx\"
"
        );
    }
    let (world, outcome) = run(&text, &Options::default());
    for (i, model) in models.iter().enumerate() {
        let made = |name: String| {
            let found = outcome.artifacts.iter().find(|it| it.artifact == name).unwrap();
            let loss = found.scores[&Split::Test].loss;
            assert!(loss.is_finite(), "{model}: {loss}");
            found.size as f64
        };
        let share = made(format!("Q{i}")) / made(format!("N{i}"));
        // Attention and recurrent units stay in float.
        let most = if *model == "Rows" { 0.9 } else { 0.4 };
        assert!(share < most, "{model}: {share}");
        for file in [format!("n{i}.onnx"), format!("q{i}.onnx")] {
            assert!(world.saved[&file].len() > 1000, "{file}");
        }
    }
}
