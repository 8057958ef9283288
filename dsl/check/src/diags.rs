//! Where a check puts what it has to say.

use dlm_base::{Diag, Span};
use std::collections::BTreeSet;

/// The diagnostics of one check. A second one of the same kind at the same place says the same
/// mistake again (a layer that is used twice is checked twice), and is dropped.
#[derive(Debug, Default)]
pub struct Diags {
    list: Vec<Diag>,
    seen: BTreeSet<(&'static str, Span)>,
}

impl Diags {
    /// None yet.
    pub fn new() -> Diags {
        Diags::default()
    }

    /// Adds one, unless its mistake has been reported.
    pub fn push(&mut self, diag: Diag) {
        if self.seen.insert((group(diag.code.id), diag.primary.span)) {
            self.list.push(diag);
        }
    }

    /// Adds several.
    pub fn extend(&mut self, diags: impl IntoIterator<Item = Diag>) {
        for diag in diags {
            self.push(diag);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diag> {
        self.list.iter()
    }

    /// All of them, in the order in which they were found.
    pub fn into_vec(self) -> Vec<Diag> {
        self.list
    }
}

/// Shapes that do not fit are one kind, whatever the number; of the others, each code is one.
fn group(id: &'static str) -> &'static str {
    if id.starts_with("E04") { "E04" } else { id }
}
