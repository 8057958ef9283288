//! Rows of steps, and how a changed item is written.

use crate::ide::navigate::names::{Names, item_of, network_of};
use crate::ide::{Edit, Place, Snapshot};
use dlm_base::{FileId, Severity, Span};
use dlm_check::names::{Decl, Kind, ModuleId};
use dlm_grammar::lex::{TokenKind, tokens};
use dlm_grammar::tree::{
    Args, Expr, ExprKind, Item, ItemKind, Network, Statement, Step, StepKind, TypeKind,
};
use dlm_vocab::ops;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// What is known of the shape of a flow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Known {
    /// How many axes it has.
    pub(super) rank: usize,
    /// The sizes, where they are the same whenever the flow passes.
    pub(super) sizes: Option<Vec<usize>>,
    /// Whether it holds whole numbers.
    pub(super) int: bool,
}

/// Steps that follow each other.
pub(super) struct Row<'t> {
    /// The steps.
    pub(super) steps: &'t [Step],
    /// What flows into the first, where an expression does.
    pub(super) source: Option<&'t Expr>,
    /// Its shape.
    pub(super) enters: Option<Known>,
    /// The row of the body that is nothing but this flow.
    pub(super) statement: Option<&'t Statement>,
    /// Whether its flows have the same sizes whenever they pass.
    pub(super) fixed: bool,
}

/// The layer or model around a byte, when nothing in it is wrong and no path names its steps.
pub(super) struct Body<'t> {
    /// The item.
    pub(super) item: &'t Item,
    /// Its number.
    pub(super) decl: Decl,
    /// What it declares.
    pub(super) network: &'t Network,
    /// The words of the file.
    pub(super) names: Names,
    /// All rows of steps in it, outer ones first.
    pub(super) rows: Vec<Row<'t>>,
}

impl<'t> Body<'t> {
    pub(super) fn at(snapshot: &'t Snapshot, offset: usize) -> Option<Body<'t>> {
        let checked = &snapshot.checked;
        let module = checked.modules.first()?;
        let item = module.tree.items.iter().position(|item| item.span.touches(offset))?;
        let decl = Decl { module: ModuleId::MAIN, item: item as u32 };
        let (item, network) = (item_of(checked, decl)?, network_of(checked, decl)?);
        let wrong = checked.diags.iter().any(|diag| {
            let at = diag.primary.span;
            diag.severity() == Severity::Error
                && at.file == item.span.file
                && item.span.start <= at.start
                && at.start <= item.span.end
        });
        // A path that names its steps would lead elsewhere afterwards.
        let mut modules =
            (0..checked.modules.len()).map(|i| Names::of(checked, ModuleId(i as u32)));
        let named = modules.any(|names| names.paths.iter().any(|(_, all)| all.contains(&decl)));
        if wrong || item.broken || named {
            return None;
        }
        let mut finder =
            Finder { snapshot, network, model: model_of(item), rows: Vec::new(), turns: 0 };
        for statement in &network.body.statements {
            match statement {
                Statement::Binding(it) => finder.expr(&it.value, Some(statement)),
                Statement::Flow(flow) => finder.expr(flow, Some(statement)),
                Statement::Assert(_) | Statement::Error(_) => {}
            }
        }
        let rows = finder.rows;
        let names = Names::of(checked, ModuleId::MAIN);
        Some(Body { item, decl, network, names, rows })
    }

    /// The innermost row with a step at a byte, and that step.
    pub(super) fn step_at(&self, offset: usize) -> Option<(&Row<'t>, usize)> {
        let mut found = self.rows.iter().filter_map(|row| {
            let step = row.steps.iter().rposition(|step| step.span.touches(offset))?;
            Some((row, step))
        });
        found.by_ref().min_by_key(|(row, step)| row.steps[*step].span.range().len())
    }
}

fn model_of(item: &Item) -> bool {
    matches!(item.kind, ItemKind::Model(_))
}

/// The place of the word of a step with its arguments, to which its shape is noted.
pub(super) fn applied(step: &Step) -> Option<Span> {
    match &step.kind {
        StepKind::Apply { name, args } => {
            Some(args.as_ref().map_or(name.span, |args| name.span.to(args.parens.span())))
        }
        StepKind::Repeat(it) => Some(it.keyword.to(it.block.braces.close)),
        _ => None,
    }
}

/// The shape of the flow that enters the step at `index`.
pub(super) fn entering(snapshot: &Snapshot, row: &Row<'_>, index: usize) -> Option<Known> {
    match index.checked_sub(1) {
        None => row.enters.clone(),
        Some(before) => {
            let known = noted(snapshot, applied(&row.steps[before])?)?;
            Some(Known { sizes: known.sizes.filter(|_| row.fixed), ..known })
        }
    }
}

fn noted(snapshot: &Snapshot, at: Span) -> Option<Known> {
    let ty = snapshot.checked.notes.result(at)?;
    let sizes = ty.shape.sizes().to_vec();
    let int = ty.dtype == dlm_graph::DType::I32;
    Some(Known { rank: sizes.len(), sizes: Some(sizes), int })
}

struct Finder<'t> {
    snapshot: &'t Snapshot,
    network: &'t Network,
    model: bool,
    rows: Vec<Row<'t>>,
    turns: usize,
}

