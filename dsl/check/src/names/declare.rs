//! What each module declares and imports.

use super::{Decl, Entry, Kind, Module, ModuleId};
use crate::diags::Diags;
use dlm_base::diag::codes::names::{self as codes, Hint};
use dlm_base::suggest::nearest;
use dlm_base::{Diag, Span};
use dlm_grammar::tree::{Item, ItemKind, Name, Quantize, Tree, Use};
use dlm_vocab::ops;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the modules of a check declared, where there was nothing to say of it.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    modules: Vec<(Arc<Tree>, Arc<Names>, Arc<Artifacts>)>,
    imports: Imports,
}

type Names = BTreeMap<String, Entry>;
type Artifacts = BTreeMap<String, u32>;
/// For each `use` the module that it names.
type Imports = BTreeMap<(ModuleId, u32), ModuleId>;

impl Declared {
    /// As [`declare`]; where only the insides of declarations have changed, the names are those of the last check.
    pub(crate) fn declare(&mut self, modules: &mut [Module], imports: &Imports, diags: &mut Diags) {
        let same = |(module, (tree, ..)): (&Module, &(Arc<Tree>, _, _))| {
            let (new, old) = (&module.tree.items, &tree.items);
            new.len() == old.len() && new.iter().zip(old).all(|(new, old)| declares_same(new, old))
        };
        if modules.len() == self.modules.len()
            && *imports == self.imports
            && modules.iter().zip(&self.modules).all(same)
        {
            for (module, (_, names, artifacts)) in modules.iter_mut().zip(&self.modules) {
                (module.names, module.artifacts) = (names.clone(), artifacts.clone());
            }
            return;
        }
        let before = diags.len();
        declare(modules, imports, diags);
        let kept =
            |module: &Module| (module.tree.clone(), module.names.clone(), module.artifacts.clone());
        *self = match diags.len() == before {
            true => {
                Declared { modules: modules.iter().map(kept).collect(), imports: imports.clone() }
            }
            false => Declared::default(),
        };
    }
}

/// Whether two items at the same place declare the same.
fn declares_same(new: &Arc<Item>, old: &Arc<Item>) -> bool {
    let name = |item: &Item| item.declared().map(|name| name.text.clone());
    Arc::ptr_eq(new, old)
        || (kind_of(new).is_some() && kind_of(new) == kind_of(old) && name(new) == name(old))
}

/// Fills [`Module::names`] and [`Module::artifacts`] of every module. `imports` gives for each `use`
/// the module that it names, where that could be read.
fn declare(modules: &mut [Module], imports: &Imports, diags: &mut Diags) {
    for (i, module) in modules.iter_mut().enumerate() {
        own(module, ModuleId(i as u32), diags);
    }
    let own: Vec<Arc<Names>> = modules.iter().map(|m| m.names.clone()).collect();
    for i in 0..modules.len() {
        let id = ModuleId(i as u32);
        let tree = modules[i].tree.clone();
        let mut meant = Vec::new();
        for (item, kind) in tree.items.iter().enumerate() {
            let ItemKind::Use(it) = &kind.kind else { continue };
            let from = imports.get(&(id, item as u32)).copied();
            import(modules, &own, id, it, from, &mut meant, diags);
        }
        // Where the right name of a misspelt import is used, nothing else is wrong.
        let names = &mut modules[i].names;
        for name in meant {
            if !names.contains_key(&name) {
                Arc::make_mut(names).insert(name, Entry::Broken);
            }
        }
        artifacts(&mut modules[i], diags);
    }
}

/// The kind of thing that an item declares, unless it is an artifact.
fn kind_of(item: &Item) -> Option<Kind> {
    match &item.kind {
        ItemKind::Const(_) => Some(Kind::Const),
        ItemKind::Data(_) => Some(Kind::Data),
        ItemKind::Layer(_) => Some(Kind::Layer),
        ItemKind::Model(_) => Some(Kind::Model),
        ItemKind::Policy(_) => Some(Kind::Policy),
        _ => None,
    }
}

fn own(module: &mut Module, id: ModuleId, diags: &mut Diags) {
    let tree = module.tree.clone();
    let mut places: BTreeMap<&str, (Span, Option<Kind>)> = BTreeMap::new();
    let mut names = BTreeMap::new();
    for (i, item) in tree.items.iter().enumerate() {
        let Some(name) = item.declared() else { continue };
        let kind = kind_of(item);
        let entry = match (kind, &item.kind) {
            (Some(kind), _) => Entry::Known(Decl { module: id, item: i as u32 }, kind),
            (None, ItemKind::Error(_)) => Entry::Broken,
            _ => continue,
        };
        if let Some((first, first_kind)) = places.get(name.text.as_str()) {
            if let (Some(kind), Some(first_kind)) = (kind, first_kind) {
                diags.push(codes::twice(
                    name.span,
                    &declared_as(kind),
                    &name.text,
                    *first,
                    &declared_as(*first_kind),
                ));
            }
            continue;
        }
        if let Some(kind @ (Kind::Layer | Kind::Model)) = kind
            && ops::find(&name.text).is_some()
        {
            // The operator keeps its name, so that its uses stay what they are.
            diags.push(codes::is_operator(name.span, kind.word(), &name.text));
            continue;
        }
        places.insert(&name.text, (name.span, kind));
        names.insert(name.text.clone(), entry);
    }
    module.names = Arc::new(names);
}

