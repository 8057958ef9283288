//! Every word that a program may name, one file each, in a list for each kind.
//!
//! The file of a word holds its documentation (hover text, manual page and `dlm explain`), its
//! declaration as data (from which arguments are checked, completed and shown), and what it does.

pub mod augment;
pub mod codes;
mod common;
pub mod data;
pub mod format;
pub mod internal;
pub mod loss;
pub mod metric;
pub mod ops;
pub mod optim;
pub mod range;
pub mod schedule;
pub mod settings;
pub mod word;

pub use word::{Arg, Args, Default, Param, Type, Unit, Word};
