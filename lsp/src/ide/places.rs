//! Layer paths, as settings and loss terms name them.

use super::Snapshot;
use super::calls;
use super::context::Caret;
use super::facts;
use super::words;
use dlm_check::program::Network;
use dlm_grammar::tree::ItemKind;
use dlm_graph::Ty;
use std::collections::BTreeMap;

/// The networks whose layers a path at the caret may name, with what stands before a path of each: several
/// teachers are told apart by `Teacher.`.
pub(crate) fn networks<'s>(
    snapshot: &'s Snapshot,
    caret: &Caret<'_>,
) -> Vec<(String, &'s Network)> {
    let teachers = is_teachers(snapshot, caret);
    let found = candidates(snapshot, caret, teachers);
    let several = found.len() > 1 && teachers;
    let base = caret.base().unwrap_or_default();
    let owner = base.split(['.', '[']).next().unwrap_or_default();
    let named = |(name, net): (&str, &'s Network)| {
        let written =
            [name, net.model.as_str()].into_iter().find(|it| *it == owner && !it.is_empty());
        let prefix = written.or(several.then_some(name));
        (prefix.map_or(String::new(), |name| format!("{name}.")), net)
    };
    found.into_iter().map(named).collect()
}

/// What a path of the teachers, or of the student, gives in the verb around the caret.
pub(crate) fn gives<'s>(
    snapshot: &'s Snapshot,
    caret: &Caret<'_>,
    teachers: bool,
    path: &str,
) -> Option<&'s Ty> {
    candidates(snapshot, caret, teachers).into_iter().find_map(|(name, net)| {
        let owners = [name, net.model.as_str()];
        let inner = owners.iter().find_map(|owner| path.strip_prefix(owner)?.strip_prefix('.'));
        net.at(inner.unwrap_or(path)).map(|flow| net.ty(flow))
    })
}

/// Whether the verb around the caret has a teacher whose layers are known.
pub(crate) fn has_teachers(snapshot: &Snapshot, caret: &Caret<'_>) -> bool {
    !candidates(snapshot, caret, true).is_empty()
}

/// The networks of the teachers, or those that a verb is about, each with the artifact that has it.
fn candidates<'s, 'c>(
    snapshot: &'s Snapshot,
    caret: &Caret<'c>,
    teachers: bool,
) -> Vec<(&'c str, &'s Network)> {
    let program = &snapshot.checked.program;
    let of_artifact = |name: &'c str| -> Vec<(&'c str, &'s Network)> {
        let found = program.artifact(name).and_then(|artifact| artifact.network());
        match found {
            Some(net) => vec![(name, &program.networks[net])],
            None => {
                let own = program.networks.iter().filter(|net| net.model == name);
                own.map(|net| (name, &**net)).collect()
            }
        }
    };
    let mut found = match caret.keyword() {
        "policy" => {
            // As the text says: a policy that is being written quantizes nothing yet.
            let items = words::main(snapshot).into_iter().flat_map(|main| &main.tree.items);
            let uses = items.filter_map(|item| match &item.kind {
                ItemKind::Quantize(it) if it.with.name.text == caret.text_of(1) => {
                    program.artifact(&it.artifact.text)?.network()
                }
                _ => None,
            });
            uses.map(|net| ("", &*program.networks[net])).collect()
        }
        "train" => own(snapshot, caret),
        "distill" | "quantize" if teachers => {
            let from = (0..caret.before.len()).find(|&it| caret.text_of(it) == "from");
            let words = from.map_or(0..0, |from| from..caret.before.len());
            let names =
                words.map(|it| caret.text_of(it)).take_while(|it| !matches!(*it, "on" | "{"));
            names.filter(|name| program.artifact(name).is_some()).flat_map(of_artifact).collect()
        }
        "distill" => own(snapshot, caret),
        "quantize" => of_artifact(caret.text_of(1)),
        _ => Vec::new(),
    };
    if found.is_empty() && caret.keyword() == "policy" {
        found = program.networks.iter().map(|net| ("", &**net)).collect();
    }
    let mut titles: Vec<&str> = Vec::new();
    found.retain(|(_, net)| {
        let new = !titles.contains(&net.title.as_str());
        titles.push(&net.title);
        new
    });
    found
}

