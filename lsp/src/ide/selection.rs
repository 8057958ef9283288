//! What selecting more means.

use super::Snapshot;
use std::ops::Range;

/// The ranges around a byte, from the innermost outwards, each within the next.
pub fn selection(_: &Snapshot, _: usize) -> Vec<Range<usize>> {
    Vec::new()
}
