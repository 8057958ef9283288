//! Layers and models looked at on their own: what is wrong for all sizes and settings.

use super::builder::Builder;
use super::params::{self, TYPES};
use super::sizes;
use crate::consts::{Local, Scope};
use crate::diags::Diags;
use crate::names::{Decl, Kind, ModuleId, World};
use crate::session::Memo;
use dlm_base::diag::codes::{lints, names, settings, shapes};
use dlm_base::suggest::nearest;
use dlm_base::{Severity, Span};
use dlm_grammar::tree::{self, Statement, TypeKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Type names of other languages.
static FOREIGN_TYPES: &[(&str, &str)] = &[
    ("boolean", "bool"),
    ("double", "real"),
    ("f32", "real"),
    ("f64", "real"),
    ("float", "real"),
    ("i32", "int"),
    ("i64", "int"),
    ("integer", "int"),
    ("number", "real"),
    ("str", "string"),
    ("usize", "int"),
];

/// Checks every layer and model outside the standard library: the names that it uses, its types, the
/// arguments of its steps. Gives the layers that contain themselves; those are not to be expanded.
pub fn check_declarations(world: &World<'_>, diags: &mut Diags) -> BTreeSet<Decl> {
    let mut uses: BTreeMap<Decl, Arc<Vec<(Decl, Span)>>> = BTreeMap::new();
    for (id, module) in world.modules().filter(|(_, module)| !module.std) {
        for (i, item) in module.tree.items.iter().enumerate() {
            let (network, kind) = match &item.kind {
                tree::ItemKind::Layer(network) => (network, Kind::Layer),
                tree::ItemKind::Model(network) => (network, Kind::Model),
                _ => continue,
            };
            if item.broken {
                continue;
            }
            let decl = Decl { module: id, item: i as u32 };
            let mut found = Diags::new();
            let used = Memo::declaration(world, decl, &mut found, |found| {
                Builder::new(world, found).declaration(decl, network, kind)
            });
            diags.extend(found.into_vec());
            uses.insert(decl, used);
        }
    }
    Memo::rounds(world, uses, diags, |uses, diags| recursive(world, uses, diags))
}

impl<'w> Builder<'w, '_> {
    fn declaration(
        mut self,
        decl: Decl,
        network: &'w tree::Network,
        kind: Kind,
    ) -> Vec<(Decl, Span)> {
        self.open = true;
        let mut scope = Scope::of(self.world, decl.module);
        self.check_params(network);
        for param in network.params.iter().filter(|param| params::is_flow(param)) {
            for name in sizes::names(network, param, &scope) {
                scope.locals.push((name, Local::Unknown));
            }
        }
        for param in network.params.iter().filter(|param| !params::is_flow(param)) {
            if let Some((_, default)) = &param.default {
                params::setting(param, default, &scope, self.diags);
            }
            scope.locals.push((&param.name.text, Local::Unknown));
        }
        self.check_flow_defaults(network);
        // Sizes may speak of settings that come later in the list.
        for param in network.params.iter().filter(|param| params::is_flow(param)) {
            for size in sizes::of(param).unwrap_or(&[]) {
                self.here(|diags| crate::consts::eval(size, &scope, diags));
            }
        }
        for param in network.params.iter().filter(|param| params::is_flow(param)) {
            scope.locals.push((&param.name.text, Local::Flow(None)));
        }
        if !network.params.iter().any(params::is_flow)
            && !network.params.iter().any(|param| matches!(param.ty.kind, TypeKind::Missing))
        {
            let at = match network.params.is_empty() {
                true => network.name.span,
                false => network.params_span,
            };
            self.diags.push(shapes::no_input(at, kind.bare(), &network.name.text));
            return self.uses;
        }
        self.check_rows(network);
        self.body(decl, network, scope, Arc::from(""));
        self.uses
    }

    fn check_params(&mut self, network: &'w tree::Network) {
        let mut places: Vec<(&str, Span)> = Vec::new();
        for param in &network.params {
            let name = &param.name;
            if name.is_missing() {
                continue;
            }
            match places.iter().find(|(known, _)| *known == name.text) {
                Some((_, first)) => {
                    let what = "declared as a parameter";
                    self.diags.push(names::twice(name.span, what, &name.text, *first, what));
                }
                None => places.push((&name.text, name.span)),
            }
            if let TypeKind::Word(word) = &param.ty.kind
                && !TYPES.iter().any(|(known, _)| *known == word.text)
            {
                self.unknown_type(word);
            }
        }
    }

    /// The default of a flow is `none`, and what comes along the arrow has none.
    fn check_flow_defaults(&mut self, network: &'w tree::Network) {
        let flows = network.params.iter().filter(|param| params::is_flow(param));
        for (place, param) in flows.enumerate() {
            let Some((_, default)) = &param.default else { continue };
            let optional = params::is_optional(param);
            if default.is_broken() || optional && place > 0 {
                continue;
            }
            let (message, label) = match optional {
                true => ("the first flow is always given", "has no default"),
                false => ("a flow has no default but `none`", "must be `none`"),
            };
            let help = "a further flow that need not be given is `mask: int[T] = none`";
            self.diags.push(settings::unfit_value(default.span, message, label, Some(help)));
        }
    }

    fn unknown_type(&mut self, word: &tree::Name) {
        let lower = word.text.to_lowercase();
        let foreign = FOREIGN_TYPES.iter().find(|(theirs, _)| *theirs == lower);
        let near = nearest(&word.text, TYPES.iter().map(|(name, _)| *name));
        let hint = match (foreign, near.is_empty()) {
            (Some((_, ours)), _) => names::Hint::Foreign(ours.to_string()),
            (None, false) => names::Hint::Near(near.into_iter().map(str::to_string).collect()),
            (None, true) => names::Hint::Say(
                "types are shapes such as `[C, H, W]`, and `int`, `real`, `bool`, `string`, `list`"
                    .to_string(),
            ),
        };
        self.diags.push(names::unknown(word.span, "type", &word.text, "not a type", hint));
    }

    /// Names that rows of a body bind twice.
    fn check_rows(&mut self, network: &'w tree::Network) {
        let params = network.params.iter().map(|param| &param.name);
        let mut places: Vec<(&str, Span, &str)> =
            params.map(|name| (name.text.as_str(), name.span, "declared as a parameter")).collect();
        for statement in &network.body.statements {
            let Statement::Binding(binding) = statement else { continue };
            let name = &binding.name;
            if name.is_missing() {
                continue;
            }
            match places.iter().find(|(known, ..)| *known == name.text) {
                Some((_, first, what)) => {
                    let diag = names::twice(name.span, "bound", &name.text, *first, what);
                    self.diags.push(diag);
                }
                None => places.push((&name.text, name.span, "bound")),
            }
        }
    }
}

