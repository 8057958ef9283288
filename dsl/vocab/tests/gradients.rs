//! Every operator's gradient against finite differences, its shape rule against its graph, and the
//! graph that answers against the one that trains; every loss's gradient likewise.

use dlm_graph::{Clock, DType, Frame, Graph, Layer, Mode, NodeId, Op, Plan, States, Ty, ValueId};
use dlm_graph::{View, ViewMut, Workspace, differentiate, pass};
use dlm_kernels::rng;
use dlm_vocab::Arg;
use dlm_vocab::data::Target;
use dlm_vocab::loss::{LOSSES, Loss, Of, Terms};
use dlm_vocab::ops::{OPERATORS, Operator, SIGNS};
use dlm_vocab::word::{Args, Default};
use std::sync::Arc;

const BATCH: usize = 3;
const CLOCK: Clock = Clock { step: 1, lr: 0.0, seed: 11 };

fn operators() -> impl Iterator<Item = &'static Operator> {
    OPERATORS.iter().chain(SIGNS).copied()
}

/// Numbers between −2 and 2, no two of them closer than `4 / n`, none closer to 0 than `2 / n`: so
/// that no small step crosses the bend of a relu or changes the largest of a window.
fn spread(n: usize, key: u64) -> Vec<f32> {
    let mut places: Vec<usize> = (0..n).collect();
    rng::Stream::new(key).shuffle(&mut places);
    // An even number of places keeps 0 between two of them.
    let n = n.next_multiple_of(2) as f32;
    places.into_iter().map(|i| (i as f32 + 0.5) / n * 4.0 - 2.0).collect()
}

/// How far the numbers of [`spread`] are moved.
fn step(n: usize) -> f32 {
    (1.0 / n.next_multiple_of(2) as f32).clamp(1e-3, 1e-2)
}

/// A graph with its inputs, weights and result.
struct Built {
    g: Graph,
    flows: Vec<ValueId>,
    weights: Vec<ValueId>,
    y: ValueId,
}

fn build(layer: &dyn Layer, tys: &[Ty], mode: Mode) -> Built {
    let mut g = Graph::new();
    let flows: Vec<ValueId> = tys.iter().map(|ty| g.input(ty.clone())).collect();
    let weights: Vec<ValueId> =
        layer.weights(tys).iter().map(|weight| g.state(weight.name, weight.ty())).collect();
    g.enter(Arc::from("layer"));
    let y = layer.build(&mut g, &flows, &weights, mode);
    Built { g, flows, weights, y }
}

/// A plan with memory, its inputs and weights.
struct Machine {
    plan: Plan,
    work: Workspace,
    states: States,
    inputs: Vec<Vec<f32>>,
    weights: Vec<(String, Vec<f32>)>,
}

impl Machine {
    fn new(g: &Graph, inputs: &[Vec<f32>], weights: &[(String, Vec<f32>)]) -> Machine {
        let plan = Plan::new(g, BATCH);
        let (work, states) = (Workspace::new([&plan]), States::new([&plan]));
        Machine { plan, work, states, inputs: inputs.to_vec(), weights: weights.to_vec() }
    }

    fn run(&mut self) {
        for (i, numbers) in self.inputs.iter().enumerate() {
            match self.plan.input(&mut self.work, i) {
                ViewMut::F32(x) => x.copy_from_slice(numbers),
                ViewMut::I32(x) => x.iter_mut().zip(numbers).for_each(|(x, &v)| *x = v as i32),
                other => panic!("{other:?}"),
            }
        }
        for (name, numbers) in &self.weights {
            if let Some(state) = self.states.get_mut(name) {
                state.copy_from_slice(numbers);
            }
        }
        let bound = self.plan.bind(&self.states);
        self.plan.run(&mut self.work, &mut self.states, &bound, CLOCK);
    }

    fn output(&self, i: usize) -> Vec<f32> {
        match self.plan.output(&self.work, &self.states, i) {
            View::F32(x) => x.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    /// `Σ r · y`.
    fn dot(&mut self, r: &[f32]) -> f64 {
        self.run();
        self.output(0).iter().zip(r).map(|(&y, &r)| f64::from(y) * f64::from(r)).sum()
    }
}

/// `Σ r · x`, as a node: the loss of the operators' tests.
#[derive(Clone, Debug)]
struct Dot {
    r: Arc<[f32]>,
}

impl Op for Dot {
    fn name(&self) -> &'static str {
        "dot"
    }
    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![Ty::scalar()]
    }
    fn forward(&self, frame: &mut Frame<'_>) {
        let x = frame.f32(0);
        frame.out(0)[0] = x.iter().zip(&*self.r).map(|(x, r)| x * r).sum();
    }
    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let ty = g.ty(g.node(id).inputs[0]).clone();
        vec![Some(g.add(Fixed { ty, r: self.r.clone() }, &[]))]
    }
}

