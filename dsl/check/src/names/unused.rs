//! W1001: what is declared and never used.

use super::walk::{mentions_of, mentions_of_statement};
use super::{Decl, Entry, Kind, Module, ModuleId, Said, World};
use crate::diags::Diags;
use dlm_base::Diag;
use dlm_base::diag::codes::lints;
use dlm_grammar::tree::{Item, ItemKind, Name, Network, Statement, Use};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Reports what the checked file declares or imports and nothing in it uses. A file without verbs is
/// there to be imported from: its declarations are its purpose. Where a part of the text could not be
/// read, the use may stand there, and nothing is said.
pub(crate) fn declarations(world: &World<'_>, diags: &mut Diags) {
    let module = world.main();
    if module.tree.items.iter().any(|item| item.broken || matches!(item.kind, ItemKind::Error(_))) {
        return;
    }
    let decl = |item: usize| Decl { module: ModuleId::MAIN, item: item as u32 };
    let said: Vec<_> = (0..module.tree.items.len()).map(|item| world.said(decl(item))).collect();
    let used = Used::of(&said);
    let runs = module.tree.has_verbs();
    let unnamed: BTreeSet<&str> = diags
        .iter()
        .filter(|diag| diag.code.id == "E0201" || diag.code.id == "E0203")
        .filter(|diag| diag.primary.span.file == module.file)
        .flat_map(|diag| diag.fixes.iter().flat_map(|fix| &fix.edits))
        .map(|edit| edit.text.as_str())
        .collect();
    let mut found = Vec::new();
    for (i, item) in module.tree.items.iter().enumerate() {
        if let ItemKind::Use(it) = &item.kind {
            for name in it.names.iter().filter(|name| !name.is_missing()) {
                let known = matches!(module.names.get(&name.text), Some(Entry::Known(..)));
                if known && !used.beside(&name.text, i) && !unnamed.contains(name.text.as_str()) {
                    found.push(import(item, it, name));
                }
            }
        }
        let Some((kind, name)) = declared(module, item) else { continue };
        if runs
            && !name.text.starts_with('_')
            && !used.beside(&name.text, i)
            && !unnamed.contains(name.text.as_str())
        {
            found.push(lints::unused(name.span, kind.bare(), &name.text, ""));
        }
    }
    diags.extend(found);
}

fn declared<'t>(module: &Module, item: &'t Item) -> Option<(Kind, &'t Name)> {
    let name = item.declared()?;
    match (&item.kind, module.names.get(&name.text)) {
        (
            ItemKind::Const(_)
            | ItemKind::Data(_)
            | ItemKind::Layer(_)
            | ItemKind::Model(_)
            | ItemKind::Policy(_),
            Some(Entry::Known(_, kind)),
        ) => Some((*kind, name)),
        _ => None,
    }
}

/// An import that nothing uses, with the edit that takes it out.
fn import(item: &Item, it: &Use, name: &Name) -> Diag {
    let mut diag = lints::unused(name.span, "import", &name.text, "");
    let place = it.names.iter().position(|other| other.span == name.span).unwrap_or(0);
    let cut = match (place, it.names.get(place + 1)) {
        (0, None) => item.span,
        (_, Some(next)) => name.span.to(next.span.at_start()),
        (_, None) => it.names[place - 1].span.at_end().to(name.span),
    };
    diag.help = Some("remove it".to_string());
    diag.fix(format!("remove `{}`", name.text), cut, "", true)
}

/// The names that the items of a file mention: for each the one item that does, or that several do.
struct Used<'s> {
    by: HashMap<&'s str, Option<usize>>,
}

impl<'s> Used<'s> {
    fn of(said: &'s [Arc<Said>]) -> Used<'s> {
        let mut by: HashMap<&str, Option<usize>> = HashMap::new();
        for (i, said) in said.iter().enumerate() {
            for name in &said.names {
                by.entry(name).and_modify(|only| *only = None).or_insert(Some(i));
            }
        }
        Used { by }
    }

    /// Whether an item other than the one at `item` mentions the name.
    fn beside(&self, name: &str, item: usize) -> bool {
        match self.by.get(name) {
            Some(Some(only)) => *only != item,
            Some(None) => true,
            None => false,
        }
    }
}

/// The rows of a body that its result does not need: their places among the statements, in order.
/// Rows with names that begin with `_` are kept on purpose.
pub(crate) fn bindings(network: &Network) -> Vec<usize> {
    let statements = &network.body.statements;
    if statements.iter().any(|statement| matches!(statement, Statement::Error(_)))
        || network.body.result().is_none()
    {
        return Vec::new();
    }
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    let mut unused = Vec::new();
    // A row can only need those above it: one walk from the last upward finds all.
    for (i, statement) in statements.iter().enumerate().rev() {
        match statement {
            Statement::Binding(binding) => {
                let name = binding.name.text.as_str();
                if name.is_empty() || name.starts_with('_') || needed.contains(name) {
                    mentions_of(&binding.value, &mut needed);
                } else {
                    unused.push(i);
                }
            }
            other => mentions_of_statement(other, &mut needed),
        }
    }
    unused.reverse();
    unused
}

/// The parameters of a layer or model that nothing in it uses: their places, in order.
pub(crate) fn params(network: &Network) -> Vec<usize> {
    if network.body.result().is_none() {
        return Vec::new();
    }
    let mut used = BTreeSet::new();
    for statement in &network.body.statements {
        mentions_of_statement(statement, &mut used);
    }
    for param in &network.params {
        if let Some((_, value)) = &param.default {
            mentions_of(value, &mut used);
        }
        if let dlm_grammar::tree::TypeKind::Tensor { sizes: Some(sizes), .. } = &param.ty.kind {
            sizes.iter().for_each(|size| mentions_of(size, &mut used));
        }
    }
    if let Some((_, ty)) = &network.result
        && let dlm_grammar::tree::TypeKind::Tensor { sizes: Some(sizes), .. } = &ty.kind
    {
        sizes.iter().for_each(|size| mentions_of(size, &mut used));
    }
    let open = |name: &str| !name.is_empty() && !name.starts_with('_') && !used.contains(name);
    (0..network.params.len()).filter(|&i| open(&network.params[i].name.text)).collect()
}
