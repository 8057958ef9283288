//! Steps of a network that have no effect, or another than was meant.

use crate::diags::Diags;
use crate::names::World;
use crate::program::{Flow, NetLayer, Network, Program};
use crate::session::Memo;
use dlm_base::diag::codes::lints;
use dlm_base::{Diag, Span};
use dlm_graph::Role;
use dlm_vocab::Arg;
use dlm_vocab::data::Target;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is found in one network.
#[derive(Debug, Default)]
pub(crate) struct Lints {
    /// The steps of the file that have a bias, each with W1003 where that has no effect.
    biases: Vec<(Span, Option<Diag>)>,
    /// W1007.
    relus: Vec<Diag>,
}

impl Lints {
    /// Looks at the steps of a network that stand in the file that is checked.
    pub(crate) fn of(world: &World<'_>, net: &Network) -> Lints {
        let mut lints = Lints::default();
        let readers = readers(net);
        for (i, layer) in net.layers.iter().enumerate() {
            if !world.in_main(layer.span) {
                continue;
            }
            if has_bias(layer) {
                lints.biases.push((layer.span, useless_bias(world, net, i, &readers)));
            }
            if layer.layer.role() == Role::Softmax
                && let Some(Flow::Layer(before)) = layer.inputs.first()
                && let Some(relu) = relu_at(net, *before)
            {
                let what = format!("`{}`", layer.operator.word.name);
                let name = relu.operator.word.name;
                lints.relus.push(lints::relu_at_end(relu.span, name, layer.span, &what));
            }
        }
        lints
    }
}

/// Reports W1003 and W1007 for the networks of a program, each step of the text once.
pub(crate) fn networks(world: &World<'_>, program: &Program, diags: &mut Diags) {
    let found: Vec<Arc<Lints>> =
        program.networks.iter().map(|net| Memo::lints(world, net)).collect();
    diags.extend(found.iter().flat_map(|lints| lints.relus.iter().cloned()));
    // A step that is expanded many times has a useless bias only if all of them do.
    let useless: BTreeMap<Span, &Diag> = found
        .iter()
        .flat_map(|lints| &lints.biases)
        .filter_map(|(at, diag)| Some((*at, diag.as_ref()?)))
        .collect();
    if !useless.is_empty() {
        let all = found.iter().flat_map(|lints| &lints.biases);
        let useful: BTreeSet<Span> =
            all.filter(|(_, diag)| diag.is_none()).map(|(at, _)| *at).collect();
        let useless = useless.into_iter().filter(|(at, _)| !useful.contains(at));
        diags.extend(useless.map(|(_, diag)| diag.clone()));
    }
    for training in &program.trainings {
        let classes = matches!(program.datasets[training.dataset].facts.target, Target::Classes(_));
        let net = &program.networks[training.network];
        if let (true, Flow::Layer(last)) = (classes, net.output)
            && let Some(relu) = relu_at(net, last)
            && world.in_main(relu.span)
        {
            let what = "the end of a classifier";
            diags.push(lints::relu_at_end(relu.span, relu.operator.word.name, net.span, what));
        }
    }
}

/// For each layer those that read its result.
fn readers(net: &Network) -> Vec<Vec<usize>> {
    let mut readers = vec![Vec::new(); net.layers.len()];
    for (i, layer) in net.layers.iter().enumerate() {
        for flow in &layer.inputs {
            if let Flow::Layer(input) = flow {
                readers[*input].push(i);
            }
        }
    }
    readers
}

fn has_bias(layer: &NetLayer) -> bool {
    layer.layer.role() == Role::Product && layer.args.get("bias") == Some(&Arg::Bool(true))
}

fn useless_bias(
    world: &World<'_>,
    net: &Network,
    i: usize,
    readers: &[Vec<usize>],
) -> Option<Diag> {
    let layer = &net.layers[i];
    let [reader] = readers[i].as_slice() else { return None };
    let norm = &net.layers[*reader];
    if !matches!(norm.layer.role(), Role::Norm { cancels_bias: true })
        || net.output == Flow::Layer(i)
    {
        return None;
    }
    let text = world.text(layer.span);
    let insert = (text.ends_with(')') && !text.contains("bias")).then(|| Span {
        start: layer.span.end - 1,
        end: layer.span.end - 1,
        ..layer.span
    });
    let (word, norm_word) = (layer.operator.word.name, norm.operator.word.name);
    Some(lints::bias_before_norm(layer.span, word, norm_word, norm.span, insert))
}

/// The relu-like layer at `i`, or before what changes nothing there.
fn relu_at(net: &Network, i: usize) -> Option<&NetLayer> {
    let mut layer = &net.layers[i];
    loop {
        match layer.layer.role() {
            Role::ReluLike => return Some(layer),
            Role::Transparent | Role::Move => match layer.inputs.first() {
                Some(Flow::Layer(before)) => layer = &net.layers[*before],
                _ => return None,
            },
            _ => return None,
        }
    }
}
