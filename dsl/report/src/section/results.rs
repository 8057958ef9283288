//! All artifacts side by side, and the trade-off between score and size.

use super::{Score, facts, score};
use crate::chart::{chart, round};
use crate::figure::{about, bytes, count, maybe_whole, metric, plural};
use crate::page::{Artifact, Kind, Metric, Page, State, Unit};
use crate::part::Section;
use crate::table::Table;
use maud::{Markup, html};
use serde_json::{Value, json};

/// The table of all artifacts with the trade-offs.
pub(super) fn results(page: &Page) -> Option<Section> {
    let all = &page.artifacts;
    let figures =
        |of: fn(&Artifact) -> &Metric, unit| all.iter().map(move |it| metric(of(it), unit));
    let table = Table::new("Results of all artifacts")
        .column("Artifact", "text", all.iter().map(artifact))
        .column("Model", "text", all.iter().map(model))
        .figures("Parameters", all.iter().map(|it| maybe_whole(it.params, count)))
        .figures("MACs", all.iter().map(|it| maybe_whole(it.macs, about)))
        .figures("Size", all.iter().map(|it| maybe_whole(it.size, bytes)))
        .figures("Memory", all.iter().map(|it| maybe_whole(it.memory, bytes)))
        .figures("Latency", figures(|it| &it.latency, Unit::Seconds))
        .figures("Loss", figures(|it| &it.scores.loss, Unit::Number))
        .figures("Accuracy", figures(|it| &it.scores.accuracy, Unit::Share))
        .figures("Top 5", figures(|it| &it.scores.top5, Unit::Share))
        .figures("Perplexity", figures(|it| &it.scores.perplexity, Unit::Number))
        .figures("Bits/character", figures(|it| &it.scores.bits_per_character, Unit::Number))
        .figures("MAE", figures(|it| &it.scores.mae, Unit::Number))
        .figures("R²", figures(|it| &it.scores.r2, Unit::Number))
        .figures("Agreement", figures(|it| &it.agreement, Unit::Share))
        .figures("Time", figures(|it| &it.seconds, Unit::Seconds))
        .column("Made", "text", all.iter().map(|it| html! { (state(it.state)) }));
    let seeds = page.run.seeds.len();
    let spread = if seeds > 1 {
        format!("mean ± deviation of {}", plural(seeds, "seed"))
    } else {
        String::new()
    };
    (!all.is_empty()).then(|| Section {
        id: "results",
        title: "Results",
        note: facts([parts(all), spread]),
        body: html! {
            (table.markup())
            div.charts.broad { @for score in [Score::Accuracy, Score::R2] { (trade_off(all, score)) } }
        },
    })
}

fn artifact(it: &Artifact) -> Markup {
    let kind = match it.kind {
        Kind::Trained => "trained",
        Kind::Distilled => "distilled",
        Kind::Quantized => "quantized",
        Kind::Loaded => "loaded",
    };
    html! {
        (it.name)
        small { (kind) @if !it.source.is_empty() { " from " (it.source) } }
    }
}

fn model(it: &Artifact) -> Markup {
    html! {
        (it.model)
        @if !it.dataset.is_empty() { small { "on " (it.dataset) } }
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::Made => "now",
        State::UpToDate => "up to date",
        State::Resumed => "resumed",
    }
}

/// The parts of the data that the figures are of, with the dataset where there are several.
fn parts(all: &[Artifact]) -> String {
    let known = || all.iter().filter(|it| !it.scores.split.is_empty());
    let several = known().any(|it| known().any(|other| other.dataset != it.dataset));
    let mut parts: Vec<String> = Vec::new();
    for it in known() {
        let dataset = if several { format!("{} ", it.dataset) } else { String::new() };
        let samples = match it.scores.samples {
            0 => String::new(),
            n => format!(", {}", plural(n as usize, "sample")),
        };
        let part = format!("{dataset}{}{samples}", it.scores.split);
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    if parts.is_empty() { String::new() } else { format!("on {}", parts.join(" · ")) }
}

/// Score against size, one point an artifact; nothing for fewer than two.
fn trade_off(all: &[Artifact], kind: Score) -> Markup {
    let metric = |it: &Artifact| match kind {
        Score::Accuracy => it.scores.accuracy.clone(),
        Score::R2 => it.scores.r2.clone(),
    };
    let points: Vec<(&Artifact, f64, f64)> = all
        .iter()
        .filter_map(|it| {
            let (own, y) = score(it)?;
            let size = it.size.filter(|&n| n > 0)? as f64;
            (own == kind && y.is_finite()).then_some((it, size, y))
        })
        .collect();
    if points.len() < 2 {
        return html! {};
    }
    let largest = points.iter().map(|p| p.1).fold(0.0, f64::max);
    let smallest = points.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
    let (unit, name) = match largest {
        _ if largest < 1024.0 => (1.0, "B"),
        _ if largest < 1_048_576.0 => (1024.0, "KiB"),
        _ => (1_048_576.0, "MiB"),
    };
    let kinds = [
        (Kind::Trained, "trained", "circle", "--blue"),
        (Kind::Distilled, "distilled", "triangle", "--orange"),
        (Kind::Quantized, "quantized", "rectRot", "--green"),
        (Kind::Loaded, "loaded", "rect", "--muted"),
    ];
    let sets: Vec<Value> = kinds
        .iter()
        .filter_map(|&(kind, label, shape, color)| {
            let own: Vec<Value> = points
                .iter()
                .filter(|(it, ..)| it.kind == kind)
                .map(|(it, size, y)| {
                    let deviation = metric(it).deviation().filter(|x| x.is_finite()).map(round);
                    json!({ "x": round(size / unit), "y": round(*y), "name": it.name, "deviation": deviation })
                })
                .collect();
            (!own.is_empty()).then(|| {
                json!({
                    "label": label, "data": own, "pointStyle": shape, "pointRadius": 6, "pointHoverRadius": 7,
                    "backgroundColor": color, "borderColor": color,
                })
            })
        })
        .collect();
    let title = format!("Trade-off: {} against size", kind.name());
    let label = format!("{title}: {}", plural(points.len(), "artifact"));
    let format = if kind == Score::Accuracy { "share" } else { "number" };
    let config = json!({
        "type": "scatter",
        "data": { "datasets": sets },
        "options": {
            "layout": { "padding": { "top": 12, "right": 16 } },
            "scales": {
                "x": {
                    "type": "logarithmic", "format": "number", "unit": name, "title": { "display": true, "text": format!("size, {name}") },
                    "min": round(smallest / unit / 1.8), "max": round(largest / unit * 1.8),
                },
                "y": { "format": format, "title": { "display": true, "text": kind.name() }, "grace": "20%" },
            },
            "plugins": { "names": { "show": true }, "legend": { "labels": { "usePointStyle": true } } },
        },
    });
    chart(&title, &label, 300, &config)
}
