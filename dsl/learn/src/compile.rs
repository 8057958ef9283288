//! From a checked training to plans: forward, loss, backward and optimiser in one graph; answers in
//! another.

use crate::signals::Signals;
use dlm_check::lower::{WeightInfo, lower, lower_layers, training_mode, weights};
use dlm_check::program::{Average, Flow, LossUse, Network, Training};
use dlm_graph::pass::Folded;
use dlm_graph::run::Binding;
use dlm_graph::{
    Clock, DType, Graph, Mode, Plan, States, Ty, ValueId, Workspace, differentiate, pass,
};
use dlm_vocab::data::Target;
use dlm_vocab::internal::{Ema, GradNorm, Tokens, WeightedSum};
use dlm_vocab::loss::Terms;
use std::sync::{Arc, OnceLock};

/// What stands before the name of a state that averages a weight.
pub(crate) const AVERAGE: &str = "average/";

/// What the targets of a batch are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetForm {
    /// None are needed.
    None,
    /// A class number for each sample.
    Class,
    /// A class number for each of so many steps of a sample.
    Classes(usize),
    /// A share for each of so many classes: mixed samples.
    Shares(usize),
    /// So many values for each sample.
    Values(usize),
}

impl TargetForm {
    /// The form of a dataset's targets, when samples are mixed or not.
    pub fn of(target: &Target, mixed: bool) -> TargetForm {
        match target {
            Target::None => TargetForm::None,
            Target::Classes(names) if mixed => TargetForm::Shares(names.len()),
            Target::Classes(_) => TargetForm::Class,
            Target::Sequence { steps, .. } => TargetForm::Classes(*steps),
            Target::Values(names) => TargetForm::Values(names.len()),
        }
    }

    fn ty(self) -> Option<Ty> {
        match self {
            TargetForm::None => None,
            TargetForm::Class => Some(Ty::tokens(vec![])),
            TargetForm::Classes(steps) => Some(Ty::tokens(vec![steps])),
            TargetForm::Shares(width) | TargetForm::Values(width) => Some(Ty::flow(vec![width])),
        }
    }
}

/// Adds the graph's input, a row of floats for each sample, and what makes the network's inputs of it.
pub fn enter_inputs(g: &mut Graph, network: &Network) -> Vec<ValueId> {
    let enter = |(_, ty): &(String, Ty)| match ty.dtype {
        DType::I32 => {
            let row = g.input(Ty::flow(ty.shape.clone()));
            g.add(Tokens, &[row])
        }
        _ => g.input(ty.clone()),
    };
    network.inputs.iter().map(enter).collect()
}

/// A network added to a graph.
#[derive(Debug)]
pub struct Forward {
    /// Its result.
    pub output: ValueId,
    /// The results of its layers, of those that have one of their own.
    pub layers: Vec<Option<ValueId>>,
}

/// The graph of one update. Inputs: the network's, then the targets where there are any, then the
/// signals of teachers. Outputs: the loss, then the network's output.
pub fn train_graph(
    network: &Network,
    training: &Training,
    form: TargetForm,
    signals: &Signals,
) -> Graph {
    let owned = weights(network);
    update_graph(network, training, &owned, form, signals, |g, inputs| {
        let mode = |layer| training_mode(network, &training.frozen, layer);
        let layers = lower_layers(network, g, inputs, &mode, "");
        let output = match network.output {
            Flow::Input(i) => inputs[i],
            Flow::Layer(i) => layers[i],
        };
        Forward { output, layers: layers.into_iter().map(Some).collect() }
    })
}

/// As [`train_graph`], of whatever `forward` adds: it is given the inputs, and makes the network's output
/// from states among which are the weights of `owned`.
pub fn update_graph(
    network: &Network,
    training: &Training,
    owned: &[WeightInfo],
    form: TargetForm,
    signals: &Signals,
    forward: impl FnOnce(&mut Graph, &[ValueId]) -> Forward,
) -> Graph {
    let mut g = Graph::new();
    let inputs = enter_inputs(&mut g, network);
    let target = form.ty().map(|ty| g.input(ty));
    let taught = signals.enter(&mut g);
    let Forward { output, layers } = forward(&mut g, &inputs);
    let student = |flow| match flow {
        Flow::Input(i) => inputs[i],
        Flow::Layer(i) => layers[i]
            .unwrap_or_else(|| panic!("`{}` has no result of its own", network.layers[i].path)),
    };
    let mut trained: Vec<&WeightInfo> =
        owned.iter().filter(|w| w.trained && !training.frozen[w.layer]).collect();
    let mut values: Vec<ValueId> = trained.iter().map(|w| g.state(&w.name, w.ty())).collect();
    let decaying: Vec<ValueId> =
        trained.iter().zip(&values).filter(|(w, _)| w.decays).map(|(_, &v)| v).collect();
    g.enter(Arc::from("loss"));
    let own = signals.own.iter();
    let own: Vec<Vec<ValueId>> =
        own.map(|own| own.iter().map(|w| g.state(&w.name, w.ty())).collect()).collect();
    let used = training.loss.iter().enumerate().map(|(number, used)| {
        let features = used.features.map(|it| (taught.feature(it), student(it.student)));
        let (weights, answers) = (decaying.as_slice(), taught.answers.as_slice());
        let own = own.get(number).map_or(&[][..], Vec::as_slice);
        (used, Terms { output, target, weights, answers, features, own })
    });
    let used: Vec<_> = used.collect();
    let loss = add_loss(&mut g, &used);
    g.outputs = vec![loss, output];
    // What terms train of their own.
    for (info, value) in signals.own.iter().flatten().zip(own.into_iter().flatten()) {
        trained.push(info);
        values.push(value);
    }

    let grads = differentiate(&mut g, loss, &values);
    g.enter(Arc::from("optimizer"));
    let known: Vec<ValueId> = grads.iter().copied().flatten().collect();
    let scale = GradNorm::scale(&mut g, training.clip, &known);
    let (optimizer, args) = &training.optimizer;
    for ((weight, &value), grad) in trained.iter().zip(&values).zip(grads) {
        let Some(grad) = grad else { continue };
        let mut inputs = vec![value, grad];
        for kept in (optimizer.keeps)(args) {
            let name = format!("{}/{}.{kept}", weight.name, optimizer.word.name);
            inputs.push(g.state(&name, weight.ty()));
        }
        inputs.push(scale);
        g.add_all((optimizer.update)(args, weight.decays), &inputs);
        let dropped = signals.own.iter().flatten().any(|own| own.name == weight.name);
        if let (Some(Average::Ema(decay)), false) = (training.average, dropped) {
            let name = format!("{AVERAGE}{}", weight.name);
            let average = g.state(&name, weight.ty());
            g.add_all(Arc::new(Ema::new(decay)), &[average, value]);
        }
    }
    pass::optimize(g)
}

