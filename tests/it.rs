//! The suite.

mod spec;
