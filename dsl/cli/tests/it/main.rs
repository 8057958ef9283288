//! The command as a process: what it prints, writes and ends with.

mod docs;
mod formats;
mod project;
mod support;
mod usage;