impl<'t> Finder<'t> {
    fn expr(&mut self, expr: &'t Expr, statement: Option<&'t Statement>) {
        match &expr.kind {
            ExprKind::Pipe { source, steps } => {
                self.expr(source, None);
                let enters = self.shape(source, 0);
                self.steps(steps, Some(source), enters, statement);
            }
            ExprKind::Call { args, .. } => self.args(args),
            ExprKind::Paren(inner) => self.expr(inner, None),
            ExprKind::Unary { operand, .. } => self.expr(operand, None),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left, None);
                self.expr(right, None);
            }
            ExprKind::If(it) => {
                it.arms.iter().for_each(|arm| self.expr(&arm.block.inner, None));
                it.otherwise.iter().for_each(|(_, block)| self.expr(&block.inner, None));
            }
            _ => {}
        }
    }

    fn args(&mut self, args: &'t Args) {
        args.list.iter().for_each(|arg| self.expr(&arg.value, None));
    }

    fn steps(
        &mut self,
        steps: &'t [Step],
        source: Option<&'t Expr>,
        enters: Option<Known>,
        statement: Option<&'t Statement>,
    ) {
        let fixed = self.fixed();
        self.rows.push(Row { steps, source, enters: enters.clone(), statement, fixed });
        let mut flow = enters;
        for step in steps {
            match &step.kind {
                StepKind::Apply { args, .. } => args.iter().for_each(|args| self.args(args)),
                StepKind::Repeat(it) => {
                    self.turns += 1;
                    // The first turn alone is known to be entered so.
                    let first = flow.clone().map(|known| Known { sizes: None, ..known });
                    self.steps(&it.block.inner, None, first, None);
                    self.turns -= 1;
                }
                StepKind::If(it) => {
                    for arm in &it.arms {
                        self.steps(&arm.block.inner, None, flow.clone(), None);
                    }
                    if let Some((_, block)) = &it.otherwise {
                        self.steps(&block.inner, None, flow.clone(), None);
                    }
                }
                StepKind::Missing | StepKind::Error => {}
            }
            flow = applied(step).and_then(|at| self.noted(at));
        }
    }

    /// The noted shape, without its sizes where they may differ from use to use.
    fn noted(&self, at: Span) -> Option<Known> {
        let known = noted(self.snapshot, at)?;
        let fixed = self.fixed();
        Some(Known { sizes: known.sizes.filter(|_| fixed), ..known })
    }

    /// Whether the flows of this body have the same sizes whenever it is used.
    fn fixed(&self) -> bool {
        let networks = &self.snapshot.checked.program.networks;
        let at = self.network.name.span;
        self.model && self.turns == 0 && networks.iter().filter(|it| it.span == at).count() == 1
    }

    fn shape(&self, expr: &Expr, depth: usize) -> Option<Known> {
        match &expr.kind {
            ExprKind::Name(name) => {
                let params = &self.network.params;
                if let Some(param) = params.iter().find(|param| param.name.text == name.text) {
                    let TypeKind::Tensor { int, sizes: Some(sizes) } = &param.ty.kind else {
                        return None;
                    };
                    let at = self.network.name.span;
                    let mut networks = self.snapshot.checked.program.networks.iter();
                    let inputs = networks.find(|it| it.span == at).map(|it| &it.inputs);
                    let input = inputs.and_then(|all| all.iter().find(|it| it.0 == name.text));
                    let real = input.map(|(_, ty)| ty.shape.sizes().to_vec());
                    let real = real.filter(|_| self.fixed());
                    return Some(Known { rank: sizes.len(), sizes: real, int: int.is_some() });
                }
                let rows = self.network.body.statements.iter();
                let mut value = rows.filter_map(|row| match row {
                    Statement::Binding(it) if it.name.text == name.text => Some(&it.value),
                    _ => None,
                });
                value.next_back().filter(|_| depth < 16).and_then(|it| self.shape(it, depth + 1))
            }
            ExprKind::Pipe { steps, .. } => self.noted(applied(steps.last()?)?),
            ExprKind::Paren(inner) => self.shape(inner, depth),
            ExprKind::If(it) => self.shape(&it.arms.first()?.block.inner, depth),
            _ => self.noted(expr.span),
        }
    }
}

