//! The server over a pipe: what editors do, and what no editor should.

#[path = "server/client.rs"]
mod client;

#[path = "server/commands.rs"]
mod commands;

#[path = "server/diagnostics.rs"]
mod diagnostics;

#[path = "server/guards.rs"]
mod guards;

#[path = "server/bad_input.rs"]
mod bad_input;

#[path = "server/fuzz.rs"]
mod fuzz;

#[path = "server/names.rs"]
mod names;

#[path = "server/typed.rs"]
mod typed;
