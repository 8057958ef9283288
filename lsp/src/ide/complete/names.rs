//! Names that the program declares.

use super::{Kind, Offers};
use crate::ide::facts;
use crate::ide::locals::{LocalKind, locals};
use crate::ide::words;
use dlm_check::consts::{Const, FUNCTIONS};
use dlm_check::names::{Decl, Entry, Kind as DeclKind};
use dlm_grammar::tree::{Item, ItemKind, LoadSource};

/// What type a value is, or must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueType {
    /// Anything.
    Any,
    /// A whole number.
    Int,
    /// A number.
    Real,
    /// A whole number or a list of them.
    Pair,
    /// `true` or `false`.
    Bool,
    /// A string.
    Text,
    /// A list.
    List,
    /// A number with a unit.
    Quantity,
}

impl ValueType {
    /// What a parameter of that type wants: `int`, `list`.
    pub(super) fn of(ty: &str) -> ValueType {
        match ty {
            "int" => ValueType::Int,
            "real" => ValueType::Real,
            "bool" => ValueType::Bool,
            "string" => ValueType::Text,
            "list" => ValueType::List,
            _ => ValueType::Any,
        }
    }

    /// Whether something of another type will do; where that is not known, it will.
    fn takes(self, other: ValueType) -> bool {
        self == other
            || matches!((self, other), (ValueType::Any, _) | (_, ValueType::Any))
            || matches!((self, other), (ValueType::Real | ValueType::Pair, ValueType::Int))
            || (self, other) == (ValueType::List, ValueType::Pair)
    }

    /// What a value is.
    fn of_value(value: &Const) -> ValueType {
        match value {
            Const::Int(_) => ValueType::Int,
            Const::Real(_) => ValueType::Real,
            Const::Bool(_) => ValueType::Bool,
            Const::Str(_) => ValueType::Text,
            Const::List(list) => match list.as_slice() {
                [Const::Int(_), Const::Int(_)] => ValueType::Pair,
                _ => ValueType::List,
            },
            Const::Quantity(..) => ValueType::Quantity,
        }
    }
}

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
            Some(it) => {
                format!("{} of {}", facts::plural(it.samples as u64, "sample"), it.describe())
            }
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

/// What an artifact must be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Able {
    /// Teach.
    Teach,
    /// Be judged: recorded answers cannot.
    Judged,
    /// Be exported: it has weights.
    Exported,
    /// Be trained on, or quantized: its weights are floats.
    Trained,
}

/// Whether what an item gives is able to do that.
fn is_able(item: &Item, able: Able) -> bool {
    let (weights, answers) = match &item.kind {
        ItemKind::Load(it) => (
            matches!(it.source, LoadSource::Weights { .. }),
            matches!(it.source, LoadSource::Answers { .. }),
        ),
        _ => (true, false),
    };
    match able {
        Able::Teach => true,
        Able::Judged => !answers,
        Able::Exported => weights,
        Able::Trained => weights && !matches!(item.kind, ItemKind::Quantize(_)),
    }
}

