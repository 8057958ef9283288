//! Names that the program declares.

use super::{Kind, Offers};
use crate::ide::facts;
use crate::ide::locals::{LocalKind, locals};
use crate::ide::words;
use dlm_check::names::{Decl, Entry, Kind as DeclKind};
use dlm_vocab::data::Target;

/// The declarations of a kind.
pub(super) fn declared(offers: &mut Offers<'_>, kind: DeclKind, rank: u32) {
    for (name, decl) in known(offers, kind) {
        let doc = words::item(offers.snapshot, decl)
            .and_then(|item| item.doc.as_ref())
            .map_or(String::new(), |doc| doc.text.clone());
        let detail = detail(offers, kind, decl, &name);
        let as_what = if kind == DeclKind::Model { Kind::Layer } else { Kind::Name };
        offers.push(as_what, &name, &detail, &doc, rank);
    }
}

/// The names of the declarations of a kind.
pub(super) fn known(offers: &Offers<'_>, kind: DeclKind) -> Vec<(String, Decl)> {
    let Some(main) = words::main(offers.snapshot) else { return Vec::new() };
    let names = main.names.iter().filter_map(|(name, entry)| match entry {
        Entry::Known(decl, is) if *is == kind => Some((name.clone(), *decl)),
        _ => None,
    });
    names.collect()
}

fn detail(offers: &Offers<'_>, kind: DeclKind, decl: Decl, name: &str) -> String {
    let checked = &offers.snapshot.checked;
    match kind {
        DeclKind::Data => match checked.facts.get(&decl) {
            Some(it) => format!("{} of {}", facts::plural(it.samples as u64, "sample"), it.shape),
            None => "data".to_string(),
        },
        DeclKind::Model => match checked.program.networks.iter().find(|net| net.model == name) {
            Some(net) => facts::of_network(net),
            None => "model".to_string(),
        },
        DeclKind::Const => match checked.constants.get(&decl) {
            Some(value) => value.to_string(),
            None => "constant".to_string(),
        },
        other => other.bare().to_string(),
    }
}

/// The artifacts of the verbs; `quantized` says whether those of `quantize` are among them.
pub(super) fn artifacts(offers: &mut Offers<'_>, quantized: bool, rank: u32) {
    let Some(main) = words::main(offers.snapshot) else { return };
    let own = offers.caret.before.first().map(|token| token.start);
    for (name, item) in main.artifacts.iter() {
        let item = &main.tree.items[*item as usize];
        let verb = item.keyword().map_or("", |it| offers.snapshot.checked.sources.slice(it));
        // The artifact of the verb itself is not there yet.
        if Some(item.span.start) == own || (verb == "quantize" && !quantized) {
            continue;
        }
        let program = &offers.snapshot.checked.program;
        let cost = program.artifact(name).and_then(|it| dlm_check::budget::of(program, it));
        let detail = match cost {
            Some(cost) => format!("{verb} · {}", dlm_check::budget::bytes(cost.size)),
            None => verb.to_string(),
        };
        offers.push(Kind::Name, name, &detail, "", rank);
    }
}

/// Constants, facts of data, and the sizes and settings of the body.
pub(super) fn constants(offers: &mut Offers<'_>, rank: u32) {
    if offers.caret.base().is_some() {
        return behind_dot(offers);
    }
    for local in locals(offers.snapshot, offers.caret.at) {
        let detail = match &local.kind {
            LocalKind::Size => "size",
            LocalKind::Setting(ty) => ty.as_str(),
            LocalKind::Variable => "value of this turn",
            LocalKind::Input(_) | LocalKind::Binding(_) => continue,
        };
        offers.push(Kind::Name, &local.name, detail, "", rank);
    }
    // A constant does not need itself.
    let own = match offers.caret.key(None) {
        Some(key) if offers.caret.open.is_empty() => offers.caret.text_of(key),
        _ => "",
    };
    for (name, decl) in known(offers, DeclKind::Const) {
        if name != own {
            let detail = detail(offers, DeclKind::Const, decl, &name);
            offers.push(Kind::Name, &name, &detail, "", rank + 10);
        }
    }
    for (name, decl) in known(offers, DeclKind::Data) {
        facts_of(offers, decl, &format!("{name}."), rank + 20);
    }
}

/// The facts of data behind a dot.
pub(super) fn behind_dot(offers: &mut Offers<'_>) {
    let Some(base) = offers.caret.base() else { return };
    if let Some((decl, DeclKind::Data)) = words::lookup(offers.snapshot, base) {
        facts_of(offers, decl, "", 0);
    }
}

fn facts_of(offers: &mut Offers<'_>, decl: Decl, prefix: &str, rank: u32) {
    let facts = offers.snapshot.checked.facts.get(&decl).cloned();
    let classes = match facts.as_deref().map(|it| &it.target) {
        Some(Target::Classes(names)) => Some(names.len().to_string()),
        Some(_) => None,
        None => Some(String::new()),
    };
    let shape = facts.as_ref().map_or(String::new(), |it| it.shape.to_string());
    let features = facts.as_ref().map_or(String::new(), |it| it.shape.len().to_string());
    let rows = [
        ("classes", classes, "How many classes there are."),
        ("features", Some(features), "How many numbers a sample has."),
        ("shape", Some(shape), "The sizes of a sample: `shape[0]` is the first."),
    ];
    for (name, value, doc) in rows {
        if let Some(value) = value {
            offers.push(Kind::Name, &format!("{prefix}{name}"), &value, doc, rank);
        }
    }
}

/// The flows of the body.
pub(super) fn flows(offers: &mut Offers<'_>, rank: u32) {
    for local in locals(offers.snapshot, offers.caret.at) {
        if !local.kind.is_flow() {
            continue;
        }
        let (LocalKind::Input(ty) | LocalKind::Binding(ty)) = &local.kind else { continue };
        let detail = ty.as_ref().map_or("flow".to_string(), facts::shape);
        offers.push(Kind::Name, &local.name, &detail, "", rank);
    }
}
