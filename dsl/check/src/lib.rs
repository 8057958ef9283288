//! The checker: from trees to a program of which everything is known before it runs.

pub mod budget;
pub mod lower;
pub mod program;

pub use program::Program;
