//! Exported files against ONNX Runtime: what it answers is what dlm answers.

mod programs;
mod python;
mod quantized;

use crate::support::{check, run};
use dlm_base::Span;
use dlm_check::lower::{WeightInfo, lower, weights};
use dlm_check::program::{Flow, LayerBody, NetLayer, Network};
use dlm_graph::{Clock, DType, Graph, Mode, Plan, States, Ty, ValueId, ViewMut, Workspace};
use dlm_kernels::rng;
use dlm_learn::data::Preprocess;
use dlm_learn::onnx::float_model;
use dlm_learn::{About, Options, Weights};
use dlm_vocab::ops::{Case, OPERATORS, Operator, SIGNS};
use python::{Answer, Run, answers, python};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sizes of the batches that are tried.
const BATCHES: [usize; 2] = [1, 3];

#[test]
fn every_operator_answers_the_same_in_onnx_runtime() {
    let Some(python) = python() else { return };
    let (mut trials, mut runs) = (Vec::new(), Vec::new());
    for operator in OPERATORS.iter().chain(SIGNS) {
        for (number, case) in (operator.cases)().iter().enumerate() {
            let network = alone(operator, case);
            let word = operator.word.name;
            let weights = random_weights(&network);
            let model = float_model(&network, &weights, &about()).unwrap();
            for batch in BATCHES {
                let mut inputs = random_inputs(&network, batch);
                if let ("div", Some((_, divisor))) = (word, inputs.get_mut(1)) {
                    divisor.iter_mut().for_each(|x| *x += 3.0);
                }
                let name = format!("{word} #{number}, batch {batch}");
                trials.push(Trial::new(name, &network, &weights, batch, &inputs));
                runs.push(Run { model: model.clone(), batch, inputs });
            }
        }
    }
    assert!(trials.len() > 200, "{}", trials.len());
    compare(&answers(&python, "onnx-operators", &runs), &trials, 1e-5);
}

#[test]
fn whole_networks_answer_the_same_in_onnx_runtime() {
    let Some(python) = python() else { return };
    let program = check(NETWORKS).unwrap_or_else(|errors| panic!("{errors}"));
    let (mut trials, mut runs) = (Vec::new(), Vec::new());
    for network in &program.networks {
        let weights = random_weights(network);
        let model = float_model(network, &weights, &about()).unwrap();
        for batch in BATCHES {
            let inputs = random_inputs(network, batch);
            let name = format!("{}, batch {batch}", network.title);
            trials.push(Trial::new(name, network, &weights, batch, &inputs));
            runs.push(Run { model: model.clone(), batch, inputs });
        }
    }
    assert_eq!(trials.len(), 2 * 15);
    compare(&answers(&python, "onnx-networks", &runs), &trials, 2e-5);
}

const NETWORKS: &str =
    "use std.vision: ConvBlock, ConvNeXt, MobileNetV2, ResNet, ResidualBlock, SqueezeExcite
