//! What a program declares: constants, data, layers, models, policies, artifacts.

use super::{callable, decl, fence, network};
use crate::ide::Snapshot;
use crate::ide::context::Caret;
use crate::ide::facts;
use crate::ide::locals;
use crate::ide::words;
use dlm_check::budget::{self, bytes, grouped};
use dlm_check::consts::Const;
use dlm_check::names::{Decl, Kind};
use dlm_check::network::seen::Applied;
use dlm_check::program::{Length, Load, Loaded, Made, Normalize, Program, Training};
use dlm_check::quant::Quantization;
use dlm_check::stdlib;
use dlm_grammar::tree::ItemKind;
use dlm_vocab::data::{Facts, Target};
use dlm_vocab::metric::{Metric, MetricKind, MetricUnit};

/// A name of the file: of a declaration, its own or imported.
pub(super) fn of_name(snapshot: &Snapshot, name: &str) -> Option<String> {
    let (decl, kind) = words::lookup(snapshot, name)?;
    match kind {
        Kind::Const => constant(snapshot, decl, name),
        Kind::Data => Some(data(snapshot, decl, name)),
        Kind::Layer => words::network(snapshot, decl).map(|found| callable(&found)),
        Kind::Model => Some(model(snapshot, decl, name)),
        Kind::Policy => Some(policy(snapshot, decl, name)),
    }
}

/// An artifact.
pub(super) fn of_artifact(snapshot: &Snapshot, name: &str) -> Option<String> {
    let program = &snapshot.checked.program;
    let Some(artifact) = program.artifact(name) else { return unchecked(snapshot, name) };
    let (verb, cost) = match (artifact.quantization, artifact.made) {
        (Some(it), _) => quantized(program, it),
        (None, Made::Trained(it)) => trained(program, it),
        (None, Made::Loaded(it)) => loaded(program, it),
    };
    Some(format!("{}\n\nAn artifact.\n\n{cost}", fence(&verb)))
}

/// An artifact of a verb that does not check: the verb's first line.
fn unchecked(snapshot: &Snapshot, name: &str) -> Option<String> {
    let main = words::main(snapshot)?;
    let item = main.tree.items.get(*main.artifacts.get(name)? as usize)?;
    let text = snapshot.checked.sources.slice(item.span);
    let verb = text.lines().next()?.trim_end().trim_end_matches('{').trim_end();
    Some(format!("{}\n\nAn artifact.", fence(verb)))
}

/// A name in a `use`, or the part of the library that it names.
pub(super) fn imported(snapshot: &Snapshot, caret: &Caret<'_>, name: &str) -> Option<String> {
    if caret.last_text() == "." || name == "std" {
        let part = stdlib::find(name);
        return match part {
            Some(part) => {
                let names: Vec<String> = part.names().map(|name| format!("`{name}`")).collect();
                Some(format!("`std.{name}` declares {}.", names.join(", ")))
            }
            None if name == "std" => {
                let parts = stdlib::PARTS.iter().map(|part| format!("`std.{}`", part.name));
                let parts: Vec<String> = parts.collect();
                Some(format!("The standard library, inside the binary: {}.", parts.join(", ")))
            }
            None => None,
        };
    }
    of_name(snapshot, name)
}

/// A fact of data: `Digits.classes`.
pub(super) fn fact(snapshot: &Snapshot, decl: Decl, data: &str, name: &str) -> Option<String> {
    let facts = snapshot.checked.facts.get(&decl)?;
    let (value, says) = match name {
        "classes" => {
            let names = facts.target.classes()?;
            (names.len().to_string(), names.join(", "))
        }
        "tokens" => {
            let names = &facts.tokens.as_ref()?.names;
            (names.len().to_string(), names.join(", "))
        }
        "features" => (facts.shape.len().to_string(), facts.features().join(", ")),
        "shape" => (facts.shape.to_string(), "The shape of one sample.".to_string()),
        _ => return None,
    };
    Some(format!("{}\n\n{}", fence(&format!("{data}.{name} = {value}")), shortened(&says)))
}

/// The value of a metric that is known before anything runs, to be put behind its documentation.
pub(super) fn metric(snapshot: &Snapshot, artifact: &str, metric: &Metric) -> String {
    let program = &snapshot.checked.program;
    let cost = program.artifact(artifact).and_then(|it| budget::of(program, it));
    let (MetricKind::Static, Some(cost)) = (metric.kind, cost) else { return String::new() };
    let value = match metric.word.name {
        "params" => cost.params,
        "macs" => cost.macs,
        "size" => cost.size,
        _ => cost.memory,
    };
    let value = match metric.unit {
        MetricUnit::Bytes => bytes(value),
        _ => grouped(value),
    };
    format!("\n\n`{artifact}.{} = {value}`", metric.word.name)
}

