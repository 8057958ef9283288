//! Quantized networks: what is trained, what runs and what is stored are the same integers; and what
//! happens on bad input.

use crate::support::{Disk, Recorder, check, diagnose, run};
use dlm_check::Program;
use dlm_check::program::{Network, Split};
use dlm_learn::data::Loaded;
use dlm_learn::fit::Kept;
use dlm_learn::lesson::Lesson;
use dlm_learn::quant::pipeline::{self, Outcome, Source};
use dlm_learn::quant::{deploy, file};
use dlm_learn::run::Quantized;
use dlm_learn::{Options, Stored, Weights};

/// Where a training that nothing interrupts is kept.
const KEPT: Kept<'static> = Kept { file: "kept", key: "" };

/// Every form that a unit can have, under a policy that follows.
const EVERYTHING: &str = r#"
use std.vision: ResidualBlock

data Digits {
    source = builtin("digits")
    limit  = 600
}

model Net(image: [1, 8, 8]) {
    body = image
        -> conv(12, 3, bias = false) -> batch_norm -> relu
        -> depthwise_conv(3) -> batch_norm -> relu6
        -> conv(16, 1, groups = 4) -> leaky_relu(slope = 0.1)
        -> ResidualBlock(16, stride = 2)
    wide = body -> pad(1) -> avg_pool(2) -> conv(8, 3) -> sigmoid -> upsample(2)
    gate = body -> global_avg_pool -> dense(16) -> sigmoid -> reshape([16, 1, 1])
    seen = concat(body * gate, body -> conv(4, 1) -> tanh) -> max_pool(2)
    row  = seen -> reshape([20, 4]) -> conv1d(8, 3) -> relu -> transpose([1, 0]) -> dense(5) -> relu
    all  = concat(row -> flatten, wide -> global_max_pool)
    all -> dropout(0.2) -> dense(24) -> relu -> dense(10) as head
}

train Net on Digits {
    epochs    = 6
    optimizer = adamw(lr = 3e-3)
}
"#;

#[test]
fn what_was_trained_with_rounded_numbers_is_what_is_deployed() {
    let policies = [
        "weights = int8(per = channel)",
        "weights = int8(per = tensor)   activations = int8(range = moving(0.9), symmetric = true)",
        "weights = int4(per = channel)   keep = [head]   override kind(dense) { weights = int4(per = group(4)) }",
    ];
    for policy in policies {
        let program = format!(
            "{EVERYTHING}
policy Aware {{
    method = qat
    {policy}
}}
quantize Net with Aware on Digits as Net8 {{ epochs = 1   optimizer = sgd(lr = 1e-2) }}
"
        );
        let (_, outcome) = run(&program, &Options::default());
        let quantized = outcome.artifacts[1].quantized.as_ref().unwrap();
        let [differ, of] = quantized.report.differing.unwrap();
        assert!(of > 100_000, "{of}");
        assert_eq!(differ, 0, "{policy}: {differ} of {of}");
    }
}

#[test]
fn each_method_keeps_what_was_learnt() {
    let program = format!(
        "{EVERYTHING}
policy Static {{ method = static }}
policy Dynamic {{ method = dynamic }}
policy Half {{ weights = float16   activations = float32 }}
policy Groups {{ weights = int4(per = group(4), symmetric = false)   activations = float32   keep = [conv1, depthwise_conv1, conv2, ResidualBlock1, conv3, conv4, conv1d1] }}
quantize Net with Static on Digits as Static8
quantize Net with Dynamic on Digits as Dynamic8
quantize Net with Half on Digits as Net16
quantize Net with Groups on Digits as Net4
"
    );
    let (world, outcome) = run(&program, &Options::default());
    let program = check(&program).unwrap();
    let accuracy = |i: usize| outcome.artifacts[i].scores[&Split::Test].accuracy.unwrap();
    assert!(accuracy(0) > 0.8, "{}", accuracy(0));
    for (i, least) in [(1, 0.97), (2, 0.98), (3, 0.999), (4, 0.9)] {
        let artifact = &outcome.artifacts[i];
        let agreement = artifact.quantized.as_ref().unwrap().report.agreement.unwrap();
        assert!(agreement >= least, "{}: {agreement}", artifact.artifact);
        // What the checker foresaw is what is stored.
        let foreseen = program.quantizations[i - 1].scheme.clone();
        let net = &program.networks[program.trainings[0].network];
        assert_eq!(artifact.size, dlm_check::quant::size(net, &foreseen), "{}", artifact.artifact);
        // What is stored answers as what was made.
        let stored = Stored::open(&program, &artifact.artifact, &world.saved[&artifact.artifact]);
        let evaluated = stored.unwrap().evaluate(&Disk).unwrap();
        let test = evaluated.scores.iter().find(|(split, _)| *split == Split::Test).unwrap();
        assert_eq!(test.1, artifact.scores[&Split::Test], "{}", artifact.artifact);
    }
    let size = |i: usize| outcome.artifacts[i].size as f64 / outcome.artifacts[0].size as f64;
    assert!(
        size(1) < 0.36 && size(2) < 0.34 && size(3) < 0.55,
        "{} {} {}",
        size(1),
        size(2),
        size(3)
    );
}

