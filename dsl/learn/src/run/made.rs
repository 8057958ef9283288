//! Artifacts that a run has made or loaded, and what they answer.

use super::{RunError, Runner, Summary, World};
use crate::compile::TargetForm;
use crate::data::{Loaded, Preprocess};
use crate::evaluate::{Answerer, ask};
use crate::metrics::{Answers, Scores};
use crate::quant::network::floats;
use crate::quant::{deploy, pipeline};
use crate::teacher::Closed;
use crate::teacher::answers::Answers as Recorded;
use crate::teacher::asked::{Asked, asking_graph};
use crate::teacher::rescale::{Norm, Rescale};
use crate::weights::Weights;
use dlm_check::budget::memory;
use dlm_check::program::{Flow, LossUse, Split};
use dlm_vocab::data::Target;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// An artifact of a run.
pub(super) struct Made {
    pub(super) what: What,
    /// The data on which it is evaluated; none where no verb uses it on any.
    pub(super) dataset: Option<usize>,
    /// The network it is; none where only answers are known.
    pub(super) network: Option<usize>,
    /// How its inputs are normalised; as the data are where that is not known.
    pub(super) preprocess: Option<Preprocess>,
    /// What tells it from all other artifacts.
    pub(super) mark: [u8; 32],
    /// Its answers, by dataset and part.
    pub(super) answers: BTreeMap<(usize, Split), Answers>,
    pub(super) summary: Summary,
}

/// What an artifact consists of.
pub(super) enum What {
    /// Floats.
    Float(Weights),
    /// Integers, from the quantization of that place.
    Quantized(usize, Box<pipeline::Outcome>),
    /// A network that answers with so many numbers and is not known.
    Closed(Arc<Mutex<Closed>>, usize),
    /// Answers that were recorded.
    Recorded(Arc<Recorded>),
}

