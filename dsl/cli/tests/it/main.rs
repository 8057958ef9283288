//! The command as a process: what it prints, writes and ends with.

// Helpers of tests may unwrap like tests.
#![allow(clippy::unwrap_used)]

#[cfg(unix)]
mod crash;
mod distill;
mod docs;
mod formats;
mod known;
mod limits;
mod lock;
mod project;
mod runs;
mod support;
mod usage;
#[cfg(unix)]
mod watch;