#[test]
fn a_table_of_tokens_is_rounded_as_weights_are() {
    let program = r#"
data Pages {
    source = text("docs/language.md", context = 16)
    limit  = 300
    test   = 10%
}
model Net(tokens: int[16]) {
    tokens -> embedding(Pages.tokens, 24) as table -> dense(32) -> relu -> dense(Pages.tokens)
}
train Net on Pages {
    epochs    = 12
    optimizer = adamw(lr = 1e-2)
}
policy Static { method = static }
policy Aware { method = qat   weights = int4 }
policy Groups { weights = int4(per = group(8))   activations = float32 }
policy Kept { method = static   keep = [table] }
quantize Net with Static on Pages as Net8
quantize Net with Aware on Pages as Net4 { epochs = 2   optimizer = sgd(lr = 1e-2) }
quantize Net with Groups on Pages as NetGroups
quantize Net with Kept on Pages as NetKept
"#;
    let (world, outcome) = run(program, &Options::default());
    let program = check(program).unwrap();
    let net = &program.networks[0];
    let accuracy = |i: usize| outcome.artifacts[i].scores[&Split::Test].accuracy.unwrap();
    for (i, quantization) in program.quantizations.iter().enumerate() {
        let artifact = &outcome.artifacts[i + 1];
        let name = &artifact.artifact;
        assert_eq!(artifact.size, dlm_check::quant::size(net, &quantization.scheme), "{name}");
        let lost = accuracy(0) - accuracy(i + 1);
        assert!(lost < 0.05, "{name}: {} of {}", accuracy(i + 1), accuracy(0));
        let stored = Stored::open(&program, name, &world.saved[name]);
        let evaluated = stored.unwrap().evaluate(&Disk).unwrap();
        let test = evaluated.scores.iter().find(|(split, _)| *split == Split::Test).unwrap();
        assert_eq!(test.1, artifact.scores[&Split::Test], "{name}");
    }
    let report = |i: usize| outcome.artifacts[i].quantized.as_ref().unwrap();
    let [differ, of] = report(2).report.differing.unwrap();
    assert!(differ == 0 && of > 10_000, "{differ} of {of}");
    let table = |i: usize| {
        let layers = &report(i).report.layers;
        let layer = layers.iter().find(|layer| layer.path == "table").unwrap();
        (layer.weights.clone().unwrap(), layer.runs.clone())
    };
    let words = |weights: &str, runs: &str| (weights.to_string(), runs.to_string());
    assert_eq!(table(1), words("int8 per tensor", "codes"));
    assert_eq!(table(2), words("int8 per tensor", "codes"));
    assert_eq!(table(3), words("int4 per group of 8", "float32"));
    assert_eq!(table(4), words("float32", "float32"));
}

#[test]
fn layers_are_given_back_until_accuracy_is_within_the_limit() {
    let program = format!(
        "{EVERYTHING}
policy Rough {{
    weights     = int4(per = tensor)
    activations = uint8(range = percentile(90))
    max_drop    = 0.5%
}}
quantize Net with Rough on Digits as Net4
"
    );
    let (_, outcome) = run(&program, &Options::default());
    let quantized: &Quantized = outcome.artifacts[1].quantized.as_ref().unwrap();
    let accuracy = |i: usize| outcome.artifacts[i].scores[&Split::Valid].accuracy.unwrap();
    assert!(!quantized.report.given_back.is_empty());
    assert!(accuracy(1) >= accuracy(0) - 0.005, "{} {}", accuracy(1), accuracy(0));
    for layer in quantized.report.layers.iter().filter(|layer| layer.weights.is_some()) {
        let back = quantized.report.given_back.contains(&layer.path);
        assert_eq!(back, layer.runs == "float32", "{}", layer.path);
    }
}

/// A float network that has been trained a little, and a quantization of it.
struct Made {
    program: Program,
    weights: Weights,
    data: Loaded,
}

