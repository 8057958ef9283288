//! Networks that read tokens: whether they know every token of their data, and whether one that says what follows
//! sees it already.

use crate::budget::grouped;
use crate::diags::Diags;
use crate::names::World;
use crate::program::{Flow, NetLayer, Network, Program};
use dlm_base::Span;
use dlm_base::diag::codes::{lints, settings};
use dlm_graph::{DType, Role};
use dlm_vocab::Arg;
use dlm_vocab::data::Target;
use std::collections::BTreeSet;

/// Checks the networks of all verbs against their data, and tells the data how many tokens they know.
pub(crate) fn check(world: &World<'_>, program: &mut Program, diags: &mut Diags) {
    let mut told: BTreeSet<(Span, usize)> = BTreeSet::new();
    for (dataset, network) in pairs(program) {
        let net = &program.networks[network];
        let whole = net.inputs.iter().enumerate().filter(|(_, (_, ty))| ty.dtype == DType::I32);
        let data = &mut program.datasets[dataset];
        data.tokens.extend(whole.map(|(input, _)| input));
        if data.facts.tokens.is_none() && !data.tokens.is_empty() && !data.augment.is_empty() {
            data.augment.clear();
            let message = format!(
                "`{}` is augmented, and `{}` takes its numbers as tokens",
                data.name, net.title
            );
            let help = "leave `augment` out";
            diags.push(settings::unfit_value(
                data.span,
                &message,
                "amounts alone change",
                Some(help),
            ));
        }
        for (layer, input) in lookups(net) {
            let known = layer.args.size("vocabulary");
            let data = &mut program.datasets[dataset];
            match &data.facts.tokens {
                Some(tokens) if known < tokens.names.len() => {
                    if told.insert((layer.span, dataset)) {
                        let (all, name) = (tokens.names.len(), &data.name);
                        let message = format!(
                            "`embedding` knows {} tokens, and `{name}` has {}",
                            grouped(known as u64),
                            grouped(all as u64)
                        );
                        let help = format!(
                            "write `embedding({name}.tokens, {})`",
                            layer.args.size("size")
                        );
                        let label = "too few for the data";
                        let diag = settings::unfit_value(layer.span, &message, label, Some(&help));
                        diags
                            .push(diag.because(data.train.span, format!("{all} different tokens")));
                    }
                }
                _ => {
                    let least = data.vocabulary.entry(input).or_insert(known);
                    *least = known.min(*least);
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    for training in &program.trainings {
        let data = &program.datasets[training.dataset];
        let net = &program.networks[training.network];
        if !matches!(data.facts.target, Target::Sequence { .. }) {
            continue;
        }
        for (layer, fix) in net.layers.iter().filter_map(|layer| Some((layer, ahead(layer)?))) {
            // Of a step that stands elsewhere, in a library, the training tells, once.
            let (at, what) = match world.in_main(layer.span) {
                true => (layer.span, layer.operator.word.name),
                false => (training.span, &*layer.path),
            };
            if seen.insert(at) {
                diags.push(lints::looks_ahead(at, what, training.span, fix));
            }
        }
    }
}

/// The data and the network of each verb that brings them together, as numbers in the program.
fn pairs(program: &Program) -> Vec<(usize, usize)> {
    let trained = program.trainings.iter().map(|it| (it.dataset, it.network));
    let quantized = program
        .quantizations
        .iter()
        .filter_map(|it| Some((it.dataset, program.artifact(&it.source)?.network()?)));
    let loaded = program.loads.iter().filter_map(|it| Some((it.dataset?, it.network()?)));
    trained.chain(quantized).chain(loaded).collect()
}

/// The layers that look up the tokens of an input, each with the number of the input.
fn lookups(net: &Network) -> impl Iterator<Item = (&NetLayer, usize)> {
    let of_input = |layer| {
        let layer: &NetLayer = layer;
        let mut flow = layer.inputs.first().copied();
        while let Some(Flow::Layer(i)) = flow {
            let before = &net.layers[i];
            let same = matches!(before.layer.role(), Role::Move | Role::Transparent);
            flow = before.inputs.first().copied().filter(|_| same);
        }
        match flow {
            Some(Flow::Input(i)) => Some((layer, i)),
            _ => None,
        }
    };
    net.layers.iter().filter(|it| it.operator.word.name == "embedding").filter_map(of_input)
}

/// What to write where a step looks at what comes later.
fn ahead(layer: &NetLayer) -> Option<&'static str> {
    let set = |name| matches!(layer.args.get(name), Some(Arg::Bool(true)));
    let lacks = |name| matches!(layer.args.get(name), Some(Arg::Bool(false)));
    match layer.operator.word.name {
        "attention" if lacks("causal") && layer.args.get("memory").is_none() => {
            Some("write `causal = true`")
        }
        "lstm" | "gru" if set("reverse") => Some("leave out `reverse`"),
        _ => None,
    }
}
