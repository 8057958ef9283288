//! dlm against PyTorch: values and gradients of every operator and loss term, the library's networks, and
//! LeNet's first steps.
//! The values, and the scripts that wrote them, are in `tests/oracle`.

mod distillation;
mod library;

use crate::support::{Disk, check};
use dlm_check::lower::{WeightInfo, lower, weights};
use dlm_check::program::Network;
use dlm_graph::{
    Clock, Frame, Graph, Mode, NodeId, Op, Plan, States, Ty, ValueId, View, ViewMut, Workspace,
    differentiate, pass,
};
use dlm_learn::compile::{TargetForm, train_graph};
use dlm_learn::signals::Signals;
use dlm_vocab::data::{Numbers, Targets};
use dlm_vocab::loss::Terms;
use dlm_vocab::{Arg, Args};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A tensor of a file, row-major as PyTorch has it, batch first.
struct Tensor {
    shape: Vec<usize>,
    data: Vec<f32>,
    /// Whether its numbers are whole.
    whole: bool,
}

impl Tensor {
    fn read(json: &Value) -> Tensor {
        let numbers = |key: &str| json[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap());
        Tensor {
            shape: numbers("shape").map(|v| v as usize).collect(),
            data: numbers("data").map(|v| v as f32).collect(),
            whole: json["whole"] == true,
        }
    }

    /// The type of one sample.
    fn flow(&self) -> Ty {
        match self.whole {
            true => Ty::tokens(self.shape[1..].to_vec()),
            false => Ty::flow(self.shape[1..].to_vec()),
        }
    }

    /// How a model declares it.
    fn declared(&self) -> String {
        format!("{}{:?}", if self.whole { "int" } else { "" }, &self.shape[1..])
    }

    /// The numbers as they lie in memory when the first axis is the batch.
    fn in_memory(&self) -> Vec<f32> {
        match self.shape.len() {
            4 => permute(&self.data, &self.shape, &[0, 2, 3, 1]),
            _ => self.data.clone(),
        }
    }
}

/// The numbers of a row-major tensor with its axes in another order.
fn permute(data: &[f32], shape: &[usize], order: &[usize]) -> Vec<f32> {
    let strides: Vec<usize> =
        (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect();
    let mut result = Vec::with_capacity(data.len());
    for place in 0..data.len() {
        let (mut rest, mut from) = (place, 0);
        for &axis in order.iter().rev() {
            from += rest % shape[axis] * strides[axis];
            rest /= shape[axis];
        }
        result.push(data[from]);
    }
    result
}

/// `Σ y · dy` over a whole batch: a loss whose gradient with respect to `y` is `dy`.
#[derive(Debug)]
struct Dot;

impl Op for Dot {
    fn name(&self) -> &'static str {
        "dot"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![Ty::scalar()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let products = frame.f32(0).iter().zip(frame.f32(1)).map(|(&y, &dy)| f64::from(y * dy));
        frame.out(0)[0] = products.sum::<f64>() as f32;
    }

    fn grad(&self, g: &mut Graph, node: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![Some(g.node(node).inputs[1]), None]
    }
}

/// Whether all numbers agree to a share of the largest expected one; otherwise where they do not.
fn compare(actual: &[f32], expected: &[f32], tolerance: f32, what: &str) -> Result<(), String> {
    if actual.len() != expected.len() {
        return Err(format!("{what}: {} numbers instead of {}", actual.len(), expected.len()));
    }
    let scale = expected.iter().fold(1e-3_f32, |a, b| a.max(b.abs()));
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        let wrong = (a - e).abs() / scale;
        if wrong.is_nan() || wrong > tolerance {
            return Err(format!("{what}[{i}]: {a} instead of {e}, wrong by {wrong:.1e}"));
        }
    }
    Ok(())
}

