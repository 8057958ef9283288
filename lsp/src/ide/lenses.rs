//! What an editor shows above declarations: figures, and what can be started.

use super::Snapshot;
use super::facts;
use super::words;
use dlm_check::budget::{self, Budget, bytes};
use dlm_check::program::{Artifact, Made, Network, Program, Training};
use dlm_check::quant::Quantization;
use dlm_grammar::tree::{Item, ItemKind};
use std::ops::Range;

/// A line above a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// The name of what is declared, or the first line of the file.
    pub range: Range<usize>,
    /// The text: `1,810 parameters · 1,776 MACs · 7.07 KiB → 2.01 KiB · 512 B`.
    pub text: String,
    /// What a click does.
    pub command: Option<Command>,
}

/// What a click does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Runs the file; of one artifact, that one with what it needs.
    Run(Option<String>),
    /// Checks the file.
    Check,
    /// Draws the network of that name.
    Draw(String),
}

/// All lenses, by place.
pub fn lenses(snapshot: &Snapshot) -> Vec<Lens> {
    let Some(main) = words::main(snapshot) else { return Vec::new() };
    let mut list = Vec::new();
    if !main.tree.items.is_empty() {
        let end = snapshot.text.find(['\n', '\r']).unwrap_or(snapshot.text.len());
        let mut push = |text: &str, command| {
            list.push(Lens { range: 0..end, text: text.to_string(), command: Some(command) });
        };
        if !main.artifacts.is_empty() {
            push("▶ run", Command::Run(None));
        }
        push("▶ check", Command::Check);
    }
    for item in &main.tree.items {
        of_item(snapshot, item, &mut list);
    }
    list
}

fn of_item(snapshot: &Snapshot, item: &Item, list: &mut Vec<Lens>) {
    let program = &snapshot.checked.program;
    let Some(name) = item.declared() else { return };
    let range = name.span.range();
    let mut push = |text: String, command| list.push(Lens { range: range.clone(), text, command });
    match &item.kind {
        ItemKind::Model(it) => {
            for net in variants(program, it.name.span) {
                let mut text = facts::of_network(net);
                if net.title != net.model {
                    text = format!("{}: {text}", net.title);
                }
                push(text, None);
                push("draw".to_string(), Some(Command::Draw(net.title.clone())));
            }
        }
        ItemKind::Train(_) | ItemKind::Load(_) | ItemKind::Distill(_) | ItemKind::Quantize(_) => {
            let Some(artifact) = program.artifact(&name.text) else { return };
            let text = match (artifact.quantization, artifact.made) {
                (Some(it), _) => Some(of_quantization(program, it)),
                (None, Made::Trained(it)) if !it.teachers.is_empty() => of_student(program, it),
                _ => artifact.network().map(|net| facts::of_network(&program.networks[net])),
            };
            // An artifact of the same name may come from another verb.
            let own = match artifact.quantization {
                Some(it) => it.span,
                None => artifact.span(),
            };
            if own != name.span {
                return;
            }
            if let Some(text) = text {
                push(text, None);
            }
            push(format!("▶ run {}", name.text), Some(Command::Run(Some(name.text.clone()))));
        }
        _ => {}
    }
}

/// The networks of a model, one for each title.
fn variants(program: &Program, declared: dlm_base::Span) -> Vec<&Network> {
    let mut found: Vec<&Network> = Vec::new();
    for net in program.networks.iter().filter(|net| net.span == declared) {
        let same = |other: &&Network| {
            other.title == net.title
                && other.inputs == net.inputs
                && budget::budget(other) == budget::budget(net)
        };
        if !found.iter().any(same) {
            found.push(net);
        }
    }
    found
}

/// `Teacher : Student = 12.3 : 1 parameters · 40.2 : 1 MACs · 12.1 : 1 size`
fn of_student(program: &Program, training: &Training) -> Option<String> {
    let own = budget::budget(&program.networks[training.network]);
    let ratios = training.teachers.iter().filter_map(|teacher| {
        let artifact: Artifact<'_> = program.artifact(&teacher.artifact)?;
        let cost: Budget = budget::of(program, artifact)?;
        let figures = [
            (cost.params, own.params, "parameters"),
            (cost.macs, own.macs, "MACs"),
            (cost.size, own.size, "size"),
        ];
        let figures = figures
            .iter()
            .filter_map(|(a, b, what)| Some(format!("{} : 1 {what}", facts::ratio(*a, *b)?)));
        let figures: Vec<String> = figures.collect();
        Some(format!("{} : {} = {}", teacher.artifact, training.artifact, figures.join(" · ")))
    });
    let mut ratios: Vec<String> = ratios.collect();
    ratios.push(facts::of_network(&program.networks[training.network]));
    Some(ratios.join(" │ "))
}

/// `7.07 KiB → 2.01 KiB (3.52 : 1) · 512 B → 128 B activations · all 3 steps in integers`
fn of_quantization(program: &Program, it: &Quantization) -> String {
    let net = &program.networks[it.network];
    let (cost, less) = (budget::budget(net), facts::quantized(net, &it.scheme));
    let ratio =
        facts::ratio(cost.size, less.size).map_or(String::new(), |it| format!(" ({it} : 1)"));
    format!(
        "{} → {}{ratio} · {} → {} activations · {}",
        bytes(cost.size),
        bytes(less.size),
        bytes(cost.memory),
        bytes(less.memory),
        facts::in_integers(&it.scheme)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::tests::snapshot;

    const TEXT: &str = "data D { source = builtin(\"digits\") }
model Big(x: [1, 8, 8]) { x -> flatten -> dense(128) -> relu -> dense(10) }
model Small(x: [1, 8, 8]) { x -> flatten -> dense(24) -> relu -> dense(10) }
train Big on D
distill Small from Big on D
policy P { method = static }
quantize Small with P on D as Small8
";

    fn texts(text: &str, of: &str) -> Vec<String> {
        let it = snapshot(text);
        let list = lenses(&it).into_iter();
        list.filter(|lens| &text[lens.range.clone()] == of).map(|lens| lens.text).collect()
    }

    #[test]
    fn figures_are_those_of_the_checker() {
        let it = snapshot(TEXT);
        let program = &it.checked.program;
        let net = program.networks.iter().find(|net| net.model == "Small").expect("a network");
        let cost = budget::budget(net);
        assert_eq!((cost.params, cost.macs), (1810, 1776));
        let it = &program.quantizations[0];
        let less = dlm_check::quant::size(net, &it.scheme);
        let found = texts(TEXT, "Small");
        let wanted = format!(
            "1,810 parameters · 1,776 MACs · {} → {} int8 · {} activations",
            bytes(cost.size),
            bytes(less),
            bytes(cost.memory)
        );
        assert_eq!(found[0], wanted);
        assert_eq!(found[1], "draw");
        assert!(found[2].starts_with("Big : Small = 5.31 : 1 parameters · "), "{}", found[2]);
        assert_eq!(found[3], "▶ run Small");
        let found = texts(TEXT, "Small8");
        let wanted = format!("{} → {} (", bytes(cost.size), bytes(less));
        assert!(found[0].starts_with(&wanted), "{}", found[0]);
        assert!(found[0].ends_with("all 3 steps in integers"), "{}", found[0]);
    }

    #[test]
    fn the_file_can_be_run_and_checked() {
        let first = TEXT.lines().next().expect("a line");
        assert_eq!(texts(TEXT, first), ["▶ run", "▶ check"]);
        assert_eq!(texts("width = 3\n", "width = 3"), ["▶ check"]);
        assert!(lenses(&snapshot("")).is_empty());
    }
}
