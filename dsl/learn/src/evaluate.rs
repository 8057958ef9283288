//! Answers of a network on a part of its data, and what they are worth.

use crate::compile::{Plans, Ready, TargetForm, answer_graph, judging_graph};
use crate::data::{Loaded, TargetMut};
use crate::metrics::{Answers, Scores, score_classes, score_sequence, score_values};
use crate::teacher::asked::Asked;
use crate::weights::Weights;
use dlm_check::program::{LossUse, Network, Split};
use dlm_graph::pass::{self, Folded};
use dlm_graph::{Clock, States, Ty, ViewMut, Workspace};
use dlm_vocab::data::Target;
use std::sync::Arc;

/// Samples that are answered at once.
const BATCH: usize = 64;

/// Runs the answering graph of one network over parts of one dataset.
#[derive(Debug)]
pub struct Evaluator<'a> {
    data: &'a Loaded,
    prepare: Plans,
    answer: Plans,
    /// The same without the loss.
    bare: Plans,
    form: TargetForm,
    width: usize,
}

impl<'a> Evaluator<'a> {
    /// The evaluator of a network, with its weights or with their averages.
    pub fn new(
        network: &Network,
        loss: &[LossUse],
        data: &'a Loaded,
        averaged: bool,
    ) -> Evaluator<'a> {
        let form = TargetForm::of(&data.facts.target, false);
        let graphs = answer_graph(network, loss, form, averaged);
        Evaluator::of(graphs, network.ty(network.output).len(), data)
    }

    /// The evaluator of graphs that answer with so many numbers, over this dataset.
    pub fn of(graphs: Folded, width: usize, data: &'a Loaded) -> Evaluator<'a> {
        let mut bare = graphs.answer.clone();
        bare.outputs.truncate(1);
        Evaluator {
            data,
            prepare: Plans::new(graphs.prepare),
            answer: Plans::new(graphs.answer),
            bare: Plans::new(pass::remove_dead(bare)),
            form: TargetForm::of(&data.facts.target, false),
            width,
        }
    }

    /// The plan that folds the weights; it names every state that the evaluator touches.
    pub fn prepare(&mut self) -> Arc<Ready> {
        self.prepare.get(1)
    }

    /// The plan for one sample, without the loss.
    pub fn one(&mut self) -> Arc<Ready> {
        self.bare.get(1)
    }

    /// The answers on a part and what they are worth with the weights as they are now; without targets
    /// there is nothing but answers. `heard` hears how many samples have been answered.
    pub fn run(
        &mut self,
        split: Split,
        work: &mut Workspace,
        states: &mut States,
        heard: &mut dyn FnMut(usize),
    ) -> (Answers, Option<Scores>) {
        let count = self.data.len(split);
        let labelled = self.form != TargetForm::None && self.data.labelled(split);
        let mut outputs = Vec::with_capacity(count * self.width);
        let mut loss = 0.0;
        let prepare = self.prepare();
        work.fit(&prepare.plan);
        prepare.run(work, states, Clock::default());
        for start in (0..count).step_by(BATCH) {
            heard(start);
            let size = BATCH.min(count - start);
            let ready = self.answer.get(size);
            let plan = &ready.plan;
            work.fit(plan);
            self.data.fill(split, start..start + size, plan.input_f32(work, 0));
            if labelled {
                let target = target_of(plan.input(work, 1));
                self.data.fill_targets(split, start..start + size, target);
            } else if plan.inputs.len() > 1 {
                target_of(plan.input(work, 1)).clear();
            }
            ready.run(work, states, Clock::default());
            outputs.extend_from_slice(plan.output_f32(work, states, 0));
            if labelled {
                loss += size as f64 * f64::from(plan.output_f32(work, states, 1)[0]);
            }
        }
        scored(self.data, split, outputs, self.width, labelled.then_some(loss))
    }
}