use std.sequence: BidirectionalGru, Decoder, Encoder, TemporalConvBlock
model Mlp(x: [20]) {
    x -> dense(64) -> relu -> dropout(0.5) -> dense(32) -> layer_norm -> gelu -> dense(10) as logits
}
model Residual(image: [3, 16, 16]) {
    image -> ConvBlock(8) -> repeat 2 { ResidualBlock(8) } as stage -> ResidualBlock(16, stride = 2)
        -> SqueezeExcite(4) -> global_avg_pool -> dense(10)
}
model Mobile(image: [1, 12, 12]) {
    image -> conv(8, 3, stride = 2, bias = false) -> batch_norm -> relu6
        -> repeat c in [8, 16] {
               depthwise_conv(3, bias = false) -> batch_norm -> relu6
                   -> conv(c, 1, bias = false) -> batch_norm -> hard_swish
           }
        -> max_pool(2) -> flatten -> dense(5)
}
model Sequence(x: [12, 6]) {
    x -> dense(8) -> tanh -> transpose([1, 0]) -> conv1d(4, 3) -> relu -> flatten -> dense(3)
}
model Two(image: [1, 8, 8], facts: [5]) {
    seen = image -> conv(4, 3) -> silu -> global_max_pool
    1 - concat(seen, facts) * 0.5 -> dense(2)
}
model Deep(image: [3, 40, 33]) {
    image -> ResNet(5, depths = [1, 1, 1, 1], bottleneck = true, width = 8)
}
model Inverted(image: [3, 33, 40]) { image -> MobileNetV2(5, width = 0.1) }
model Next(image: [3, 17, 16]) { image -> ConvNeXt(5, depths = [1, 1], width = 8) }
model Transformer(x: [6, 8]) {
    memory = x -> Encoder(1, heads = 2, positions = \"sinusoidal\")
    x -> Decoder(memory, 1, heads = 2, norm = \"post\") -> dense(3)
}
model Directions(x: [6, 8]) {
    x -> BidirectionalGru(3, sequence = true) -> BidirectionalGru(2) -> dense(3)
}
model Temporal(x: [3, 9]) {
    x -> TemporalConvBlock(4) -> TemporalConvBlock(dilation = 2) -> mean(1) -> dense(3)
}
model Bare(output: [4]) { output -> identity }
model Words(tokens: int[6]) {
    tokens
        -> embedding(2, 8, shared = table) -> positional -> gru(8, sequence = true)
        -> dense(2, shared = table)
}
model Masked(x: [7, 8], there: int[7]) {
    h = x + (x -> layer_norm -> attention(2, mask = there))
    h + (h -> layer_norm -> dense(16) -> gelu -> dense(8))
}
model Told(x: [5, 8], told: [7, 6], there: int[7]) {
    memory = told -> dense(8)
    x -> attention(4, causal = true) -> attention(2, memory = memory, mask = there) -> mean(0)
}
";

#[test]
fn an_exported_file_says_how_to_use_it() {
    let Some(python) = python() else { return };
    let text = "data Iris { source = builtin(\"iris\") }
model Net(features: [4]) { features -> dense(8) -> relu -> dense(3) as logits }
train Net on Iris { epochs = 2 }
export Net to \"net.onnx\"
";
    let (world, _) = run(text, &Options::default());
    let model = world.saved["net.onnx"].clone();
    let inputs = vec![(Ty::flow(vec![4]), vec![0.5, -1.0, 2.0, 0.25])];
    let answer = answers(&python, "onnx-file", &[Run { model, batch: 1, inputs }]).remove(0);
    let facts = answer.unwrap().facts;
    assert_eq!(facts["inputs"], serde_json::json!(["features"]));
    assert_eq!(facts["output"], "logits");
    assert_eq!(facts["sizes"], serde_json::json!(["batch", 3]));
    assert_eq!(facts["nodes"], serde_json::json!(["dense1", "relu1", "logits"]));
    assert_eq!(facts["producer"], "dlm");
    let said = |key: &str| facts["metadata"][key].as_str().unwrap().to_string();
    assert_eq!(said("artifact"), "Net");
    let classes: Vec<String> = serde_json::from_str(&said("classes")).unwrap();
    assert_eq!(classes, ["setosa", "versicolor", "virginica"]);
    let preprocess: Preprocess = serde_json::from_str(&said("preprocess")).unwrap();
    assert_eq!((preprocess.shape, preprocess.mean.len()), (vec![4], 4));
}

/// A network of one operator.
fn alone(operator: &'static Operator, case: &Case) -> Network {
    let layer = (operator.make)(&case.args);
    let named = |(i, ty): (usize, &Ty)| (format!("x{i}"), ty.clone());
    let body = LayerBody {
        borrowed: None,
        path: Arc::from("layer[0].it"),
        operator,
        args: case.args.clone(),
        inputs: (0..case.flows.len()).map(Flow::Input).collect(),
        ty: layer.infer(&case.flows).unwrap(),
        weights: layer.weights(&case.flows),
        init_normal: None,
        macs: layer.macs(&case.flows),
        layer,
    };
    let layer = NetLayer { body: Arc::new(body), span: Span::default() };
    Network {
        model: "Alone".into(),
        title: "Alone".into(),
        span: Span::default(),
        inputs: case.flows.iter().enumerate().map(named).collect(),
        layers: vec![layer],
        output: Flow::Layer(0),
        before_relu: vec![false],
        groups: Vec::new(),
    }
}

/// Weights and statistics, in the order of memory.
fn random_weights(network: &Network) -> Weights {
    let random = |w: WeightInfo| {
        let key = rng::key_of(5, &w.name);
        let fan = (w.shape.len() / w.shape.0[0].max(1)).max(1) as f32;
        let one = |i: u64| {
            let u = 2.0 * rng::uniform(key, i) - 1.0;
            match w.name.rsplit('.').next() {
                Some("running_var") => 1.0 + 0.5 * u,
                _ if w.decays => u * (3.0 / fan).sqrt(),
                _ => 0.5 + u,
            }
        };
        (w.name.clone(), (0..w.shape.len() as u64).map(one).collect())
    };
    Weights(weights(network).into_iter().map(random).collect::<BTreeMap<_, _>>())
}

/// Inputs in the order of their axes, from −2 to 2; whole numbers are 0 or 1, as in a mask.
fn random_inputs(network: &Network, batch: usize) -> Vec<(Ty, Vec<f32>)> {
    let random = |(name, ty): &(String, Ty)| {
        let key = rng::key_of(9, name);
        let count = (batch * ty.len()) as u64;
        let one = |i| match ty.dtype {
            DType::I32 => f32::from(rng::uniform(key, i) > 0.4),
            _ => 4.0 * rng::uniform(key, i) - 2.0,
        };
        (ty.clone(), (0..count).map(one).collect())
    };
    network.inputs.iter().map(random).collect()
}

/// What dlm answers, in the order of the axes.
fn own_answer(
    network: &Network,
    weights: &Weights,
    batch: usize,
    given: &[(Ty, Vec<f32>)],
) -> Vec<f32> {
    graph_answer(network, weights, batch, given, |g, inputs| {
        lower(network, g, inputs, &|_| Mode::Eval, "")
    })
}

/// What a graph that `lower` makes of a network's inputs answers, in the order of the axes.
fn graph_answer(
    network: &Network,
    weights: &Weights,
    batch: usize,
    given: &[(Ty, Vec<f32>)],
    lower: impl FnOnce(&mut Graph, &[ValueId]) -> ValueId,
) -> Vec<f32> {
    let mut g = Graph::new();
    let inputs: Vec<ValueId> = network.inputs.iter().map(|(_, ty)| g.input(ty.clone())).collect();
    let output = lower(&mut g, &inputs);
    let ty = g.ty(output).clone();
    g.outputs = vec![output];
    let plan = Plan::new(&g, batch);
    let (mut states, mut work) = (States::new([&plan]), Workspace::new([&plan]));
    weights.put(&mut states, "");
    for (i, (ty, numbers)) in given.iter().enumerate() {
        let places = places(ty, batch);
        let numbers = places.iter().zip(numbers);
        match plan.input(&mut work, i) {
            ViewMut::F32(input) => numbers.for_each(|(&place, &x)| input[place] = x),
            ViewMut::I32(input) => numbers.for_each(|(&place, &x)| input[place] = x as i32),
            other => panic!("{other:?}"),
        }
    }
    let bound = plan.bind(&states);
    plan.run(&mut work, &mut states, &bound, Clock::default());
    let memory = plan.output_f32(&work, &states, 0);
    places(&ty, batch).iter().map(|&place| memory[place]).collect()
}

/// Where the numbers of a tensor lie in memory, in the order of its axes.
fn places(ty: &Ty, batch: usize) -> Vec<usize> {
    let (sizes, strides) = (ty.shape.sizes(), ty.strides());
    let mut one = vec![0];
    for (size, stride) in sizes.iter().zip(strides) {
        one = one.iter().flat_map(|&at| (0..*size).map(move |i| at + i * stride)).collect();
    }
    let samples = if ty.batched { batch } else { 1 };
    (0..samples).flat_map(|n| one.iter().map(move |&at| n * ty.len() + at)).collect()
}

/// What a file says beside its numbers.
fn about() -> About {
    About {
        dlm: "0".into(),
        artifact: "Net".into(),
        model: "Net".into(),
        seed: 1,
        preprocess: Preprocess::default(),
        policy: None,
        given_back: Vec::new(),
    }
}

/// What dlm answers to a run.
struct Trial {
    name: String,
    shape: Vec<usize>,
    numbers: Vec<f32>,
}

impl Trial {
    fn new(
        name: String,
        network: &Network,
        weights: &Weights,
        batch: usize,
        inputs: &[(Ty, Vec<f32>)],
    ) -> Trial {
        let ty = network.ty(network.output);
        let batches = ty.batched.then_some(batch);
        let shape = batches.into_iter().chain(ty.shape.0.clone()).collect();
        Trial { name, shape, numbers: own_answer(network, weights, batch, inputs) }
    }
}

/// Answers agree to a share of the largest expected number.
fn compare(actual: &[Result<Answer, String>], trials: &[Trial], tolerance: f32) {
    let mut failures = Vec::new();
    for (answer, Trial { name, shape, numbers }) in actual.iter().zip(trials) {
        let answer = match answer {
            Ok(answer) if answer.shape == *shape => answer,
            Ok(answer) => {
                failures.push(format!("{name}: {:?} instead of {shape:?}", answer.shape));
                continue;
            }
            Err(error) => {
                failures.push(format!("{name}: {error}"));
                continue;
            }
        };
        let scale = numbers.iter().fold(1e-3_f32, |a, b| a.max(b.abs()));
        let pairs = answer.numbers.iter().zip(numbers);
        let close = |(a, b): (&f32, &f32)| (a - b).abs() <= tolerance * scale;
        let wrong = pairs.filter(|&pair| !close(pair)).count();
        if wrong > 0 {
            failures.push(format!("{name}: {wrong} of {} numbers are wrong", numbers.len()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
