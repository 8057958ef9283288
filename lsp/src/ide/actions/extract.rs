//! Steps become a layer.

use super::rows::{Body, Known, Row, begin, entering, formatted, fresh, place, replaced, words};
use super::{Action, Kind};
use crate::ide::navigate::names::{Role, Use, is_flow};
use crate::ide::{Edit, Snapshot};
use dlm_base::Span;
use dlm_check::consts::Const;
use dlm_grammar::tree::{Expr, ExprKind, Param, Repeat, Statement, Step, StepKind, TypeKind};
use dlm_grammar::walk::{Node, walk_item};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Makes the selected steps a layer, which takes what they use of the body around them.
pub(super) fn extract(snapshot: &Snapshot, range: &Range<usize>) -> Option<Action> {
    let text: &str = &snapshot.text;
    let selected = text.get(range.clone())?;
    let start = range.start + (selected.len() - selected.trim_start().len());
    let range = start..start + selected.trim().len();
    if range.is_empty() {
        return None;
    }
    let body = Body::at(snapshot, range.start)?;
    let (row, steps) = body.rows.iter().rev().find_map(|row| Some((row, within(row, &range)?)))?;
    let (first, last) = (row.steps.get(steps.start)?, row.steps.get(steps.end - 1)?);
    let part = first.span.to(last.span).range();
    let inside = text.get(part.clone())?;
    if row.steps[steps.clone()].iter().any(is_broken) {
        return None;
    }
    let taken = words(snapshot);
    let outer = outer(&body, &part);
    // The layer has names of its own: only those that it uses, or that all know, are taken.
    let known = snapshot.checked.modules.first()?.names.keys().cloned();
    let input = fresh("x", &word_set(inside).into_iter().chain(known).collect());
    let mut params = vec![format!("{input}: {}", {
        let used: BTreeSet<String> = word_set(inside);
        shape(entering(snapshot, row, steps.start), &used, &taken, snapshot)
    })];
    let (mut flows, mut settings) = (Vec::new(), Vec::new());
    for (name, it) in &outer {
        match type_of(snapshot, &body, it)? {
            Given::Flow(ty) => {
                params.push(format!("{name}: {ty}"));
                flows.push(name.to_string());
            }
            Given::Setting(ty) => settings.push((name, ty)),
        }
    }
    params.extend(settings.iter().map(|(name, ty)| format!("{name}: {ty}")));
    flows.extend(settings.iter().map(|(name, _)| format!("{name} = {name}")));
    let name = fresh("Block", &taken);
    let call = match flows.is_empty() {
        true => name.clone(),
        false => format!("{name}({})", flows.join(", ")),
    };
    let layer = format!("layer {name}({}) {{\n    {input} -> {inside}\n}}\n", params.join(", "));
    let mut layer = formatted(&layer)? + "\n\n";
    if text.contains("\r\n") {
        layer = layer.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    let mut change = replaced(snapshot, body.item, &part, &call)?;
    let at = begin(snapshot, body.decl);
    let mut edits = Vec::new();
    if at == change.place.range.start {
        change.text = layer + &change.text;
    } else {
        edits.push(Edit { place: place(snapshot, at..at), text: layer });
    }
    edits.push(change);
    let count = steps.len();
    let title = match count {
        1 => format!("Extract the step into a layer `{name}`"),
        n => format!("Extract {n} steps into a layer `{name}`"),
    };
    Some(Action { title, kind: Kind::Extract, preferred: false, mends: None, edits })
}

/// The steps of a row that a selection covers, when it cuts none.
fn within(row: &Row<'_>, range: &Range<usize>) -> Option<Range<usize>> {
    let covers = |step: &Step| {
        let at = step.span.range();
        range.start <= at.start && at.end <= range.end
    };
    let first = row.steps.iter().position(covers)?;
    let end = row.steps.iter().rposition(covers)? + 1;
    let outside = row.steps[..first].iter().chain(&row.steps[end..]);
    let cut = |step: &Step| {
        let at = step.span.range();
        at.start < range.end && range.start < at.end
    };
    // An arrow belongs to the step behind it.
    let from = row.steps[first].arrow.map_or(row.steps[first].span, |arrow| arrow);
    let until = row.steps[end - 1].span.end as usize;
    let exact = from.start as usize <= range.start && range.end <= until;
    (exact && !outside.into_iter().any(cut)).then_some(first..end)
}

fn is_broken(step: &Step) -> bool {
    matches!(step.kind, StepKind::Missing | StepKind::Error)
}

/// The names of the body that a part of it uses and does not declare.
fn outer<'t>(body: &Body<'t>, part: &Range<usize>) -> BTreeMap<String, Use> {
    let mut found = BTreeMap::new();
    let inside = |span: Span| part.start <= span.start as usize && span.end as usize <= part.end;
    let item = body.item.span;
    for it in body.names.uses.iter().filter(|it| inside(it.span)) {
        let local = matches!(it.role, Role::Param | Role::Size | Role::Binding | Role::Turn);
        if let Some(target) = it.target.filter(|_| local)
            && target.file == item.file
            && item.start <= target.start
            && target.end <= item.end
            && !inside(target)
        {
            let all = body.names.uses.iter();
            let role = all.clone().find(|it| it.span == target).map_or(it.role, |it| it.role);
            let name = name_at(body, target);
            found.insert(name, Use { span: target, role, ..*it });
        }
    }
    found
}

