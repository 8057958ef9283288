//! The checker: from trees to a program of which everything is known before it runs.

pub mod args;
pub mod budget;
pub mod consts;
mod data;
pub mod diags;
mod distill;
mod expect;
mod export;
mod lints_net;
mod load;
pub mod lower;
pub mod names;
pub mod network;
mod order;
mod paths;
mod policy;
pub mod program;
pub mod quant;
mod quantize;
mod sequence;
pub mod session;
mod settings;
pub mod stdlib;
#[cfg(test)]
mod tests;
mod train;

pub use program::Program;
pub use session::{Checked, check_file, check_text};