/// The graph of answers: the network with its weights fixed, or with the averages of them. Output:
/// the answers; then, where `form` has targets, the mean loss of the terms that look at targets.
pub fn answer_graph(
    network: &Network,
    loss: &[LossUse],
    form: TargetForm,
    averaged: bool,
) -> Folded {
    let prefix = if averaged { AVERAGE } else { "" };
    let g = answers(network, loss, form, |g, inputs| {
        lower(network, g, inputs, &|_| Mode::Eval, prefix)
    });
    pass::fold(g, prefix)
}

/// As [`answer_graph`], of whatever `forward` adds, not folded yet.
pub fn answers(
    network: &Network,
    loss: &[LossUse],
    form: TargetForm,
    forward: impl FnOnce(&mut Graph, &[ValueId]) -> ValueId,
) -> Graph {
    let mut g = Graph::new();
    let inputs = enter_inputs(&mut g, network);
    let output = forward(&mut g, &inputs);
    g.outputs = vec![output];
    if let Some(ty) = form.ty() {
        let target = g.input(ty);
        g.enter(Arc::from("loss"));
        let loss = add_judged(&mut g, loss, output, target);
        g.outputs.push(loss);
    }
    g
}

/// The graph that judges answers of the type `answer`. Inputs: the answers, the targets. Output: the mean
/// loss.
pub fn judging_graph(answer: Ty, loss: &[LossUse], form: TargetForm) -> Option<Graph> {
    let mut g = Graph::new();
    let output = g.input(answer);
    let target = g.input(form.ty()?);
    g.enter(Arc::from("loss"));
    let loss = add_judged(&mut g, loss, output, target);
    g.outputs = vec![loss];
    Some(g)
}

fn add_judged(g: &mut Graph, loss: &[LossUse], output: ValueId, target: ValueId) -> ValueId {
    let target = Some(target);
    let terms = || Terms { output, target, weights: &[], answers: &[], features: None, own: &[] };
    let used: Vec<_> = loss.iter().map(|used| (used, terms())).collect();
    add_loss(g, &used)
}

fn add_loss(g: &mut Graph, terms: &[(&LossUse, Terms<'_>)]) -> ValueId {
    let mut values = Vec::new();
    let mut factors = Vec::new();
    for (LossUse { weight, loss, args, .. }, terms) in terms {
        values.push((loss.build)(g, args, terms));
        factors.push(*weight);
    }
    match (values.as_slice(), factors.as_slice()) {
        (&[only], &[1.0]) => only,
        _ => g.add(WeightedSum::new(factors), &values),
    }
}

/// Plans of one graph, one for each size of batch that was met, all over the same states.
#[derive(Debug)]
pub struct Plans {
    graph: Graph,
    ready: Vec<Arc<Ready>>,
}

/// A plan, and where its states lie once that is known.
#[derive(Debug)]
pub struct Ready {
    /// The plan.
    pub plan: Plan,
    bound: OnceLock<Binding>,
}

impl Plans {
    /// No plan yet.
    pub fn new(graph: Graph) -> Plans {
        Plans { graph, ready: Vec::new() }
    }

    /// The plan for batches of `batch` samples.
    pub fn get(&mut self, batch: usize) -> Arc<Ready> {
        if let Some(ready) = self.ready.iter().find(|ready| ready.plan.batch == batch) {
            return ready.clone();
        }
        let plan = Plan::new(&self.graph, batch);
        let ready = Arc::new(Ready { plan, bound: OnceLock::new() });
        self.ready.push(ready.clone());
        ready
    }
}

impl Ready {
    /// Runs the plan. All runs of one plan must be given the same states.
    pub fn run(&self, work: &mut Workspace, states: &mut States, clock: Clock) {
        let bound = self.bound.get_or_init(|| self.plan.bind(states));
        self.plan.run(work, states, bound, clock);
    }
}
