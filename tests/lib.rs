//! The suite lives in `it.rs`.
