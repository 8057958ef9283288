//! Files that a text names.

use super::Snapshot;
use std::ops::Range;

/// The strings and names that stand for files, with the path of each; `std/vision.dlm` for the library
/// inside the binary.
pub fn links(_: &Snapshot) -> Vec<(Range<usize>, String)> {
    Vec::new()
}