/// The value of a size or setting of the layer or model around a byte, as it is first used, with where that
/// is.
pub(super) fn value_of(snapshot: &Snapshot, at: usize, name: &str) -> Option<(Const, String)> {
    let item = locals::item_at(snapshot, at)?;
    let items = &words::main(snapshot)?.tree.items;
    let place = items.iter().position(|it| it.span == item.span)?;
    let own = decl(place);
    let (span, values) =
        snapshot.checked.notes.steps().into_iter().find_map(|(span, step)| match &step.what {
            Applied::Layer { decl, values } if *decl == own => Some((span, values)),
            _ => None,
        })?;
    let (_, value) = values.iter().find(|(known, _)| known == name)?;
    let source = snapshot.checked.sources.get(span.file);
    let line = source.line_col(span.start as usize).line;
    Some((value.clone(), format!(" where it is first used, in line {line}")))
}

fn constant(snapshot: &Snapshot, decl: Decl, name: &str) -> Option<String> {
    let doc = doc(snapshot, decl);
    let value = match snapshot.checked.constants.get(&decl) {
        Some(value) => format!("{name} = {value}"),
        None => name.to_string(),
    };
    Some(format!("{}\n\nA constant.{doc}", fence(&value)))
}

fn data(snapshot: &Snapshot, decl: Decl, name: &str) -> String {
    let mut rows = Vec::new();
    if let Some(facts) = snapshot.checked.facts.get(&decl) {
        rows.push(inputs(facts));
        rows.push(targets(&facts.target));
    }
    let datasets = &snapshot.checked.program.datasets;
    if let Some(data) = datasets.iter().find(|data| data.name == name) {
        let [train, valid, test] = data.counts.map(|n| grouped(n as u64));
        rows.push(format!("- {train} samples to train, {valid} to validate, {test} to test"));
        let how = match &data.normalize {
            Normalize::None => "not normalised",
            Normalize::Standard => "mean 0 and deviation 1, measured on the training part",
            Normalize::Given { .. } => "normalised with given numbers",
            Normalize::MinMax => "scaled to 0 to 1",
        };
        rows.push(format!("- {how}"));
        if !data.augment.is_empty() {
            let words: Vec<String> =
                data.augment.iter().map(|it| format!("`{}`", it.word.word.name)).collect();
            rows.push(format!("- augmented: {}", words.join(", ")));
        }
    }
    let doc = doc(snapshot, decl);
    format!("{}\n\nData.{doc}\n\n{}", fence(&format!("data {name}")), rows.join("\n"))
}

fn inputs(facts: &Facts) -> String {
    let names = facts.features();
    let names = match names.is_empty() {
        true => String::new(),
        false => format!(": {}", shortened(&names.join(", "))),
    };
    let samples = facts::plural(facts.samples as u64, "sample");
    format!("- {samples} of `{}`{names}", facts.ty())
}

fn targets(target: &Target) -> String {
    match target {
        Target::None => "- without labels".to_string(),
        Target::Sequence { classes, steps } => {
            format!("- {} classes at each of {steps} steps", classes.len())
        }
        Target::Classes(names) => {
            format!(
                "- {}: {}",
                facts::plural(names.len() as u64, "class").replace("classs", "classes"),
                shortened(&names.join(", "))
            )
        }
        Target::Values(names) => {
            format!(
                "- {}: {}",
                facts::plural(names.len() as u64, "value"),
                shortened(&names.join(", "))
            )
        }
    }
}

fn model(snapshot: &Snapshot, decl: Decl, name: &str) -> String {
    let signature = words::network(snapshot, decl).map(|found| found.signature());
    let head = fence(&format!("model {}", signature.unwrap_or_else(|| name.to_string())));
    let networks = snapshot.checked.program.networks.iter().filter(|net| net.model == name);
    let mut seen: Vec<&str> = Vec::new();
    let mut out = format!("{head}{}", doc(snapshot, decl));
    for net in networks {
        if seen.contains(&net.title.as_str()) {
            continue;
        }
        seen.push(&net.title);
        if net.title != name || seen.len() > 1 {
            out += &format!("\n\n**{}**", net.title);
        }
        out += &format!("\n\n{}", network::table(net));
    }
    out
}

