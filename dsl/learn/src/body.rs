//! What an artifact consists of, trained, quantized or loaded, and how it answers.

use crate::compile::TargetForm;
use crate::data::{Lanes, Loaded, Preprocess};
use crate::evaluate::{Answerer, ask};
use crate::metrics::{Answers, Scores};
use crate::quant::network::floats;
use crate::quant::{Quantized, deploy};
use crate::teacher::Closed;
use crate::teacher::answers::Answers as Recorded;
use crate::teacher::asked::{Asked, asking_graph};
use crate::teacher::rescale::{Norm, Rescale};
use crate::weights::Weights;
use dlm_base::Shape;
use dlm_check::program::{Flow, LossUse, Network, Split};
use dlm_check::quant::Scheme;
use dlm_vocab::data::Target;
use std::sync::{Arc, Mutex};

/// An artifact without its name.
#[derive(Debug)]
pub struct Body<'p> {
    /// What it consists of.
    pub what: What,
    /// The network it is; none where only answers are known.
    pub network: Option<&'p Network>,
    /// How its inputs are normalised, and its values read; as the data are where that is not known.
    pub preprocess: Option<Preprocess>,
}

/// What an artifact consists of.
#[derive(Debug)]
pub enum What {
    /// Floats.
    Floats(Weights),
    /// Integers.
    Integers(Box<(Scheme, Quantized)>),
    /// A network that answers with so many numbers and is not known.
    Closed(Arc<Mutex<Closed>>, usize),
    /// Answers that were recorded.
    Recorded(Arc<Recorded>),
}

impl Body<'_> {
    /// Ready to be asked about samples of some data, in the terms of those data, with the features at
    /// these flows of its network.
    pub fn asked(&self, data: &Loaded, flows: &[Flow]) -> Asked {
        let own = Norm::of(&data.preprocess);
        let inputs = self.norm().filter(|norm| norm.mean.len() == own.mean.len());
        let shape = &data.facts.shape;
        let inputs = inputs.and_then(|norm| Rescale::between(&own, &norm, data.preprocess.lanes()));
        self.plain(shape, flows).rescaled(inputs, self.outputs(data))
    }

    /// Ready to be asked about samples of this shape, in its own terms.
    pub fn plain(&self, shape: &Shape, flows: &[Flow]) -> Asked {
        let size = shape.len();
        match (&self.what, self.network) {
            (What::Floats(weights), Some(net)) => {
                let sizes = [size, net.ty(net.output).len()];
                Asked::network(asking_graph(net, flows), weights, sizes)
            }
            (What::Integers(all), Some(net)) => {
                let (scheme, quantized) = &**all;
                let form = TargetForm::None;
                let graphs = deploy::quantized_graph(net, scheme, quantized, &[], form);
                let sizes = [size, net.ty(net.output).len()];
                Asked::network(graphs, &floats(net, scheme, quantized), sizes)
            }
            (What::Closed(model, width), _) => Asked::closed(model.clone(), shape, *width),
            (What::Recorded(answers), _) => Asked::recorded(answers.clone(), size),
            (What::Floats(_) | What::Integers(_), None) => unreachable!("weights have a network"),
        }
    }

    /// Ready to answer, where it sees the data as they are.
    pub fn answerer<'d>(&self, loss: &[LossUse], data: &'d Loaded) -> Option<Answerer<'d>> {
        if self.norm().is_some_and(|norm| norm != Norm::of(&data.preprocess)) {
            return None;
        }
        let network = self.network?;
        match &self.what {
            What::Floats(weights) => Some(Answerer::new(network, loss, data, weights)),
            What::Integers(all) => {
                let (scheme, quantized) = &**all;
                Some(deploy::answerer(network, scheme, quantized, loss, data))
            }
            What::Closed(..) | What::Recorded(_) => None,
        }
    }

    /// The answers on a part of some data and what they are worth; `heard` hears how many samples have been
    /// answered.
    ///
    /// # Errors
    /// When it cannot answer.
    pub fn answers(
        &self,
        loss: &[LossUse],
        data: &Loaded,
        split: Split,
        heard: &mut dyn FnMut(usize),
    ) -> Result<(Answers, Option<Scores>), String> {
        match self.answerer(loss, data) {
            Some(mut answerer) => Ok(answerer.run(split, heard)),
            None => ask(&mut self.asked(data, &[]), loss, data, split, heard),
        }
    }

    /// Whether its answers are to one training part alone.
    pub fn is_recorded(&self) -> bool {
        matches!(self.what, What::Recorded(_))
    }

    fn norm(&self) -> Option<Norm> {
        self.preprocess.as_ref().map(Norm::of)
    }

    /// How its answers become standardised as the targets of some data are; none for classes.
    fn outputs(&self, data: &Loaded) -> Option<Rescale> {
        let Target::Values(names) = &data.facts.target else { return None };
        let to = Norm::of_targets(&data.preprocess);
        let own = match (&self.what, &self.preprocess) {
            (What::Floats(_) | What::Integers(_), Some(own)) => Norm::of_targets(own),
            (What::Floats(_) | What::Integers(_), None) => return None,
            // Values in their own unit.
            _ => Norm { mean: vec![0.0; names.len()], std: vec![1.0; names.len()] },
        };
        match own.mean.len() == to.mean.len() {
            true => Rescale::between(&own, &to, Lanes::of(&[names.len()])),
            false => None,
        }
    }
}
