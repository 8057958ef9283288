//! Layer paths, and the networks whose layers they may name.

use super::{Mode, Owner, Reader, Role, Use, name_of};
use crate::ide::navigate::levels;
use dlm_base::Span;
use dlm_check::names::{Decl, Entry, Kind};
use dlm_grammar::tree::{Expr, ExprKind, Item, ItemKind, LoadSource, PathPart};

impl<'c> Reader<'c> {
    /// A path, or `kind(operator)`.
    pub(super) fn path(&mut self, expr: &'c Expr, teacher: bool) {
        if let ExprKind::Call { base: None, name, args } = &expr.unparen().kind {
            self.push(name, Role::Value, None);
            for arg in &args.list {
                match arg.value.as_name() {
                    Some(name) => self.push(name, Role::Operator, None),
                    None => self.expr(&arg.value, Mode::Setting(None)),
                }
            }
            return;
        }
        let Some(parts) = expr.as_path() else { return self.expr(expr, Mode::Setting(None)) };
        let mut found = Vec::new();
        let mut through = Vec::new();
        for owner in self.owners.iter().filter(|owner| owner.teacher == teacher) {
            let names: Vec<(&str, Role, Span)> =
                owner.names.iter().map(|(name, role, at)| (name.as_str(), *role, *at)).collect();
            let one = levels::follow(self.checked, owner.model, &parts, &names);
            through.extend(one.through);
            if found.iter().all(Option::is_none) {
                found = one.parts;
            }
        }
        self.out.paths.push((expr.span, through));
        for (i, part) in parts.iter().enumerate() {
            match part {
                PathPart::Name(name) if !name.is_missing() => {
                    match found.get(i).copied().flatten() {
                        Some(it) => {
                            let span = Span { end: name.span.start + it.length, ..name.span };
                            let Use { role, target, leads, .. } = it.as_use(span);
                            self.out.uses.push(Use { span, role, target, leads, declares: false });
                        }
                        None => self.push(name, Role::Step, None),
                    }
                }
                PathPart::Index(index) => {
                    self.expr(index, Mode::Setting(None));
                }
                _ => {}
            }
        }
    }

    /// The model of what a verb gives.
    pub(super) fn model_of_item(&self, item: &Item, depth: usize) -> Option<Decl> {
        let model = match &item.kind {
            ItemKind::Train(it) => &it.model.name,
            ItemKind::Distill(it) => &it.model.name,
            ItemKind::Load(it) => match &it.source {
                LoadSource::Weights { model, .. } => &model.name,
                _ => return None,
            },
            ItemKind::Quantize(it) if depth < 8 => {
                return self.model_of_artifact(&it.artifact.text, depth + 1);
            }
            _ => return None,
        };
        match self.module.names.get(&model.text) {
            Some(Entry::Known(decl, Kind::Model)) => Some(*decl),
            _ => None,
        }
    }

    fn model_of_artifact(&self, name: &str, depth: usize) -> Option<Decl> {
        let item = *self.module.artifacts.get(name)?;
        self.model_of_item(self.module.tree.items.get(item as usize)?, depth)
    }

    pub(super) fn own(&mut self, model: Decl, teacher: bool, artifact: Option<&str>) {
        let mut names = Vec::new();
        if let Some(name) = artifact
            && let Some((target, _)) = self.known_artifact(name)
        {
            names.push((name.to_string(), Role::Artifact, target));
        }
        if let Some(name) = name_of(self.checked, model) {
            names.push((name.text.clone(), Role::Model, name.span));
        }
        self.owners.push(Owner { model, teacher, names });
    }

    pub(super) fn owners_of_policy(&mut self, policy: &str) {
        let module = self.module;
        for item in &module.tree.items {
            let ItemKind::Quantize(it) = &item.kind else { continue };
            if it.with.name.text == policy
                && let Some(model) = self.model_of_item(item, 0)
            {
                self.own(model, false, Some(&it.artifact.text));
            }
        }
    }

    pub(super) fn owners_of_teachers(&mut self, teachers: &'c Expr) {
        match &teachers.kind {
            ExprKind::Name(name) => {
                if let Some(model) = self.model_of_artifact(&name.text, 0) {
                    self.own(model, true, Some(&name.text));
                }
            }
            ExprKind::List(items) => items.iter().for_each(|item| self.owners_of_teachers(item)),
            ExprKind::Binary { right, .. } => self.owners_of_teachers(right),
            ExprKind::Paren(inner) => self.owners_of_teachers(inner),
            _ => {}
        }
    }
}
