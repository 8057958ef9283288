//! Names that the program declares.

use super::{Kind, Offers};
use crate::ide::facts;
use crate::ide::locals::{LocalKind, locals};
use crate::ide::words;
use dlm_check::consts::Const;
use dlm_check::names::{Decl, Entry, Kind as DeclKind};
use dlm_vocab::data::Target;

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
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

impl Wanted {
    /// What a parameter of that type wants: `int`, `list`.
    pub(super) fn of(ty: &str) -> Wanted {
        match ty {
            "int" => Wanted::Int,
            "real" => Wanted::Real,
            "bool" => Wanted::Bool,
            "string" => Wanted::Text,
            "list" => Wanted::List,
            _ => Wanted::Any,
        }
    }

    /// Whether something of another type will do; where that is not known, it will.
    fn takes(self, other: Wanted) -> bool {
        self == other
            || matches!((self, other), (Wanted::Any, _) | (_, Wanted::Any))
            || matches!((self, other), (Wanted::Real | Wanted::Pair, Wanted::Int))
            || (self, other) == (Wanted::List, Wanted::Pair)
    }

    /// What a value is.
    fn of_value(value: &Const) -> Wanted {
        match value {
            Const::Int(_) => Wanted::Int,
            Const::Real(_) => Wanted::Real,
            Const::Bool(_) => Wanted::Bool,
            Const::Str(_) => Wanted::Text,
            Const::List(list) => match list.as_slice() {
                [Const::Int(_), Const::Int(_)] => Wanted::Pair,
                _ => Wanted::List,
            },
            Const::Quantity(..) => Wanted::Quantity,
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
    let given = super::args::given(offers);
    for (name, item) in &main.artifacts {
        let item = &main.tree.items[*item as usize];
        let verb = item.keyword().map_or("", |it| offers.snapshot.checked.sources.slice(it));
        // The artifact of the verb itself is not there yet.
        if given.contains(name) {
            continue;
        }
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

/// Constants, facts of data, and the sizes and settings of the body, as far as they will do.
pub(super) fn constants(offers: &mut Offers<'_>, wanted: Wanted, rank: u32) {
    if offers.caret.base().is_some() {
        return behind_dot(offers, wanted);
    }
    for local in locals(offers.snapshot, offers.caret.at) {
        let (is, detail) = match &local.kind {
            LocalKind::Size => (Wanted::Int, "size"),
            LocalKind::Setting(ty) => (Wanted::of(ty), ty.as_str()),
            LocalKind::Variable => (Wanted::Any, "value of this turn"),
            LocalKind::Input(_) | LocalKind::Binding(_) => continue,
        };
        if wanted.takes(is) {
            offers.push(Kind::Name, &local.name, detail, "", rank);
        }
    }
    // What is being declared does not need itself.
    let own = match (offers.caret.keyword(), offers.caret.key(None)) {
        ("data", _) => offers.caret.text_of(1),
        (_, Some(key)) if offers.caret.open.is_empty() => offers.caret.text_of(key),
        _ => "",
    };
    for (name, decl) in known(offers, DeclKind::Const).into_iter().filter(|it| it.0 != own) {
        let value = offers.snapshot.checked.constants.get(&decl);
        let is = value.map_or(Wanted::Any, Wanted::of_value);
        let detail = detail(offers, DeclKind::Const, decl, &name);
        if wanted.takes(is) {
            offers.push(Kind::Name, &name, &detail, "", rank + 10);
        }
        if let Some(Const::List(list)) = value
            && wanted != Wanted::Any
            && list.first().is_some_and(|first| wanted.takes(Wanted::of_value(first)))
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
pub(super) fn behind_dot(offers: &mut Offers<'_>, wanted: Wanted) {
    let Some(base) = offers.caret.base() else { return };
    if let Some((decl, DeclKind::Data)) = words::lookup(offers.snapshot, base) {
        facts_of(offers, decl, "", wanted, 0);
    }
}

fn facts_of(offers: &mut Offers<'_>, decl: Decl, prefix: &str, wanted: Wanted, rank: u32) {
    let facts = offers.snapshot.checked.facts.get(&decl).cloned();
    let classes = match facts.as_deref().map(|it| &it.target) {
        Some(Target::Classes(names)) => Some(names.len().to_string()),
        Some(_) => None,
        None => Some(String::new()),
    };
    let shape = facts.as_ref().map_or(String::new(), |it| it.shape.to_string());
    let features = facts.as_ref().map_or(String::new(), |it| it.shape.len().to_string());
    if wanted.takes(Wanted::Int) {
        if let Some(classes) = classes {
            let doc = "How many classes there are.";
            offers.push(Kind::Name, &format!("{prefix}classes"), &classes, doc, rank);
        }
        let doc = "How many numbers a sample has.";
        offers.push(Kind::Name, &format!("{prefix}features"), &features, doc, rank);
        let (label, text) = (format!("{prefix}shape[0]"), format!("{prefix}shape[${{1:0}}]"));
        offers.snippet(Kind::Name, &label, &shape, "One of the sizes of a sample.", &text, rank);
    }
    let pair = facts.is_none_or(|it| it.shape.rank() == 2);
    if wanted.takes(if pair { Wanted::Pair } else { Wanted::List }) {
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
