//! Quantized networks: ONNX Runtime with default options gives the whole numbers of the formulas.

use super::python::{Answer, Run, answers, python, reference};
use super::{about, graph_answer, random_inputs};
use crate::support::check;
use dlm_check::program::{Flow, Network};
use dlm_check::quant::{
    Activations, Form, Format, Method, Per, Range, Scheme, Unit, Weights, scheme,
};
use dlm_kernels::int8::Grid;
use dlm_kernels::rng;
use dlm_learn::onnx::quantized_model;
use dlm_learn::quant::network::{floats, lower_quantized};
use dlm_learn::quant::{Bias, Codes, Quantized, Stored};
use std::collections::BTreeMap;
use std::sync::Arc;

const NETWORKS: &str = "use std.vision: ConvBlock, MobileNetV2, ResNet, SqueezeExcite
model Mlp(x: [30]) { x -> dense(64) -> relu -> dense(48) -> relu -> dense(10) }
model Residual(image: [3, 11, 11]) {
    a = image -> conv(7, 3) -> relu -> max_pool(2)
    b = a -> conv(8, 3) -> relu -> conv(7, 3)
    c = a + b -> relu
    wide = c -> conv(6, 1) -> relu
    deep = c -> depthwise_conv(3) -> relu
    concat(wide, deep) -> global_avg_pool -> dense(10)
}
model Mobile(image: [1, 14, 14]) {
    image -> conv(8, 3, stride = 2, bias = false) -> batch_norm -> relu6
        -> repeat c in [8, 16] {
               depthwise_conv(3, bias = false) -> batch_norm -> relu6
                   -> conv(c, 1, bias = false) -> batch_norm
           }
        -> avg_pool(2) -> flatten -> dense(5)
}
model Functions(image: [4, 9, 9]) {
    a = image -> conv(6, 3, groups = 2) -> leaky_relu(0.2)
    b = image -> conv(6, 4, stride = 2, dilation = 2) -> sigmoid
    c = a -> SqueezeExcite(2) -> conv(6, [1, 3], stride = 2) -> relu
    d = b * c -> max_pool(2) -> relu -> upsample(2) -> pad(1) -> relu6
    concat(d, d, axis = 1) -> global_max_pool -> dense(4)
}
model Sequence(x: [10, 6]) {
    x -> dense(8) -> relu -> dense(8) -> transpose([1, 0]) -> conv1d(4, 3) -> relu
        -> slice(1, 2, 9) -> flatten -> reshape([4, 7]) -> dense(5) -> flatten -> dense(3)
}
model Tokens(tokens: int[6]) {
    tokens -> embedding(2, 12) -> dense(8) -> relu -> transpose([1, 0]) -> flatten -> dense(5)
}
model Deep(image: [3, 17, 16]) { image -> ResNet(5, depth = 8, width = 4) }
model Inverted(image: [3, 17, 16]) { image -> MobileNetV2(5, width = 0.1) }
model Island(image: [2, 8, 8], facts: [5]) {
    a = image -> conv(4, 3) -> relu
    b = image -> conv(4, 3) -> relu6
    c = a - b -> conv(4, 3) as head -> relu -> flatten -> dense(6)
    1 - concat(c, facts) * 0.5 -> dense(4)
}
";

/// What policies can say that changes the form of a file.
#[derive(Clone, Copy, Debug)]
struct Policy {
    method: Method,
    per: Per,
    symmetric: bool,
    bits: u8,
    /// Layers of this path stay in float.
    keep: &'static str,
}

const PLAIN: Policy =
    Policy { method: Method::Static, per: Per::Channel, symmetric: false, bits: 8, keep: "" };

#[test]
fn codes_are_those_of_onnx_runtime() {
    let policies = [
        PLAIN,
        Policy { per: Per::Tensor, ..PLAIN },
        Policy { symmetric: true, ..PLAIN },
        Policy { bits: 4, ..PLAIN },
    ];
    let Some(tried) = try_all("onnx-codes", &policies, &["Island"]) else { return };
    for Trial { name, actual, expected, own } in tried {
        assert_eq!(actual.numbers, expected.numbers, "{name}");
        assert_eq!(own, expected.numbers, "{name}");
        assert_integer(&name, &actual);
        assert_stages(&name, &expected);
    }
}

