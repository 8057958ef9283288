//! What was expected, and what the run warned of.

use crate::figure::{metric, plural};
use crate::page::Page;
use crate::part::{Section, message};
use crate::table::Table;
use maud::{Markup, html};

/// Each expectation, with both sides' figures.
pub(super) fn expectations(page: &Page) -> Option<Section> {
    let all = &page.expectations;
    let held = all.iter().filter(|it| it.held).count();
    let mark = |held: bool| -> Markup {
        let (class, sign, word) =
            if held { ("good", "✓", "holds") } else { ("bad", "✗", "failed") };
        html! { span.(class) { (sign) " " (word) } }
    };
    // White space of the program's own alignment is of no use here.
    let text = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let table = Table::new("Expectations")
        .code("Expectation", all.iter().map(|it| text(&it.text)))
        .column("Verdict", "text", all.iter().map(|it| mark(it.held)))
        .figures("Left side", all.iter().map(|it| metric(&it.left, it.unit)))
        .figures("Right side", all.iter().map(|it| metric(&it.right, it.unit)));
    (!all.is_empty()).then(|| Section {
        id: "expectations",
        title: "Expectations",
        note: format!("{held} of {} hold", all.len()),
        body: table.markup(),
    })
}

/// What was met and mended.
pub(super) fn warnings(page: &Page) -> Option<Section> {
    let all = &page.warnings;
    (!all.is_empty()).then(|| Section {
        id: "warnings",
        title: "Warnings",
        note: plural(all.len(), "warning"),
        body: html! {
            ul.warnings { @for it in all {
                li {
                    span.warning { (it.code) } " "
                    @if !it.artifact.is_empty() { b { (it.artifact) } ": " }
                    (message(&it.message))
                }
            } }
        },
    })
}
