//! Networks that a program has trained and quantized, on the data that they have not seen.

use super::graph_answer;
use super::python::{Run, answers, python};
use crate::support::{Disk, check, run};
use dlm_check::program::Split;
use dlm_learn::Options;
use dlm_learn::data::Loaded;
use dlm_learn::quant::file::from_bytes;
use dlm_learn::quant::network::{floats, lower_quantized};

const PROGRAM: &str = "use std.vision: ResidualBlock
data Digits { source = builtin(\"digits\") }
model Mlp(image: [1, 8, 8]) {
    image -> flatten -> dense(64) -> relu -> dense(48) -> relu -> dense(10)
}
model Residual(image: [1, 8, 8]) {
    image -> conv(8, 3, bias = false) -> batch_norm -> relu -> ResidualBlock(12, stride = 2)
        -> max_pool(2) -> flatten -> dense(10)
}
model Depthwise(image: [1, 8, 8]) {
    image -> conv(8, 3, bias = false) -> batch_norm -> relu6
        -> depthwise_conv(3, bias = false) -> batch_norm -> relu6
        -> conv(16, 1, bias = false) -> batch_norm -> relu6 -> avg_pool(2) -> flatten -> dense(10)
}
train Mlp on Digits { epochs = 8 }
train Residual on Digits { epochs = 4 }
train Depthwise on Digits { epochs = 8   optimizer = adamw(lr = 1e-2) }
policy Fixed { method = static }
policy Tuned { method = qat   activations = uint8(range = moving(0.99)) }
policy Ranged { method = dynamic }
quantize Mlp with Fixed on Digits as Mlp8
quantize Mlp with Ranged on Digits as MlpRanged
quantize Residual with Fixed on Digits as Residual8
quantize Residual with Ranged on Digits as ResidualRanged
quantize Depthwise with Fixed on Digits as Depthwise8
quantize Depthwise with Tuned on Digits as DepthwiseTuned { epochs = 2 }
export Mlp8 to \"Mlp8.onnx\"
export MlpRanged to \"MlpRanged.onnx\"
export Residual8 to \"Residual8.onnx\"
export ResidualRanged to \"ResidualRanged.onnx\"
export Depthwise8 to \"Depthwise8.onnx\"
export DepthwiseTuned to \"DepthwiseTuned.onnx\"
";

#[test]
fn quantized_artifacts_answer_the_same_in_onnx_runtime() {
    let Some(python) = python() else { return };
    let program = check(PROGRAM).unwrap_or_else(|errors| panic!("{errors}"));
    let data = Loaded::load(&program.datasets[0], &Disk).unwrap();
    let batch = data.len(Split::Test);
    let mut images = vec![0.0; batch * 64];
    data.fill(Split::Test, 0..batch, &mut images);

    let (world, _) = run(PROGRAM, &Options::default());
    let (mut runs, mut expected) = (Vec::new(), Vec::new());
    for quantization in &program.quantizations {
        let artifact = &quantization.artifact;
        let network = &program.networks[quantization.network];
        let stored = &world.saved[artifact];
        let (scheme, quantized, _) = from_bytes(network, quantization, stored).unwrap();
        let inputs = vec![(network.inputs[0].1.clone(), images.clone())];
        let floats = floats(network, &scheme, &quantized);
        expected.push(graph_answer(network, &floats, batch, &inputs, |g, inputs| {
            lower_quantized(network, &scheme, &quantized, g, inputs, "")
        }));
        let model = world.saved[&format!("{artifact}.onnx")].clone();
        runs.push(Run { model, batch, inputs });
    }
    let actual = answers(&python, "onnx-programs", &runs);
    assert_eq!(actual.len(), 6);
    for ((answer, expected), quantization) in
        actual.into_iter().zip(expected).zip(&program.quantizations)
    {
        let (answer, name) = (answer.unwrap(), &quantization.artifact);
        let differing = answer.numbers.iter().zip(&expected).filter(|(a, b)| a != b).count();
        assert_eq!((differing, expected.len()), (0, batch * 10), "{name}");
        let largest = |logits: &[f32]| (0..10).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
        let classes = answer.numbers.chunks_exact(10).map(|logits| largest(logits).unwrap() as u32);
        let right = classes.zip(data.classes(Split::Test)).filter(|(a, b)| a == *b).count();
        assert!(right * 10 > batch * 8, "{name}: {right} of {batch}");
    }
}
