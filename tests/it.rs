//! The suite.

// A test that cannot go on stops.
#![allow(clippy::unwrap_used)]

mod spec;
