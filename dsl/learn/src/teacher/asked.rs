//! A teacher that is asked about samples of a student's data.

use super::answers::Answers as Recorded;
use super::rescale::Rescale;
use super::{Closed, logits_of};
use crate::compile::{Plans, enter_inputs};
use crate::teacher::closed::Ending;
use crate::weights::Weights;
use dlm_base::Shape;
use dlm_check::lower::lower_layers;
use dlm_check::program::{Flow, Network};
use dlm_graph::pass::{Folded, fold};
use dlm_graph::{Clock, Graph, Mode, States, Workspace};
use std::sync::{Arc, Mutex};

/// A teacher, ready to be asked. It answers in the student's terms: logits, or values that are
/// standardised as the student's targets are.
#[derive(Debug)]
pub struct Asked {
    what: What,
    /// What its inputs are made of the student's with.
    inputs: Option<Rescale>,
    /// What the student's answers are made of its answers with.
    outputs: Option<Rescale>,
    /// How many numbers a sample and an answer have.
    sizes: [usize; 2],
    /// The answers to the batch that was asked about last.
    answers: Vec<f32>,
}

#[derive(Debug)]
enum What {
    Network(Box<Running>),
    Closed { model: Arc<Mutex<Closed>>, shape: Vec<usize>, spare: Vec<f32> },
    Recorded(Arc<Recorded>),
}

/// A network with its weights that answers, and shows features.
#[derive(Debug)]
struct Running {
    plans: Plans,
    states: States,
    work: Workspace,
    ready: Option<Arc<crate::compile::Ready>>,
}

/// The graphs that answer with a network and show the features at some of its flows: the answer comes
/// first. Normalisation uses its recorded statistics, nothing is dropped out.
pub fn asking_graph(net: &Network, flows: &[Flow]) -> Folded {
    let mut g = Graph::new();
    let inputs = enter_inputs(&mut g, net);
    let made = lower_layers(net, &mut g, &inputs, &|_| Mode::Eval, "");
    let value = |flow: Flow| match flow {
        Flow::Input(i) => inputs[i],
        Flow::Layer(i) => made[i],
    };
    g.outputs = std::iter::once(net.output).chain(flows.iter().copied()).map(value).collect();
    fold(g, "")
}

impl Asked {
    /// A network of graphs such as those of [`asking_graph`] with these weights.
    pub fn network(graphs: Folded, weights: &Weights, sizes: [usize; 2]) -> Asked {
        let (mut prepare, mut plans) = (Plans::new(graphs.prepare), Plans::new(graphs.answer));
        let (prepare, one) = (prepare.get(1), plans.get(1));
        let mut states = States::new([&prepare.plan, &one.plan]);
        weights.put(&mut states, "");
        let mut work = Workspace::new([&prepare.plan, &one.plan]);
        prepare.run(&mut work, &mut states, Clock::default());
        let running = Running { plans, states, work, ready: None };
        Asked::of(What::Network(Box::new(running)), sizes)
    }

    /// A closed network that answers with so many numbers, asked about samples of this shape.
    pub fn closed(model: Arc<Mutex<Closed>>, shape: &Shape, width: usize) -> Asked {
        let sizes = [shape.len(), width];
        let (shape, spare) = (shape.0.clone(), Vec::new());
        Asked::of(What::Closed { model, shape, spare }, sizes)
    }

    /// Answers that were recorded, whatever the samples are.
    pub fn recorded(answers: Arc<Recorded>, size: usize) -> Asked {
        let sizes = [size, answers.classes];
        Asked::of(What::Recorded(answers), sizes)
    }

    fn of(what: What, sizes: [usize; 2]) -> Asked {
        Asked { what, inputs: None, outputs: None, sizes, answers: Vec::new() }
    }

    /// Sees inputs, and gives answers, by other scales than the student's.
    pub fn rescaled(self, inputs: Option<Rescale>, outputs: Option<Rescale>) -> Asked {
        Asked { inputs, outputs, ..self }
    }

    /// Whether it has answers to the training part alone.
    pub fn is_recorded(&self) -> bool {
        matches!(self.what, What::Recorded(_))
    }

    /// How many numbers an answer has.
    pub fn width(&self) -> usize {
        self.sizes[1]
    }

