//! What each word is, for colours.

use super::Snapshot;
use std::ops::Range;

/// What a word is. The order is that of the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A word of the language.
    Keyword,
    /// An operator of a network: `conv`.
    Function,
    /// A layer declared in the language.
    Class,
    /// A model, an artifact, data, a policy.
    Type,
    /// A setting, an argument name.
    Property,
    /// A parameter of a layer.
    Parameter,
    /// A constant, a binding, a named step.
    Variable,
    /// A value of a list: `static`, `adamw`.
    EnumMember,
    /// A number.
    Number,
    /// A string.
    String,
    /// A comment.
    Comment,
}

/// A word with what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its bytes, within one line.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Kind,
    /// Whether this is its declaration.
    pub declares: bool,
}

/// The words in a part of the text, by place.
pub fn tokens(_: &Snapshot, _: Range<usize>) -> Vec<Token> {
    Vec::new()
}
