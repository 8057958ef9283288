//! The page of a run: what was made, how good it is, and how it came about, in one HTML file that needs
//! nothing else. [`page`] says what it can show, [`html()`] writes it.

mod chart;
mod exact;
mod figure;
pub mod page;
mod part;
mod picture;
mod scan;
mod section;
mod table;

pub use page::Page;

use maud::{DOCTYPE, PreEscaped, html};
use part::Section;

const STYLE: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/page.js");
const CHART: &str = include_str!("../assets/chart.umd.js");

/// Nothing may be fetched, whatever the page holds.
const POLICY: &str = include_str!("../assets/policy.txt").trim_ascii();

/// The page as HTML: one file, the same for the same `page`.
pub fn html(page: &Page) -> String {
    let sections: Vec<Section> = section::all(page);
    let charts = sections.iter().any(|section| section.body.0.contains("<canvas"));
    // Where the library's source map lies is of no use here, and a browser would look for it.
    let library = CHART.split("\n//# sourceMappingURL=").next().unwrap_or_default();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "dlm " (page.run.version) };
                title { (page.program.name) " · dlm" }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                header.bar {
                    nav aria-label="Sections" {
                        a.home href="#top" { (page.program.name) }
                        ul { @for section in &sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                    }
                    button #theme type="button" hidden aria-label="Dark or light" title="Dark or light" {}
                }
                main #top {
                    (section::head(page))
                    @for section in &sections { (section.markup()) }
                }
                footer { "Made by dlm " (page.run.version) }
                @if charts { script { (PreEscaped(library)) } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}
