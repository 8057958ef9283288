//! What is particular to a training with teachers.

mod features;
mod fit;
mod lints;
pub(crate) mod teachers;

pub(crate) use features::resolve;
pub(crate) use fit::fits;
pub(crate) use lints::lints;
pub(crate) use teachers::{Teacher, Teachers};
