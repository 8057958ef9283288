//! Passes: each a function from graph to graph that leaves every output as it was.

mod dead;
mod fold;
mod fuse;

pub use dead::remove_dead;
pub use fold::{Folded, fold};
pub use fuse::fuse;

use crate::graph::Graph;

/// The passes that every graph goes through before it is planned.
pub fn optimize(g: Graph) -> Graph {
    remove_dead(fuse(remove_dead(g)))
}
