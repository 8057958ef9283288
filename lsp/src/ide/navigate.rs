//! From a name to its declaration and its uses, over all files of a check.

use super::{Edit, Place, Snapshot};
use std::ops::Range;

/// Where the name at a byte is declared.
pub fn definition(_: &Snapshot, _: usize) -> Option<Place> {
    None
}

/// Every use of the name at a byte, its declaration among them where `declaration` is set, in the files of
/// this check and in `others`, which import this file.
pub fn references(_: &Snapshot, _: usize, _declaration: bool, _others: &[Snapshot]) -> Vec<Place> {
    Vec::new()
}

/// The uses of the name at a byte within this file; `true` at its declaration.
pub fn highlight(_: &Snapshot, _: usize) -> Vec<(Range<usize>, bool)> {
    Vec::new()
}

/// The name at a byte, if it can be renamed.
///
/// # Errors
/// With the reason why not.
pub fn prepare_rename(_: &Snapshot, _: usize) -> Result<Range<usize>, String> {
    Err("there is no name here".to_string())
}

/// The edits that give the name at a byte another text everywhere.
///
/// # Errors
/// With the reason why it cannot have that name.
pub fn rename(
    _: &Snapshot,
    _: usize,
    _to: &str,
    _others: &[Snapshot],
) -> Result<Vec<Edit>, String> {
    Err("there is no name here".to_string())
}
