//! The steps of a layer stand where it is used.

use super::rows::{
    Body, Known, Row, begin, entering, formatted, fresh, has_comment, layer, place, replaced, words,
};
use super::{Action, Kind};
use crate::ide::navigate::names::{Names, Role, Use, is_flow, item_of, network_of};
use crate::ide::{Edit, Snapshot};
use dlm_base::Span;
use dlm_check::names::{Decl, ModuleId};
use dlm_grammar::tree::{
    Expr, ExprKind, ItemKind, Network, Statement, StepKind, TypeKind, UseSource,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Puts the body of the layer that the step at a byte applies in the place of the step. A layer that has
/// no other use goes.
pub(super) fn inline(snapshot: &Snapshot, offset: usize) -> Option<Action> {
    let body = Body::at(snapshot, offset)?;
    let (row, index) = body.step_at(offset)?;
    let step = &row.steps[index];
    let decl = layer(snapshot, step)?;
    let checked = &snapshot.checked;
    let network = network_of(checked, decl)?;
    let module = checked.modules.get(decl.module.0 as usize)?;
    let text = &checked.sources.get(module.file).text;
    if item_of(checked, decl)?.broken || decl == body.decl {
        return None;
    }
    let names = Names::of(checked, decl.module);
    let mut writer = Writer { text, names: &names, live: Vec::new(), with: BTreeMap::new() };
    if !sees(snapshot, &writer, network) {
        return None;
    }
    let taken = words(snapshot);
    let input = arguments(snapshot, row, index, network, &mut writer)?;
    let rows: Vec<&Statement> =
        network.body.statements.iter().filter(|row| !matches!(row, Statement::Assert(_))).collect();
    let edit = match rows.as_slice() {
        [Statement::Flow(Expr { kind: ExprKind::Pipe { source, steps }, .. })]
            if source.as_name().is_some_and(|name| name.text == input.name) && input.uses == 1 =>
        {
            let all = steps.first()?.span.to(steps.last()?.span);
            replaced(snapshot, body.item, &step.span.range(), &writer.write(all)?)?
        }
        rows => with_rows(snapshot, &body, (row, index), rows, &input, (&mut writer, taken))?,
    };
    let mut edits = vec![edit];
    let name = &network.name.text;
    let mut title = format!("Inline `{name}`");
    if let Some(edit) = unneeded(snapshot, &body.names, decl, network) {
        title = format!("Inline `{name}`, and remove it");
        edits.push(edit);
    }
    Some(Action { title, kind: Kind::Inline, preferred: false, mends: None, edits })
}

/// The flow that enters a layer, as its body sees it.
struct Input<'t> {
    name: &'t str,
    at: Span,
    /// How often the body names it.
    uses: usize,
}

/// Gives every parameter of the layer its argument, and every size its number.
fn arguments<'t>(
    snapshot: &'t Snapshot,
    row: &Row<'t>,
    index: usize,
    network: &'t Network,
    writer: &mut Writer<'t>,
) -> Option<Input<'t>> {
    let StepKind::Apply { args, .. } = &row.steps[index].kind else { return None };
    let first = network.params.iter().position(is_flow)?;
    let input = &network.params[first];
    let mut rest = network.params.iter().enumerate().filter(|(i, _)| *i != first);
    let mut given: BTreeMap<usize, &Expr> = BTreeMap::new();
    for arg in args.iter().flat_map(|args| &args.list) {
        let param = match &arg.name {
            Some((name, _)) => {
                network.params.iter().position(|param| param.name.text == name.text)?
            }
            None => rest.next()?.0,
        };
        given.insert(param, &arg.value);
    }
    let rows = network.body.statements.iter();
    let rows = rows.filter(|row| !matches!(row, Statement::Assert(_)));
    writer.live = rows.map(Statement::span).collect();
    let uses = writer.count(input.name.span);
    let known = entering(snapshot, row, index);
    for (i, param) in network.params.iter().enumerate().filter(|(i, _)| *i != first) {
        let at = param.name.span;
        match given.get(&i) {
            Some(value) => {
                if has_comment(snapshot, &value.span.range())
                    || (is_flow(param) && value.as_name().is_none() && writer.count(at) > 1)
                {
                    return None;
                }
                let text = snapshot.text.get(value.span.range())?.to_string();
                writer.with.insert(at, braced(value, text));
            }
            None if is_flow(param) => return None,
            None => writer.live.push(param.default.as_ref()?.1.span),
        }
    }
    numbers(network, first, known, writer)?;
    // Defaults speak of sizes and of other settings.
    for (i, param) in network.params.iter().enumerate().filter(|(i, _)| *i != first) {
        if let (None, Some((_, default))) = (given.get(&i), &param.default) {
            let text = writer.write(default.span)?;
            writer.with.insert(param.name.span, braced(default, text));
        }
    }
    let at = input.name.span;
    Some(Input { name: &input.name.text, at, uses })
}

