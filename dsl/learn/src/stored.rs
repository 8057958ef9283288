//! Artifacts that an earlier run has stored: evaluated again, or asked about new inputs.

use crate::body::{Body, What};
use crate::data::{Loaded, inputs_from_file};
use crate::metrics::{Scores, class};
use crate::quant::file;
use crate::run::{self, RunError};
use crate::teacher::asked::Asked;
use crate::teacher::rescale::{Norm, Rescale};
use crate::weights::{About, Weights};
use dlm_base::{Files, Shape};
use dlm_check::Program;
use dlm_check::program::{LossUse, Split};
use dlm_vocab::data::Target;

/// A stored artifact with the program that made it, or one that the program loads.
#[derive(Debug)]
pub struct Stored<'a> {
    program: &'a Program,
    /// The data it is evaluated on; none where a loaded one is used on none.
    dataset: Option<usize>,
    loss: &'a [LossUse],
    body: Body<'a>,
    /// What its file says of it; of a loaded one, what the program says.
    pub about: About,
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
    /// The artifact from the bytes of its weights file, of one that the program makes.
    ///
    /// # Errors
    /// When the program makes no such artifact, or the bytes are not its weights.
    pub fn open(
        program: &'a Program,
        artifact: &str,
        bytes: &[u8],
    ) -> Result<Stored<'a>, RunError> {
        let unread = |why: String| RunError::plain(format!("the weights of `{artifact}`: {why}"));
        let found = program.artifact(artifact).ok_or_else(|| unknown(program, artifact))?;
        let (body, about) = read(program, artifact, bytes).map_err(unread)?;
        Ok(Stored { program, dataset: found.dataset(), loss: found.loss(), body, about })
    }

    /// The artifact that a `load` of the program gives; `None` where no `load` gives it.
    ///
    /// # Errors
    /// When its file, or its data, cannot be read.
    pub fn load(
        program: &'a Program,
        artifact: &str,
        files: &dyn Files,
    ) -> Result<Option<Stored<'a>>, RunError> {
        let Some(load) = program.loads.iter().find(|load| load.artifact == artifact) else {
            return Ok(None);
        };
        let data = load.dataset.map(|index| Loaded::load(&program.datasets[index], files));
        let data = data.transpose()?;
        let network = load.network().map(|network| &*program.networks[network]);
        let opened = run::load::open(load, network, data.as_ref(), files)?;
        let body = opened.body;
        // New inputs are read as the data are, and then seen as the artifact sees them.
        let preprocess = data.map(|data| data.preprocess).or_else(|| body.preprocess.clone());
        let about = About {
            dlm: env!("CARGO_PKG_VERSION").to_string(),
            artifact: artifact.to_string(),
            model: network.map_or(String::new(), |network| network.title.clone()),
            seed: 0,
            preprocess: preprocess.unwrap_or_default(),
            policy: None,
            given_back: Vec::new(),
        };
        Ok(Some(Stored { program, dataset: load.dataset, loss: &load.loss, body, about }))
    }

    /// What the parts of its data say of it.
    ///
    /// # Errors
    /// When there are none, they cannot be read, or it cannot answer.
    pub fn evaluate(&self, files: &dyn Files) -> Result<Evaluation, RunError> {
        let Some(dataset) = self.dataset else { return Err(self.unused()) };
        let data = Loaded::load(&self.program.datasets[dataset], files)?;
        let mut found = Vec::new();
        for split in [Split::Train, Split::Valid, Split::Test] {
            let known = !self.body.is_recorded() || split == Split::Train;
            if known && data.len(split) > 0 {
                let answers = self.body.answers(self.loss, &data, split, &mut |_| ());
                let (_, scores) = answers.map_err(|why| self.cannot(why))?;
                found.extend(scores.map(|scores| (split, scores)));
            }
        }
        let classes = match &data.facts.target {
            Target::Classes(names) => names.clone(),
            Target::None | Target::Values(_) | Target::Sequence { .. } => Vec::new(),
        };
        Ok(Evaluation { scores: found, classes })
    }

    /// Its answers to the inputs of a file: an image, a CSV or an NPY.
    ///
    /// # Errors
    /// When the file cannot be read or does not hold such inputs, or the artifact answers to no new ones.
    pub fn predict(&self, path: &str, files: &dyn Files) -> Result<Predictions, RunError> {
        if self.body.is_recorded() {
            let help = "ask one that has a network";
            return Err(RunError {
                help: Some(help.to_string()),
                ..self.cannot("its answers are recorded, to the training part alone".to_string())
            });
        }
        let preprocess = &self.about.preprocess;
        if preprocess.shape.is_empty() {
            return Err(self.unused());
        }
        if let Target::Sequence { .. } = preprocess.target {
            let help = format!("write `dlm generate FILE {} \"…\"`", self.about.artifact);
            return Err(RunError {
                help: Some(help),
                ..self.cannot("it says what follows a text".to_string())
            });
        }
        let mut inputs = inputs_from_file(path, preprocess, files)?;
        let shape = Shape(preprocess.shape.clone());
        let size = shape.len();
        let (from, to) = (Norm::of(preprocess), self.body.preprocess.as_ref().map(Norm::of));
        let to = to.filter(|to| to.mean.len() == from.mean.len());
        let rescale = to.and_then(|to| Rescale::between(&from, &to, &shape.0));
        if let Some(rescale) = rescale {
            rescale.apply(&mut inputs, size);
        }
        let mut asked = self.plain(&shape);
        let mut rows = Vec::new();
        for input in inputs.chunks_exact(size) {
            asked.ask(input, &[]).map_err(|why| self.cannot(why))?;
            rows.push(asked.answers().to_vec());
        }
        let own = self.body.preprocess.as_ref().filter(|_| self.body.network.is_some());
        Ok(match &preprocess.target {
            Target::Classes(names) => {
                rows.iter_mut().for_each(|row| *row = probabilities(row));
                Predictions::Classes(rows, names.clone())
            }
            Target::Values(names) => {
                // A closed network answers in the targets' own unit.
                rows.iter_mut().for_each(|row| own.into_iter().for_each(|it| it.undo_targets(row)));
                Predictions::Values(rows, names.clone())
            }
            Target::None | Target::Sequence { .. } => {
                let names = (0..rows.first().map_or(0, Vec::len)).map(|i| i.to_string());
                let names = names.collect();
                Predictions::Values(rows, names)
            }
        })
    }
}