/// The artifacts of the verbs that are able to do that.
pub(super) fn artifacts(offers: &mut Offers<'_>, able: Able, rank: u32) {
    let Some(main) = words::main(offers.snapshot) else { return };
    let own = offers.caret.before.first().map(|token| token.start);
    let given = super::args::given(offers);
    for (name, item) in main.artifacts.iter() {
        let item = &main.tree.items[*item as usize];
        let verb = item.keyword().map_or("", |it| offers.snapshot.checked.sources.slice(it));
        // The artifact of the verb itself is not there yet.
        if Some(item.span.start) == own || given.contains(name) || !is_able(item, able) {
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

/// Constants, facts of data, and the sizes and settings of the body, as far as they will do.
pub(super) fn constants(offers: &mut Offers<'_>, wanted: ValueType, rank: u32) {
    if offers.caret.base().is_some() {
        return behind_dot(offers, wanted);
    }
    for local in locals(offers.snapshot, offers.caret.at) {
        let (is, detail) = match &local.kind {
            LocalKind::Size => (ValueType::Int, "size"),
            LocalKind::Setting(ty) => (ValueType::of(ty), ty.as_str()),
            LocalKind::Variable => (ValueType::Any, "value of this turn"),
            LocalKind::Input(_) | LocalKind::Binding(_) => continue,
        };
        if wanted.takes(is) {
            offers.push(Kind::Name, &local.name, detail, "", rank);
        }
    }
    for function in FUNCTIONS.iter().filter(|_| wanted.takes(ValueType::Int)) {
        let text = format!("{}(${{1:{}}})$0", function.name, function.example);
        let kind = Kind::Name;
        offers.snippet(kind, function.name, function.call, function.doc, &text, rank + 30);
    }
    // What is being declared does not need itself.
    let own = match (offers.caret.keyword(), offers.caret.key(None)) {
        ("data", _) => offers.caret.text_of(1),
        (_, Some(key)) if offers.caret.open.is_empty() => offers.caret.text_of(key),
        _ => "",
    };
    for (name, decl) in known(offers, DeclKind::Const).into_iter().filter(|it| it.0 != own) {
        let value = offers.snapshot.checked.constants.get(&decl);
        let is = value.map_or(ValueType::Any, ValueType::of_value);
        let detail = detail(offers, DeclKind::Const, decl, &name);
        if wanted.takes(is) {
            offers.push(Kind::Name, &name, &detail, "", rank + 10);
        }
        if let Some(Const::List(list)) = value
            && wanted != ValueType::Any
            && list.first().is_some_and(|first| wanted.takes(ValueType::of_value(first)))
        {
            // One of its elements may do.
            let text = format!("{name}[${{1:0}}]");
            offers.snippet(Kind::Name, &format!("{name}[0]"), &detail, "", &text, rank + 15);
        }
    }
    for (name, decl) in known(offers, DeclKind::Data).into_iter().filter(|it| it.0 != own) {
        facts_of(offers, decl, &format!("{name}."), wanted, rank + 20);
    }
}

/// Constants that a loss term can be multiplied by.
pub(super) fn weights(offers: &mut Offers<'_>, rank: u32) {
    for (name, decl) in known(offers, DeclKind::Const) {
        let value = offers.snapshot.checked.constants.get(&decl);
        if matches!(value, None | Some(Const::Int(_) | Const::Real(_))) {
            let detail = detail(offers, DeclKind::Const, decl, &name);
            offers.snippet(Kind::Name, &name, &detail, "", &format!("{name} * $0"), rank);
        }
    }
}

/// The facts of data behind a dot.
pub(super) fn behind_dot(offers: &mut Offers<'_>, wanted: ValueType) {
    let Some(base) = offers.caret.base() else { return };
    if let Some((decl, DeclKind::Data)) = words::lookup(offers.snapshot, base) {
        facts_of(offers, decl, "", wanted, 0);
    }
}

fn facts_of(offers: &mut Offers<'_>, decl: Decl, prefix: &str, wanted: ValueType, rank: u32) {
    let facts = offers.snapshot.checked.facts.get(&decl).cloned();
    let classes = match facts.as_deref() {
        Some(facts) => facts.target.classes().map(|names| names.len().to_string()),
        None => Some(String::new()),
    };
    let tokens = facts.as_deref().and_then(|it| it.tokens.as_ref());
    let shape = facts.as_ref().map_or(String::new(), |it| it.shape.to_string());
    let features = facts.as_ref().map_or(String::new(), |it| it.shape.len().to_string());
    if wanted.takes(ValueType::Int) {
        if let Some(classes) = classes {
            let doc = "How many classes there are.";
            offers.push(Kind::Name, &format!("{prefix}classes"), &classes, doc, rank);
        }
        if let Some(tokens) = tokens {
            let (doc, count) =
                ("How many different tokens there are.", tokens.names.len().to_string());
            offers.push(Kind::Name, &format!("{prefix}tokens"), &count, doc, rank);
        }
        let doc = "How many numbers a sample has.";
        offers.push(Kind::Name, &format!("{prefix}features"), &features, doc, rank);
        let (label, text) = (format!("{prefix}shape[0]"), format!("{prefix}shape[${{1:0}}]"));
        offers.snippet(Kind::Name, &label, &shape, "One of the sizes of a sample.", &text, rank);
    }
    let pair = facts.is_none_or(|it| it.shape.rank() == 2);
    if wanted.takes(if pair { ValueType::Pair } else { ValueType::List }) {
        offers.push(Kind::Name, &format!("{prefix}shape"), &shape, "The sizes of a sample.", rank);
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