/// Reports what bindings, and what parameters, the layers and models of the checked file do not use.
/// Of one with an error, which may be that very thing, nothing is said.
pub(crate) fn unused_inside(world: &World<'_>, diags: &mut Diags) {
    let main = world.main();
    let errors: BTreeSet<u32> = diags
        .iter()
        .filter(|diag| diag.severity() == Severity::Error && diag.primary.span.file == main.file)
        .map(|diag| diag.primary.span.start)
        .collect();
    for (i, item) in main.tree.items.iter().enumerate().filter(|(_, item)| !item.broken) {
        let (tree::ItemKind::Layer(network) | tree::ItemKind::Model(network)) = &item.kind else {
            continue;
        };
        if errors.range(item.span.start..item.span.end).next().is_some() {
            continue;
        }
        let said = world.said(Decl { module: ModuleId::MAIN, item: i as u32 });
        for &row in &said.rows {
            if let Statement::Binding(binding) = &network.body.statements[row] {
                let detail = "does not reach the result";
                let name = &binding.name;
                diags.push(lints::unused(name.span, "binding", &name.text, detail));
            }
        }
        for &place in &said.params {
            let name = &network.params[place].name;
            diags.push(lints::unused(name.span, "parameter", &name.text, ""));
        }
    }
}

/// Finds the layers that contain themselves, and reports one use on each round.
fn recursive(
    world: &World<'_>,
    uses: &BTreeMap<Decl, Arc<Vec<(Decl, Span)>>>,
    diags: &mut Diags,
) -> BTreeSet<Decl> {
    let of = |decl: &Decl| uses.get(decl).map_or(&[][..], |uses| uses.as_slice());
    let mut found = BTreeSet::new();
    let mut done = BTreeSet::new();
    for start in uses.keys() {
        // The layers on the way, each with how many of its uses have been followed.
        let mut way: Vec<(Decl, usize)> = vec![(*start, 0)];
        let mut on_way = BTreeSet::from([*start]);
        while let Some((decl, next)) = way.last_mut() {
            let decl = *decl;
            if done.contains(&decl) || *next == of(&decl).len() {
                done.insert(decl);
                on_way.remove(&decl);
                way.pop();
                continue;
            }
            let (used, at) = of(&decl)[*next];
            *next += 1;
            if on_way.contains(&used) {
                let first = way.iter().position(|(other, _)| *other == used).unwrap_or(0);
                let name = |decl: &Decl| world.name(*decl).text.clone();
                let mut round: Vec<String> =
                    way[first..].iter().map(|(decl, _)| name(decl)).collect();
                round.push(name(&used));
                found.extend(way[first..].iter().map(|(decl, _)| *decl));
                let declared = world.name(used).span;
                diags.push(names::contains_itself(at, &name(&used), &round, declared));
            } else if !done.contains(&used) {
                on_way.insert(used);
                way.push((used, 0));
            }
        }
    }
    found
}
