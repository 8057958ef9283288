//! Layers of which a training leaves the weights as they are.

use crate::consts::Scope;
use crate::diags::Diags;
use crate::paths::{self, Target};
use crate::program::Network;
use dlm_base::diag::codes::lints;
use dlm_base::diag::codes::names;
use dlm_grammar::tree::Expr;

/// For each layer of the network whether a path of the list leads to it, or to a block that it is in;
/// `None` when one is wrong, which has been reported. `owners` are names that may stand before a path:
/// the model's and the artifact's.
pub(crate) fn frozen(
    list: &Expr,
    network: &Network,
    owners: &[&str],
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Vec<bool>> {
    let items = paths::list(list, "freeze", scope, diags)?;
    let mut frozen = vec![false; network.layers.len()];
    let mut good = true;
    for item in items {
        match matches(item, network, owners, scope, diags) {
            Some(layers) => layers.into_iter().for_each(|layer| frozen[layer] = true),
            None => good = false,
        }
    }
    if good && !items.is_empty() && leaves_nothing(network, &frozen) {
        let reason = "every layer with weights stays as it is";
        let help = "leave at least one layer with weights out of the list";
        diags.push(lints::no_effect(list.span, "the training", reason, help));
    }
    good.then_some(frozen)
}

/// The layers to which a path leads; at least one.
fn matches(
    expr: &Expr,
    network: &Network,
    owners: &[&str],
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Vec<usize>> {
    let target = Target::path(expr, scope, diags)?;
    let found = target.layers(network, owners);
    let path = &target.text;
    if found.is_empty() {
        let where_to = format!("no layer of `{}` has this path", network.title);
        let hint = target.hint(network);
        diags.push(names::unknown(target.at, "layer", path, &where_to, hint));
        return None;
    }
    if found.iter().all(|&layer| network.layers[layer].weights.is_empty()) {
        let reason = format!("`{path}` has no weights");
        diags.push(lints::no_effect(expr.span, "freezing it", &reason, "leave it out of the list"));
    }
    Some(found)
}

fn leaves_nothing(network: &Network, frozen: &[bool]) -> bool {
    let mut layers = network.layers.iter().zip(frozen);
    layers.all(|(layer, &frozen)| frozen || !layer.weights.iter().any(|weight| weight.trained))
}