/// The answers of a teacher on a part and what they are worth by `loss`; without targets there is nothing
/// but answers. `heard` hears how many samples have been answered.
///
/// # Errors
/// When it cannot answer.
pub fn ask(
    teacher: &mut Asked,
    loss: &[LossUse],
    data: &Loaded,
    split: Split,
    heard: &mut dyn FnMut(usize),
) -> Result<(Answers, Option<Scores>), String> {
    let (count, width) = (data.len(split), teacher.width());
    let form = TargetForm::of(&data.facts.target, false);
    let graph = match data.labelled(split) && !loss.is_empty() {
        true => judging_graph(answer(&data.facts.target, width), loss, form),
        false => None,
    };
    let labelled = graph.is_some();
    let mut judging = graph.map(Plans::new);
    let mut states = States::new([]);
    let mut work = Workspace::new([]);
    let mut outputs = Vec::with_capacity(count * width);
    let mut total = 0.0;
    let mut x = vec![0.0; BATCH * data.facts.shape.len()];
    for start in (0..count).step_by(BATCH) {
        heard(start);
        let size = BATCH.min(count - start);
        let x = &mut x[..size * data.facts.shape.len()];
        data.fill(split, start..start + size, x);
        let places: Vec<u32> = (start..start + size).map(|place| place as u32).collect();
        teacher.ask(x, &places)?;
        outputs.extend_from_slice(teacher.answers());
        let Some(judging) = &mut judging else { continue };
        let ready = judging.get(size);
        work.fit(&ready.plan);
        ready.plan.input_f32(&mut work, 0).copy_from_slice(teacher.answers());
        let target = target_of(ready.plan.input(&mut work, 1));
        data.fill_targets(split, start..start + size, target);
        ready.run(&mut work, &mut states, Clock::default());
        total += size as f64 * f64::from(ready.plan.output_f32(&work, &states, 0)[0]);
    }
    Ok(scored(data, split, outputs, width, labelled.then_some(total)))
}

/// The type of an answer of so many numbers.
fn answer(target: &Target, width: usize) -> Ty {
    Ty::flow(match target {
        Target::Sequence { steps, .. } => vec![*steps, width / steps],
        _ => vec![width],
    })
}

/// Answers in the targets' own unit, and what they are worth where there are targets: `loss` is the sum of the
/// losses of all samples.
fn scored(
    data: &Loaded,
    split: Split,
    mut outputs: Vec<f32>,
    width: usize,
    loss: Option<f64>,
) -> (Answers, Option<Scores>) {
    data.undo_targets(&mut outputs);
    let answers = Answers { outputs, width: width / data.facts.target.steps() };
    let Some(loss) = loss else { return (answers, None) };
    let loss = loss / data.len(split).max(1) as f64;
    let scores = match &data.facts.target {
        Target::None => None,
        Target::Classes(names) => {
            Some(score_classes(&answers, data.classes(split), names.len(), loss))
        }
        Target::Sequence { .. } => {
            let characters = data.characters(split);
            Some(score_sequence(&answers, data.classes(split), characters, loss))
        }
        Target::Values(_) => Some(score_values(&answers, data.values(split), loss)),
    };
    (answers, scores)
}

/// A network with its weights, ready to answer.
#[derive(Debug)]
pub struct Answerer<'a> {
    evaluator: Evaluator<'a>,
    states: States,
    work: Workspace,
    /// A sample to be answered alone.
    sample: Vec<f32>,
}

impl<'a> Answerer<'a> {
    /// The network with these weights.
    pub fn new(
        network: &Network,
        loss: &[LossUse],
        data: &'a Loaded,
        weights: &Weights,
    ) -> Answerer<'a> {
        Answerer::of(Evaluator::new(network, loss, data, false), weights)
    }

    /// An evaluator with these weights.
    pub fn of(mut evaluator: Evaluator<'a>, weights: &Weights) -> Answerer<'a> {
        let (prepare, one) = (evaluator.prepare(), evaluator.one());
        let mut states = States::new([&prepare.plan, &one.plan]);
        weights.put(&mut states, "");
        let mut work = Workspace::new([&prepare.plan, &one.plan]);
        prepare.run(&mut work, &mut states, Clock::default());
        let mut sample = vec![0.0; evaluator.data.facts.shape.len()];
        let parts = [Split::Test, Split::Valid, Split::Train];
        if let Some(split) = parts.into_iter().find(|&split| evaluator.data.len(split) > 0) {
            evaluator.data.fill(split, 0..1, &mut sample);
        }
        Answerer { evaluator, states, work, sample }
    }

    /// As [`Evaluator::run`].
    pub fn run(&mut self, split: Split, heard: &mut dyn FnMut(usize)) -> (Answers, Option<Scores>) {
        self.evaluator.run(split, &mut self.work, &mut self.states, heard)
    }

    /// Answers one sample: what is timed as latency.
    pub fn one(&mut self) {
        let ready = self.evaluator.one();
        self.work.fit(&ready.plan);
        ready.plan.input_f32(&mut self.work, 0).copy_from_slice(&self.sample);
        ready.run(&mut self.work, &mut self.states, Clock::default());
    }
}

/// The place for a batch's targets in the form that the graph takes.
pub(crate) fn target_of(view: ViewMut<'_>) -> TargetMut<'_> {
    match view {
        ViewMut::I32(classes) => TargetMut::Classes(classes),
        ViewMut::F32(values) => TargetMut::Floats(values),
        other => panic!("targets are i32 or f32, not {other:?}"),
    }
}
