//! From a name at its place to what it stands for, with the errors on the way.

use super::{Decl, Entry, Kind, ModuleId, World};
use crate::diags::Diags;
use crate::stdlib;
use dlm_base::diag::codes::names::{self, Hint};
use dlm_base::suggest::nearest;
use dlm_base::{Diag, Span};
use dlm_grammar::tree::{ItemKind, Name, UseSource};
use dlm_vocab::ops::{self, Operator};

/// What is needed where a name of a declaration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `data`
    Data,
    /// `model`
    Model,
    /// `policy`
    Policy,
}

impl Wanted {
    fn kind(self) -> Kind {
        match self {
            Wanted::Data => Kind::Data,
            Wanted::Model => Kind::Model,
            Wanted::Policy => Kind::Policy,
        }
    }
}

/// What a step applies.
#[derive(Clone, Copy, Debug)]
pub enum Callee {
    /// A word of the language.
    Operator(&'static Operator),
    /// A declared layer, or a model as one.
    Layer(Decl),
}

impl World<'_> {
    /// The declaration that `name` stands for where one kind is needed; `None` when it is another or
    /// unknown, which is reported, or was broken before.
    pub fn resolve(
        &self,
        module: ModuleId,
        name: &Name,
        wanted: Wanted,
        diags: &mut Diags,
    ) -> Option<Decl> {
        if name.is_missing() {
            return None;
        }
        let kind = wanted.kind();
        match self.lookup(module, &name.text) {
            Some(Entry::Known(decl, is)) if is == kind => Some(decl),
            Some(Entry::Known(decl, is)) => {
                let declared = Some(self.name(decl).span);
                diags.push(names::wrong_kind(
                    name.span,
                    &name.text,
                    is.word(),
                    kind.word(),
                    declared,
                    None,
                ));
                None
            }
            Some(Entry::Broken) => None,
            None => {
                diags.push(self.unknown_declared(module, name, kind));
                None
            }
        }
    }

    fn unknown_declared(&self, module: ModuleId, name: &Name, kind: Kind) -> Diag {
        let known = self.names_of(module, |is| is == kind);
        let what = kind.bare();
        let artifact = self.artifact_place(module, &name.text);
        if let Some(at) = artifact.filter(|at| *at != name.span) {
            let help = match known.is_empty() {
                true => None,
                false => Some(format!("there is `{}`", known.join("`, `"))),
            };
            return names::wrong_kind(
                name.span,
                &name.text,
                "an artifact",
                kind.word(),
                Some(at),
                help.as_deref(),
            );
        }
        let near = nearest(&name.text, known.iter().copied());
        let format = dlm_vocab::format::find(&name.text).filter(|_| kind == Kind::Policy);
        let hint = match (near.is_empty(), known.as_slice()) {
            _ if let Some(format) = format => {
                let of = if format.weights { "weights" } else { "activations" };
                let row = format!("{of} = {}", format.word.name);
                Hint::Say(format!("formats stand in a policy: `policy Edge {{ {row} }}`"))
            }
            (false, _) => Hint::Near(near.into_iter().map(str::to_string).collect()),
            (true, []) => Hint::Say(format!("declare it: `{} {} …`", kind.bare(), name.text)),
            (true, known) => Hint::Say(format!("there is `{}`", known.join("`, `"))),
        };
        let scope = match kind {
            Kind::Data => "no data of this name are declared".to_string(),
            _ => format!("no {what} of this name is declared"),
        };
        names::unknown(name.span, what, &name.text, &scope, hint)
    }

    /// The operator or layer that a step names; `None` when there is none, which is reported.
    pub fn resolve_step(
        &self,
        module: ModuleId,
        name: &Name,
        locals: &[&str],
        diags: &mut Diags,
    ) -> Option<Callee> {
        if name.is_missing() {
            return None;
        }
        match self.lookup(module, &name.text) {
            Some(Entry::Known(decl, kind)) if kind.is_step() => return Some(Callee::Layer(decl)),
            Some(Entry::Broken) => return None,
            _ => {}
        }
        if let Some(op) = ops::find(&name.text) {
            return Some(Callee::Operator(op));
        }
        let diag = match self.lookup(module, &name.text) {
            Some(Entry::Known(decl, kind)) => {
                let declared = Some(self.name(decl).span);
                let wanted = "an operator or a layer";
                names::wrong_kind(name.span, &name.text, kind.word(), wanted, declared, None)
            }
            _ if locals.contains(&name.text.as_str()) => names::wrong_kind(
                name.span,
                &name.text,
                "a value of this body",
                "an operator or a layer",
                None,
                Some("a flow comes before the arrow, or in the parentheses of a step"),
            ),
            _ => self.unknown_step(module, name),
        };
        diags.push(diag);
        None
    }

