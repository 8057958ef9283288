//! Steps of flows: what enters them, what they give, what they cost, and how they run in integers.

use super::{callable, fence};
use crate::ide::Snapshot;
use crate::ide::facts;
use crate::ide::words;
use dlm_base::{FileId, Span};
use dlm_check::budget::bytes;
use dlm_check::network::seen::{Applied, SeenStep};
use dlm_check::program::Network;
use dlm_check::quant::scheme::Why;
use dlm_check::quant::{Form, Method, Per, Scheme, Unit, Weights, unit_size};
use dlm_grammar::walk::{Node, nodes_at};
use std::ops::Range;
use std::sync::Arc;

/// An operator or a layer in a flow.
pub(super) fn step(snapshot: &Snapshot, word: Range<usize>, name: &str) -> Option<String> {
    let found = words::step(snapshot, name)?;
    let place = place_from(snapshot, word.start);
    let mut text = String::new();
    if let Some(place) = place {
        text += &facts(snapshot, place);
    }
    let page = callable(&found);
    let (signature, rest) = page.split_once("\n\n")?;
    Some(match text.is_empty() {
        true => page,
        false => format!("{signature}\n\n{text}\n\n---\n\n{rest}"),
    })
}

/// The name that `as` gives to a step.
pub(super) fn named(snapshot: &Snapshot, word: Range<usize>) -> Option<String> {
    let tree = &words::main(snapshot)?.tree;
    let step = nodes_at(tree, word.start).into_iter().rev().find_map(|node| match node {
        Node::Step(step) => Some(step),
        _ => None,
    })?;
    let name = &snapshot.text[word];
    let head = format!("{}\n\nThe name of this step.", fence(name));
    let place = facts::place(step)?;
    Some(format!("{head} {}", facts(snapshot, place)))
}

/// `->`: what flows along it.
pub(super) fn arrow(snapshot: &Snapshot, range: &Range<usize>) -> Option<String> {
    let tree = &words::main(snapshot)?.tree;
    let mut found = None;
    for item in tree.items.iter().filter(|item| item.span.touches(range.start)) {
        dlm_grammar::walk::walk_item(item, &mut |node| {
            if let Node::Step(step) = node
                && step.arrow.is_some_and(|arrow| arrow.start as usize == range.start)
            {
                found = Some(step.span);
            }
            node.span().touches(range.start) || matches!(node, Node::Step(_))
        });
    }
    let ty = snapshot.checked.notes.arrival(found?)?;
    Some(format!("`{}` flows here: {}", facts::shape(ty), numbers(ty.len())))
}

/// `+` and the other signs between flows.
pub(super) fn sign(snapshot: &Snapshot, range: &Range<usize>) -> Option<String> {
    let tree = &words::main(snapshot)?.tree;
    let expr = nodes_at(tree, range.start).into_iter().rev().find_map(|node| match node {
        Node::Expr(expr) => match &expr.kind {
            dlm_grammar::tree::ExprKind::Binary { at, .. } if at.start as usize == range.start => {
                Some(expr)
            }
            _ => None,
        },
        _ => None,
    })?;
    let seen = facts::step(snapshot, expr.span)?;
    let Applied::Operator { operator, .. } = &seen.what else { return None };
    let doc = dlm_vocab::word::doc_text(operator.word.doc);
    Some(format!("{}\n\n---\n\n{doc}", facts(snapshot, expr.span)))
}

/// What is known of the step at a place: shapes, cost, path, how it runs in integers.
fn facts(snapshot: &Snapshot, place: Span) -> String {
    let Some(text) = facts::of_step(snapshot, place) else { return String::new() };
    let Some(seen) = facts::step(snapshot, place) else { return text };
    let mut rows = vec![text];
    let times = occurrences(snapshot, place);
    let more = match times {
        0 | 1 => String::new(),
        n => format!(", the first of {n}"),
    };
    rows.push(format!("`{}`{more}", seen.path));
    if let Applied::Layer { values, .. } = &seen.what {
        let values: Vec<String> =
            values.iter().map(|(name, value)| format!("`{name} = {value}`")).collect();
        if !values.is_empty() {
            rows.push(format!("with {}", values.join(", ")));
        }
    }
    rows.extend(facts::gives(snapshot, place).and_then(|gives| super::rule::rule(seen, gives)));
    rows.extend(weights(seen));
    rows.extend(in_integers(snapshot, place));
    rows.join("  \n")
}

