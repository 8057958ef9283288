//! What rounding did to networks, layer by layer.

use super::{facts, first_seed};
use crate::chart::{chart, points};
use crate::figure::{bytes, count, decibels, maybe, metric, number, plural, share};
use crate::page::{Artifact, Cost, Damage, Page, Quantization, Unit};
use crate::part::Section;
use crate::table::Table;
use maud::{Markup, html};
use serde_json::json;

/// Each quantized artifact beside the float one.
pub(super) fn quantized(page: &Page) -> Option<Section> {
    let known = page.artifacts.iter().filter_map(|it| Some((it, it.quantization.as_ref()?)));
    let parts: Vec<Markup> = known.map(|(it, quantization)| part(it, quantization)).collect();
    (!parts.is_empty()).then(|| Section {
        id: "quantization",
        title: "Quantization",
        note: first_seed(page).into(),
        body: html! { @for part in &parts { (part) } },
    })
}

fn part(it: &Artifact, done: &Quantization) -> Markup {
    let from = if it.source.is_empty() { String::new() } else { format!("from {}", it.source) };
    let policy =
        if done.policy.is_empty() { String::new() } else { format!("policy {}", done.policy) };
    html! {
        h3 { (it.name) " " small { (facts([from, policy, done.method.clone()])) } }
        dl.key { @for (name, value, note) in figures(it, done) {
            div { dt { (name) } dd { (value) } @if !note.is_empty() { dd.whose { (note) } } }
        } }
        (bars(it, done))
        (layers(it, done))
        (helps(done))
        @if !done.given_back.is_empty() {
            p { "Given back to float32: " @for (i, path) in done.given_back.iter().enumerate() {
                @if i > 0 { ", " } code { (path) }
            } }
        }
    }
}

/// Before and after.
fn figures(it: &Artifact, done: &Quantization) -> Vec<(&'static str, String, String)> {
    let change = |print: &dyn Fn(&Cost) -> String| {
        format!("{} → {}", print(&done.before), print(&done.after))
    };
    let mut figures = Vec::new();
    if let (Some(before), Some(after)) = (done.before.size, done.after.size) {
        let note = ratio(before as f64, after as f64, ["smaller", "larger"]);
        figures.push(("Size", change(&|cost| bytes(cost.size.unwrap_or(0))), note));
    }
    if let (Some(before), Some(after)) = (done.before.latency.mean(), done.after.latency.mean()) {
        let note = ratio(before, after, ["faster", "slower"]);
        figures.push(("One sample", change(&|cost| metric(&cost.latency, Unit::Seconds)), note));
    }
    if it.agreement.mean().is_some() {
        let of = if it.source.is_empty() { "its source" } else { &it.source };
        figures.push(("Same answer", metric(&it.agreement, Unit::Share), format!("as {of}")));
    }
    if let Some([differ, all]) = done.differing {
        let value = if differ == 0 { "none".into() } else { count(differ) };
        figures.push(("Trained and deployed differ", value, format!("of {} numbers", count(all))));
    }
    figures
}

/// `3.25 times smaller`: the first word where less is left, the second where there is more.
fn ratio(before: f64, after: f64, [less, more]: [&str; 2]) -> String {
    match before / after {
        ratio if !(ratio.is_finite() && ratio > 0.0) => String::new(),
        1.0 => "the same".into(),
        ratio if ratio > 1.0 => format!("{ratio:.2} times {less}"),
        ratio => format!("{:.2} times {more}", 1.0 / ratio),
    }
}

