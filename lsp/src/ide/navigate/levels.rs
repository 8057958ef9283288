//! Where a layer path leads, step by step, as the text stands.

use super::names::{Role, Use, name_of, network_of};
use dlm_base::Span;
use dlm_check::consts::function;
use dlm_check::names::{Decl, Entry, ModuleId};
use dlm_check::session::Checked;
use dlm_grammar::tree::{Clause, Expr, ExprKind, Name, PathPart, Statement, Step, StepKind};
use std::collections::{BTreeMap, BTreeSet};

/// How deep layers may lie within each other.
const DEEPEST: usize = 64;

/// A step that a path can name.
#[derive(Clone, Debug)]
pub(crate) struct Named<'c> {
    /// `stem`, `conv1`.
    pub(crate) name: String,
    /// The name behind `as`.
    given: Option<Span>,
    /// The word of the step.
    site: Span,
    /// The layer that it applies, with the place of its name.
    layer: Option<(Span, u32)>,
    inner: Inner<'c>,
}

/// What a part of a path stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Led {
    role: Role,
    target: Option<Span>,
    leads: Option<Span>,
    /// So many bytes of the part are the name of `target`.
    pub(crate) length: u32,
}

impl Led {
    pub(crate) fn as_use(&self, span: Span) -> Use {
        let Led { role, target, leads, .. } = *self;
        Use { span, role, target, leads, declares: false }
    }
}

/// Where a path leads.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    /// For each part what it stands for.
    pub(crate) parts: Vec<Option<Led>>,
    /// The layers and models whose steps the parts name.
    pub(crate) through: Vec<Decl>,
}

/// What lies behind a step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inner<'c> {
    /// The body of a layer or model.
    Body(Decl),
    /// The block of a `repeat`, or of an `if`, in a module.
    Step(ModuleId, &'c StepKind),
    /// Nothing.
    Nothing,
}

/// Follows a path from the body of `model`; `owners` are names that may stand before it.
pub(crate) fn follow(
    checked: &Checked,
    model: Decl,
    parts: &[PathPart<'_>],
    owners: &[(&str, Role, Span)],
) -> Followed {
    let mut followed = Followed::default();
    let mut here = vec![Inner::Body(model)];
    for (i, part) in parts.iter().enumerate() {
        followed.through.extend(here.iter().filter_map(|inner| match inner {
            Inner::Body(decl) => Some(*decl),
            _ => None,
        }));
        let (led, next) = match part {
            PathPart::Name(name) => {
                let mut all = steps(checked, &here);
                all.retain(|step| step.name == name.text);
                let owner = owners.iter().find(|(owner, ..)| i == 0 && *owner == name.text);
                match (all.first(), owner) {
                    (Some(step), _) => {
                        (Some(step.led(name)), all.iter().map(|step| step.inner).collect())
                    }
                    (None, Some((_, role, at))) => {
                        let length = name.text.len() as u32;
                        let led = Led { role: *role, target: Some(*at), leads: None, length };
                        (Some(led), here.clone())
                    }
                    (None, None) => (None, Vec::new()),
                }
            }
            PathPart::AnyName(_) => {
                (None, steps(checked, &here).into_iter().map(|step| step.inner).collect())
            }
            PathPart::Index(_) | PathPart::AnyIndex(_) => (None, here.clone()),
        };
        followed.parts.push(led);
        here = next;
        here.truncate(DEEPEST);
    }
    followed
}

/// The steps that paths into the body of a layer or model name first.
pub(crate) fn steps_of(checked: &Checked, decl: Decl) -> Vec<Named<'_>> {
    steps(checked, &[Inner::Body(decl)])
}

impl Named<'_> {
    fn led(&self, part: &Name) -> Led {
        let length = part.text.len() as u32;
        match (self.given, self.layer) {
            (Some(at), _) => Led { role: Role::Step, target: Some(at), leads: None, length },
            (None, Some((layer, length))) => {
                let leads = Some(self.site);
                Led { role: Role::Step, target: Some(layer), leads, length }
            }
            (None, None) => Led { role: Role::Step, target: None, leads: Some(self.site), length },
        }
    }
}

fn steps<'c>(checked: &'c Checked, inside: &[Inner<'c>]) -> Vec<Named<'c>> {
    let mut all = Vec::new();
    for inner in inside {
        let (module, _) = match inner {
            Inner::Body(decl) => (decl.module, ()),
            Inner::Step(module, _) => (*module, ()),
            Inner::Nothing => continue,
        };
        let mut level = Level {
            checked,
            module,
            counts: BTreeMap::new(),
            reserved: BTreeSet::new(),
            counting: false,
            found: Vec::new(),
        };
        // Unnamed steps keep clear of names, so these are gathered first.
        level.inside(inner);
        level.reserved =
            level.found.iter().filter(|s| s.given.is_some()).map(|s| s.name.clone()).collect();
        level.found.clear();
        level.counting = true;
        level.inside(inner);
        all.extend(level.found);
    }
    all
}

struct Level<'c> {
    checked: &'c Checked,
    module: ModuleId,
    counts: BTreeMap<&'c str, usize>,
    reserved: BTreeSet<String>,
    counting: bool,
    found: Vec<Named<'c>>,
}