/// The artifact from the bytes of its weights file, and what the file says of it.
///
/// # Errors
/// When the program makes no such artifact, or the bytes are not its weights.
pub(crate) fn read<'a>(
    program: &'a Program,
    artifact: &str,
    bytes: &[u8],
) -> Result<(Body<'a>, About), String> {
    let found = program.artifact(artifact);
    let network = found.and_then(|it| Some((it, &*program.networks[it.network()?])));
    let Some((found, network)) = network else {
        return Err("only its answers are known".to_string());
    };
    let (what, about) = match found.quantization {
        None => {
            let (weights, about) = Weights::from_bytes(network, bytes)?;
            (What::Floats(weights), about)
        }
        Some(it) => {
            let (scheme, quantized, about) = file::from_bytes(network, it, bytes)?;
            (What::Integers(Box::new((scheme, quantized))), about)
        }
    };
    let preprocess = Some(about.preprocess.clone());
    Ok((Body { what, network: Some(network), preprocess }, about))
}

impl Stored<'_> {
    /// Ready to be asked about samples of this shape.
    pub(crate) fn plain(&self, shape: &Shape) -> Asked {
        self.body.plain(shape, &[])
    }

    /// Why it cannot answer.
    pub(crate) fn cannot(&self, why: String) -> RunError {
        RunError::plain(format!("`{}` cannot answer: {why}", self.about.artifact))
    }

    fn unused(&self) -> RunError {
        let artifact = &self.about.artifact;
        RunError {
            message: format!("no verb says on which data `{artifact}` is used"),
            help: Some(format!("let it teach: `distill STUDENT from {artifact} on DATA`")),
            span: None,
        }
    }
}

fn unknown(program: &Program, artifact: &str) -> RunError {
    let known: Vec<&str> = program.artifacts().collect();
    RunError {
        message: format!("the program gives no artifact `{artifact}`"),
        help: Some(match known.as_slice() {
            [] => "it has no `train`".to_string(),
            names => format!("it gives {}", names.join(", ")),
        }),
        span: None,
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