#[test]
fn steps_in_float_between_codes_keep_the_codes() {
    let kept = [PLAIN, Policy { keep: "head", ..PLAIN }];
    let Some(tried) = try_all("onnx-islands", &kept, &[]) else { return };
    for Trial { name, actual, expected, own } in
        tried.into_iter().filter(|t| t.name.contains("Island"))
    {
        assert_stages(&name, &expected);
        assert_eq!(actual.numbers, expected.numbers, "{name}");
        assert_eq!(own, expected.numbers, "{name}");
    }
}

#[test]
fn a_first_layer_in_float_changes_codes_by_rounding_alone() {
    let kept = [Policy { keep: "conv1", ..PLAIN }];
    let Some(tried) = try_all("onnx-kept", &kept, &["Mlp", "Tokens"]) else { return };
    for Trial { name, actual, expected, own } in tried {
        assert!(actual.facts["kernels"].to_string().contains("Conv\""), "{name}");
        let most = expected.numbers.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        for numbers in [&actual.numbers, &own] {
            let mut pairs = numbers.iter().zip(&expected.numbers);
            assert!(pairs.all(|(a, b)| (a - b).abs() < 0.03 * most), "{name}: {numbers:?}");
        }
    }
}

#[test]
fn ranges_found_as_it_runs_give_the_numbers_of_onnx_runtime() {
    let dynamic = Policy { method: Method::Dynamic, ..PLAIN };
    let policies = [dynamic, Policy { per: Per::Tensor, ..dynamic }];
    let Some(tried) = try_all("onnx-dynamic", &policies, &[]) else { return };
    for Trial { name, actual, expected, own } in tried {
        let scale = expected.numbers.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        let answers = [&actual.numbers, &own].into_iter();
        let pairs = answers.flat_map(|numbers| numbers.iter().zip(&expected.numbers));
        let worst = pairs.map(|(a, b)| (a - b).abs() / scale).fold(0.0_f32, f32::max);
        // Means and functions in float may differ in the last bit before they are rounded.
        let float = ["Deep", "Functions", "Inverted", "Mobile", "Residual"]
            .iter()
            .any(|own| name.starts_with(own));
        let limit = if float { 5e-3 } else { 0.0 };
        assert!(worst <= limit, "{name}: wrong by {worst:e}");
    }
}

#[test]
fn weights_alone_in_few_bits_are_floats_of_a_file() {
    let Some(python) = python() else { return };
    let network = networks().remove(0);
    let weights = [
        Weights::Float16,
        Weights::Int { bits: 4, per: Per::Group(2), symmetric: false },
        Weights::Int { bits: 8, per: Per::Channel, symmetric: true },
    ];
    let mut runs = Vec::new();
    for weights in weights {
        let format = Format { weights, activations: Activations::Float32, keep: false };
        let formats = vec![format; network.layers.len()];
        let scheme = scheme(&network, Method::Static, &formats);
        let quantized = random(&network, &scheme, 1);
        let model = quantized_model(&network, &scheme, &quantized, &about()).unwrap();
        runs.push(Run { model, batch: 3, inputs: random_inputs(&network, 3) });
    }
    let actual = answers(&python, "onnx-floats", &runs);
    let expected = reference(&python, "onnx-floats-reference", &runs);
    for (actual, expected) in actual.into_iter().zip(expected) {
        let (actual, expected) = (actual.unwrap(), expected.unwrap());
        let scale = expected.numbers.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        let mut pairs = actual.numbers.iter().zip(&expected.numbers);
        assert!(scale > 0.1 && pairs.all(|(a, b)| (a - b).abs() < 1e-5 * scale));
    }
}

/// A network under a policy: what ONNX Runtime answers, the formulas, and dlm.
struct Trial {
    name: String,
    actual: Answer,
    expected: Answer,
    /// What dlm answers.
    own: Vec<f32>,
}