/// The weights of an operator: `weight [32, 1, 3, 3], bias [32]`.
fn weights(seen: &SeenStep) -> Option<String> {
    let Applied::Operator { layer, .. } = &seen.what else { return None };
    seen.cost?;
    let weights: Vec<String> = layer
        .weights(&seen.enters)
        .iter()
        .map(|weight| format!("`{} {}`", weight.name, weight.shape))
        .collect();
    (!weights.is_empty()).then(|| format!("weights {}", weights.join(", ")))
}

/// How often the step occurs in the network in which it occurs most.
fn occurrences(snapshot: &Snapshot, place: Span) -> usize {
    let networks = snapshot.checked.program.networks.iter();
    let count = |net: &Arc<Network>| net.layers.iter().filter(|layer| layer.span == place).count();
    networks.map(count).max().unwrap_or(0)
}

/// How an operator runs in each quantized artifact, or under the defaults of a policy.
fn in_integers(snapshot: &Snapshot, place: Span) -> Vec<String> {
    let program = &snapshot.checked.program;
    let mut rows = Vec::new();
    for it in &program.quantizations {
        let net = &program.networks[it.network];
        if let Some(how) = how(net, &it.scheme, place) {
            rows.push(format!("`{}`: {how}", it.artifact));
        }
    }
    if rows.is_empty() {
        let holds = |net: &&Arc<Network>| net.layers.iter().any(|layer| layer.span == place);
        if let Some(net) = program.networks.iter().find(holds) {
            let scheme = facts::plain_scheme(net);
            rows.extend(how(net, &scheme, place).map(|how| format!("quantized: {how}")));
        }
    }
    rows
}

/// How the operator at a place runs under a scheme.
fn how(net: &Network, scheme: &Scheme, place: Span) -> Option<String> {
    let layer = net.layers.iter().position(|layer| layer.span == place)?;
    let Some(unit) = scheme.unit_of[layer].map(|unit| &scheme.units[unit]) else {
        return Some("passes the flow on".to_string());
    };
    if unit.main != layer {
        return Some(format!("part of `{}`", net.layers[unit.main].path));
    }
    let stored = match net.layers[layer].weights.is_empty() {
        true => String::new(),
        false => format!(", {}, {}", format(unit), bytes(unit_size(net, unit))),
    };
    Some(match &unit.form {
        Form::Codes => format!("runs in integers{stored}"),
        Form::Dynamic => format!("products in integers, float32 result{stored}"),
        Form::Float(why) => {
            format!("float32, because {}{stored}", reason(why, unit, scheme.method))
        }
    })
}

fn reason(why: &Why, unit: &Unit, method: Method) -> String {
    match why {
        Why::Kept => "`keep` names it".to_string(),
        Why::Groups => "its weights are in groups".to_string(),
        Why::Operator(reason) => reason.clone(),
        Why::Drop => "accuracy dropped too far".to_string(),
        Why::Policy => match unit.weights {
            Some(Weights::Int { .. } | Weights::Float16) => "weights alone are rounded",
            Some(Weights::Float32) => "the policy says so",
            None if method == Method::Dynamic => {
                "`dynamic` rounds what enters products, and nothing else"
            }
            None => "nothing around it runs on codes",
        }
        .to_string(),
    }
}

fn format(unit: &Unit) -> String {
    let per = |per: Per| match per {
        Per::Tensor => " per tensor".to_string(),
        Per::Channel => " per channel".to_string(),
        Per::Group(size) => format!(" in groups of {size}"),
    };
    match unit.weights {
        Some(Weights::Int { bits, per: it, .. }) => format!("weights int{bits}{}", per(it)),
        Some(Weights::Float16) => "weights float16".to_string(),
        Some(Weights::Float32) | None => "weights float32".to_string(),
    }
}

/// The place of the step that begins at a byte.
fn place_from(snapshot: &Snapshot, start: usize) -> Option<Span> {
    // Of `f(x) + y` and `f(x)`, which begin at the same byte, the shorter.
    snapshot.checked.notes.shortest(FileId(0), start as u32)
}

fn numbers(n: usize) -> String {
    facts::plural(n as u64, "number") + " a sample"
}
