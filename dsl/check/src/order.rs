//! The verbs of a file: what they need, in what order they run, and what they give.

use crate::data::dataset;
use crate::diags::Diags;
use crate::distill::teachers;
use crate::lower::weights;
use crate::names::{Decl, Entry, Kind, Module, World};
use crate::program::{Program, Step, Training};
use crate::quantize::is_float;
use crate::{expect, export, load, policy, quantize, train};
use dlm_base::Span;
use dlm_base::diag::codes::{artifacts as codes, lints, names};
use dlm_base::suggest::nearest;
use dlm_grammar::tree::{ItemKind, Name, Settings};
use std::collections::BTreeMap;

/// Checks the data and the verbs of the file, and adds them to the program.
pub(crate) fn check_verbs(world: &World<'_>, program: &mut Program, diags: &mut Diags) {
    for decl in declared_data(world) {
        program.datasets.extend(dataset(world, decl, diags));
    }
    let mut policies = policy::policies(world, diags);
    let items = &world.main().tree.items;
    for index in order(world, diags) {
        let item = &items[index as usize];
        let Some(artifact) = item.declared() else { continue };
        match &item.kind {
            ItemKind::Load(verb) => load::load(world, verb, artifact, program, diags),
            ItemKind::Train(verb) => train::train(world, verb.into(), artifact, program, diags),
            ItemKind::Distill(verb) => {
                train::train(world, verb.into(), artifact, program, diags);
            }
            ItemKind::Quantize(verb) => {
                quantize::quantize(world, verb, &mut policies, program, diags);
            }
            _ => {}
        }
        let known = program.steps.len();
        let counts = [program.loads.len(), program.trainings.len(), program.quantizations.len()];
        if counts.iter().sum::<usize>() > known {
            program.steps.push(match &item.kind {
                ItemKind::Load(_) => Step::Load(counts[0] - 1),
                ItemKind::Quantize(_) => Step::Quantize(counts[2] - 1),
                _ => Step::Train(counts[1] - 1),
            });
        }
    }
    for (policy, cover) in policies.values() {
        cover.report(policy, diags);
    }
    for training in program.trainings.iter().filter(|training| training.from.is_some()) {
        agreement(world, training, program, diags);
    }
    for item in items {
        match &item.kind {
            ItemKind::Export(verb) => export::export(world, verb, program, diags),
            ItemKind::Expect(verb) => expect::expect(world, verb, program, diags),
            _ => {}
        }
    }
}

/// The `data` declarations that the file knows, its own and imported ones, in their order.
pub(crate) fn declared_data(world: &World<'_>) -> Vec<Decl> {
    let names = world.main().names.values();
    let mut decls: Vec<Decl> = names
        .filter_map(|entry| match entry {
            Entry::Known(decl, Kind::Data) => Some(*decl),
            _ => None,
        })
        .collect();
    decls.sort();
    decls.dedup();
    decls
}

/// Whether some verb gives the artifact `name`; reported when none does.
pub(crate) fn artifact_exists(world: &World<'_>, name: &Name, diags: &mut Diags) -> bool {
    let main = world.main();
    if name.is_missing() {
        return false;
    }
    if main.artifacts.contains_key(&name.text) {
        return true;
    }
    match main.names.get(&name.text) {
        Some(Entry::Broken) => return false,
        Some(Entry::Known(decl, kind)) if *kind != Kind::Model => {
            let declared = Some(world.name(*decl).span);
            let help = Some("an artifact comes from `train MODEL on DATA as NAME`");
            diags.push(names::wrong_kind(
                name.span,
                &name.text,
                kind.word(),
                "an artifact",
                declared,
                help,
            ));
            return false;
        }
        _ => {}
    }
    let model = matches!(main.names.get(&name.text), Some(Entry::Known(_, Kind::Model)));
    if model && misspelt(main, &name.text) {
        return false;
    }
    let given: Vec<&str> = main.artifacts.keys().map(String::as_str).collect();
    diags.push(codes::no_artifact(name.span, &name.text, model, &given));
    false
}

/// Whether a verb names a model that is not declared, and probably means this one.
fn misspelt(main: &Module, model: &str) -> bool {
    main.tree.items.iter().any(|item| {
        let given = match &item.kind {
            ItemKind::Train(it) if it.name.is_none() => &it.model.name.text,
            ItemKind::Distill(it) if it.name.is_none() => &it.model.name.text,
            _ => return false,
        };
        !main.names.contains_key(given) && !nearest(given, [model]).is_empty()
    })
}

/// A verb that gives an artifact, with the artifacts that it needs and where it names them.
struct Verb<'t> {
    item: u32,
    /// Of the artifact; empty where a `quantize` gives it none.
    name: &'t str,
    needs: Vec<&'t Name>,
}

