//! What can be folded.

use super::Snapshot;
use std::ops::Range;

/// Bytes that fold to their first line, and whether they are a comment.
pub fn folding(_: &Snapshot) -> Vec<(Range<usize>, bool)> {
    Vec::new()
}