/// Gives the sizes that the layer's body uses the numbers that they have here; `None` when those are not
/// the same whenever the step runs.
fn numbers(
    network: &Network,
    first: usize,
    known: Option<Known>,
    writer: &mut Writer<'_>,
) -> Option<()> {
    let known = known.and_then(|known| known.sizes);
    for (i, param) in network.params.iter().enumerate() {
        let TypeKind::Tensor { sizes: Some(sizes), .. } = &param.ty.kind else { continue };
        for (axis, size) in sizes.iter().enumerate() {
            let binds = writer.names.uses.iter().any(|it| it.span == size.span && it.declares);
            if !binds || writer.count(size.span) == 0 {
                continue;
            }
            let number = known.as_ref().filter(|_| i == first)?.get(axis)?;
            writer.with.insert(size.span, number.to_string());
        }
    }
    Some(())
}

/// An argument as it stands within an expression.
fn braced(value: &Expr, text: String) -> String {
    match value.kind {
        ExprKind::Binary { .. }
        | ExprKind::Unary { .. }
        | ExprKind::If(_)
        | ExprKind::Pipe { .. }
        | ExprKind::Range { .. } => format!("({text})"),
        _ => text,
    }
}

/// Writes the rows of the layer before the row of the step, which must be nothing but that flow.
fn with_rows<'t>(
    snapshot: &Snapshot,
    body: &Body<'_>,
    (row, index): (&Row<'_>, usize),
    rows: &[&'t Statement],
    input: &Input<'t>,
    (writer, mut taken): (&mut Writer<'t>, BTreeSet<String>),
) -> Option<Edit> {
    let statement = row.statement?;
    let value = match statement {
        Statement::Binding(it) => &it.value,
        Statement::Flow(flow) => flow,
        _ => return None,
    };
    let text: &str = &snapshot.text;
    let (start, end) = (value.span.start as usize, value.span.end as usize);
    let mut out = String::new();
    let source = row.source.filter(|_| index == 0).and_then(Expr::as_name);
    match source {
        Some(name) => {
            writer.with.insert(input.at, name.text.clone());
        }
        None => {
            let before = match index.checked_sub(1) {
                Some(before) => row.steps[before].span,
                None => row.source?.span,
            };
            let name = fresh(input.name, &taken);
            out += &format!("{name} = {}\n    ", text.get(start..before.end as usize)?);
            taken.insert(name.clone());
            writer.with.insert(input.at, name);
        }
    }
    let (last, bindings) = rows.split_last()?;
    for row in bindings {
        let Statement::Binding(it) = row else { return None };
        let value = writer.write(it.value.span)?;
        let name = fresh(&it.name.text, &taken);
        // At the start of a line a constant would begin.
        out += &format!("{name} = {value}\n    ");
        taken.insert(name.clone());
        writer.with.insert(it.name.span, name);
    }
    let Statement::Flow(flow) = last else { return None };
    let rest = text.get(row.steps[index].span.end as usize..end)?;
    let result = writer.write(flow.span)?;
    let result = match flow.kind {
        ExprKind::If(_) | ExprKind::Unary { .. } if !rest.trim().is_empty() => {
            format!("({result})")
        }
        _ => result,
    };
    let head = text.get(statement.span().start as usize..start)?;
    out += &format!("{head}{result}{rest}");
    replaced(snapshot, body.item, &(statement.span().start as usize..end), &out)
}

/// The text of a layer with other texts for its parameters.
struct Writer<'t> {
    text: &'t str,
    names: &'t Names,
    /// The parts of the layer that are written, or that what is written needs.
    live: Vec<Span>,
    /// For what is declared at a place, the text that stands for it.
    with: BTreeMap<Span, String>,
}

impl Writer<'_> {
    /// A part of the layer's text.
    fn write(&self, part: Span) -> Option<String> {
        let mut out = String::new();
        let mut at = part.start;
        for it in self.within(part) {
            // The name of an argument is not the parameter that is called so.
            let named = matches!(it.role, Role::Param | Role::Size | Role::Binding);
            let Some(target) = it.target.filter(|_| named && it.span.start >= at) else { continue };
            let with = self.with.get(&target)?;
            out += self.text.get(at as usize..it.span.start as usize)?;
            out += with;
            at = it.span.end;
        }
        out += self.text.get(at as usize..part.end as usize)?;
        Some(out)
    }

    fn within(&self, part: Span) -> impl Iterator<Item = &Use> {
        let fits = move |it: &&Use| {
            it.span.file == part.file && part.start <= it.span.start && it.span.end <= part.end
        };
        self.names.uses.iter().filter(fits)
    }

    /// How often the live parts of the layer name what is declared at a place.
    fn count(&self, at: Span) -> usize {
        let uses = self.live.iter().flat_map(|part| self.within(*part));
        uses.filter(|it| it.target == Some(at)).count()
    }
}

