//! Answers about a program in plain structs. Places are bytes of its text; nothing here knows a protocol,
//! reads a file or looks at a clock. Every question has an answer in any half-typed state.

pub mod actions;
mod calls;
pub mod complete;
mod context;
mod facts;
pub mod folding;
pub mod hints;
pub mod hover;
pub mod lenses;
pub mod links;
mod locals;
pub mod navigate;
mod places;
pub mod selection;
pub mod signature;
pub mod symbols;
#[cfg(test)]
mod tests;
pub mod tokens;
mod words;

use dlm_check::session::Checked;
use std::ops::Range;
use std::sync::Arc;

/// A text and what is known of it at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Its path, as `Files` take it.
    pub name: Arc<str>,
    /// The text.
    pub text: Arc<str>,
    /// What the checker made of it; the text is its first source.
    pub checked: Arc<Checked>,
}

impl Snapshot {
    /// A text that has been checked.
    pub fn new(name: &str, text: &str, checked: Checked) -> Snapshot {
        Snapshot { name: name.into(), text: text.into(), checked: Arc::new(checked) }
    }
}

/// A place in some file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path, or `std/vision.dlm` for the library inside the binary.
    pub file: String,
    /// The bytes of its text.
    pub range: Range<usize>,
}

/// Some bytes of a file become another text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where.
    pub place: Place,
    /// What stands there afterwards.
    pub text: String,
}
