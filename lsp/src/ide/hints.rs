//! What an editor shows between the words: shapes after steps, names of positional arguments, sizes.

use super::Snapshot;
use std::ops::Range;

/// Which hints are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The shape after each step.
    pub shapes: bool,
    /// The names of positional arguments.
    pub arguments: bool,
    /// The sizes bound where a layer is used.
    pub sizes: bool,
}

/// A text between the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The byte behind which, or before which, it stands.
    pub at: usize,
    /// The text: `[32, 26, 26]`, `units:`.
    pub text: String,
    /// Whether it stands before what is at `at` (an argument), or behind what ends there.
    pub before: bool,
    /// More about it, in Markdown.
    pub tooltip: Option<String>,
}

/// The hints in a part of the text, by place.
pub fn hints(_: &Snapshot, _: Range<usize>, _: Shown) -> Vec<Hint> {
    Vec::new()
}
