//! The grammar of dlm: a parser that accepts every input, the tree, and the formatter.

mod format;
pub mod lex;
mod parse;
pub mod tree;
pub mod words;

mod build;
mod items;
mod repair;

#[cfg(test)]
mod tests;

pub use format::format;
pub use parse::{MAX_BYTES, Parsed, parse};
pub use tree::Tree;