impl Made {
    fn new(policy: &str) -> Made {
        let text = format!(
            "data Digits {{
    source = builtin(\"digits\")
    limit  = 300
}}
model Net(image: [1, 8, 8]) {{
    image -> conv(8, 3, bias = false) -> batch_norm -> relu -> max_pool(2) -> flatten
        -> dense(16) -> relu -> dense(10)
}}
train Net on Digits {{ epochs = 1 }}
policy Edge {{ {policy} }}
quantize Net with Edge on Digits as Net8
"
        );
        let (world, _) = run(&text, &Options::default());
        let program = check(&text).unwrap();
        let net = &program.networks[program.trainings[0].network];
        let (weights, _) = Weights::from_bytes(net, &world.saved["Net"]).unwrap();
        let data = Loaded::load(&program.datasets[0], &Disk).unwrap();
        Made { program, weights, data }
    }

    fn net(&self) -> &Network {
        &self.program.networks[self.program.trainings[0].network]
    }

    fn quantize(&self) -> Outcome {
        let quantization = &self.program.quantizations[0];
        let (trained, data) = (&self.weights, &self.data);
        let source = Source {
            program: &self.program,
            quantization,
            trained,
            data,
            seed_offset: 0,
            kept: KEPT,
        };
        pipeline::quantize(source, Lesson::default(), &mut Recorder::default()).unwrap()
    }

    /// The codes of the warnings; no answer may be NaN.
    fn warned(&self) -> Vec<&'static str> {
        let outcome = self.quantize();
        let loss = &self.program.trainings[0].loss;
        let mut answers =
            deploy::answerer(self.net(), &outcome.scheme, &outcome.quantized, loss, &self.data);
        let (answers, scores) = answers.run(Split::Test, &mut |_| ());
        assert!(answers.outputs.iter().all(|y| y.is_finite()));
        assert!(scores.unwrap().loss.is_finite());
        let size = file::size(self.net(), &outcome.scheme, &outcome.quantized);
        assert!(size > 0);
        outcome.warnings.iter().map(|warning| warning.code.id).collect()
    }

    fn set(&mut self, name: &str, number: f32) {
        self.weights.0.get_mut(name).unwrap().fill(number);
    }
}

#[test]
fn a_sound_network_gives_no_warning() {
    assert_eq!(Made::new("method = static").warned(), [""; 0]);
}

#[test]
fn weights_of_zero_and_factors_of_zero_are_told_and_harmless() {
    for policy in ["method = static", "method = dynamic", "weights = int8(per = tensor)"] {
        let mut made = Made::new(policy);
        made.set("batch_norm1.weight", 0.0);
        // Behind a γ of 0 every channel is constant, and all that follows.
        let codes = made.warned();
        assert!(codes.contains(&"W1013"), "{policy}: {codes:?}");
        let mut made = Made::new(policy);
        made.set("dense2.weight", 0.0);
        assert!(made.warned().contains(&"W1013"), "{policy}");
    }
}

#[test]
fn a_layer_that_never_fires_is_told_and_harmless() {
    let mut made = Made::new("method = static");
    made.set("dense1.bias", -1000.0);
    assert_eq!(made.warned(), ["W1012"]);
}

#[test]
fn what_is_meant_can_be_silenced() {
    let text = "data Digits { source = builtin(\"digits\") }
model Net(image: [1, 8, 8]) { image -> flatten -> dense(4) -> relu -> dense(10) }
train Net on Digits { steps = 1 }
policy Edge { calibrate = 1 samples }
allow W1012
quantize Net with Edge on Digits as Net8
";
    let program = check(text).unwrap();
    assert_eq!(program.quantizations[0].silenced.len(), 1);
    let said = diagnose("a.dlm", &text.replace("W1012", "W1003"));
    assert!(said.iter().any(|line| line.starts_with("W1009")), "{said:?}");
    assert!(diagnose("a.dlm", text).is_empty());
}

#[test]
fn a_bias_far_larger_than_its_weights_is_told_and_kept() {
    let mut made = Made::new("method = static");
    made.set("dense2.weight", 1e-12);
    let mut bias = vec![0.0; 10];
    bias[3] = 50.0;
    made.weights.0.insert("dense2.bias".into(), bias);
    assert!(made.warned().contains(&"W1014"));
    let outcome = made.quantize();
    let loss = &made.program.trainings[0].loss;
    let mut answers =
        deploy::answerer(made.net(), &outcome.scheme, &outcome.quantized, loss, &made.data);
    let (answers, _) = answers.run(Split::Test, &mut |_| ());
    assert!(answers.classes().iter().all(|&class| class == 3));
}

#[test]
fn one_sample_is_enough_to_calibrate_on() {
    let made = Made::new("calibrate = 1 samples");
    made.warned();
}

