//! Diagnostics as text, one renderer for each destination. A renderer decides layout and nothing
//! else; it returns a `String` and never fails, whatever the spans are.

mod excerpt;
mod github;
mod json;
mod place;
mod sarif;
mod short;
mod terminal;

#[cfg(test)]
mod tests;

pub use github::github;
pub use json::json;
pub use sarif::sarif;
pub use short::{short, summary};
pub use terminal::terminal;