/// The name that is declared at a place of the item.
fn name_at(body: &Body<'_>, at: Span) -> String {
    let mut name = String::new();
    walk_item(body.item, &mut |node| {
        match node {
            Node::Name(it) if it.span == at => name.clone_from(&it.text),
            Node::Expr(Expr { span, kind: ExprKind::Name(it) }) if *span == at => {
                name.clone_from(&it.text);
            }
            _ => {}
        }
        true
    });
    name
}

enum Given {
    Flow(String),
    Setting(&'static str),
}

/// How a name of the body is declared as a parameter.
fn type_of(snapshot: &Snapshot, body: &Body<'_>, it: &Use) -> Option<Given> {
    let declared = |param: &&Param| param.name.span == it.span;
    match it.role {
        Role::Size => Some(Given::Setting("int")),
        Role::Param => {
            let param = body.network.params.iter().find(declared)?;
            if is_flow(param) {
                let int = matches!(param.ty.kind, TypeKind::Tensor { int: Some(_), .. });
                return Some(Given::Flow(if int { "int[..]" } else { "[..]" }.to_string()));
            }
            let TypeKind::Word(word) = &param.ty.kind else { return None };
            ["int", "real", "bool", "string", "list"]
                .into_iter()
                .find(|ty| *ty == word.text)
                .map(Given::Setting)
        }
        Role::Turn => {
            let mut over = None;
            walk_item(body.item, &mut |node| {
                if let Node::Step(Step { kind: StepKind::Repeat(repeat), .. }) = node
                    && repeat.variable.as_ref().is_some_and(|(name, _)| name.span == it.span)
                {
                    over = Some(repeat);
                }
                true
            });
            whole(snapshot, over?).then_some(Given::Setting("int"))
        }
        Role::Binding => {
            let value = body.network.body.statements.iter().find_map(|row| match row {
                Statement::Binding(row) if row.name.span == it.span => Some(&row.value),
                _ => None,
            })?;
            makes_flow(value).then(|| Given::Flow("[..]".to_string()))
        }
        _ => None,
    }
}

/// Whether a `repeat` goes over whole numbers, as far as the text tells.
fn whole(snapshot: &Snapshot, repeat: &Repeat) -> bool {
    let all = |items: &[Const]| items.iter().all(|item| matches!(item, Const::Int(_)));
    match &repeat.over.kind {
        ExprKind::Range { .. } => true,
        ExprKind::List(items) => items.iter().all(is_whole),
        ExprKind::Name(name) => {
            let module = snapshot.checked.modules.first();
            let entry = module.and_then(|module| module.names.get(&name.text));
            let Some(dlm_check::names::Entry::Known(decl, _)) = entry else { return false };
            matches!(snapshot.checked.constants.get(decl), Some(Const::List(items)) if all(items))
        }
        _ => false,
    }
}

fn is_whole(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Int(_) => true,
        ExprKind::Binary { left, right, op, .. } => {
            !op.compares() && (is_whole(left) || is_whole(right))
        }
        ExprKind::Paren(inner) => is_whole(inner),
        _ => false,
    }
}

/// Whether an expression is surely a flow.
fn makes_flow(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Pipe { .. } | ExprKind::Call { base: None, .. } => true,
        ExprKind::Paren(inner) => makes_flow(inner),
        ExprKind::Binary { left, right, .. } => makes_flow(left) || makes_flow(right),
        ExprKind::If(it) => it.arms.iter().any(|arm| makes_flow(&arm.block.inner)),
        _ => false,
    }
}

/// The type of the flow that enters: names for its sizes, where nothing else has them.
fn shape(
    known: Option<Known>,
    used: &BTreeSet<String>,
    taken: &BTreeSet<String>,
    snapshot: &Snapshot,
) -> String {
    let int = known.as_ref().is_some_and(|known| known.int);
    let names: &[&str] = match known.map(|known| known.rank) {
        Some(1) => &["features"],
        Some(2) => &["T", "C"],
        Some(3) => &["C", "H", "W"],
        _ => &[".."],
    };
    let global = |name: &str| {
        let module = snapshot.checked.modules.first();
        taken.contains(name) && module.is_some_and(|module| module.names.contains_key(name))
    };
    let free = names.iter().all(|name| !used.contains(*name) && !global(name));
    let sizes = if free { names.join(", ") } else { "..".to_string() };
    format!("{}[{sizes}]", if int { "int" } else { "" })
}

fn word_set(text: &str) -> BTreeSet<String> {
    let words = dlm_grammar::lex::tokens(text).into_iter();
    let words = words.filter(|token| token.kind == dlm_grammar::lex::TokenKind::Word);
    words.map(|token| token.text(text).to_string()).collect()
}
