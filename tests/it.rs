//! The suite.

// A test that cannot go on stops.
#![allow(clippy::unwrap_used)]

mod determinism;
mod distill;
mod examples;
mod inputs;
mod library;
mod onnx;
mod oracle;
mod quant;
mod spec;
mod support;
mod tidy;
mod train;
mod trust;