/// The text of an item, in the layout of the formatter.
pub(super) fn formatted(text: &str) -> Option<String> {
    let tree = dlm_grammar::parse(FileId(0), text).tree;
    if tree.broken || tree.items.is_empty() {
        return None;
    }
    Some(dlm_grammar::format(&tree, text).trim_end().to_string())
}

/// The edit that puts another text in the place of some bytes of an item.
pub(super) fn replaced(
    snapshot: &Snapshot,
    item: &Item,
    part: &Range<usize>,
    with: &str,
) -> Option<Edit> {
    let text: &str = &snapshot.text;
    let all = item.span.range();
    let before = text.get(all.start..part.start)?;
    let after = text.get(part.end..all.end)?;
    let text = formatted(&format!("{before}{with}{after}"))?;
    Some(Edit { place: place(snapshot, all), text })
}

/// A place in the text at hand.
pub(super) fn place(snapshot: &Snapshot, range: Range<usize>) -> Place {
    let module = snapshot.checked.modules.first();
    let file = module.map_or(&*snapshot.name, |module| &module.name).to_string();
    Place { file, range }
}

/// Where an item begins, with its documentation and the `allow`s for it.
pub(super) fn begin(snapshot: &Snapshot, decl: Decl) -> usize {
    let Some(module) = snapshot.checked.modules.first() else { return 0 };
    let items = &module.tree.items;
    let start =
        |item: &Arc<Item>| item.doc.as_ref().map_or(item.span, |doc| doc.span).start as usize;
    let mut first = decl.item as usize;
    let mut begin = items.get(first).map_or(0, start);
    while let Some(before) = first.checked_sub(1)
        && let Some(item) = items.get(before)
        && matches!(item.kind, ItemKind::Allow(_))
    {
        first = before;
        begin = begin.min(start(item));
    }
    begin
}

/// Every word of the file.
pub(super) fn words(snapshot: &Snapshot) -> BTreeSet<String> {
    let text: &str = &snapshot.text;
    let words = tokens(text).into_iter().filter(|token| token.kind == TokenKind::Word);
    words.map(|token| token.text(text).to_string()).collect()
}

/// A name that nothing has: `wanted`, or `wanted` with a number.
pub(super) fn fresh(wanted: &str, taken: &BTreeSet<String>) -> String {
    let free = |name: &String| {
        !taken.contains(name)
            && ops::find(name).is_none()
            && !dlm_grammar::words::is_reserved(name)
            && !dlm_grammar::words::is_item(name)
    };
    let numbered = (2..).map(|n| format!("{wanted}{n}"));
    std::iter::once(wanted.to_string()).chain(numbered).find(free).unwrap_or_default()
}

/// The layer that a step applies.
pub(super) fn layer(snapshot: &Snapshot, step: &Step) -> Option<Decl> {
    let StepKind::Apply { name, .. } = &step.kind else { return None };
    match snapshot.checked.modules.first()?.names.get(&name.text) {
        Some(dlm_check::names::Entry::Known(decl, Kind::Layer)) => Some(*decl),
        _ => None,
    }
}

/// Whether a comment stands in a part of the text.
pub(super) fn has_comment(snapshot: &Snapshot, range: &Range<usize>) -> bool {
    let Some(module) = snapshot.checked.modules.first() else { return false };
    let comments = &module.tree.comments;
    comments
        .iter()
        .any(|it| range.start <= it.span.start as usize && (it.span.start as usize) < range.end)
}
