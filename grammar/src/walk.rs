//! From an offset to the nodes that hold it, and to every expression of a tree.

use crate::tree::{
    Args, Entry, Expr, ExprKind, Item, ItemKind, LoadSource, Name, Override, Param, Setting,
    Settings, Statement, Step, StepKind, Tree, TypeKind,
};
use dlm_base::Span;

/// A node of the tree.
#[derive(Clone, Copy, Debug)]
pub enum Node<'t> {
    /// An item.
    Item(&'t Item),
    /// A parameter of a layer or a model.
    Param(&'t Param),
    /// A row of a body.
    Statement(&'t Statement),
    /// `key = value`
    Setting(&'t Setting),
    /// `override target { … }`
    Override(&'t Override),
    /// A step along `->`.
    Step(&'t Step),
    /// The arguments of a call.
    Args(&'t Args),
    /// An expression.
    Expr(&'t Expr),
    /// A name that is no expression: of a declaration, a step, a setting, a clause.
    Name(&'t Name),
}

impl Node<'_> {
    /// The node's place.
    pub fn span(&self) -> Span {
        match self {
            Node::Item(it) => it.span,
            Node::Param(it) => it.span,
            Node::Statement(it) => it.span(),
            Node::Setting(it) => it.span,
            Node::Override(it) => it.span,
            Node::Step(it) => it.span,
            Node::Args(it) => it.parens.span(),
            Node::Expr(it) => it.span,
            Node::Name(it) => it.span,
        }
    }
}

/// The nodes at the offset (inside or right behind), from the item to the innermost.
pub fn nodes_at(tree: &Tree, offset: usize) -> Vec<Node<'_>> {
    let mut path: Vec<Node> = Vec::new();
    for item in tree.items.iter().filter(|item| item.span.touches(offset)) {
        let mut found = Vec::new();
        walk_item(item, &mut |node| {
            let here = node.span().touches(offset);
            if here {
                found.push(node);
            }
            here
        });
        // Of two items that touch there, the one that begins there.
        path = found;
    }
    path
}

/// Visits every node of the tree in the order of the text; `visit` says whether to go inside.
pub fn walk<'t>(tree: &'t Tree, visit: &mut impl FnMut(Node<'t>) -> bool) {
    tree.items.iter().for_each(|item| walk_item(item, visit));
}

/// Visits the item and all nodes inside; `visit` says whether to go inside a node.
pub fn walk_item<'t>(item: &'t Item, visit: &mut impl FnMut(Node<'t>) -> bool) {
    if !visit(Node::Item(item)) {
        return;
    }
    let mut walker = Walker { visit };
    match &item.kind {
        ItemKind::Const(it) => {
            walker.name(&it.name);
            walker.expr(&it.value);
        }
        ItemKind::Use(it) => it.names.iter().for_each(|name| walker.name(name)),
        ItemKind::Allow(it) => it.codes.iter().for_each(|code| walker.name(code)),
        ItemKind::Data(it) => walker.named(&it.name, Some(&it.settings)),
        ItemKind::Policy(it) => walker.named(&it.name, Some(&it.settings)),
        ItemKind::Layer(it) | ItemKind::Model(it) => {
            walker.name(&it.name);
            it.params.iter().for_each(|param| walker.param(param));
            if let Some((_, ty)) = &it.result {
                walker.ty(&ty.kind);
            }
            it.body.statements.iter().for_each(|statement| walker.statement(statement));
        }
        ItemKind::Load(it) => {
            match &it.source {
                LoadSource::Weights { model, .. } => walker.call(&model.name, model.args.as_ref()),
                LoadSource::Answers { args, on, .. } => {
                    walker.args(args);
                    walker.name(&on.name);
                }
                LoadSource::Network(_) => {}
            }
            walker.end(it.name.as_ref().map(|clause| &clause.name), it.settings.as_ref());
        }
        ItemKind::Train(it) => {
            walker.call(&it.model.name, it.model.args.as_ref());
            walker.name(&it.on.name);
            walker.end(it.name.as_ref().map(|clause| &clause.name), it.settings.as_ref());
        }
        ItemKind::Distill(it) => {
            walker.call(&it.model.name, it.model.args.as_ref());
            walker.expr(&it.from.1);
            walker.name(&it.on.name);
            walker.end(it.name.as_ref().map(|clause| &clause.name), it.settings.as_ref());
        }
        ItemKind::Quantize(it) => {
            walker.name(&it.artifact);
            walker.name(&it.with.name);
            it.from.iter().for_each(|(_, teacher)| walker.expr(teacher));
            it.on.iter().for_each(|clause| walker.name(&clause.name));
            walker.end(it.name.as_ref().map(|clause| &clause.name), it.settings.as_ref());
        }
        ItemKind::Export(it) => walker.name(&it.artifact),
        ItemKind::Expect(it) => it.rows.iter().for_each(|row| walker.expr(row)),
        ItemKind::Error(_) => {}
    }
}

struct Walker<'v, F> {
    visit: &'v mut F,
}

impl<'t, F: FnMut(Node<'t>) -> bool> Walker<'_, F> {
    fn name(&mut self, name: &'t Name) {
        if !name.is_missing() {
            (self.visit)(Node::Name(name));
        }
    }

    fn named(&mut self, name: &'t Name, settings: Option<&'t Settings>) {
        self.end(Some(name), settings);
    }

    fn end(&mut self, name: Option<&'t Name>, settings: Option<&'t Settings>) {
        if let Some(name) = name {
            self.name(name);
        }
        settings.into_iter().flat_map(|it| &it.entries).for_each(|entry| self.entry(entry));
    }

    fn call(&mut self, name: &'t Name, args: Option<&'t Args>) {
        self.name(name);
        if let Some(args) = args {
            self.args(args);
        }
    }

    fn args(&mut self, args: &'t Args) {
        if !(self.visit)(Node::Args(args)) {
            return;
        }
        for arg in &args.list {
            if let Some((name, _)) = &arg.name {
                self.name(name);
            }
            self.expr(&arg.value);
        }
    }

    fn entry(&mut self, entry: &'t Entry) {
        match entry {
            Entry::Setting(setting) => {
                if (self.visit)(Node::Setting(setting)) {
                    self.name(&setting.key);
                    self.expr(&setting.value);
                }
            }
            Entry::Override(it) => {
                if (self.visit)(Node::Override(it)) {
                    self.expr(&it.target);
                    it.settings.entries.iter().for_each(|entry| self.entry(entry));
                }
            }
            Entry::Error(_) => {}
        }
    }

    fn param(&mut self, param: &'t Param) {
        if (self.visit)(Node::Param(param)) {
            self.name(&param.name);
            self.ty(&param.ty.kind);
            if let Some((_, value)) = &param.default {
                self.expr(value);
            }
        }
    }

    fn ty(&mut self, ty: &'t TypeKind) {
        if let TypeKind::Tensor { sizes: Some(sizes), .. } = ty {
            sizes.iter().for_each(|size| self.expr(size));
        }
    }

    fn statement(&mut self, statement: &'t Statement) {
        if !(self.visit)(Node::Statement(statement)) {
            return;
        }
        match statement {
            Statement::Binding(it) => {
                self.name(&it.name);
                self.expr(&it.value);
            }
            Statement::Assert(it) => {
                self.expr(&it.condition);
                for part in it.message.iter().flat_map(|(_, template)| &template.parts) {
                    if let crate::tree::TemplatePart::Name(name) = part {
                        self.name(name);
                    }
                }
            }
            Statement::Flow(flow) => self.expr(flow),
            Statement::Error(_) => {}
        }
    }

    fn expr(&mut self, expr: &'t Expr) {
        if !(self.visit)(Node::Expr(expr)) {
            return;
        }
        match &expr.kind {
            ExprKind::List(list) => list.iter().for_each(|element| self.expr(element)),
            ExprKind::Call { base, name, args } => {
                base.iter().for_each(|base| self.expr(base));
                self.call(name, Some(args));
            }
            ExprKind::Index { base, index } => {
                self.expr(base);
                self.expr(index);
            }
            ExprKind::Field { base, name } => {
                self.expr(base);
                self.name(name);
            }
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Range { from, to, .. } => {
                self.expr(from);
                self.expr(to);
            }
            ExprKind::If(it) => {
                for arm in &it.arms {
                    self.expr(&arm.condition);
                    self.expr(&arm.block.inner);
                }
                it.otherwise.iter().for_each(|(_, block)| self.expr(&block.inner));
            }
            ExprKind::Pipe { source, steps } => {
                self.expr(source);
                self.steps(steps);
            }
            ExprKind::Paren(inner) => self.expr(inner),
            _ => {}
        }
    }

    fn steps(&mut self, steps: &'t [Step]) {
        for step in steps {
            if (self.visit)(Node::Step(step)) {
                self.step(step);
            }
        }
    }

    fn step(&mut self, step: &'t Step) {
        match &step.kind {
            StepKind::Apply { name, args } => self.call(name, args.as_ref()),
            StepKind::Repeat(it) => {
                if let Some((name, _)) = &it.variable {
                    self.name(name);
                }
                self.expr(&it.over);
                self.steps(&it.block.inner);
            }
            StepKind::If(it) => {
                for arm in &it.arms {
                    self.expr(&arm.condition);
                    self.steps(&arm.block.inner);
                }
                it.otherwise.iter().for_each(|(_, block)| self.steps(&block.inner));
            }
            StepKind::Missing | StepKind::Error => {}
        }
        if let Some(clause) = &step.name {
            self.name(&clause.name);
        }
    }
}
