//! The checker: from trees to a program of which everything is known before it runs.

pub mod args;
pub mod budget;
pub mod consts;
pub mod diags;
pub mod lower;
pub mod names;
pub mod network;
pub mod program;
pub mod stdlib;

pub use program::Program;
