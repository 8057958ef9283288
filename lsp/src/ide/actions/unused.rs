//! What is declared and never used is removed, or called `_name` to keep it.

use super::{Action, Kind};
use crate::ide::navigate::{place, references, rename};
use crate::ide::{Edit, Snapshot, locals, words};
use dlm_base::Span;
use dlm_grammar::tree::{Item, Statement};

/// The changes for the name at `at`, of which the diagnostic at that place among those of the check speaks.
pub(super) fn unused(snapshot: &Snapshot, at: Span, mends: usize) -> Vec<Action> {
    let Some(name) = snapshot.text.get(at.range()) else { return Vec::new() };
    let action = |title: String, edits| {
        let (kind, mends) = (Kind::QuickFix, Some(mends));
        Action { title, kind, preferred: false, mends, edits }
    };
    let mut found = Vec::new();
    if let Some(edit) = removal(snapshot, at) {
        found.push(action(format!("Remove `{name}`"), vec![edit]));
    }
    if let Ok(edits) = rename(snapshot, at.start as usize, &format!("_{name}"), &[]) {
        found.push(action(format!("Call it `_{name}`, to keep it"), edits));
    }
    found
}

/// Takes the declaration or the row of a name away, if nothing else speaks of it.
fn removal(snapshot: &Snapshot, at: Span) -> Option<Edit> {
    let item = locals::item_at(snapshot, at.start as usize)?;
    let doc = |item: &Item| item.doc.as_ref().map_or(item.span, |doc| doc.span).at_start();
    let span = match item.declared().is_some_and(|name| name.span == at) {
        true => doc(item).to(item.span),
        false => {
            let network = locals::network_at(snapshot, at.start as usize)?;
            network.body.statements.iter().find_map(|row| match row {
                Statement::Binding(row) if row.name.span == at => Some(row.span),
                _ => None,
            })?
        }
    };
    if references(snapshot, at.start as usize, false, &[])
        .iter()
        .any(|it| it.file != *snapshot.name || !span.range().contains(&it.range.start))
    {
        return None;
    }
    // Whole lines, and the empty ones behind a declaration.
    let text: &str = &snapshot.text;
    let start = text[..span.start as usize].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let rest = &text[span.end as usize..];
    let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
    let alone =
        text[start..span.start as usize].trim().is_empty() && rest[..line].trim().is_empty();
    if !alone {
        return None;
    }
    let behind = &rest[line..];
    let blank = behind.len() - behind.trim_start().len();
    let is_item = item.span.end == span.end;
    let end = match behind[..blank].rfind(['\n', '\r']) {
        Some(last) if is_item => line + last + 1,
        _ => line + if behind.starts_with("\r\n") { 2 } else { usize::from(!behind.is_empty()) },
    };
    let module = words::main(snapshot)?;
    let place = place(&snapshot.checked, Span::new(module.file, start, span.end as usize + end))?;
    Some(Edit { place, text: String::new() })
}
