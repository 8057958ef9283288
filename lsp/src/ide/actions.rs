//! Changes that an editor offers.

use super::{Edit, Snapshot};
use std::ops::Range;

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

/// The changes that are offered for a part of the text.
pub fn actions(_: &Snapshot, _: Range<usize>) -> Vec<Action> {
    Vec::new()
}