    /// Asks about samples `x`, which are the student's inputs; `places` are theirs in the training part, if
    /// they come from there.
    ///
    /// # Errors
    /// When a closed network cannot answer, or an answer is NaN or infinite, with the sample in the batch
    /// that it concerns.
    pub fn ask(&mut self, x: &[f32], places: &[u32]) -> Result<(), String> {
        let [size, width] = self.sizes;
        let batch = x.len() / size.max(1);
        self.answers.clear();
        match &mut self.what {
            What::Recorded(all) => {
                for &place in places {
                    let row = &all.logits[place as usize * width..][..width];
                    self.answers.extend_from_slice(row);
                }
            }
            What::Network(running) => {
                let ready = running.plans.get(batch);
                running.work.fit(&ready.plan);
                let input = ready.plan.input_f32(&mut running.work, 0);
                input.copy_from_slice(x);
                if let Some(rescale) = &self.inputs {
                    rescale.apply(input, size);
                }
                ready.run(&mut running.work, &mut running.states, Clock::default());
                let answers = ready.plan.output_f32(&running.work, &running.states, 0);
                self.answers.extend_from_slice(answers);
                running.ready = Some(ready);
            }
            What::Closed { model, shape, spare } => {
                spare.clear();
                spare.extend_from_slice(x);
                if let Some(rescale) = &self.inputs {
                    rescale.apply(spare, size);
                }
                if let [channels, _, _] = *shape.as_slice() {
                    spare
                        .chunks_exact_mut(size)
                        .for_each(|sample| channels_first(sample, channels));
                }
                let mut model = model.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                let mut answers = model.answer(batch, spare)?;
                as_logits(model.ending(), &mut answers);
                self.answers = answers;
            }
        }
        if let Some(rescale) = &self.outputs {
            rescale.apply(&mut self.answers, width);
        }
        match self.answers.iter().position(|x| !x.is_finite()) {
            Some(at) => {
                let which = places.get(at / width).map(|place| format!("sample {}", place + 1));
                let which = which.unwrap_or_else(|| "a sample".to_string());
                Err(format!("its answer to {which} is {}", self.answers[at]))
            }
            None => Ok(()),
        }
    }

    /// The answers to the batch that was asked about last, sample after sample.
    pub fn answers(&self) -> &[f32] {
        &self.answers
    }

    /// The features of that number, of the batch that was asked about last.
    pub fn features(&self, number: usize) -> &[f32] {
        match &self.what {
            What::Network(running) => match &running.ready {
                Some(ready) => ready.plan.output_f32(&running.work, &running.states, 1 + number),
                None => &[],
            },
            What::Closed { .. } | What::Recorded(_) => &[],
        }
    }

    /// Bytes of the memory for one batch.
    pub fn bytes(&mut self, batch: usize) -> usize {
        match &mut self.what {
            What::Network(running) => {
                let ready = running.plans.get(batch);
                running.work.fit(&ready.plan);
                running.work.bytes() + running.states.bytes()
            }
            What::Closed { .. } | What::Recorded(_) => 0,
        }
    }
}

/// The logits behind what a closed network ends with.
fn as_logits(ending: Ending, answers: &mut [f32]) {
    match ending {
        Ending::Logits | Ending::LogProbabilities => {}
        Ending::Probabilities => logits_of(answers),
        Ending::Sigmoid => {
            for p in answers {
                let least = super::LEAST_PROBABILITY;
                let q = f64::from(p.clamp(least, 1.0 - least));
                *p = (q / (1.0 - q)).ln() as f32;
            }
        }
    }
}

/// Puts a sample stored channels last into the order channels first.
fn channels_first(sample: &mut [f32], channels: usize) {
    if channels == 1 {
        return;
    }
    let last = sample.to_vec();
    let pixels = sample.len() / channels;
    for (channel, out) in sample.chunks_exact_mut(pixels).enumerate() {
        for (pixel, x) in out.iter_mut().enumerate() {
            *x = last[pixel * channels + channel];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_go_first() {
        let mut sample = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0];
        channels_first(&mut sample, 2);
        assert_eq!(sample, [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]);
    }

    #[test]
    fn a_sigmoid_becomes_the_logit_before_it() {
        let mut p = [0.5, 0.731_058_6, 0.0];
        as_logits(Ending::Sigmoid, &mut p);
        assert_eq!(p[0], 0.0);
        assert!((p[1] - 1.0).abs() < 1e-6);
        assert!(p[2].is_finite() && p[2] < -16.0);
    }
}