#[test]
fn a_network_is_not_rounded_on_inputs_of_another_normalisation() {
    let text = |normalize: &str| {
        format!(
            "data Digits {{ source = builtin(\"digits\")  test = 20% }}
data Others {{ source = builtin(\"digits\")  test = 20%  {normalize} }}
model Net(image: [1, 8, 8]) {{ image -> flatten -> dense(10) }}
policy Edge {{}}
train Net on Digits {{ steps = 2 }}
quantize Net with Edge on Others as Net8
"
        )
    };
    let run = |text: &str| {
        let program = check(text).unwrap_or_else(|errors| panic!("{errors}"));
        dlm_learn::run(&program, &Disk, &Options::default(), &mut Recorder::default())
    };
    assert!(run(&text("")).is_ok());
    let error = run(&text("normalize = standard(mean = [0.3], std = [0.4])")).unwrap_err();
    assert_eq!(
        error.message,
        "`Net` was trained on inputs of another normalisation than `Others` has"
    );
    let help = "write `normalize = standard(mean = [0], std = [1])` in `data Others`";
    assert_eq!(error.help.as_deref(), Some(help));
    assert!(error.span.is_some());
}

#[test]
fn data_that_are_not_numbers_are_an_error_at_the_verb() {
    let mut made = Made::new("method = static");
    made.set("dense1.bias", f32::NAN);
    let quantization = &made.program.quantizations[0];
    let (trained, data) = (&made.weights, &made.data);
    let source =
        Source { program: &made.program, quantization, trained, data, seed_offset: 0, kept: KEPT };
    let error =
        pipeline::quantize(source, Lesson::default(), &mut Recorder::default()).unwrap_err();
    assert!(error.message.starts_with("`relu2` gives NaN for training sample"), "{error:?}");
    assert_eq!(error.span, Some(quantization.span));
}

/// Ten splits of the digits, a network of two hidden layers: what rounding costs on average.
#[test]
fn digits_keep_their_accuracy_in_ten_splits() {
    let mut accuracies = [Vec::new(), Vec::new()];
    let mut agreements = Vec::new();
    for split in 0..10 {
        let text = format!(
            "data Digits {{
    source = builtin(\"digits\")
    valid  = 0 samples
    test   = 20%
    seed   = {split}
}}
model Net(image: [1, 8, 8]) {{
    image -> flatten -> dense(256) -> relu -> dropout(0.3) -> dense(256) -> relu -> dropout(0.5) -> dense(10)
}}
train Net on Digits {{
    loss      = cross_entropy(smoothing = 0.1)
    optimizer = adam(lr = 1e-3)
    schedule  = cosine
    epochs    = 60
    seed      = {split}
}}
policy Edge {{ method = static }}
quantize Net with Edge on Digits as Net8
"
        );
        let (_, outcome) = run(&text, &Options::default());
        for (artifact, all) in outcome.artifacts.iter().zip(&mut accuracies) {
            all.push(100.0 * artifact.scores[&Split::Test].accuracy.unwrap());
        }
        let quantized = outcome.artifacts[1].quantized.as_ref().unwrap();
        agreements.push(100.0 * quantized.report.agreement.unwrap());
    }
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
    let [float, int8] = [mean(&accuracies[0]), mean(&accuracies[1])];
    // Another processor adds in another order: the mean of ten splits moves by some 0.2.
    assert!(float >= 97.8, "{float} {:?}", accuracies[0]);
    assert!((float - int8).abs() <= 0.3, "{float} {int8}");
    assert!(mean(&agreements) >= 99.7, "{agreements:?}");
}

#[test]
fn a_dense_network_on_mnist_keeps_its_answers() {
    let folder = "../shared/data/mnist-small";
    if !crate::tidy::root().join(folder).exists() {
        eprintln!("skipped: there is no {folder}");
        return;
    }
    let text = format!(
        "data Mnist {{
    train = idx(\"{folder}/train-images-idx3-ubyte.gz\", \"{folder}/train-labels-idx1-ubyte.gz\")
    test  = idx(\"{folder}/val-images-idx3-ubyte.gz\", \"{folder}/val-labels-idx1-ubyte.gz\")
}}
model Net(image: [1, 28, 28]) {{
    image -> flatten -> dense(512) -> relu -> dense(512) -> relu -> dense(10)
}}
train Net on Mnist {{
    schedule = cosine
    epochs   = 6
    batch    = 128
}}
policy Edge {{ method = static }}
quantize Net with Edge on Mnist as Net8
"
    );
    let (_, outcome) = run(&text, &Options::default());
    let accuracy = |i: usize| outcome.artifacts[i].scores[&Split::Test].accuracy.unwrap();
    let agreement = outcome.artifacts[1].quantized.as_ref().unwrap().report.agreement.unwrap();
    assert!(accuracy(0) > 0.95, "{}", accuracy(0));
    assert!((accuracy(0) - accuracy(1)).abs() <= 0.0015 + 1e-9, "{} {}", accuracy(0), accuracy(1));
    assert!(agreement >= 0.998, "{agreement}");
}