/// Whether all that the layer names outside itself has the same name at the caller, and nothing of
/// it is called like a step of the caller.
fn sees(snapshot: &Snapshot, writer: &Writer<'_>, network: &Network) -> bool {
    let caller = snapshot.checked.modules.first();
    let rows = network.body.braces.span();
    writer.within(rows).all(|it| {
        let text = writer.text.get(it.span.range()).unwrap_or_default();
        let same = |target: Span| {
            let entry = caller.and_then(|module| module.names.get(text));
            let Some(dlm_check::names::Entry::Known(decl, _)) = entry else { return false };
            let name = crate::ide::navigate::names::name_of(&snapshot.checked, *decl);
            name.is_some_and(|name| name.span == target)
        };
        match (it.role, it.target) {
            (Role::Step, _) => false,
            (Role::Const | Role::Data | Role::Layer | Role::Model, Some(target)) => same(target),
            (Role::Unknown, _) => false,
            _ => true,
        }
    })
}

/// The edit that takes out a layer, or its import, of which the step is the only use.
fn unneeded(snapshot: &Snapshot, names: &Names, decl: Decl, network: &Network) -> Option<Edit> {
    let target = network.name.span;
    let module = snapshot.checked.modules.first()?;
    let import = module.tree.items.iter().find_map(|item| match &item.kind {
        ItemKind::Use(it) => {
            let place = it.names.iter().position(|name| name.text == network.name.text)?;
            Some((item, it, place))
        }
        _ => None,
    });
    let uses = names.uses.iter().filter(|it| it.target == Some(target)).count();
    // The step, and the declaration or the import.
    if uses != 2 {
        return None;
    }
    if decl.module == ModuleId::MAIN {
        let runs = module.tree.has_verbs();
        let item = module.tree.items.get(decl.item as usize)?.span;
        let range = line(snapshot, begin(snapshot, decl)..item.end as usize);
        return runs.then(|| Edit { place: place(snapshot, range), text: String::new() });
    }
    let (item, it, index) = import?;
    let range = item.span.range();
    if it.names.len() == 1 {
        let range = line(snapshot, range);
        return Some(Edit { place: place(snapshot, range), text: String::new() });
    }
    let source = match &it.source {
        UseSource::Std(parts) => parts.first()?.span.to(parts.last()?.span),
        UseSource::File(text) => text.span,
    };
    let source = snapshot.text.get(source.range())?;
    let names: Vec<&str> = it.names.iter().map(|name| name.text.as_str()).collect();
    let names = [&names[..index], &names[index + 1..]].concat().join(", ");
    let text = formatted(&format!("use {source}: {names}\n"))?;
    Some(Edit { place: place(snapshot, range), text })
}

/// Some lines, with the line breaks and the empty lines behind them.
fn line(snapshot: &Snapshot, range: Range<usize>) -> Range<usize> {
    let rest = snapshot.text.get(range.end..).unwrap_or_default();
    let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    // Blanks at the start of the next line are its own, but there are none before an item.
    range.start..range.end + blank
}