/// These numbers.
#[derive(Clone, Debug)]
struct Fixed {
    ty: Ty,
    r: Arc<[f32]>,
}

impl Op for Fixed {
    fn name(&self) -> &'static str {
        "fixed"
    }
    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![self.ty.clone()]
    }
    fn forward(&self, frame: &mut Frame<'_>) {
        frame.out(0).copy_from_slice(&self.r);
    }
    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        Vec::new()
    }
}

fn inputs(word: &str, tys: &[Ty]) -> Vec<Vec<f32>> {
    let numbers = tys.iter().enumerate().map(|(i, ty)| {
        let mut x = spread(ty.count(BATCH), i as u64);
        match ty.dtype {
            DType::F32 if word == "div" && i == 1 => x.iter_mut().for_each(|x| *x += 3.0),
            DType::F32 => {}
            // Tokens of a vocabulary of two or more.
            _ => x.iter_mut().for_each(|x| *x = f32::from(*x > 0.0)),
        }
        x
    });
    numbers.collect()
}

fn weights(layer: &dyn Layer, tys: &[Ty]) -> Vec<(String, Vec<f32>)> {
    let numbers = layer.weights(tys).into_iter().enumerate().map(|(i, weight)| {
        let mut w = spread(weight.shape.len(), 100 + i as u64);
        if weight.name == "running_var" {
            w.iter_mut().for_each(|w| *w = 0.5 + w.abs());
        }
        (weight.name.to_string(), w)
    });
    numbers.collect()
}

/// The largest difference between a gradient and its finite differences, relative to the largest
/// gradient.
fn error(
    forward: &mut Machine,
    r: &[f32],
    grad: &[f32],
    step: f32,
    slot: impl Fn(&mut Machine) -> &mut Vec<f32>,
) -> f64 {
    let n = grad.len();
    let largest = grad.iter().fold(0.0f64, |m, &v| m.max(f64::from(v).abs()));
    let mut worst = 0.0f64;
    for i in (0..n).step_by(n.div_ceil(150)) {
        let own = slot(forward)[i];
        let mut at = |x: f32| {
            slot(forward)[i] = x;
            (f64::from(x), forward.dot(r))
        };
        let ((x1, y1), (x0, y0)) = (at(own + step), at(own - step));
        slot(forward)[i] = own;
        worst = worst.max((f64::from(grad[i]) - (y1 - y0) / (x1 - x0)).abs());
    }
    worst / largest.max(0.05)
}

