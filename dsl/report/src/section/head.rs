//! What is seen first: the verdict, the key figures, and the facts of the run.

use super::score;
use crate::figure::{bytes, count, plural, seconds};
use crate::page::{Artifact, Page};
use maud::{Markup, html};

/// The head of the page.
pub(crate) fn head(page: &Page) -> Markup {
    let (class, mark, verdict) = verdict(page);
    let figures = figures(page);
    html! {
        div.head {
            h1 { (page.program.name) }
            p.verdict.(class) { span.mark aria-hidden="true" { (mark) } " " (verdict) }
            @if !figures.is_empty() {
                dl.key { @for (name, value, whose) in &figures {
                    div {
                        dt { (name) }
                        dd { (value) }
                        @if !whose.is_empty() { dd.whose { (whose) } }
                    }
                } }
            }
            dl.facts { @for (name, value) in facts(page) { div { dt { (name) } dd { (value) } } } }
        }
    }
}

fn verdict(page: &Page) -> (&'static str, &'static str, String) {
    let all = page.expectations.len();
    match (page.expectations.iter().filter(|it| !it.held).count(), all) {
        (_, 0) => ("none", "○", "No expectations".into()),
        (0, 1) => ("good", "✓", "The expectation holds".into()),
        (0, _) => ("good", "✓", format!("All {all} expectations hold")),
        (failed, _) => ("bad", "✗", format!("{failed} of {} failed", plural(all, "expectation"))),
    }
}

/// The best that artifacts have, and whose it is where there are several.
fn figures(page: &Page) -> Vec<(String, String, String)> {
    let artifacts = &page.artifacts;
    let several = artifacts.len() > 1;
    let title = |one: &str, best: &str| if several { best.to_string() } else { one.to_string() };
    let whose = |it: &Artifact| if several { it.name.clone() } else { String::new() };
    let mut figures = Vec::new();
    // Scores of different kinds are not compared: those of the first artifact's kind are.
    if let Some((kind, _)) = artifacts.iter().find_map(score) {
        let own = |it: &Artifact| score(it).filter(|(other, _)| *other == kind).map(|(_, x)| x);
        if let Some((it, x)) = best(artifacts, |it| own(it).map(|x| -x)) {
            let name = title(&capital(kind.name()), &format!("Best {}", kind.name()));
            figures.push((name, kind.print(-x), whose(it)));
        }
    }
    if let Some((it, size)) = best(artifacts, |it| it.size.filter(|&n| n > 0).map(|n| n as f64)) {
        figures.push((title("Size", "Smallest"), bytes(size as u64), whose(it)));
    }
    if let Some((it, time)) = best(artifacts, |it| it.latency.mean()) {
        figures.push((title("One sample", "Fastest, one sample"), seconds(time), whose(it)));
    }
    if let Some(time) = page.run.seconds {
        figures.push(("Run time".into(), seconds(time), String::new()));
    }
    figures
}

/// The first artifact with the least of a figure; what is no number is passed over.
fn best(
    artifacts: &[Artifact],
    figure: impl Fn(&Artifact) -> Option<f64>,
) -> Option<(&Artifact, f64)> {
    let all = artifacts.iter().filter_map(|it| Some((it, figure(it).filter(|x| x.is_finite())?)));
    all.reduce(|best, it| if it.1 < best.1 { it } else { best })
}

fn facts(page: &Page) -> Vec<(&'static str, Markup)> {
    let run = &page.run;
    let mut facts = Vec::new();
    let mut fact = |name, value: Markup| {
        if !value.0.is_empty() {
            facts.push((name, value));
        }
    };
    let list = |items: Vec<String>| items.join(", ");
    fact("Program", html! { (page.program.file) });
    fact("Date", html! { (run.date) });
    let seeds = if run.seeds.len() > 1 { "Seeds" } else { "Seed" };
    fact(seeds, html! { (list(run.seeds.iter().map(u64::to_string).collect())) });
    fact("dlm", html! { (run.version) });
    fact(
        "Processor",
        html! {
            (run.cpu)
            @if !run.features.is_empty() { " " small { (run.features.join(" ")) } }
        },
    );
    fact("Threads", html! { @if let Some(n) = run.threads { (n) } });
    fact("Folder", html! { (run.folder) });
    for data in &page.datasets {
        let parts = data.samples.into_iter().zip(["train", "valid", "test"]);
        let parts = parts.filter(|&(n, _)| n > 0).map(|(n, part)| format!("{} {part}", count(n)));
        fact(
            "Data",
            html! {
                (data.name)
                @if !data.source.is_empty() { " " code { (data.source) } }
                " " small { (list(parts.collect())) }
                @if !data.hash.is_empty() { " " code.hash { (data.hash) } }
            },
        );
    }
    facts
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
