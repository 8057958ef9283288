//! One line a diagnostic, and the line that counts them.

use super::place::place;
use crate::diag::{Diag, Severity};
use crate::source::Sources;

/// `file:line:column: error[E0401]: message`.
pub fn short(diag: &Diag, sources: &Sources) -> String {
    let at = place(diag.primary.span, sources);
    let (severity, code) = (diag.severity(), diag.code.id);
    let message = diag.message.replace('\n', " ");
    format!("{}:{}:{}: {severity}[{code}]: {message}", at.file, at.start.line, at.start.column)
}

/// `2 errors, 1 warning`; empty where there is nothing to count.
pub fn summary<'a>(diags: impl IntoIterator<Item = &'a Diag>) -> String {
    let (mut errors, mut warnings) = (0, 0);
    for diag in diags {
        match diag.severity() {
            Severity::Error => errors += 1,
            Severity::Warning => warnings += 1,
        }
    }
    let count = |n: usize, word: &str| match n {
        0 => None,
        1 => Some(format!("1 {word}")),
        n => Some(format!("{n} {word}s")),
    };
    let parts = [count(errors, "error"), count(warnings, "warning")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}