impl<'c> Level<'c> {
    fn inside(&mut self, inner: &Inner<'c>) {
        match inner {
            Inner::Body(decl) => {
                let Some(network) = network_of(self.checked, *decl) else { return };
                for statement in &network.body.statements {
                    match statement {
                        Statement::Binding(it) => self.expr(&it.value),
                        Statement::Flow(flow) => self.expr(flow),
                        Statement::Assert(_) | Statement::Error(_) => {}
                    }
                }
            }
            Inner::Step(_, StepKind::Repeat(it)) => self.steps(&it.block.inner),
            Inner::Step(_, StepKind::If(it)) => {
                it.arms.iter().for_each(|arm| self.steps(&arm.block.inner));
                it.otherwise.iter().for_each(|(_, block)| self.steps(&block.inner));
            }
            _ => {}
        }
    }

    fn expr(&mut self, expr: &'c Expr) {
        match &expr.kind {
            ExprKind::Pipe { source, steps } => {
                self.expr(source);
                self.steps(steps);
            }
            ExprKind::Call { base: None, name, args } => {
                args.list.iter().for_each(|arg| self.expr(&arg.value));
                self.apply(name, None);
            }
            ExprKind::Paren(inner) => self.expr(inner),
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::If(it) => {
                it.arms.iter().for_each(|arm| self.expr(&arm.block.inner));
                it.otherwise.iter().for_each(|(_, block)| self.expr(&block.inner));
            }
            _ => {}
        }
    }

    fn steps(&mut self, steps: &'c [Step]) {
        for step in steps {
            let clause = step.name.as_ref();
            match &step.kind {
                StepKind::Apply { name, args } => {
                    let args = args.iter().flat_map(|args| &args.list);
                    args.for_each(|arg| self.expr(&arg.value));
                    self.apply(name, clause);
                }
                StepKind::Repeat(it) => {
                    let inner = self.block(&step.kind, &it.block.inner);
                    self.add("repeat", clause, it.keyword, None, inner);
                }
                StepKind::If(_) if clause.is_some() => {
                    let inner = Inner::Step(self.module, &step.kind);
                    self.add("if", clause, step.span, None, inner);
                }
                StepKind::If(it) => {
                    it.arms.iter().for_each(|arm| self.steps(&arm.block.inner));
                    it.otherwise.iter().for_each(|(_, block)| self.steps(&block.inner));
                }
                StepKind::Missing | StepKind::Error => {}
            }
        }
    }

    fn apply(&mut self, name: &'c Name, clause: Option<&'c Clause>) {
        let layer = self.layer(name);
        if layer.is_none() && function(&name.text).is_some() {
            return;
        }
        let at = layer.and_then(|decl| name_of(self.checked, decl));
        let at = at.map(|name| (name.span, name.text.len() as u32));
        let inner = layer.map_or(Inner::Nothing, Inner::Body);
        self.add(&name.text, clause, name.span, at, inner);
    }

    fn layer(&self, name: &Name) -> Option<Decl> {
        match self.checked.modules.get(self.module.0 as usize)?.names.get(&name.text) {
            Some(Entry::Known(decl, kind)) if kind.is_step() => Some(*decl),
            _ => None,
        }
    }

    /// What lies behind a `repeat`: of one unnamed step, what lies behind that.
    fn block(&self, kind: &'c StepKind, steps: &'c [Step]) -> Inner<'c> {
        match steps {
            [Step { name: None, kind: StepKind::Apply { name, .. }, .. }] => {
                self.layer(name).map_or(Inner::Nothing, Inner::Body)
            }
            [Step { name: None, kind: inner @ StepKind::Repeat(it), .. }] => {
                self.block(inner, &it.block.inner)
            }
            _ => Inner::Step(self.module, kind),
        }
    }

    fn add(
        &mut self,
        kind: &'c str,
        clause: Option<&'c Clause>,
        site: Span,
        layer: Option<(Span, u32)>,
        inner: Inner<'c>,
    ) {
        let given = clause.map(|clause| &clause.name).filter(|name| !name.is_missing());
        let name = match given {
            Some(name) => name.text.clone(),
            None if !self.counting => return,
            None => loop {
                let count = self.counts.entry(kind).or_insert(0);
                *count += 1;
                let name = format!("{kind}{count}");
                if !self.reserved.contains(&name) {
                    break name;
                }
            },
        };
        let given = given.map(|name| name.span);
        self.found.push(Named { name, given, site, layer, inner });
    }
}
