//! What may stand at a place.

use super::Snapshot;
use std::ops::Range;

/// A word that may stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The word.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// Beside it: a signature, a type, a shape.
    pub detail: String,
    /// Its documentation, in Markdown.
    pub doc: String,
    /// The text that replaces `replace`.
    pub insert: String,
    /// Whether `insert` has places to fill: `dense(${1:units})$0`.
    pub snippet: bool,
    /// The bytes that it replaces.
    pub replace: Range<usize>,
    /// The order: smaller first.
    pub rank: u32,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An operator, a layer, a model.
    Layer,
    /// A setting or an argument.
    Setting,
    /// A value of a setting, a loss term, an optimiser, a source.
    Value,
    /// A constant, an artifact, a binding.
    Name,
    /// A keyword.
    Keyword,
    /// A file or a folder.
    File,
    /// A layer path.
    Path,
}

/// What may stand at a byte, best first. `files` lists folders for strings that name files.
pub fn complete(_: &Snapshot, _: usize, _: &dyn dlm_base::Files) -> Vec<Completion> {
    Vec::new()
}