fn policy(snapshot: &Snapshot, decl: Decl, name: &str) -> String {
    let program = &snapshot.checked.program;
    let mut rows = Vec::new();
    for it in program.quantizations.iter().filter(|it| it.policy == name) {
        let (_, cost) = quantized(program, it);
        rows.push(format!("- `{}`: {cost}", it.artifact));
    }
    let text = match words::item(snapshot, decl).map(|item| &item.kind) {
        Some(ItemKind::Policy(it)) => {
            let set = it.settings.settings().map(|it| snapshot.checked.sources.slice(it.span));
            let set: Vec<&str> = set.collect();
            match set.is_empty() {
                true => format!("policy {name}"),
                false => format!("policy {name} {{\n    {}\n}}", set.join("\n    ")),
            }
        }
        _ => format!("policy {name}"),
    };
    let doc = doc(snapshot, decl);
    format!("{}\n\nA policy: how numbers are rounded.{doc}\n\n{}", fence(&text), rows.join("\n"))
}

fn trained(program: &Program, it: &Training) -> (String, String) {
    let net = &program.networks[it.network];
    let data = &program.datasets[it.dataset].name;
    let verb = match it.teachers.as_slice() {
        [] => format!("train {} on {data} as {}", net.title, it.artifact),
        teachers => {
            let names: Vec<&str> = teachers.iter().map(|it| it.artifact.as_str()).collect();
            let names = match names.as_slice() {
                [one] => one.to_string(),
                more => format!("[{}]", more.join(", ")),
            };
            format!("distill {} from {names} on {data} as {}", net.title, it.artifact)
        }
    };
    let length = match it.length {
        Length::Epochs(n) => facts::plural(n, "epoch"),
        Length::Steps(n) => facts::plural(n, "step"),
    };
    let terms: Vec<String> = it
        .loss
        .iter()
        .map(|term| match term.weight {
            1.0 => format!("`{}`", term.loss.word.name),
            weight => format!("{weight} × `{}`", term.loss.word.name),
        })
        .collect();
    let how = format!(
        "{length} in batches of {}, `{}`, `{}`, loss {}",
        it.batch,
        it.optimizer.0.word.name,
        it.schedule.0.word.name,
        terms.join(" + ")
    );
    (verb, format!("{}\n\n{how}", facts::of_network(net)))
}

fn loaded(program: &Program, it: &Load) -> (String, String) {
    match &it.what {
        Loaded::Weights { network, file, .. } => {
            let net = &program.networks[*network];
            let verb = format!("load {} from {file:?} as {}", net.title, it.artifact);
            (verb, facts::of_network(net))
        }
        Loaded::Closed { file, classes, .. } => {
            let text = match classes {
                Some(n) => {
                    format!("A closed network: it tells {n} classes apart, and is not trained.")
                }
                None => "A closed network: it answers, and is not trained.".to_string(),
            };
            (format!("load {file:?} as {}", it.artifact), text)
        }
        Loaded::Answers { file, classes, dataset, .. } => {
            let data = &program.datasets[*dataset].name;
            let verb = format!("load answers({file:?}) on {data} as {}", it.artifact);
            (verb, format!("Recorded answers to the training part: {classes} numbers each."))
        }
    }
}

fn quantized(program: &Program, it: &Quantization) -> (String, String) {
    let net = &program.networks[it.network];
    let (cost, less) = (budget::budget(net), facts::quantized(net, &it.scheme));
    let data = &program.datasets[it.dataset].name;
    let verb = format!("quantize {} with {} on {data} as {}", it.source, it.policy, it.artifact);
    let text = format!(
        "{} · {} → {} · {} → {} activations · {}",
        it.method.word(),
        bytes(cost.size),
        bytes(less.size),
        bytes(cost.memory),
        bytes(less.memory),
        facts::in_integers(&it.scheme)
    );
    (verb, text)
}

/// The documentation of a declaration, with what separates it from the text before.
fn doc(snapshot: &Snapshot, decl: Decl) -> String {
    let doc = words::item(snapshot, decl).and_then(|item| item.doc.as_ref());
    doc.map_or(String::new(), |doc| format!("\n\n{}", doc.text))
}

/// A long list, cut at a comma.
fn shortened(text: &str) -> String {
    const MOST: usize = 160;
    if text.chars().count() <= MOST {
        return text.to_string();
    }
    let cut: String = text.chars().take(MOST).collect();
    let end = cut.rfind(", ").unwrap_or(cut.len());
    format!("{}, …", &cut[..end])
}
