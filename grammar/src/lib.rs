//! The grammar of dlm: a parser that accepts every input, the tree, and the formatter.
//!
//! ```text
//! text ──lex──▶ tokens ──items──▶ slices ──repair──▶ mended slices ──pest──▶ pairs ──build──▶ Tree
//! ```
//!
//! [`parse`] gives a [`Tree`] for every text, with one diagnostic for each mistake of form. A
//! declaration begins at the start of a line, so the text is cut into items before anything else, and
//! a mistake harms one item only; inside it, one row. What names mean is not this crate's business.

mod cache;
mod parse;
pub mod tree;

mod format;
pub mod lex;
pub mod walk;
pub mod words;

mod build;
mod items;
mod repair;
mod shift;

#[cfg(test)]
mod tests;

pub use cache::Cache;
pub use format::format;
pub use parse::{MAX_BYTES, Parsed, parse, parse_with};
pub use tree::Tree;
