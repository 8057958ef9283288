//! The names that a body knows at a byte.

use super::Snapshot;
use super::words;
use dlm_grammar::tree::{self, Item, ItemKind, Statement, TypeKind};
use dlm_grammar::walk::{Node, walk_item};
use dlm_graph::Ty;

/// A name of a body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Local {
    /// The name.
    pub(crate) name: String,
    /// Where it is declared.
    pub(crate) at: dlm_base::Span,
    /// What it is.
    pub(crate) kind: LocalKind,
}

/// What a name of a body is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LocalKind {
    /// A flow that enters, with its type where that is known.
    Input(Option<Ty>),
    /// `name = flow`, or a value.
    Binding(Option<Ty>),
    /// A size that a shape binds.
    Size,
    /// A setting with its type: `int`.
    Setting(String),
    /// The name that a `repeat` gives to each turn's value.
    Variable,
}

impl LocalKind {
    /// Whether it is a flow, as far as is known.
    pub(crate) fn is_flow(&self) -> bool {
        matches!(self, LocalKind::Input(_) | LocalKind::Binding(_))
    }
}

/// The item that holds a byte, or the last one that begins before it.
pub(crate) fn item_at(snapshot: &Snapshot, at: usize) -> Option<&Item> {
    let items = &words::main(snapshot)?.tree.items;
    items.iter().rev().find(|item| item.span.start as usize <= at).map(|item| &**item)
}

/// The layer or model around a byte.
pub(crate) fn network_at(snapshot: &Snapshot, at: usize) -> Option<&tree::Network> {
    match &item_at(snapshot, at)?.kind {
        ItemKind::Layer(network) | ItemKind::Model(network) => Some(network),
        _ => None,
    }
}

/// The names that the body around a byte knows there.
pub(crate) fn locals(snapshot: &Snapshot, at: usize) -> Vec<Local> {
    let (Some(item), Some(network)) = (item_at(snapshot, at), network_at(snapshot, at)) else {
        return Vec::new();
    };
    let notes = &snapshot.checked.notes;
    let ty = |name: &tree::Name| notes.name(name.span).cloned();
    let mut found: Vec<Local> = Vec::new();
    for param in network.params.iter().filter(|param| !param.name.is_missing()) {
        let kind = match &param.ty.kind {
            TypeKind::Tensor { sizes, .. } => {
                for size in sizes.iter().flatten() {
                    let Some(name) = size.as_name().filter(|name| !name.is_missing()) else {
                        continue;
                    };
                    let setting = network.params.iter().any(|it| it.name.text == name.text);
                    let constant = words::lookup(snapshot, &name.text).is_some();
                    if !setting && !constant && !found.iter().any(|it| it.name == name.text) {
                        let (name, at) = (name.text.clone(), name.span);
                        found.push(Local { name, at, kind: LocalKind::Size });
                    }
                }
                LocalKind::Input(ty(&param.name))
            }
            TypeKind::Word(word) => LocalKind::Setting(word.text.clone()),
            TypeKind::Missing => LocalKind::Setting(String::new()),
        };
        found.push(Local { name: param.name.text.clone(), at: param.name.span, kind });
    }
    for statement in &network.body.statements {
        if let Statement::Binding(it) = statement
            && !it.name.is_missing()
            && (it.span.end as usize) < at
            && !(it.value.is_broken() && it.value.span.start == it.value.span.end)
        {
            let (name, at) = (it.name.text.clone(), it.name.span);
            found.push(Local { name, at, kind: LocalKind::Binding(ty(&it.name)) });
        }
    }
    walk_item(item, &mut |node| {
        if let Node::Step(step) = node
            && let tree::StepKind::Repeat(repeat) = &step.kind
            && let Some((name, _)) = &repeat.variable
            && step.span.touches(at)
            && repeat.block.braces.open.start as usize <= at
            && !name.is_missing()
        {
            let (name, at) = (name.text.clone(), name.span);
            found.push(Local { name, at, kind: LocalKind::Variable });
        }
        true
    });
    found
}
