//! Placeholder group.
pub static CODES: &[&crate::diag::Code] = &[];
