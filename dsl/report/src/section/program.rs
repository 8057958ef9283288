//! The program itself.

use crate::figure::plural;
use crate::page::{Diagnostic, Page, Severity};
use crate::part::{Section, message, wide};
use crate::scan::{Part, parts};
use maud::{Markup, html};

/// The text with its numbers, and what the checker said under the lines that it concerns.
pub(super) fn program(page: &Page) -> Option<Section> {
    let it = &page.program;
    let lines: Vec<&str> = it.text.lines().collect();
    let said = |line: usize| it.diagnostics.iter().filter(move |diag| diag.line == line);
    // What has no line in this text is not lost: it stands above.
    let other = it.diagnostics.iter().filter(|diag| diag.line == 0 || diag.line > lines.len());
    let note = match it.diagnostics.len() {
        0 => it.file.clone(),
        n => format!("{} · {}", it.file, plural(n, "message")),
    };
    let text = html! {
        div.code {
            @for diag in other { (said_of(diag, "")) }
            @for (i, line) in lines.iter().enumerate() {
                div.line id={ "L" (i + 1) } { (colored(line)) }
                @for diag in said(i + 1) { (said_of(diag, line)) }
            }
        }
    };
    (!lines.is_empty() || !it.diagnostics.is_empty()).then(|| Section {
        id: "program",
        title: "Program",
        note,
        body: wide("The text of the program", &text),
    })
}

fn colored(line: &str) -> Markup {
    html! { @for (part, text) in parts(line) {
        @match part {
            Part::Plain => (text),
            Part::Keyword => span.k { (text) },
            Part::Str => span.s { (text) },
            Part::Number => span.n { (text) },
            Part::Comment => span.c { (text) },
        }
    } }
}

fn said_of(diag: &Diagnostic, line: &str) -> Markup {
    let word = match diag.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let before: String = line
        .chars()
        .take(diag.column.saturating_sub(1))
        .map(|c| if c == '\t' { c } else { ' ' })
        .collect();
    let rest = line.chars().count().saturating_sub(before.chars().count());
    html! {
        div.diag.(word) {
            @if rest > 0 { div.carets aria-hidden="true" { (before) (("^").repeat(diag.width.clamp(1, rest))) } }
            div.said {
                b { (word) @if !diag.code.is_empty() { "[" (diag.code) "]" } } ": " (message(&diag.message))
                @if let Some(help) = &diag.help { div { b.help { "help" } ": " (message(help)) } }
            }
        }
    }
}
