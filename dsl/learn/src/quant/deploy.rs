//! A quantized network, ready to answer.

use super::network::{floats, lower_quantized};
use super::stored::Quantized;
use crate::compile::{TargetForm, answers};
use crate::data::Loaded;
use crate::evaluate::{Answerer, Evaluator};
use dlm_check::program::{LossUse, Network};
use dlm_check::quant::Scheme;
use dlm_graph::pass::{self, Folded};

/// The graphs of a quantized network; see [`crate::compile::answer_graph`].
pub fn quantized_graph(
    net: &Network,
    scheme: &Scheme,
    quantized: &Quantized,
    loss: &[LossUse],
    form: TargetForm,
) -> Folded {
    let g = answers(net, loss, form, |g, inputs| {
        lower_quantized(net, scheme, quantized, g, inputs, "")
    });
    pass::fold(g, "")
}

/// A quantized network over a dataset.
pub fn answerer<'a>(
    net: &Network,
    scheme: &Scheme,
    quantized: &Quantized,
    loss: &[LossUse],
    data: &'a Loaded,
) -> Answerer<'a> {
    let form = TargetForm::of(&data.facts.target, false);
    let graphs = quantized_graph(net, scheme, quantized, loss, form);
    let evaluator = Evaluator::of(graphs, net.ty(net.output).len(), data);
    Answerer::of(evaluator, &floats(net, scheme, quantized))
}
