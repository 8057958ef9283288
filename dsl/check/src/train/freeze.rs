//! Layer paths with wildcards, against the layers of a network.

use crate::consts::{Scope, eval_int};
use crate::diags::Diags;
use crate::program::Network;
use dlm_base::Span;
use dlm_base::diag::codes::names::{self, Hint};
use dlm_base::diag::codes::{lints, settings};
use dlm_base::suggest::nearest;
use dlm_grammar::tree::{Expr, ExprKind, PathPart};
use std::collections::BTreeSet;

/// A part of a pattern of paths.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Name(String),
    AnyName,
    Index(i64),
    AnyIndex,
}

/// For each layer of the network whether a path of the list leads to it, or to a block that it is in;
/// `None` when one is wrong, which has been reported. `owners` are names that may stand before a path:
/// the model's and the artifact's.
pub(crate) fn frozen(
    list: &Expr,
    network: &Network,
    owners: [&str; 2],
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Vec<bool>> {
    let items: &[Expr] = match &list.unparen().kind {
        ExprKind::List(items) => items,
        ExprKind::Missing | ExprKind::Error => return None,
        _ => {
            let text = scope.world.text(list.span);
            diags.push(
                settings::wrong_type(list.span, "freeze", "a list of layer paths", "one value")
                    .help(format!("write `[{text}]`"))
                    .fix("put it into a list", list.span, format!("[{text}]"), true),
            );
            return None;
        }
    };
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
    owners: [&str; 2],
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Vec<usize>> {
    let Some(parts) = expr.as_path() else {
        if !expr.is_broken() {
            let message = "a path is needed here, such as `stage[0].conv1` or `stage[*]`";
            diags.push(settings::unfit_value(expr.span, message, "not a path of layers", None));
        }
        return None;
    };
    let pattern = pattern(&parts, scope, diags)?;
    let find = |pattern: &[Part]| -> Vec<usize> {
        let layers = network.layers.iter().enumerate();
        layers.filter(|(_, layer)| leads_to(pattern, &layer.path)).map(|(i, _)| i).collect()
    };
    let mut found = find(&pattern);
    if let (true, [Part::Name(first), rest @ ..]) = (found.is_empty(), pattern.as_slice())
        && owners.contains(&first.as_str())
        && !rest.is_empty()
    {
        found = find(rest);
    }
    let path = scope.world.text(expr.span);
    if found.is_empty() {
        diags.push(leads_nowhere(expr.span, path, network));
        return None;
    }
    if found.iter().all(|&layer| network.layers[layer].weights.is_empty()) {
        let reason = format!("`{path}` has no weights");
        diags.push(lints::no_effect(expr.span, "freezing it", &reason, "leave it out of the list"));
    }
    Some(found)
}

fn pattern(parts: &[PathPart<'_>], scope: &Scope<'_>, diags: &mut Diags) -> Option<Vec<Part>> {
    let part = |part: &PathPart<'_>| match part {
        PathPart::Name(name) if name.is_missing() => None,
        PathPart::Name(name) => Some(Part::Name(name.text.clone())),
        PathPart::AnyName(_) => Some(Part::AnyName),
        PathPart::Index(index) => eval_int(index, scope, diags).map(Part::Index),
        PathPart::AnyIndex(_) => Some(Part::AnyIndex),
    };
    parts.iter().map(part).collect()
}

/// Whether a pattern leads to the layer of that path, or to a block that it is in.
fn leads_to(pattern: &[Part], path: &str) -> bool {
    let parts = split(path);
    pattern.len() <= parts.len()
        && pattern.iter().zip(&parts).all(|(pattern, part)| match (pattern, part) {
            (Part::AnyName, Part::Name(_)) | (Part::AnyIndex, Part::Index(_)) => true,
            (pattern, part) => pattern == part,
        })
}

/// `stage[0].conv1` as name, index, name.
fn split(path: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for piece in path.split('.') {
        let (name, indices) = piece.split_once('[').unwrap_or((piece, ""));
        parts.push(Part::Name(name.to_string()));
        let numbers = indices.split(['[', ']']).filter_map(|n| n.parse().ok());
        parts.extend(numbers.map(Part::Index));
    }
    parts
}

fn leaves_nothing(network: &Network, frozen: &[bool]) -> bool {
    let mut layers = network.layers.iter().zip(frozen);
    layers.all(|(layer, &frozen)| frozen || !layer.weights.iter().any(|weight| weight.trained))
}

fn leads_nowhere(at: Span, path: &str, network: &Network) -> dlm_base::Diag {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for layer in &network.layers {
        let path: &str = &layer.path;
        known.insert(path);
        known.extend(path.match_indices(['.', '[']).map(|(cut, _)| &path[..cut]));
        known.extend(path.match_indices(']').map(|(cut, _)| &path[..=cut]));
    }
    let near = nearest(path, known.iter().copied());
    let hint = match near.is_empty() {
        false => Hint::Near(near.into_iter().map(str::to_string).collect()),
        true => Hint::Say(format!("`dlm show` lists the layers of `{}`", network.model)),
    };
    let scope = format!("no layer of `{}` has this path", network.title);
    names::unknown(at, "layer", path, &scope, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_leads_to_layers_and_to_blocks() {
        let name = |name: &str| Part::Name(name.to_string());
        let path = "stage[0].ResidualBlock1.conv2";
        assert!(leads_to(&[name("stage")], path));
        assert!(leads_to(&[name("stage"), Part::AnyIndex], path));
        assert!(leads_to(&[name("stage"), Part::Index(0), Part::AnyName], path));
        assert!(leads_to(&split(path), path));
        assert!(!leads_to(&[name("stage"), Part::Index(1)], path));
        assert!(!leads_to(&[name("stage"), Part::AnyName], path));
        assert!(!leads_to(&[name("stag")], path));
        assert!(!leads_to(&split("stage[0].ResidualBlock1.conv2.x"), path));
    }
}
