//! The arguments of the call at a place.

use super::Snapshot;
use std::ops::Range;

/// A call with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `conv(channels, kernel, stride = 1)`
    pub label: String,
    /// Its documentation, in Markdown.
    pub doc: String,
    /// The parameters: their bytes in `label`, and their documentation.
    pub params: Vec<(Range<usize>, String)>,
    /// The parameter that is being written.
    pub active: Option<usize>,
}

/// The innermost call at a byte.
pub fn signature(_: &Snapshot, _: usize) -> Option<Signature> {
    None
}