fn cases(file: &str) -> Vec<Value> {
    let text =
        std::fs::read_to_string(crate::tidy::root().join("tests/oracle").join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

const VALUES: f32 = 1e-5;
const GRADIENTS: f32 = 1e-4;

#[test]
fn operators_agree_with_pytorch() {
    let failures: Vec<String> =
        cases("operators.json").iter().filter_map(|c| operator(c).err()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The network of one flow `a -> …` over inputs of these types.
fn flow_network(flow: &str, inputs: &[Tensor]) -> Result<Arc<Network>, String> {
    let params: Vec<String> = inputs
        .iter()
        .zip(["a", "b", "c"])
        .map(|(t, name)| format!("{name}: {}", t.declared()))
        .collect();
    let source = format!("model M({}) {{ {flow} }}\n", params.join(", "));
    let program = check(&source).map_err(|e| format!("{flow}: {e}"))?;
    program.networks.into_iter().next().ok_or(format!("{flow}: no network"))
}

fn operator(case: &Value) -> Result<(), String> {
    let flow = case["flow"].as_str().unwrap();
    let inputs: Vec<Tensor> = case["flows"].as_array().unwrap().iter().map(Tensor::read).collect();
    let network = flow_network(flow, &inputs)?;
    let mode = if case["mode"] == "train" { Mode::Train } else { Mode::Eval };
    let mut g = Graph::new();
    let flows: Vec<ValueId> = inputs.iter().map(|t| g.input(t.flow())).collect();
    let expected = Tensor::read(&case["y"]);
    let dy = g.input(expected.flow());
    let y = lower(&network, &mut g, &flows, &|_| mode, "");
    let title = format!("{flow} ({}), {:?}", case["mode"].as_str().unwrap(), inputs[0].shape);
    if g.ty(y) != &expected.flow() {
        return Err(format!("{title}: {:?} instead of {:?}", g.ty(y).shape, expected.flow().shape));
    }
    let owned = weights(&network);
    let values: Vec<ValueId> = owned.iter().map(|w| g.state(&w.name, w.ty())).collect();
    let loss = g.add(Dot, &[y, dy]);
    let wrt: Vec<ValueId> = flows.iter().chain(&values).copied().collect();
    let grads = differentiate(&mut g, loss, &wrt);
    g.outputs = [y].into_iter().chain(grads.iter().copied().flatten()).collect();

    let plan = Plan::new(&pass::optimize(g), inputs[0].shape[0]);
    let mut states = States::new([&plan]);
    for info in &owned {
        let name = short(info);
        let given = named(&case["weights"], info);
        let given = Tensor::read(given.ok_or(format!("{title}: PyTorch has no {name}"))?);
        if given.shape != info.shape.sizes() {
            return Err(format!("{title}: {name} is {:?}, not {:?}", info.shape, given.shape));
        }
        // A statistic that this mode does not read is no state of the plan.
        if let Some(state) = states.get_mut(&info.name) {
            state.copy_from_slice(&permute(&given.data, &given.shape, &info.order));
        }
    }
    let mut work = Workspace::new([&plan]);
    for (i, t) in inputs.iter().chain([&Tensor::read(&case["dy"])]).enumerate() {
        match plan.input(&mut work, i) {
            ViewMut::F32(x) => x.copy_from_slice(&t.in_memory()),
            ViewMut::I32(x) => x.iter_mut().zip(&t.data).for_each(|(x, &v)| *x = v as i32),
            other => panic!("{other:?}"),
        }
    }
    let bound = plan.bind(&states);
    plan.run(&mut work, &mut states, &bound, Clock { step: 1, lr: 0.0, seed: 1 });

    let read = |i: usize| plan.output_f32(&work, &states, i);
    compare(read(0), &expected.in_memory(), VALUES, &format!("{title}: y"))?;
    let mut place = 1;
    for (i, grad) in grads.iter().enumerate() {
        let (name, expected) = if i < flows.len() {
            let grad = Some(&case["flow_grads"][i]).filter(|grad| !grad.is_null());
            (format!("flow {i}"), grad.map(|grad| Tensor::read(grad).in_memory()))
        } else {
            let info = &owned[i - flows.len()];
            let grad = named(&case["weight_grads"], info).map(Tensor::read);
            (short(info).to_string(), grad.map(|t| permute(&t.data, &t.shape, &info.order)))
        };
        match (grad, expected) {
            (Some(_), Some(expected)) => {
                compare(
                    read(place),
                    &expected,
                    GRADIENTS,
                    &format!("{title}: gradient of {name}"),
                )?;
                place += 1;
            }
            (None, None) => {}
            (Some(_), None) => return Err(format!("{title}: {name} has a gradient")),
            (None, Some(_)) => return Err(format!("{title}: {name} has no gradient")),
        }
    }
    for (name, after) in case["after"].as_object().unwrap() {
        let info = owned.iter().find(|info| short(info) == name).unwrap();
        let state = states.get(&info.name).ok_or(format!("{title}: {name} is not recorded"))?;
        compare(state, &Tensor::read(after).data, VALUES, &format!("{title}: {name} afterwards"))?;
    }
    Ok(())
}

/// What PyTorch has for a weight: under its whole name, or under its last part.
fn named<'c>(tensors: &'c Value, info: &WeightInfo) -> Option<&'c Value> {
    tensors.get(&info.name).or_else(|| tensors.get(short(info)))
}

/// `weight` of `conv1.weight`.
fn short(info: &WeightInfo) -> &str {
    info.name.rsplit('.').next().unwrap_or_default()
}

#[test]
fn every_operator_has_a_case() {
    let flows: Vec<Value> =
        cases("operators.json").into_iter().map(|c| c["flow"].clone()).collect();
    let tried: BTreeSet<&str> = flows
        .iter()
        .filter_map(|flow| flow.as_str().unwrap().strip_prefix("a -> "))
        .map(|step| step.split('(').next().unwrap())
        .collect();
    let operators = dlm_vocab::ops::OPERATORS.iter().map(|op| op.word.name);
    let untried: Vec<&str> = operators.filter(|name| !tried.contains(name)).collect();
    assert!(untried.is_empty(), "not compared with PyTorch: {untried:?}");
}

#[test]
fn losses_agree_with_pytorch() {
    let cases = cases("losses.json");
    let failures: Vec<String> = cases.iter().filter_map(|c| loss(c).err()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    let tried: BTreeSet<&str> = cases.iter().map(|c| c["loss"].as_str().unwrap()).collect();
    let alone = dlm_vocab::loss::LOSSES.iter().filter(|loss| !loss.has_teacher());
    let known: BTreeSet<&str> = alone.map(|loss| loss.word.name).collect();
    assert_eq!(tried, known, "each loss term is compared with PyTorch");
}

fn loss(case: &Value) -> Result<(), String> {
    let name = case["loss"].as_str().unwrap();
    let word = dlm_vocab::loss::find(name).ok_or(format!("there is no {name}"))?;
    let mut args = Args::default();
    for param in word.word.params {
        let value = case["args"].get(param.name).ok_or(format!("{name}: no {}", param.name))?;
        args.set(param.name, Arg::Real(value.as_f64().unwrap()));
    }
    let title = format!("{name}({})", case["args"]);
    let (mut g, mut inputs, mut classes) = (Graph::new(), Vec::new(), None);
    let mut wrt = Vec::new();
    let mut expected = Vec::new();
    let mut batch = 1;
    if let Some(penalised) = case.get("weights") {
        for (i, w) in penalised.as_array().unwrap().iter().map(Tensor::read).enumerate() {
            wrt.push(g.state(&format!("w{i}"), Ty::fixed(w.shape.clone())));
            inputs.push(w.data);
        }
        expected
            .extend(case["weight_grads"].as_array().unwrap().iter().map(|t| Tensor::read(t).data));
    } else {
        let output = Tensor::read(&case["output"]);
        batch = output.shape[0];
        wrt.push(g.input(output.flow()));
        inputs.push(output.data);
        expected.push(Tensor::read(&case["grad"]).data);
    }
    let mut target = None;
    for key in ["shares", "values"] {
        if let Some(t) = case.get(key).map(Tensor::read) {
            target = Some(g.input(t.flow()));
            inputs.push(t.data);
        }
    }
    if let Some(t) = case.get("classes").map(Tensor::read) {
        target = Some(g.input(Ty::tokens(vec![])));
        classes = Some(t.data);
    }
    let penalised = case.get("weights").is_some();
    let output = if penalised { g.input(Ty::flow(vec![1])) } else { wrt[0] };
    let weights = if penalised { wrt.clone() } else { Vec::new() };
    let (weights, answers) = (weights.as_slice(), [].as_slice());
    let terms = Terms { output, target, weights, answers, features: None, own: &[] };
    let value = (word.build)(&mut g, &args, &terms);
    let grads = differentiate(&mut g, value, &wrt);
    let grads: Vec<ValueId> =
        grads.into_iter().collect::<Option<_>>().ok_or(format!("{title}: no gradient"))?;
    g.outputs = [value].into_iter().chain(grads).collect();
    let plan = Plan::new(&pass::optimize(g), batch);
    let mut states = States::new([&plan]);
    let mut work = Workspace::new([&plan]);
    for (i, data) in inputs.iter().enumerate() {
        if penalised {
            states.get_mut(&format!("w{i}")).unwrap().copy_from_slice(data);
        } else {
            plan.input_f32(&mut work, i).copy_from_slice(data);
        }
    }
    if let Some(classes) = classes {
        fill_classes(plan.input(&mut work, 1), classes.iter().map(|&c| c as i32));
    }
    let bound = plan.bind(&states);
    plan.run(&mut work, &mut states, &bound, Clock::default());
    let value = case["value"].as_f64().unwrap() as f32;
    compare(plan.output_f32(&work, &states, 0), &[value], VALUES, &title)?;
    for (i, expected) in expected.iter().enumerate() {
        compare(
            plan.output_f32(&work, &states, 1 + i),
            expected,
            GRADIENTS,
            &format!("{title}: gradient"),
        )?;
    }
    Ok(())
}

fn fill_classes(view: ViewMut<'_>, classes: impl Iterator<Item = i32>) {
    let ViewMut::I32(view) = view else { panic!("classes are whole numbers") };
    view.iter_mut().zip(classes).for_each(|(to, class)| *to = class);
}

#[test]
fn lenet_learns_as_in_pytorch() {
    let text =
        std::fs::read_to_string(crate::tidy::root().join("tests/oracle/lenet.json")).unwrap();
    let case: Value = serde_json::from_str(&text).unwrap();
    for (optimizer, losses) in case["losses"].as_object().unwrap() {
        let expected: Vec<f32> =
            losses.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect();
        let actual = lenet(&case, optimizer);
        for (step, (a, e)) in actual.iter().zip(&expected).enumerate() {
            assert!(
                (a - e).abs() <= 1e-4 * e,
                "{optimizer}, step {}: {a} instead of {e}",
                step + 1
            );
        }
        assert_eq!(actual.len(), expected.len());
    }
}

/// The losses of LeNet's first steps on the committed images in their own order.
fn lenet(case: &Value, optimizer: &str) -> Vec<f32> {
    let steps: Vec<&str> =
        case["model"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
    let batch = case["batch"].as_u64().unwrap() as usize;
    let program = check(&format!(
        "data Mnist {{ source = idx(\"tests/oracle/lenet-images.gz\", \"tests/oracle/lenet-labels.gz\") }}\n\
         model LeNet(image: [1, 28, 28]) {{ image -> {} }}\n\
         train LeNet on Mnist {{ optimizer = {optimizer}   batch = {batch} }}\n",
        steps.join(" -> ")
    ))
    .unwrap();
    let training = &program.trainings[0];
    let network = &program.networks[training.network];
    let source = &program.datasets[0].train;
    let samples = (source.source.load)(&source.args, &Disk, 0).unwrap();
    let (Numbers::U8 { bytes: pixels, .. }, Targets::Classes(classes)) =
        (&samples.inputs, &samples.targets)
    else {
        panic!("images are bytes with classes")
    };

    let signals = Signals::of(&program, training);
    let plan = Plan::new(&train_graph(network, training, TargetForm::Class, &signals), batch);
    let mut states = States::new([&plan]);
    let mut products = 0;
    for info in weights(network) {
        if short(&info) == "weight" {
            let given = start(products, info.shape.sizes());
            let memory = permute(&given, info.shape.sizes(), &info.order);
            states.get_mut(&info.name).unwrap().copy_from_slice(&memory);
            products += 1;
        }
    }
    let mut work = Workspace::new([&plan]);
    let bound = plan.bind(&states);
    let lr = training.optimizer.1.real("lr") as f32;
    let mut losses = Vec::new();
    for step in 0..classes.len() / batch {
        let pixels = &pixels[step * batch * 784..][..batch * 784];
        let input = plan.input_f32(&mut work, 0);
        input.iter_mut().zip(pixels).for_each(|(x, &p)| *x = f32::from(p) / 255.0);
        let rows = classes[step * batch..][..batch].iter().map(|&c| c as i32);
        fill_classes(plan.input(&mut work, 1), rows);
        plan.run(&mut work, &mut states, &bound, Clock { step: step as u64 + 1, lr, seed: 0 });
        let View::F32(loss) = plan.output(&work, &states, 0) else { panic!("a loss is a float") };
        losses.push(loss[0]);
    }
    losses
}

/// The starting weights of `lenet.py`.
fn start(layer: u64, shape: &[usize]) -> Vec<f32> {
    let count: usize = shape.iter().product();
    let bound = (6.0 * shape[0] as f64 / count as f64).sqrt();
    (0..count as u64).map(|i| (bound * hashed(layer, i)) as f32).collect()
}

/// A number in [−1, 1) that looks random, of a tensor's number and a place in it.
fn hashed(tensor: u64, i: u64) -> f64 {
    let mut h = (i + 100_000 * tensor + 1) * 2_654_435_761 % (1 << 32);
    h ^= h >> 16;
    h = h * 2_246_822_519 % (1 << 32);
    h ^= h >> 13;
    h as f64 / (1u64 << 31) as f64 - 1.0
}
