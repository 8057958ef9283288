//! The names of steps, and the paths made of them; the rule stands in the parent module.

use dlm_base::Span;
use dlm_grammar::tree::{Arg, Clause, Expr, ExprKind, Statement, Step, StepKind};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where steps get their names: the body of a layer or model, or a block with names of its own.
#[derive(Debug)]
pub(crate) struct Level<'w> {
    /// The path of what surrounds the steps; empty in a model.
    prefix: Arc<str>,
    /// Whether the next step has the prefix itself as its path.
    single: bool,
    counts: Vec<(&'w str, usize)>,
    /// Names given by `as` so far, with their places.
    given: Vec<(&'w str, Span)>,
    /// Every name that `as` gives anywhere in the body: unnamed steps keep clear of them.
    reserved: Arc<BTreeSet<&'w str>>,
}

impl<'w> Level<'w> {
    /// The steps of a body or block at `prefix`.
    pub(crate) fn new(prefix: Arc<str>, reserved: Arc<BTreeSet<&'w str>>) -> Level<'w> {
        Level { prefix, single: false, counts: Vec::new(), given: Vec::new(), reserved }
    }

    /// The one unnamed step of a block: its path is that of the block.
    pub(crate) fn single(prefix: Arc<str>) -> Level<'w> {
        Level { single: true, ..Level::new(prefix, Arc::default()) }
    }

    /// The path of the next step of that kind; and where `as` gave its name before, if it did.
    pub(crate) fn path(
        &mut self,
        kind: &'w str,
        name: Option<&'w Clause>,
    ) -> (Arc<str>, Option<Span>) {
        let name = name.map(|clause| &clause.name).filter(|name| !name.is_missing());
        if let Some(name) = name {
            let first = self.given.iter().find(|(given, _)| *given == name.text);
            let first = first.map(|(_, span)| *span);
            if first.is_none() {
                self.given.push((&name.text, name.span));
            }
            return (self.join(&name.text), first);
        }
        loop {
            let count = match self.counts.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    self.counts.push((kind, 1));
                    1
                }
            };
            let name = format!("{kind}{count}");
            if !self.reserved.contains(name.as_str()) {
                return (self.join(&name), None);
            }
        }
    }

    fn join(&self, name: &str) -> Arc<str> {
        match self.prefix.is_empty() {
            true => Arc::from(name),
            false => Arc::from(format!("{}.{name}", self.prefix)),
        }
    }

    /// The path of the block, when this is its only step.
    pub(crate) fn take_single(&mut self) -> Option<Arc<str>> {
        std::mem::take(&mut self.single).then(|| self.prefix.clone())
    }

    /// The next step is the only one, and has the block's path.
    pub(crate) fn make_single(&mut self) {
        self.single = true;
    }

    /// What has been named so far, to come back to after a branch that is not taken.
    pub(crate) fn mark(&self) -> usize {
        self.given.len()
    }

    /// Forgets the names given since the mark.
    pub(crate) fn back_to(&mut self, mark: usize) {
        self.given.truncate(mark);
    }
}

/// Whether the steps of a block need no names of their own: there is one, unnamed, and no `if`.
pub(crate) fn is_single(steps: &[Step]) -> bool {
    match steps {
        [step] => step.name.is_none() && !matches!(step.kind, StepKind::If(_)),
        _ => false,
    }
}

/// The names that `as` gives in the rows of a body, blocks of `repeat` left out.
pub(crate) fn reserved_in_body(statements: &[Statement]) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for statement in statements {
        match statement {
            Statement::Binding(binding) => in_expr(&binding.value, &mut names),
            Statement::Flow(flow) => in_expr(flow, &mut names),
            Statement::Assert(_) | Statement::Error(_) => {}
        }
    }
    names
}

/// The names that `as` gives in a block.
pub(crate) fn reserved_in_steps(steps: &[Step]) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    in_steps(steps, &mut names);
    names
}

fn in_steps<'t>(steps: &'t [Step], names: &mut BTreeSet<&'t str>) {
    for step in steps {
        if let Some(clause) = &step.name {
            names.insert(&clause.name.text);
        }
        match &step.kind {
            StepKind::Apply { args, .. } => {
                args.iter().for_each(|args| in_args(&args.list, names));
            }
            StepKind::If(it) if step.name.is_none() => {
                it.arms.iter().for_each(|arm| in_steps(&arm.block.inner, names));
                it.otherwise.iter().for_each(|(_, block)| in_steps(&block.inner, names));
            }
            _ => {}
        }
    }
}

fn in_args<'t>(args: &'t [Arg], names: &mut BTreeSet<&'t str>) {
    args.iter().for_each(|arg| in_expr(&arg.value, names));
}

fn in_expr<'t>(expr: &'t Expr, names: &mut BTreeSet<&'t str>) {
    match &expr.kind {
        ExprKind::Pipe { source, steps } => {
            in_expr(source, names);
            in_steps(steps, names);
        }
        ExprKind::Call { args, .. } => in_args(&args.list, names),
        ExprKind::Paren(inner) => in_expr(inner, names),
        ExprKind::Unary { operand, .. } => in_expr(operand, names),
        ExprKind::Binary { left, right, .. } => {
            in_expr(left, names);
            in_expr(right, names);
        }
        ExprKind::If(it) => {
            it.arms.iter().for_each(|arm| in_expr(&arm.block.inner, names));
            it.otherwise.iter().for_each(|(_, block)| in_expr(&block.inner, names));
        }
        _ => {}
    }
}