fn networks() -> Vec<Arc<Network>> {
    check(NETWORKS).unwrap_or_else(|errors| panic!("{errors}")).networks
}

/// Every network under every policy, with two sets of weights; but for those with these names.
fn try_all(folder: &str, policies: &[Policy], without: &[&str]) -> Option<Vec<Trial>> {
    let python = python()?;
    let (mut names, mut runs, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for network in networks().iter().filter(|network| !without.contains(&&*network.model)) {
        for policy in policies {
            let formats: Vec<Format> =
                network.layers.iter().map(|layer| policy.format(&layer.path)).collect();
            let scheme = scheme(network, policy.method, &formats);
            for seed in 0..2 {
                let quantized = random(network, &scheme, seed);
                let model = quantized_model(network, &scheme, &quantized, &about()).unwrap();
                let inputs = random_inputs(network, 3);
                let floats = floats(network, &scheme, &quantized);
                own.push(graph_answer(network, &floats, 3, &inputs, |g, inputs| {
                    lower_quantized(network, &scheme, &quantized, g, inputs, "")
                }));
                runs.push(Run { model, batch: 3, inputs });
                names.push(format!("{}, {policy:?}, seed {seed}", network.title));
            }
        }
    }
    let actual = answers(&python, folder, &runs);
    let expected = reference(&python, &format!("{folder}-reference"), &runs);
    let trials = names.into_iter().zip(actual).zip(expected.into_iter().zip(own));
    let trial = |((name, actual), (expected, own)): ((String, Result<_, _>), (Result<_, _>, _))| {
        let actual = actual.unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = expected.unwrap_or_else(|error| panic!("{name}: {error}"));
        Trial { name, actual, expected, own }
    };
    Some(trials.map(trial).collect())
}

impl Policy {
    fn format(&self, path: &str) -> Format {
        Format {
            weights: Weights::Int { bits: self.bits, per: self.per, symmetric: true },
            activations: Activations::Codes { symmetric: self.symmetric, range: Range::MinMax },
            keep: path == self.keep,
        }
    }
}

/// No step has fallen back to float.
fn assert_integer(name: &str, actual: &Answer) {
    const FLOAT: &[&str] = &[
        "Add",
        "AveragePool",
        "Concat",
        "Conv",
        "FusedConv",
        "FusedGemm",
        "Gemm",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "LeakyRelu",
        "MatMul",
        "Mul",
        "Sigmoid",
    ];
    let kernels = actual.facts["kernels"].as_array().unwrap();
    let float = kernels.iter().find(|kernel| FLOAT.contains(&kernel.as_str().unwrap()));
    assert_eq!(float, None, "{name}");
    assert!(kernels.iter().any(|kernel| *kernel == "QGemm"), "{name}");
}

/// Each rounded tensor is that of the formulas, and has several values.
fn assert_stages(name: &str, expected: &Answer) {
    let stages = expected.facts["stages"].as_object().unwrap();
    assert!(stages.len() > 3, "{name}");
    for (value, told) in stages {
        let [differing, count, values] = [0, 1, 2].map(|i| told[i].as_u64().unwrap());
        assert_eq!(differing, 0, "{name}: {value}, of {count}");
        assert!(values >= (count / 3).min(5), "{name}: {value} has {values} values of {count}");
    }
}

/// Weights and grids at random, so that numbers of about 1 go through the network and some saturate.
fn random(network: &Network, scheme: &Scheme, seed: u64) -> Quantized {
    let mut grids = Vec::new();
    for point in &scheme.points {
        let symmetric = matches!(point.activations, Activations::Codes { symmetric: true, .. });
        let most = point.cut.unwrap_or(f32::INFINITY).min(1.3);
        let low = if point.cut.is_some() { 0.0 } else { -1.1 };
        let scale = |range: f32, codes: f32| (f64::from(range) / f64::from(codes)) as f32;
        grids.push(match symmetric && low < 0.0 {
            true => Grid { scale: scale(most, 127.0), zero: 128 },
            false => {
                let scale = scale(most - low, 255.0);
                Grid { scale, zero: (-low / scale).round_ties_even() as u8 }
            }
        });
    }
    let units = scheme.units.iter().map(|unit| {
        let format = unit.weights?;
        Some(stored(network, unit, format, scheme, &grids, seed))
    });
    let units = units.collect();
    let mut floats = BTreeMap::new();
    for layer in &network.layers {
        for weight in &layer.weights {
            let name = format!("{}.{}", layer.path, weight.name);
            let numbers = uniform(&name, seed, weight.shape.len()).map(|u| 1.0 + 0.3 * u).collect();
            floats.insert(name, numbers);
        }
    }
    Quantized { units, grids, floats }
}

fn stored(
    network: &Network,
    unit: &Unit,
    format: Weights,
    scheme: &Scheme,
    grids: &[Grid],
    seed: u64,
) -> Stored {
    let layer = &network.layers[unit.main];
    let shape = layer.weights[0].shape.clone();
    let (channels, count) = (shape.0[0], shape.len());
    let inputs = count / channels;
    let name = |word: &str| format!("{}.{word}", layer.path);
    let size = (4.0 / inputs as f32).sqrt();
    let weight = match format {
        Weights::Float32 => {
            Codes::Float(uniform(&name("weight"), seed, count).map(|u| u * size).collect())
        }
        // From ¼ to ½, of both signs.
        Weights::Float16 => Codes::Half(
            uniform(&name("weight"), seed, count)
                .map(|u| 0x3400 + (u.abs() * 1023.0) as u16 + if u < 0.0 { 0x8000 } else { 0 })
                .collect(),
        ),
        // A table on codes lies on the grid of its rows.
        Weights::Int { bits: 8, symmetric: false, per } => {
            let grid = grids[scheme.point_of(Flow::Layer(unit.output)).unwrap()];
            Codes::Int {
                bits: 8,
                codes: uniform(&name("weight"), seed, count).map(|u| (u * 127.0) as i8).collect(),
                scales: vec![grid.scale],
                zeros: vec![(i16::from(grid.zero) - 128) as i8],
                per,
            }
        }
        Weights::Int { bits, per, symmetric } => {
            let most = if bits == 8 { 127.0 } else { 7.0 };
            let scales = match per {
                Per::Tensor => 1,
                Per::Channel => channels,
                Per::Group(group) => channels * inputs / group,
            };
            let scale = |u: f32| (1.0 + 0.4 * u) * size / most;
            let zero = |u: f32| if symmetric { 0 } else { (2.0 * u) as i8 };
            Codes::Int {
                bits,
                codes: uniform(&name("weight"), seed, count)
                    .map(|u| (u * most).round() as i8)
                    .collect(),
                scales: uniform(&name("scale"), seed, scales).map(scale).collect(),
                zeros: uniform(&name("zero"), seed, scales).map(zero).collect(),
                per,
            }
        }
    };
    let bias = (layer.weights.len() > 1 || unit.fold.is_some()).then(|| {
        let numbers = uniform(&name("bias"), seed, channels).map(|u| 0.2 * u + 0.1);
        match (&unit.form, &weight) {
            (Form::Codes, Codes::Int { scales, .. }) => {
                let input = grids[scheme.point_of(unit.inputs[0]).unwrap()].scale;
                let codes = numbers.enumerate().map(|(c, b)| {
                    let unit = input * scales[c.min(scales.len() - 1)];
                    (f64::from(b) / f64::from(unit)).round_ties_even() as i32
                });
                Bias::Int(codes.collect())
            }
            _ => Bias::Float(numbers.collect()),
        }
    });
    Stored { weight, bias }
}

/// Numbers from −1 to 1.
fn uniform(name: &str, seed: u64, count: usize) -> impl Iterator<Item = f32> + use<> {
    let key = rng::key_of(rng::key_of(seed, "quantized"), name);
    (0..count as u64).map(move |i| 2.0 * rng::uniform(key, i) - 1.0)
}
