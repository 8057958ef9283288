//! What a file declares.

use super::Snapshot;
use std::ops::Range;

/// A declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// Beside it.
    pub detail: String,
    /// What it is.
    pub kind: Kind,
    /// All of it.
    pub range: Range<usize>,
    /// Its name.
    pub selection: Range<usize>,
    /// What is inside: named steps, parameters, settings.
    pub children: Vec<Symbol>,
}

/// What is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A constant.
    Const,
    /// Data.
    Data,
    /// A layer.
    Layer,
    /// A model.
    Model,
    /// A policy.
    Policy,
    /// An artifact.
    Artifact,
    /// A named step.
    Step,
    /// A setting or a parameter.
    Setting,
}

/// The declarations of the text, in its order.
pub fn symbols(_: &Snapshot) -> Vec<Symbol> {
    Vec::new()
}