fn declared_as(kind: Kind) -> String {
    format!("declared as {}", kind.word())
}

fn import(
    modules: &mut [Module],
    own: &[Arc<Names>],
    id: ModuleId,
    it: &Use,
    from: Option<ModuleId>,
    meant: &mut Vec<String>,
    diags: &mut Diags,
) {
    for name in it.names.iter().filter(|name| !name.is_missing()) {
        let entry = match from {
            None => Entry::Broken,
            Some(from) => match own[from.0 as usize].get(&name.text) {
                Some(entry) => *entry,
                None => {
                    let known = &own[from.0 as usize];
                    diags.push(not_there(&modules[from.0 as usize], known, name));
                    let all = known.keys().map(String::as_str);
                    meant.extend(nearest(&name.text, all).first().map(|it| it.to_string()));
                    Entry::Broken
                }
            },
        };
        let module = &modules[id.0 as usize];
        if module.names.contains_key(&name.text) {
            if let Some((first, what)) = first_place(module, name)
                && entry != Entry::Broken
            {
                diags.push(codes::twice(name.span, "imported", &name.text, first, &what));
            }
            continue;
        }
        let names = &mut modules[id.0 as usize].names;
        Arc::make_mut(names).insert(name.text.clone(), entry);
    }
}

/// Where a module declares or imports a name before `name`, and in what words.
fn first_place(module: &Module, name: &Name) -> Option<(Span, String)> {
    for item in &module.tree.items {
        if let (Some(declared), Some(kind)) = (item.declared(), kind_of(item))
            && declared.text == name.text
        {
            return Some((declared.span, declared_as(kind)));
        }
        if let ItemKind::Use(it) = &item.kind
            && let Some(other) =
                it.names.iter().find(|other| other.text == name.text && other.span != name.span)
        {
            return Some((other.span, "imported".to_string()));
        }
    }
    None
}

fn not_there(from: &Module, known: &BTreeMap<String, Entry>, name: &Name) -> Diag {
    let all: Vec<String> = known
        .iter()
        .filter(|(_, entry)| matches!(entry, Entry::Known(..)))
        .map(|(name, _)| name.clone())
        .collect();
    let gives = |item: &Arc<Item>| {
        kind_of(item).is_none() && item.declared().is_some_and(|it| it.text == name.text)
    };
    let hint = if from.tree.items.iter().any(gives) {
        Hint::Say(format!(
            "`{}` is an artifact there; imports bring declarations, not results",
            name.text
        ))
    } else {
        let near = nearest(&name.text, all.iter().map(String::as_str));
        Hint::Near(near.into_iter().map(str::to_string).collect())
    };
    codes::not_in_file(name.span, &name.text, &from.name, hint, &all)
}

fn artifacts(module: &mut Module, diags: &mut Diags) {
    let tree = module.tree.clone();
    for (i, item) in tree.items.iter().enumerate() {
        let verb = match &item.kind {
            ItemKind::Train(_) => "train",
            ItemKind::Load(_) => "load",
            ItemKind::Distill(_) => "distill",
            ItemKind::Quantize(_) => "quantize",
            _ => continue,
        };
        let Some(name) = item.declared() else { continue };
        if let ItemKind::Quantize(it) = &item.kind
            && it.name.is_none()
        {
            unnamed(&tree, it, diags);
            continue;
        }
        if let Some(first) = module.artifacts.get(&name.text) {
            let first = &tree.items[*first as usize];
            if let Some(first) = first.declared() {
                diags.push(codes::artifact_twice(name.span, &name.text, verb, first.span));
            }
            continue;
        }
        if !same_as_model(item, name)
            && let Some(Entry::Known(_, kind)) = module.names.get(&name.text)
            && *kind != Kind::Model
            && let Some((first, what)) = first_place(module, name)
        {
            diags.push(codes::twice(name.span, "given as an artifact", &name.text, first, &what));
        }
        Arc::make_mut(&mut module.artifacts).insert(name.text.clone(), i as u32);
    }
}

/// E0202 for a `quantize` without `as`, whose artifact would bear the name of the float one.
fn unnamed(tree: &Tree, verb: &Quantize, diags: &mut Diags) {
    let gives = |item: &&Arc<Item>| match &item.kind {
        ItemKind::Train(_) | ItemKind::Load(_) | ItemKind::Distill(_) => {
            item.declared().is_some_and(|name| name.text == verb.artifact.text)
        }
        ItemKind::Quantize(it) => {
            it.name.as_ref().is_some_and(|clause| clause.name.text == verb.artifact.text)
        }
        _ => false,
    };
    let first = tree.items.iter().find(gives).and_then(|item| item.declared());
    // Without one, the artifact that is to be quantized is missing, which is another mistake.
    if let Some(first) = first {
        let last = verb.on.as_ref().map(|on| on.name.span);
        let last = last.or(verb.from.as_ref().map(|(_, teacher)| teacher.span));
        let insert = last.unwrap_or(verb.with.name.span).at_end();
        let name = &verb.artifact.text;
        diags.push(codes::quantized_unnamed(verb.artifact.span, name, first.span, insert));
    }
}

/// Whether an artifact bears its model's name for want of one of its own: then a name of the wrong
/// kind is reported where the model is resolved.
fn same_as_model(item: &Item, name: &Name) -> bool {
    match &item.kind {
        ItemKind::Train(it) => it.model.name.span == name.span,
        ItemKind::Distill(it) => it.model.name.span == name.span,
        _ => false,
    }
}
