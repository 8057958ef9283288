//! The grammar of dlm: a parser that accepts every input, the tree, and the formatter.

pub mod tree;

pub use tree::Tree;
