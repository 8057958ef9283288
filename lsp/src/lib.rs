//! The language server of dlm.
//!
//! [`ide`] answers questions about a checked text in plain structs and bytes, and knows no protocol;
//! [`server`] speaks it.

pub mod ide;
pub mod server;

pub use server::{Host, serve, serve_on};
