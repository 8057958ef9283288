//! What every crate of dlm speaks: spans, sources, shapes, and diagnostics with their renderers.
//!
//! Nothing here reads a file, a clock or the environment, and nothing prints: renderers return text.

pub mod diag;
pub mod files;
pub mod shape;
pub mod source;
pub mod span;
pub mod suggest;

pub use diag::{Code, Diag, Edit, Fix, Label, Severity};
pub use files::{FileError, Files};
pub use shape::Shape;
pub use source::{Source, Sources};
pub use span::{FileId, Span};
