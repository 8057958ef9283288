//! Networks as pictures and as text for Graphviz.

mod dot;
mod layout;
mod svg;

#[cfg(test)]
mod tests;

pub(crate) use dot::dot;
pub(crate) use svg::svg;

use crate::written::call;
