//! Which tensor of a file belongs to which weight of a model.

use super::numbers::Tensor;
use dlm_base::Shape;
use dlm_check::lower::WeightInfo;
use std::collections::{BTreeMap, BTreeSet};

/// For weights, by index, the indices of their tensors. `ordered` tells whether tensors stand in the order
/// of their layers.
pub(super) fn pair(
    owned: &[WeightInfo],
    theirs: &[&Tensor<'_>],
    ordered: bool,
) -> BTreeMap<usize, usize> {
    let by_name = names(theirs);
    let namesake = |weight: &WeightInfo| by_name.get(weight.name.as_str()).copied();
    let fits = |ours: usize| {
        let at = namesake(&owned[ours])?;
        (theirs[at].shape == owned[ours].shape.sizes()).then_some((ours, at))
    };
    let mut found: BTreeMap<usize, usize> = (0..owned.len()).filter_map(fits).collect();
    if 2 * found.len() <= owned.len() {
        let (ours, all) = ((0..owned.len()).collect(), (0..theirs.len()).collect());
        let pairs = pair_by_order(owned, theirs, ordered, ours, all);
        if pairs.len() == owned.len() {
            return pairs;
        }
    }
    let own_names: BTreeSet<&str> = owned.iter().map(|weight| weight.name.as_str()).collect();
    let ours = (0..owned.len()).filter(|&at| namesake(&owned[at]).is_none()).collect();
    let nameless = |at: &usize| !own_names.contains(bare(&theirs[*at].name));
    let others = (0..theirs.len()).filter(nameless).collect();
    found.append(&mut pair_by_order(owned, theirs, ordered, ours, others));
    found
}

/// Pairs these weights and these tensors: among those of one leaf name (but for its numbers: the layers of
/// an LSTM have `weight_ih_l0`, `weight_ih_l1`) and one shape, the first with the first, where there are as
/// many on both sides.
fn pair_by_order(
    owned: &[WeightInfo],
    theirs: &[&Tensor<'_>],
    ordered: bool,
    ours: Vec<usize>,
    others: Vec<usize>,
) -> BTreeMap<usize, usize> {
    let mut groups: BTreeMap<(String, &[usize]), [Vec<usize>; 2]> = BTreeMap::new();
    for at in ours {
        let key = (mask(leaf(&owned[at].name)), owned[at].shape.sizes());
        groups.entry(key).or_default()[0].push(at);
    }
    for at in others {
        let key = (mask(leaf(&theirs[at].name)), &theirs[at].shape[..]);
        groups.entry(key).or_default()[1].push(at);
    }
    let mut pairs = BTreeMap::new();
    for [ours, others] in groups.into_values() {
        let alike: BTreeSet<String> = others.iter().map(|&at| mask(&theirs[at].name)).collect();
        if ours.len() == others.len() && (ordered || alike.len() == 1) {
            pairs.extend(ours.into_iter().zip(others));
        }
    }
    pairs
}

/// The tensors by their names without prefixes.
fn names<'t>(theirs: &[&'t Tensor<'_>]) -> BTreeMap<&'t str, usize> {
    theirs.iter().enumerate().map(|(at, tensor)| (bare(&tensor.name), at)).collect()
}

/// The complaint about weights for which there is nothing.
pub(super) fn missing(
    owned: &[WeightInfo],
    theirs: &[&Tensor<'_>],
    found: &BTreeMap<usize, usize>,
) -> String {
    let by_name = names(theirs);
    let lacking: Vec<&WeightInfo> =
        (0..owned.len()).filter(|ours| !found.contains_key(ours)).map(|at| &owned[at]).collect();
    let first = lacking.iter().take(3).map(|weight| match by_name.get(weight.name.as_str()) {
        Some(&at) => {
            let there = Shape(theirs[at].shape.clone());
            format!("`{}` {} (there it is {there})", weight.name, weight.shape)
        }
        None => format!("`{}` {}", weight.name, weight.shape),
    });
    let used: BTreeSet<usize> = found.values().copied().collect();
    let mut left = (0..theirs.len()).filter(|at| !used.contains(at)).map(|at| theirs[at]);
    let named: Vec<String> = (left.by_ref().take(3))
        .map(|tensor| format!("`{}` {}", tensor.name, Shape(tensor.shape.clone())))
        .collect();
    let more = |more: bool| if more { ", …" } else { "" };
    let mut text = format!(
        "{} of {} weights find nothing in the file: {}{}",
        lacking.len(),
        owned.len(),
        first.collect::<Vec<_>>().join(", "),
        more(lacking.len() > 3)
    );
    if !named.is_empty() {
        let more = more(left.next().is_some());
        text.push_str(&format!("; it has left {}{more}", named.join(", ")));
    }
    text
}

/// A name without the prefixes that wrappers of models put before all names.
pub(super) fn bare(name: &str) -> &str {
    let mut bare = name;
    while let Some(rest) = bare.strip_prefix("module.").or(bare.strip_prefix("_orig_mod.")) {
        bare = rest;
    }
    bare
}

/// The last part of a name: `weight`.
pub(super) fn leaf(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// A name with `#` in place of its numbers.
fn mask(name: &str) -> String {
    pieces(name).map(|piece| if is_number(piece) { "#" } else { piece }).collect()
}

/// A key by which `conv2` comes before `conv10`.
pub(super) fn natural(name: &str) -> Vec<(String, u64)> {
    let key = |piece: &str| match piece.parse() {
        Ok(number) => (String::new(), number),
        Err(_) => (piece.to_string(), 0),
    };
    pieces(name).map(key).collect()
}

/// A name cut where digits begin and end.
fn pieces(name: &str) -> impl Iterator<Item = &str> {
    name.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()).scan(
        0,
        |start, piece| {
            let from = *start;
            *start += piece.len();
            Some(&name[from..*start])
        },
    )
}

fn is_number(piece: &str) -> bool {
    piece.bytes().all(|byte| byte.is_ascii_digit())
}
