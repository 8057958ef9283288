//! Pieces of which every section is made.

use maud::{Markup, html};

/// A section of the page. One without content is not made.
pub(crate) struct Section {
    /// Its anchor.
    pub(crate) id: &'static str,
    /// Its title.
    pub(crate) title: &'static str,
    /// What stands beside the title.
    pub(crate) note: String,
    /// Its content.
    pub(crate) body: Markup,
}

impl Section {
    /// The section with its heading.
    pub(crate) fn markup(&self) -> Markup {
        html! {
            section id=(self.id) aria-labelledby={ (self.id) "-title" } {
                h2 id={ (self.id) "-title" } {
                    (self.title)
                    @if !self.note.is_empty() { " " small { (self.note) } }
                }
                (self.body)
            }
        }
    }
}

/// A message, with what stands in backticks as code.
pub(crate) fn message(text: &str) -> Markup {
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return html! { (text) };
    }
    html! { @for (i, piece) in pieces.iter().enumerate() {
        @if i % 2 == 1 { code { (piece) } } @else { (piece) }
    } }
}

/// Contents under names, of which one is seen at a time where there are several; without script, and on
/// paper, all are.
pub(crate) fn tabs(id: &str, panels: &[(String, Markup)]) -> Markup {
    let tab = |i: usize| format!("{id}-{}", i + 1);
    html! {
        div.tabs {
            @if panels.len() > 1 {
                div.tablist role="tablist" hidden {
                    @for (i, (name, _)) in panels.iter().enumerate() {
                        button type="button" role="tab" id={ (tab(i)) "-tab" } aria-controls=(tab(i)) { (name) }
                    }
                }
            }
            @for (i, (name, body)) in panels.iter().enumerate() {
                div.panel id=(tab(i)) {
                    h3 { (name) }
                    (body)
                }
            }
        }
    }
}

/// What may be wider than the page, and is then scrolled by itself.
pub(crate) fn wide(label: &str, body: &Markup) -> Markup {
    html! { div.wide role="region" aria-label=(label) tabindex="0" { (body) } }
}
