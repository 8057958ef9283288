//! What an editor shows above declarations: figures, and what can be started.

use super::Snapshot;
use std::ops::Range;

/// A line above a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// The name of what is declared, or the first line of the file.
    pub range: Range<usize>,
    /// The text: `1,810 parameters · 1,776 MACs · 7.07 KiB → 2.01 KiB · 512 B`.
    pub text: String,
    /// What a click does.
    pub command: Option<Command>,
}

/// What a click does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Runs the file; of one artifact, that one with what it needs.
    Run(Option<String>),
    /// Checks the file.
    Check,
    /// Draws the network of that name.
    Draw(String),
}

/// All lenses, by place.
pub fn lenses(_: &Snapshot) -> Vec<Lens> {
    Vec::new()
}
