//! What a word is, where the pointer rests.

use super::Snapshot;
use std::ops::Range;

/// An explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// What it explains.
    pub range: Range<usize>,
    /// The text, in Markdown.
    pub markdown: String,
}

/// What stands at a byte.
pub fn hover(_: &Snapshot, _: usize) -> Option<Hover> {
    None
}