/// What tells bytes from all others.
pub(super) fn mark(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl Runner<'_> {
    /// The answers of an artifact on a part of its data and what they are worth.
    pub(super) fn answers(
        &self,
        made: &Made,
        data: &Loaded,
        split: Split,
    ) -> Result<(Answers, Option<Scores>), RunError> {
        if let Some(mut answerer) = self.answerer(made, data) {
            return Ok(answerer.run(split));
        }
        let mut asked = self.asked(made, data, &[]);
        ask(&mut asked, self.loss(made), data, split).map_err(|why| cannot(made, why))
    }

    /// The answers of an artifact on a part of any data, computed once; none where there are none.
    pub(super) fn answers_of(
        &mut self,
        artifact: &str,
        dataset: usize,
        split: Split,
    ) -> Result<Option<Answers>, RunError> {
        let Some(place) = self.made.iter().position(|made| made.summary.artifact == artifact)
        else {
            return Ok(None);
        };
        let made = &self.made[place];
        if let Some(answers) = made.answers.get(&(dataset, split)) {
            return Ok(Some(answers.clone()));
        }
        let Some(data) = self.data.get(&dataset).cloned() else { return Ok(None) };
        let recorded = matches!(made.what, What::Recorded(_));
        if recorded && (made.dataset != Some(dataset) || split != Split::Train) {
            return Ok(None);
        }
        let (answers, _) = self.answers(made, &data, split)?;
        self.made[place].answers.insert((dataset, split), answers.clone());
        Ok(Some(answers))
    }

    /// An artifact, ready to be asked about samples of some data, with the features at these flows.
    pub(super) fn asked(&self, made: &Made, data: &Loaded, flows: &[Flow]) -> Asked {
        let size = data.facts.shape.len();
        let network = made.network.map(|network| &self.program.networks[network]);
        let asked = match (&made.what, network) {
            (What::Float(weights), Some(net)) => {
                let sizes = [size, net.ty(net.output).len()];
                Asked::network(asking_graph(net, flows), weights, sizes)
            }
            (What::Quantized(_, outcome), Some(net)) => {
                let (scheme, quantized) = (&outcome.scheme, &outcome.quantized);
                let form = TargetForm::None;
                let graphs = deploy::quantized_graph(net, scheme, quantized, &[], form);
                let sizes = [size, net.ty(net.output).len()];
                Asked::network(graphs, &floats(net, scheme, quantized), sizes)
            }
            (What::Closed(model, width), _) => {
                Asked::closed(model.clone(), &data.facts.shape, *width)
            }
            (What::Recorded(answers), _) => Asked::recorded(answers.clone(), size),
            (What::Float(_) | What::Quantized(..), None) => {
                unreachable!("`{}` has a network", made.summary.artifact)
            }
        };
        let own = Norm::of(&data.preprocess);
        let inputs = made.preprocess.as_ref().map(Norm::of);
        let inputs = inputs.filter(|norm| norm.mean.len() == own.mean.len());
        let shape = &data.facts.shape.0;
        let inputs = inputs.and_then(|norm| Rescale::between(&own, &norm, shape));
        asked.rescaled(inputs, outputs(made, data))
    }

    /// An artifact that sees its data as they are, ready to answer.
    fn answerer<'d>(&self, made: &Made, data: &'d Loaded) -> Option<Answerer<'d>> {
        let network = &self.program.networks[made.network?];
        let norm = made.preprocess.as_ref().map(Norm::of);
        if norm.is_some_and(|norm| norm != Norm::of(&data.preprocess)) {
            return None;
        }
        let loss = self.loss(made);
        match &made.what {
            What::Float(weights) => Some(Answerer::new(network, loss, data, weights)),
            What::Quantized(_, outcome) => {
                let (scheme, quantized) = (&outcome.scheme, &outcome.quantized);
                Some(deploy::answerer(network, scheme, quantized, loss, data))
            }
            What::Closed(..) | What::Recorded(_) => None,
        }
    }

    /// The loss with which an artifact is evaluated.
    fn loss(&self, made: &Made) -> &[LossUse] {
        let artifact = self.program.artifact(&made.summary.artifact);
        artifact.map_or(&[], |artifact| artifact.loss())
    }

    /// Peak bytes of activations for one sample.
    pub(super) fn memory(&self, made: &Made) -> Option<u64> {
        let network = &self.program.networks[made.network?];
        Some(match &made.what {
            What::Quantized(_, outcome) => dlm_check::quant::memory(network, &outcome.scheme),
            _ => memory(network),
        })
    }

    /// The median time of one sample, in seconds: at least 30 runs and a fifth of a second.
    pub(super) fn latency(
        &self,
        made: &Made,
        world: &mut dyn World,
    ) -> Result<Option<f64>, RunError> {
        let Some(data) = made.dataset.and_then(|index| self.data.get(&index)) else {
            return Ok(None);
        };
        let mut answerer = self.answerer(made, data);
        let mut asked = match answerer {
            Some(_) => None,
            None => Some(self.asked(made, data, &[])),
        };
        let mut sample = vec![0.0; data.facts.shape.len()];
        let parts = [Split::Test, Split::Valid, Split::Train];
        if let Some(split) = parts.into_iter().find(|&split| data.len(split) > 0) {
            data.fill(split, 0..1, &mut sample);
        }
        let mut one = || {
            match (&mut answerer, &mut asked) {
                (Some(answerer), _) => answerer.one(),
                (None, Some(asked)) => asked.ask(&sample, &[0]).map_err(|why| cannot(made, why))?,
                (None, None) => {}
            }
            Ok(())
        };
        one()?;
        let mut times = Vec::new();
        let began = world.seconds();
        while times.len() < 30 || (world.seconds() - began < 0.2 && times.len() < 10_000) {
            let start = world.seconds();
            one()?;
            times.push(world.seconds() - start);
        }
        times.sort_by(f64::total_cmp);
        Ok(Some(times[times.len() / 2]))
    }
}

/// How the answers of an artifact become standardised as the targets of other data are; none for classes.
fn outputs(made: &Made, data: &Loaded) -> Option<Rescale> {
    let Target::Values(names) = &data.facts.target else { return None };
    let to = Norm::of_targets(&data.preprocess);
    let own = match (&made.what, &made.preprocess) {
        (What::Float(_) | What::Quantized(..), Some(own)) => Norm::of_targets(own),
        (What::Float(_) | What::Quantized(..), None) => return None,
        // Values in their own unit.
        _ => Norm { mean: vec![0.0; names.len()], std: vec![1.0; names.len()] },
    };
    (own.mean.len() == to.mean.len()).then(|| Rescale::between(&own, &to, &[names.len()]))?
}

fn cannot(made: &Made, why: String) -> RunError {
    RunError::plain(format!("`{}` cannot answer: {why}", made.summary.artifact))
}
