//! Artifacts that an earlier run has stored: evaluated again, or asked about new inputs.

use crate::compile::{TargetForm, answer_graph};
use crate::data::{Loaded, inputs_from_file};
use crate::evaluate::Answerer;
use crate::metrics::{Scores, class};
use crate::quant::network::floats;
use crate::quant::{Quantized, deploy, file};
use crate::run::RunError;
use crate::weights::{About, Weights};
use dlm_base::Files;
use dlm_check::Program;
use dlm_check::program::{LossUse, Network, Split};
use dlm_check::quant::Scheme;
use dlm_graph::{Clock, Plan, States, Workspace};
use dlm_vocab::data::Target;

/// A stored artifact with the program that made it.
#[derive(Debug)]
pub struct Stored<'a> {
    program: &'a Program,
    /// The data it is evaluated on.
    dataset: usize,
    loss: &'a [LossUse],
    network: &'a Network,
    what: What,
    /// What its file says of it.
    pub about: About,
}

/// What a stored artifact consists of.
#[derive(Debug)]
enum What {
    Floats(Weights),
    Integers(Box<(Scheme, Quantized)>),
}

/// What the parts of its data say of an artifact.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// For each part with samples and targets.
    pub scores: Vec<(Split, Scores)>,
    /// The names of the classes; empty for values.
    pub classes: Vec<String>,
}

/// Answers to new inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Predictions {
    /// For each input the probability of each class; and the classes' names.
    Classes(Vec<Vec<f32>>, Vec<String>),
    /// For each input the values in their own unit; and their names.
    Values(Vec<Vec<f32>>, Vec<String>),
}

impl<'a> Stored<'a> {
    /// The artifact from the bytes of its weights file.
    ///
    /// # Errors
    /// When the program gives no such artifact, or the bytes are not its weights.
    pub fn open(
        program: &'a Program,
        artifact: &str,
        bytes: &[u8],
    ) -> Result<Stored<'a>, RunError> {
        let unread = |why: String| RunError::plain(format!("the weights of `{artifact}`: {why}"));
        if let Some(training) = program.trainings.iter().find(|it| it.artifact == artifact) {
            let network = &program.networks[training.network];
            let (weights, about) = Weights::from_bytes(network, bytes).map_err(unread)?;
            let (dataset, loss) = (training.dataset, &training.loss);
            let what = What::Floats(weights);
            return Ok(Stored { program, dataset, loss, network, what, about });
        }
        let found = program.quantizations.iter().find(|it| it.artifact == artifact);
        let quantization = found.ok_or_else(|| {
            let known: Vec<&str> = program.artifacts().collect();
            RunError {
                message: format!("the program gives no artifact `{artifact}`"),
                help: Some(match known.as_slice() {
                    [] => "it has no `train`".to_string(),
                    names => format!("it gives {}", names.join(", ")),
                }),
                span: None,
            }
        })?;
        let network = &program.networks[quantization.network];
        let (scheme, quantized, about) =
            file::from_bytes(network, quantization, bytes).map_err(unread)?;
        let (dataset, loss) = (quantization.dataset, quantization.loss());
        let what = What::Integers(Box::new((scheme, quantized)));
        Ok(Stored { program, dataset, loss, network, what, about })
    }

    /// What the parts of its data say of it.
    ///
    /// # Errors
    /// When the data cannot be read.
    pub fn evaluate(&self, files: &dyn Files) -> Result<Evaluation, RunError> {
        let dataset = &self.program.datasets[self.dataset];
        let data = Loaded::load(dataset, files)?;
        let mut found = Vec::new();
        for split in [Split::Train, Split::Valid, Split::Test] {
            if data.len(split) > 0 {
                let mut answerer = match &self.what {
                    What::Floats(weights) => Answerer::new(self.network, self.loss, &data, weights),
                    What::Integers(all) => {
                        let (scheme, quantized) = &**all;
                        deploy::answerer(self.network, scheme, quantized, self.loss, &data)
                    }
                };
                found.extend(answerer.run(split).1.map(|scores| (split, scores)));
            }
        }
        let classes = match &data.facts.target {
            Target::Classes(names) => names.clone(),
            _ => Vec::new(),
        };
        Ok(Evaluation { scores: found, classes })
    }

    /// Its answers to the inputs of a file: an image, a CSV or an NPY.
    ///
    /// # Errors
    /// When the file cannot be read or does not hold such inputs.
    pub fn predict(&self, path: &str, files: &dyn Files) -> Result<Predictions, RunError> {
        let preprocess = &self.about.preprocess;
        let inputs = inputs_from_file(path, preprocess, files)?;
        let (_, ty) = &self.network.inputs[0];
        let size = ty.len();
        let (folded, weights) = match &self.what {
            What::Floats(weights) => {
                let graphs = answer_graph(self.network, self.loss, TargetForm::None, false);
                (graphs, weights.clone())
            }
            What::Integers(all) => {
                let (scheme, quantized) = &**all;
                let form = TargetForm::None;
                let graphs =
                    deploy::quantized_graph(self.network, scheme, quantized, self.loss, form);
                (graphs, floats(self.network, scheme, quantized))
            }
        };
        let (prepare, plan) = (Plan::new(&folded.prepare, 1), Plan::new(&folded.answer, 1));
        let mut states = States::new([&prepare, &plan]);
        weights.put(&mut states, "");
        let mut work = Workspace::new([&prepare, &plan]);
        let (bound_once, bound) = (prepare.bind(&states), plan.bind(&states));
        prepare.run(&mut work, &mut states, &bound_once, Clock::default());
        let mut rows = Vec::new();
        for input in inputs.chunks_exact(size) {
            plan.input_f32(&mut work, 0).copy_from_slice(input);
            plan.run(&mut work, &mut states, &bound, Clock::default());
            rows.push(plan.output_f32(&work, &states, 0).to_vec());
        }
        Ok(match &preprocess.target {
            Target::Classes(names) => {
                rows.iter_mut().for_each(|row| *row = probabilities(row));
                Predictions::Classes(rows, names.clone())
            }
            Target::Values(names) => {
                rows.iter_mut().for_each(|row| preprocess.undo_targets(row));
                Predictions::Values(rows, names.clone())
            }
            Target::None => {
                let names = (0..rows.first().map_or(0, Vec::len)).map(|i| i.to_string());
                let names = names.collect();
                Predictions::Values(rows, names)
            }
        })
    }
}

/// The softmax of logits; a single logit gives the probabilities of two classes.
fn probabilities(logits: &[f32]) -> Vec<f32> {
    if let &[logit] = logits {
        let p = 1.0 / (1.0 + (-f64::from(logit)).exp());
        return vec![(1.0 - p) as f32, p as f32];
    }
    let largest = f64::from(logits[class(logits) as usize]);
    let powers: Vec<f64> = logits.iter().map(|&x| (f64::from(x) - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|p| (p / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one() {
        let p = probabilities(&[1000.0, 1001.0, 999.0]);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((p[1] - 0.665_240_94).abs() < 1e-6);
        assert_eq!(probabilities(&[0.0]), [0.5, 0.5]);
    }
}