    fn unknown_step(&self, module: ModuleId, name: &Name) -> Diag {
        let what = "operator or layer";
        let scope = "not an operator, and no layer of this name is declared or imported";
        let layers = self.names_of(module, Kind::is_step);
        let known: Vec<&str> = ops::OPERATORS.iter().map(|op| op.word.name).chain(layers).collect();
        let exact = known.iter().find(|known| known.eq_ignore_ascii_case(&name.text));
        let hint = if let Some(exact) = exact {
            Hint::Near(vec![exact.to_string()])
        } else if let Some(ours) = foreign_operator(&name.text) {
            Hint::Foreign(ours.to_string())
        } else if let Some(import) = self.import(module, &name.text) {
            import
        } else {
            Hint::Near(nearest(&name.text, known).into_iter().map(str::to_string).collect())
        };
        names::unknown(name.span, what, &name.text, scope, hint)
    }

    /// The import that brings `name` from the standard library, if it is there.
    fn import(&self, module: ModuleId, name: &str) -> Option<Hint> {
        let part = stdlib::part_with(name)?;
        let tree = &self.module(module).tree;
        let line = format!("use std.{}: {name}", part.name);
        let mut last_use = None;
        for item in &tree.items {
            let ItemKind::Use(it) = &item.kind else { continue };
            last_use = Some(item.span.at_end());
            if let (UseSource::Std(path), Some(last)) = (&it.source, it.names.last())
                && path.len() == 2
                && path[1].text == part.name
            {
                let text = format!(", {name}");
                return Some(Hint::Import { line, at: last.span.at_end(), text });
            }
        }
        let (at, text) = match (last_use, tree.items.first()) {
            (Some(at), _) => (at, format!("\n{line}")),
            (None, Some(item)) => {
                let start = item.doc.as_ref().map_or(item.span, |doc| doc.span);
                (start.at_start(), format!("{line}\n\n"))
            }
            (None, None) => (tree.span.at_start(), format!("{line}\n\n")),
        };
        Some(Hint::Import { line, at, text })
    }

    /// The names of a module that stand for what `fits`, in order.
    pub fn names_of(&self, module: ModuleId, fits: impl Fn(Kind) -> bool) -> Vec<&str> {
        let names = self.module(module).names.iter();
        names
            .filter(|(_, entry)| matches!(entry, Entry::Known(_, kind) if fits(*kind)))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// Where a verb of the checked file gives the artifact of that name its name.
    pub(crate) fn artifact(&self, name: &str) -> Option<Span> {
        self.artifact_place(ModuleId::MAIN, name)
    }

    fn artifact_place(&self, module: ModuleId, name: &str) -> Option<Span> {
        let module = self.module(module);
        let item = *module.artifacts.get(name)?;
        module.tree.items[item as usize].declared().map(|name| name.span)
    }
}

/// What is reported of `name` where a value is needed and it is neither a local name nor a constant.
/// `locals` are the names of the body.
pub(crate) fn unknown_value(
    world: &World<'_>,
    module: ModuleId,
    name: &Name,
    locals: &[&str],
) -> Option<Diag> {
    let wrong = |is: &str, declared: Option<Span>, help: Option<&str>| {
        Some(names::wrong_kind(name.span, &name.text, is, "a value", declared, help))
    };
    match world.lookup(module, &name.text) {
        Some(Entry::Broken) => return None,
        Some(Entry::Known(decl, kind)) => {
            let help = match kind {
                Kind::Data => Some(format!("its facts are values: `{}.classes`", name.text)),
                Kind::Layer => Some(format!("a layer is applied: `x -> {}(…)`", name.text)),
                _ => None,
            };
            return wrong(kind.word(), Some(world.name(decl).span), help.as_deref());
        }
        None => {}
    }
    if let Some(at) = world.artifact_place(module, &name.text) {
        return wrong("an artifact", Some(at), None);
    }
    if ops::find(&name.text).is_some() {
        let help = format!("an operator is applied: `x -> {}`", name.text);
        return wrong("an operator", None, Some(&help));
    }
    let constants = world.names_of(module, |kind| kind == Kind::Const);
    let known = locals.iter().copied().chain(constants).chain(["true", "false"]);
    let mut near = nearest(&name.text, known);
    if name.text.chars().count() == 1 {
        // Every other letter would be near.
        near.retain(|near| near.eq_ignore_ascii_case(&name.text));
    }
    let scope = match locals.is_empty() {
        true => "not a constant of this file",
        false => "not a flow, a size or a parameter here, and not a constant of the file",
    };
    let hint = Hint::Near(near.into_iter().map(str::to_string).collect());
    Some(names::unknown(name.span, "name", &name.text, scope, hint))
}

/// The operator that other systems call `name`.
fn foreign_operator(name: &str) -> Option<&'static str> {
    let same = |alias: &&&str| alias.eq_ignore_ascii_case(name);
    let built = ops::OPERATORS.iter().find(|op| op.word.aliases.iter().any(|a| same(&a)));
    built.map(|op| op.word.name)
}