#[test]
fn gradients_agree_with_finite_differences() {
    let mut failures = Vec::new();
    for operator in operators() {
        for (number, case) in (operator.cases)().into_iter().enumerate() {
            for mode in [Mode::Train, Mode::Eval] {
                let layer = (operator.make)(&case.args);
                let name = format!("{} #{number} {mode:?}", operator.word.name);
                let built = build(&*layer, &case.flows, mode);
                let (xs, ws) =
                    (inputs(operator.word.name, &case.flows), weights(&*layer, &case.flows));
                let mut plain = built.g.clone();
                plain.outputs = vec![built.y];
                let mut forward = Machine::new(&plain, &xs, &ws);
                let r: Arc<[f32]> = spread(plain.ty(built.y).count(BATCH), 77).into();

                let Built { mut g, flows, weights, y } = built;
                let loss = g.add(Dot { r: r.clone() }, &[y]);
                let known: Vec<ValueId> = flows.iter().chain(&weights).copied().collect();
                let grads = differentiate(&mut g, loss, &known);
                g.outputs = [y].into_iter().chain(grads.iter().flatten().copied()).collect();
                let mut whole = Machine::new(&pass::optimize(g), &xs, &ws);
                whole.run();
                forward.run();
                let close = |a: &[f32], b: &[f32]| {
                    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-5 * (1.0 + a.abs()))
                };
                if !close(&whole.output(0), &forward.output(0)) {
                    failures.push(format!("{name}: the result depends on what is kept"));
                }

                let trained: Vec<bool> = (case.flows.iter().map(|ty| ty.dtype == DType::F32))
                    .chain(layer.weights(&case.flows).iter().map(|w| w.trained))
                    .collect();
                let mut output = 1;
                for (i, grad) in grads.iter().enumerate() {
                    if grad.is_none() {
                        if trained[i] {
                            failures.push(format!("{name}: no gradient for input {i}"));
                        }
                        continue;
                    }
                    let grad = whole.output(output);
                    output += 1;
                    if !trained[i] {
                        continue;
                    }
                    let flows = case.flows.len();
                    let error = error(&mut forward, &r, &grad, step(grad.len()), |m| {
                        if i < flows { &mut m.inputs[i] } else { &mut m.weights[i - flows].1 }
                    });
                    if error.is_nan() || error > case.tolerance {
                        failures.push(format!("{name}: input {i} is off by {error:.1e}"));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn gradients_of_functions_agree_far_from_zero_too() {
    let words = ["gelu", "hard_swish", "leaky_relu", "relu", "relu6", "sigmoid", "silu", "tanh"];
    for word in words {
        let operator = dlm_vocab::ops::find(word).expect("the word");
        let case = (operator.cases)().remove(0);
        let layer = (operator.make)(&case.args);
        let Built { mut g, flows, y, .. } = build(&*layer, &[Ty::flow(vec![7])], Mode::Train);
        // From −9.5 to 9.5; the bends at 3 and 6 lie between two numbers.
        let x: Vec<f32> = (0..21).map(|i| (i as f32 - 10.0) * 0.95 + 0.02).collect();
        let r: Arc<[f32]> = spread(21, 3).into();
        let mut plain = g.clone();
        plain.outputs = vec![y];
        let mut forward = Machine::new(&plain, std::slice::from_ref(&x), &[]);
        let loss = g.add(Dot { r: r.clone() }, &[y]);
        g.outputs = differentiate(&mut g, loss, &flows).into_iter().flatten().collect();
        let mut whole = Machine::new(&pass::optimize(g), &[x], &[]);
        whole.run();
        let grad = whole.output(0);
        let error = error(&mut forward, &r, &grad, 5e-3, |m| &mut m.inputs[0]);
        assert!(error < 1e-3, "{word}: {error:.1e}");
    }
}

#[test]
fn shapes_are_those_of_the_graph() {
    for operator in operators() {
        let cases = (operator.cases)();
        assert!(!cases.is_empty(), "{} is not tried", operator.word.name);
        for case in cases {
            let layer = (operator.make)(&case.args);
            let inferred = layer.infer(&case.flows);
            for mode in [Mode::Train, Mode::Eval] {
                let built = build(&*layer, &case.flows, mode);
                let name = operator.word.name;
                assert_eq!(inferred.as_ref().ok(), Some(built.g.ty(built.y)), "{name}");
            }
            for weight in layer.weights(&case.flows) {
                let mut axes = weight.order.clone();
                axes.sort_unstable();
                assert_eq!(axes, (0..weight.shape.rank()).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn answering_is_training_but_for_dropout_and_batch_norm() {
    for operator in operators() {
        let name = operator.word.name;
        if name == "dropout" || name == "batch_norm" {
            continue;
        }
        for case in (operator.cases)() {
            let layer = (operator.make)(&case.args);
            let (xs, ws) = (inputs(name, &case.flows), weights(&*layer, &case.flows));
            let run = |mode| {
                let mut built = build(&*layer, &case.flows, mode);
                built.g.outputs = vec![built.y];
                let mut machine = Machine::new(&built.g, &xs, &ws);
                machine.run();
                machine.output(0)
            };
            let (a, b) = (run(Mode::Train), run(Mode::Eval));
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5), "{name}");
        }
    }
}

#[test]
fn an_activation_can_move_into_any_operator() {
    for operator in operators() {
        let name = operator.word.name;
        for case in (operator.cases)() {
            let layer = (operator.make)(&case.args);
            let (xs, ws) = (inputs(name, &case.flows), weights(&*layer, &case.flows));
            for (word, args) in
                [("relu", Args::default()), ("leaky_relu", slope()), ("relu6", Args::default())]
            {
                let act = (dlm_vocab::ops::find(word).expect("the word").make)(&args);
                let run = |optimize: fn(Graph) -> Graph| {
                    let Built { mut g, y, .. } = build(&*layer, &case.flows, Mode::Train);
                    let y = act.build(&mut g, &[y], &[], Mode::Train);
                    g.outputs = vec![y];
                    let mut machine = Machine::new(&optimize(g), &xs, &ws);
                    machine.run();
                    machine.output(0)
                };
                let (a, b) = (run(|g| g), run(pass::optimize));
                assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5), "{name} {word}");
            }
        }
    }
}

fn slope() -> Args {
    let mut args = Args::default();
    args.set("slope", Arg::Real(0.25));
    args
}

/// The defaults of a word; numbers without one are 0.01.
fn defaults(params: &[dlm_vocab::Param]) -> Args {
    let mut args = Args::default();
    for param in params {
        args.set(
            param.name,
            match param.default {
                Default::Real(v) => Arg::Real(v),
                Default::Int(v) => Arg::Int(v),
                Default::Bool(v) => Arg::Bool(v),
                Default::Quantity(v, unit) => Arg::Quantity(v, unit),
                Default::Required => Arg::Real(0.01),
                other => panic!("{other:?}"),
            },
        );
    }
    args
}

#[test]
fn gradients_of_losses_agree_with_finite_differences() {
    let classes = |n: usize| Target::Classes((0..n).map(|i| i.to_string()).collect());
    let values = |n: usize| Target::Values((0..n).map(|i| i.to_string()).collect());
    let kinds =
        [(classes(4), 4), (classes(2), 2), (classes(2), 1), (values(4), 4), (Target::None, 4)];
    let mut failures = Vec::new();
    let alone = |loss: &&&Loss| matches!(loss.of, Of::Targets | Of::Weights);
    for loss in LOSSES.iter().filter(alone) {
        for (target, width) in &kinds {
            let binary = loss.word.name == "binary_cross_entropy";
            let one = *width == 1 || matches!(target, Target::Values(_));
            if !(loss.fits)(target) || (binary != one && matches!(target, Target::Classes(_))) {
                continue;
            }
            for mixed in [false, true] {
                let target_ty = match target {
                    Target::Classes(names) if mixed => Ty::flow(vec![names.len()]),
                    Target::Classes(_) => Ty::tokens(vec![]),
                    _ => Ty::flow(vec![*width]),
                };
                let mut args = defaults(loss.word.params);
                if args.get("smoothing").is_some() && mixed {
                    args.set("smoothing", Arg::Real(0.2));
                }
                let mut g = Graph::new();
                let y = g.input(Ty::flow(vec![*width]));
                let t = g.input(target_ty.clone());
                let w = g.state("w", Ty::fixed(vec![3, 5]));
                let terms = Terms {
                    output: y,
                    target: Some(t),
                    weights: &[w],
                    answers: &[],
                    features: None,
                    own: &[],
                };
                let value = (loss.build)(&mut g, &args, &terms);
                assert_eq!(*g.ty(value), Ty::scalar());
                let t: Vec<f32> = match (&target_ty.dtype, target) {
                    (DType::I32, Target::Classes(names)) => {
                        (0..BATCH).map(|i| (i % names.len()) as f32).collect()
                    }
                    // Shares that add up to 1, and values between 0 and 1.
                    _ => {
                        let k = target_ty.len();
                        (0..BATCH * k)
                            .map(|i| {
                                if k == 4 { [0.1, 0.6, 0.3, 0.0][i % 4] } else { [0.3, 0.7][i % 2] }
                            })
                            .collect()
                    }
                };
                let xs = [spread(BATCH * width, 5), t];
                let ws = [("w".to_string(), spread(15, 6))];
                let mut plain = g.clone();
                plain.outputs = vec![value];
                let mut forward = Machine::new(&plain, &xs, &ws);
                let grads = differentiate(&mut g, value, &[y, w]);
                g.outputs = grads.iter().flatten().copied().collect();
                assert!(!g.outputs.is_empty(), "{}", loss.word.name);
                let mut whole = Machine::new(&pass::optimize(g), &xs, &ws);
                whole.run();
                for (output, i) in (0..2).filter(|&i| grads[i].is_some()).enumerate() {
                    let grad = whole.output(output);
                    let error = error(&mut forward, &[1.0], &grad, 1e-3, |m| {
                        if i == 0 { &mut m.inputs[0] } else { &mut m.weights[0].1 }
                    });
                    if error.is_nan() || error > 5e-3 {
                        failures.push(format!("{} {target:?}: {i} by {error:.1e}", loss.word.name));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
