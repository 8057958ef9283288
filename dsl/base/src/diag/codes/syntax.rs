//! Syntax: the text is no program, whatever its names mean.

use super::code;
use crate::diag::Diag;
use crate::span::Span;

code! {
    /// Something stands where something else belongs.
    ///
    /// The message says what was found and what may stand there. Only the row of the text that holds
    /// the mistake is lost; the rest of the file is checked all the same.
    ///
    /// What people from other languages meet most: `name = value` binds everywhere (`:` gives a
    /// parameter its type and nothing else), data flows along `->`, strings stand in double quotes,
    /// rows need neither commas nor semicolons, the parenthesis of a call touches its name, comments
    /// begin with `//`, and every declaration begins at the start of a line.
    ///
    /// Bad:
    /// ```dlm
    /// model Net(image: [1, 8, 8]) {
    ///     image -> flatten -> dense(10) ->
    /// }
    /// ```
    /// Good:
    /// ```dlm
    /// model Net(image: [1, 8, 8]) {
    ///     image -> flatten -> dense(10) -> softmax
    /// }
    /// ```
    E0101 = "E0101", "syntax: what was found, what may stand there";

    /// A string, a block or a list is opened and never closed.
    ///
    /// The place shown is the opening. A string ends on its line; a bracket ends before the next
    /// declaration at the start of a line, so an open bracket harms one declaration only.
    ///
    /// Bad:
    /// ```dlm
    /// model Net(image: [1, 8, 8]) {
    ///     image -> flatten -> dense(10
    /// }
    /// ```
    /// Good:
    /// ```dlm
    /// model Net(image: [1, 8, 8]) {
    ///     image -> flatten -> dense(10)
    /// }
    /// ```
    E0102 = "E0102", "a string, a block or a list is not closed";
}

/// `found` stands at `at`, where `expected` belongs. Both are phrases: "`)`", "the number 3", "a step".
pub fn unexpected(at: Span, found: &str, expected: &str) -> Diag {
    let message = format!("expected {expected}, found {found}");
    Diag::new(&E0101, message, at, format!("expected {expected}"))
}

/// Nothing stands where `what` belongs; `after` is what precedes it: "`epochs =`".
pub fn missing(at: Span, what: &str, after: &str) -> Diag {
    Diag::new(&E0101, format!("{what} is missing after {after}"), at, format!("expected {what}"))
}

/// Any other mistake of form, in its own words.
pub fn mistake(at: Span, message: impl Into<String>, label: impl Into<String>) -> Diag {
    Diag::new(&E0101, message, at, label)
}

/// The bracket `open` has no partner; `close` is what it needs.
pub fn unclosed(at: Span, open: &str, close: &str) -> Diag {
    Diag::new(&E0102, format!("`{open}` is not closed"), at, format!("needs a `{close}`"))
}

/// A string has no closing quote on its line, which ends at `end`.
pub fn unclosed_string(at: Span, end: Span) -> Diag {
    Diag::new(&E0102, "a string is not closed", at, "no `\"` ends it on this line")
        .help("write `\"` where the text ends")
        .fix("close the string at the end of the line", end, "\"", false)
}
