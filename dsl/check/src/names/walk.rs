//! Every name that an item mentions, wherever it stands.

use dlm_grammar::tree::{
    Args, Body, Clause, Entry, Expr, ExprKind, If, Item, ItemKind, LoadSource, ModelUse, Name,
    Network, Settings, Statement, Step, StepKind, TemplatePart, TypeKind,
};
use std::collections::BTreeSet;

/// The names that an item mentions, apart from the one that it declares.
pub(crate) fn mentions<'t>(item: &'t Item, names: &mut BTreeSet<&'t str>) {
    let mut walk = Walk { names };
    match &item.kind {
        ItemKind::Const(it) => walk.expr(&it.value),
        ItemKind::Use(_) | ItemKind::Allow(_) | ItemKind::Error(_) => {}
        ItemKind::Data(it) => walk.settings(&it.settings),
        ItemKind::Layer(it) | ItemKind::Model(it) => walk.network(it),
        ItemKind::Policy(it) => walk.settings(&it.settings),
        ItemKind::Load(it) => {
            match &it.source {
                LoadSource::Weights { model, .. } => walk.model(model),
                LoadSource::Network(_) => {}
                LoadSource::Answers { args, on, .. } => {
                    walk.args(args);
                    walk.clause(on);
                }
            }
            walk.block(it.settings.as_ref());
        }
        ItemKind::Train(it) => {
            walk.model(&it.model);
            walk.clause(&it.on);
            walk.block(it.settings.as_ref());
        }
        ItemKind::Distill(it) => {
            walk.model(&it.model);
            walk.expr(&it.from.1);
            walk.clause(&it.on);
            walk.block(it.settings.as_ref());
        }
        ItemKind::Quantize(it) => {
            walk.name(&it.artifact);
            walk.clause(&it.with);
            it.from.iter().for_each(|(_, from)| walk.expr(from));
            it.on.iter().for_each(|on| walk.clause(on));
            walk.block(it.settings.as_ref());
        }
        ItemKind::Export(it) => walk.name(&it.artifact),
        ItemKind::Expect(it) => it.rows.iter().for_each(|row| walk.expr(row)),
    }
}

/// The names that an expression mentions.
pub(crate) fn mentions_of<'t>(expr: &'t Expr, names: &mut BTreeSet<&'t str>) {
    Walk { names }.expr(expr);
}

/// The names that a row of a body mentions.
pub(crate) fn mentions_of_statement<'t>(statement: &'t Statement, names: &mut BTreeSet<&'t str>) {
    Walk { names }.statement(statement);
}

struct Walk<'t, 'n> {
    names: &'n mut BTreeSet<&'t str>,
}

impl<'t> Walk<'t, '_> {
    fn name(&mut self, name: &'t Name) {
        self.names.insert(&name.text);
    }

    fn clause(&mut self, clause: &'t Clause) {
        self.name(&clause.name);
    }

    fn model(&mut self, model: &'t ModelUse) {
        self.name(&model.name);
        model.args.iter().for_each(|args| self.args(args));
    }

    fn args(&mut self, args: &'t Args) {
        args.list.iter().for_each(|arg| self.expr(&arg.value));
    }

    fn block(&mut self, settings: Option<&'t Settings>) {
        settings.iter().for_each(|settings| self.settings(settings));
    }

    fn settings(&mut self, settings: &'t Settings) {
        for entry in &settings.entries {
            match entry {
                Entry::Setting(it) => self.expr(&it.value),
                Entry::Override(it) => {
                    self.expr(&it.target);
                    self.settings(&it.settings);
                }
                Entry::Error(_) => {}
            }
        }
    }

    fn network(&mut self, network: &'t Network) {
        for param in &network.params {
            self.sizes(&param.ty.kind);
            param.default.iter().for_each(|(_, value)| self.expr(value));
        }
        network.result.iter().for_each(|(_, ty)| self.sizes(&ty.kind));
        self.body(&network.body);
    }

    fn sizes(&mut self, ty: &'t TypeKind) {
        if let TypeKind::Tensor { sizes: Some(sizes), .. } = ty {
            sizes.iter().for_each(|size| self.expr(size));
        }
    }

    fn body(&mut self, body: &'t Body) {
        body.statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &'t Statement) {
        match statement {
            Statement::Binding(it) => self.expr(&it.value),
            Statement::Flow(expr) => self.expr(expr),
            Statement::Error(_) => {}
            Statement::Assert(it) => {
                self.expr(&it.condition);
                for part in it.message.iter().flat_map(|(_, message)| &message.parts) {
                    if let TemplatePart::Name(name) = part {
                        self.name(name);
                    }
                }
            }
        }
    }

    fn expr(&mut self, expr: &'t Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name),
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Call { base, name, args } => {
                match base {
                    Some(base) => self.expr(base),
                    None => self.name(name),
                }
                self.args(args);
            }
            ExprKind::Index { base, index } => {
                self.expr(base);
                self.expr(index);
            }
            ExprKind::Field { base, .. } => self.expr(base),
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Range { from, to, .. } => {
                self.expr(from);
                self.expr(to);
            }
            ExprKind::If(it) => self.choice(it, |walk, inner| walk.expr(inner)),
            ExprKind::Pipe { source, steps } => {
                self.expr(source);
                self.steps(steps);
            }
            ExprKind::Paren(inner) => self.expr(inner),
            ExprKind::Int(_)
            | ExprKind::Real(_)
            | ExprKind::Percent(_)
            | ExprKind::Str(_)
            | ExprKind::Bool(_)
            | ExprKind::Quantity { .. }
            | ExprKind::All
            | ExprKind::Missing
            | ExprKind::Error => {}
        }
    }

    fn steps(&mut self, steps: &'t [Step]) {
        for step in steps {
            match &step.kind {
                StepKind::Apply { name, args } => {
                    self.name(name);
                    args.iter().for_each(|args| self.args(args));
                }
                StepKind::Repeat(it) => {
                    self.expr(&it.over);
                    self.steps(&it.block.inner);
                }
                StepKind::If(it) => self.choice(it, |walk, inner| walk.steps(inner)),
                StepKind::Missing | StepKind::Error => {}
            }
        }
    }

    fn choice<T>(&mut self, it: &'t If<T>, each: impl Fn(&mut Self, &'t T)) {
        for arm in &it.arms {
            self.expr(&arm.condition);
            each(self, &arm.block.inner);
        }
        it.otherwise.iter().for_each(|(_, block)| each(self, &block.inner));
    }
}
