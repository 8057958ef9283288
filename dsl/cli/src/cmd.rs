//! One file a command.

pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod dump;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod generate;
pub(crate) mod lsp;
pub(crate) mod new;
pub(crate) mod predict;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod show;

pub(crate) use run::Reading;
