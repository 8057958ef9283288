//! The checker: from trees to a program of which everything is known before it runs.

pub mod program;

pub use program::Program;