/// The networks of the model that a verb names.
fn own<'s, 'c>(snapshot: &'s Snapshot, caret: &Caret<'c>) -> Vec<(&'c str, &'s Network)> {
    let program = &snapshot.checked.program;
    let at = caret.before.get(1).map_or(0, |token| token.start);
    let clause = (0..caret.before.len()).find(|&it| caret.text_of(it) == "as");
    let named = clause.map_or("", |it| caret.text_of(it + 1));
    let verb = program.trainings.iter().find(|it| it.span.start == at || it.artifact == named);
    match verb {
        Some(training) => vec![(named, &program.networks[training.network])],
        None => {
            let model = caret.text_of(1);
            let own = program.networks.iter().filter(|net| net.model == model);
            own.map(|net| (named, &**net)).collect()
        }
    }
}

/// Whether the argument at the caret names a layer of a teacher.
fn is_teachers(snapshot: &Snapshot, caret: &Caret<'_>) -> bool {
    let call = calls::innermost(snapshot, caret);
    let param = call.and_then(|call| Some(call.callable.params.get(call.active?)?.name.clone()));
    param.is_some_and(|name| name == "teacher")
}

/// All paths of a network, of layers and of the blocks that they are in, with what is there.
pub(crate) fn paths(net: &Network) -> Vec<(String, String)> {
    let mut found: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    for (i, layer) in net.layers.iter().enumerate() {
        let path: &str = &layer.path;
        let cuts = path.match_indices(['.', '[']).map(|(cut, _)| &path[..cut]);
        for block in cuts.chain(path.match_indices(']').map(|(cut, _)| &path[..=cut])) {
            let shape = net.at(block).map(|flow| facts::shape(net.ty(flow)));
            found.entry(block).or_insert((i, shape.unwrap_or_default()));
        }
        let text = format!("{} {}", layer.operator.word.name, facts::shape(&layer.ty));
        found.insert(path, (i, text));
    }
    let mut list: Vec<(usize, &str, String)> =
        found.into_iter().map(|(path, (at, text))| (at, path, text)).collect();
    list.sort_by(|a, b| (a.0, a.1.len(), a.1).cmp(&(b.0, b.1.len(), b.1)));
    list.into_iter().map(|(_, path, text)| (path.to_string(), text)).collect()
}

/// What stands at a path that is written at the caret.
pub(crate) fn hover(snapshot: &Snapshot, caret: &Caret<'_>, path: &str) -> Option<String> {
    for (prefix, net) in networks(snapshot, caret) {
        let path = path.strip_prefix(&prefix).unwrap_or(path);
        let known: Vec<_> = net.layers.iter().filter(|layer| within(&layer.path, path)).collect();
        if known.is_empty() {
            continue;
        }
        let shape = net.at(path).map(|flow| format!(" · `{}`", facts::shape(net.ty(flow))));
        let params: u64 = known
            .iter()
            .flat_map(|layer| &layer.weights)
            .filter(|weight| weight.trained)
            .map(|weight| weight.shape.len() as u64)
            .sum();
        let what = match known.as_slice() {
            [one] if &*one.path == path => format!("`{}`", one.operator.word.name),
            _ => facts::plural(known.len() as u64, "layer"),
        };
        return Some(format!(
            "`{path}` of `{}`: {what}{} · {}",
            net.title,
            shape.unwrap_or_default(),
            facts::plural(params, "parameter")
        ));
    }
    None
}

/// Whether a layer's path is `block` or lies in it.
fn within(path: &str, block: &str) -> bool {
    path.strip_prefix(block).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
