//! Changes that an editor offers.

use super::navigate::place;
use super::{Edit, Snapshot};
use std::ops::Range;

mod extract;
mod inline;
mod repeat;
mod rows;
mod unused;

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What it does.
    pub title: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it is surely what was meant.
    pub preferred: bool,
    /// The diagnostic that it mends: its place among those of the check.
    pub mends: Option<usize>,
    /// What changes.
    pub edits: Vec<Edit>,
}

/// What a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It mends a diagnostic.
    QuickFix,
    /// It makes a layer of steps.
    Extract,
    /// It puts the steps of a layer where it is used.
    Inline,
    /// It writes the same otherwise.
    Rewrite,
}

/// The changes that are offered for a part of the text: what mends the diagnostics there, then what writes
/// the program otherwise.
pub fn actions(snapshot: &Snapshot, range: Range<usize>) -> Vec<Action> {
    let end = snapshot.text.len();
    let range = range.start.min(end)..range.end.clamp(range.start.min(end), end);
    let mut found = fixes(snapshot, &range);
    found.extend(extract::extract(snapshot, &range));
    found.extend(inline::inline(snapshot, range.start));
    found.extend(repeat::repeat(snapshot, range.start));
    found
}

/// The fixes of the diagnostics that touch a part of the text.
fn fixes(snapshot: &Snapshot, range: &Range<usize>) -> Vec<Action> {
    let checked = &snapshot.checked;
    let mut found = Vec::new();
    for (i, diag) in checked.diags.iter().enumerate() {
        let at = diag.primary.span;
        if at.file.0 != 0 || (at.end as usize) < range.start || range.end < at.start as usize {
            continue;
        }
        if diag.code.id == "W1001" && diag.fixes.is_empty() {
            found.extend(unused::unused(snapshot, at, i));
        }
        for fix in &diag.fixes {
            let edits: Option<Vec<Edit>> = fix
                .edits
                .iter()
                .map(|edit| {
                    let place = place(checked, edit.span)?;
                    Some(Edit { place, text: edit.text.clone() })
                })
                .collect();
            let Some(edits) = edits else { continue };
            let (title, kind) = (capital(&fix.title), Kind::QuickFix);
            found.push(Action { title, kind, preferred: fix.sure, mends: Some(i), edits });
        }
    }
    found
}

/// A text that begins with a capital letter, unless it begins with code.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