/// Signal to noise of each layer as bars.
fn bars(it: &Artifact, done: &Quantization) -> Markup {
    let finite = |x: Option<f64>| x.is_some_and(f64::is_finite);
    let known: Vec<&Damage> =
        done.layers.iter().filter(|layer| finite(layer.sqnr) || finite(layer.alone)).collect();
    let sets: Vec<_> = [
        ("whole network rounded", "--blue", (|layer| layer.sqnr) as fn(&Damage) -> Option<f64>),
        ("this step alone", "--orange", |layer| layer.alone),
    ]
    .into_iter()
    .filter(|(.., of)| known.iter().any(|layer| finite(of(layer))))
    .map(|(label, color, of)| {
        json!({ "label": label, "data": points(known.iter().map(|layer| of(layer))), "backgroundColor": color })
    })
    .collect();
    if known.is_empty() {
        return html! {};
    }
    let config = json!({
        "type": "bar",
        "data": { "labels": known.iter().map(|layer| &layer.path).collect::<Vec<_>>(), "datasets": sets },
        "options": {
            "indexAxis": "y",
            "interaction": { "mode": "index", "axis": "y", "intersect": false },
            "scales": {
                "x": { "beginAtZero": true, "title": { "display": true, "text": "dB" } },
                "y": { "format": "path", "grid": { "display": false }, "ticks": { "autoSkip": false } },
            },
        },
    });
    let label = format!("{}: signal to noise of {}", it.name, plural(known.len(), "layer"));
    let height = 80 + known.len() * (8 + 10 * sets.len());
    chart("Signal to quantization noise (SQNR): more is better", &label, height, &config)
}

fn layers(it: &Artifact, done: &Quantization) -> Markup {
    let all = &done.layers;
    if all.is_empty() {
        return html! {};
    }
    let path = |layer: &Damage| {
        // Parts of the same block need not say so again.
        let block = layer.path.rfind('.').map_or("", |dot| &layer.path[..=dot]);
        let with: Vec<&str> =
            layer.with.iter().map(|path| path.strip_prefix(block).unwrap_or(path)).collect();
        html! {
            (layer.path)
            @if !with.is_empty() { small { "+ " (with.join(" + ")) } }
        }
    };
    let range = |layer: &Damage| match (layer.low, layer.high) {
        (Some(low), Some(high)) => format!("{} … {}", number(low), number(high)),
        _ => String::new(),
    };
    let runs = |layer: &Damage| {
        html! { (layer.runs) @if !layer.why.is_empty() { small { (layer.why) } } }
    };
    let rank = |layer: &Damage| layer.rank.map(|rank| rank.to_string()).unwrap_or_default();
    Table::new(format!("Damage of {}", it.name))
        .column("Layer", "text", all.iter().map(path))
        .text("Weights", all.iter().map(|layer| layer.weights.clone()))
        .column("Runs in", "text", all.iter().map(runs))
        .figures("Range", all.iter().map(range))
        .figures("Clipped", all.iter().map(|layer| maybe(layer.clipped, share)))
        .figures("SQNR", all.iter().map(|layer| maybe(layer.sqnr, decibels)))
        .figures("Alone", all.iter().map(|layer| maybe(layer.alone, decibels)))
        .figures("Damage rank", all.iter().map(rank))
        .markup()
}

/// The lines of dlm that would help, by the damage that they would mend.
fn helps(done: &Quantization) -> Markup {
    let mut helped: Vec<(&Damage, &String)> =
        done.layers.iter().filter_map(|layer| Some((layer, layer.line.as_ref()?))).collect();
    helped.sort_by_key(|(layer, _)| layer.rank.unwrap_or(usize::MAX));
    if helped.is_empty() {
        return html! {};
    }
    html! {
        h4 { "What would help" }
        (Table::new("Lines that would help")
            .code("In the policy", helped.iter().map(|(_, line)| line.to_string()))
            .text("For the layer", helped.iter().map(|(layer, _)| layer.path.clone()))
            .figures("Alone now", helped.iter().map(|(layer, _)| maybe(layer.alone, decibels)))
            .figures("Then", helped.iter().map(|(layer, _)| layer.with_line.map_or("no loss".into(), decibels)))
            .markup())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_say_which_way() {
        let words = ["faster", "slower"];
        assert_eq!(ratio(3.0, 1.5, words), "2.00 times faster");
        assert_eq!(ratio(1.5, 3.0, words), "2.00 times slower");
        assert_eq!(ratio(2.0, 2.0, words), "the same");
        for (before, after) in [(0.0, 0.0), (1.0, 0.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            assert_eq!(ratio(before, after, words), "");
        }
    }
}