/// The items of the verbs that give artifacts, each after those that it needs and otherwise in the order
/// of the file; those that need each other in a circle are reported and left out.
fn order(world: &World<'_>, diags: &mut Diags) -> Vec<u32> {
    let verbs = verbs(world, diags);
    let place: BTreeMap<&str, usize> = verbs.iter().enumerate().map(|(i, v)| (v.name, i)).collect();
    let mut state = vec![State::New; verbs.len()];
    let mut done = Vec::new();
    for first in 0..verbs.len() {
        // The way that leads here: each verb with how many of its needs have been seen to.
        let mut way = vec![(first, 0)];
        while let Some((verb, seen)) = way.last_mut() {
            let verb = *verb;
            if state[verb] == State::New {
                state[verb] = State::Open;
            }
            let need = match state[verb] {
                State::Open => verbs[verb].needs.get(*seen),
                _ => None,
            };
            let Some(need) = need else {
                if state[verb] == State::Open {
                    state[verb] = State::Done;
                    done.push(verb);
                }
                way.pop();
                continue;
            };
            *seen += 1;
            let Some(&needed) = place.get(need.text.as_str()) else { continue };
            match state[needed] {
                State::Done => {}
                State::New => way.push((needed, 0)),
                // What is on the way is lost with what it needs.
                State::Open | State::Lost => {
                    if state[needed] == State::Open {
                        diags.push(circle(&verbs, &way, needed));
                    }
                    way.iter().for_each(|(verb, _)| state[*verb] = State::Lost);
                    way.clear();
                }
            }
        }
    }
    done.into_iter().map(|verb| verbs[verb].item).collect()
}

/// E0206, when the last verb of the way needs one that is on it.
fn circle(verbs: &[Verb<'_>], way: &[(usize, usize)], needed: usize) -> dlm_base::Diag {
    let start = way.iter().position(|(verb, _)| *verb == needed).unwrap_or(0);
    let step =
        |&(verb, seen): &(usize, usize)| (verbs[verb].name, verbs[verb].needs[seen - 1].span);
    let needs: Vec<(&str, Span)> = way[start..].iter().map(step).collect();
    codes::circle(&needs)
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Not seen yet.
    New,
    /// On the way.
    Open,
    /// In its place.
    Done,
    /// In a circle, or in need of something that is.
    Lost,
}

fn verbs<'t>(world: &'t World<'_>, diags: &mut Diags) -> Vec<Verb<'t>> {
    let main = world.main();
    let mut verbs: Vec<Verb<'t>> = Vec::new();
    for (index, item) in main.tree.items.iter().enumerate() {
        let mut needs: Vec<&Name> = Vec::new();
        match &item.kind {
            ItemKind::Train(it) => needs.extend(setting_name(it.settings.as_ref(), "from")),
            ItemKind::Distill(it) => {
                needs.extend(setting_name(it.settings.as_ref(), "from"));
                needs.extend(teachers::names(world, &it.from.1));
            }
            ItemKind::Quantize(it) => {
                needs.push(&it.artifact);
                let from = it.from.iter();
                needs.extend(from.flat_map(|(_, from)| teachers::names(world, from)));
            }
            ItemKind::Load(_) => {}
            _ => continue,
        }
        needs.retain(|name| {
            let begins = match &item.kind {
                ItemKind::Train(it) => is_from(it.settings.as_ref(), name),
                ItemKind::Distill(it) => is_from(it.settings.as_ref(), name),
                ItemKind::Quantize(it) => it.artifact.span == name.span,
                _ => false,
            };
            if !artifact_exists(world, name, diags) || !begins {
                return main.artifacts.contains_key(&name.text);
            }
            match &item.kind {
                ItemKind::Quantize(it) => {
                    let with = &it.with.name.text;
                    let write = |float: &str| {
                        format!("quantize the float one: `quantize {float} with {with}`")
                    };
                    is_float(world, name, diags, write)
                }
                _ => {
                    let start = |float: &str| format!("start from `{float}`: `from = {float}`");
                    is_float(world, name, diags, start)
                }
            }
        });
        let Some(name) = item.declared() else { continue };
        let unnamed = matches!(&item.kind, ItemKind::Quantize(it) if it.name.is_none());
        if unnamed || main.artifacts.get(&name.text) == Some(&(index as u32)) {
            let name = if unnamed { "" } else { name.text.as_str() };
            verbs.push(Verb { item: index as u32, name, needs });
        }
    }
    verbs
}

/// The name that a setting is, if it is one.
fn setting_name<'t>(settings: Option<&'t Settings>, key: &str) -> Option<&'t Name> {
    let name = settings?.get(key)?.value.unparen().as_name()?;
    (!name.is_missing()).then_some(name)
}

/// Whether a name is the value of `from` in a block.
fn is_from(settings: Option<&Settings>, name: &Name) -> bool {
    setting_name(settings, "from").is_some_and(|from| from.span == name.span)
}

/// W1009 when a training starts from an artifact of which no weight fits.
fn agreement(world: &World<'_>, training: &Training, program: &Program, diags: &mut Diags) {
    let Some(from) = &training.from else { return };
    let Some(source) = program.artifact(from).and_then(|source| source.network()) else { return };
    let own = weights(&program.networks[training.network]);
    let theirs = weights(&program.networks[source]);
    let agrees = own
        .iter()
        .any(|w| theirs.iter().any(|other| other.name == w.name && other.shape == w.shape));
    let item = world.main().artifacts.get(&training.artifact).copied();
    let settings = item.and_then(|item| world.main().tree.items[item as usize].settings());
    if let (false, Some(name)) = (agrees, setting_name(settings, "from")) {
        let reason = format!("no weight of `{from}` has the name and shape of one of this model");
        let help = "start from an artifact of the same model, or leave it out";
        diags.push(lints::no_effect(name.span, "`from`", &reason, help));
    }
}
