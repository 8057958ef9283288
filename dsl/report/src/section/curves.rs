//! The course of each training.

use super::facts;
use crate::chart::{chart, points};
use crate::figure::{brief, maybe, number, plural, share};
use crate::page::{Artifact, Curve, Epoch, Page};
use crate::part::Section;
use crate::table::Table;
use maud::{Markup, html};
use serde_json::{Value, json};

/// Loss, score and learning rate by epoch, a row of charts for each artifact.
pub(super) fn curves(page: &Page) -> Option<Section> {
    let rows: Vec<(&Artifact, Vec<Markup>)> = page
        .artifacts
        .iter()
        .map(|it| (it, charts(it)))
        .filter(|(_, charts)| !charts.is_empty())
        .collect();
    let seeds = rows.iter().map(|(it, _)| it.curves.len()).max().unwrap_or(0);
    let note = if seeds > 1 {
        format!("{}; the first is drawn strong, and its best epoch marked", plural(seeds, "seed"))
    } else {
        String::new()
    };
    (!rows.is_empty()).then(|| Section {
        id: "curves",
        title: "Learning curves",
        note,
        body: html! { @for (it, charts) in &rows {
            @let facts = course(&it.curves[0]);
            h3 { (it.name) @if !facts.is_empty() { " " small { (facts) } } }
            div.charts { @for chart in charts { (chart) } }
            details { summary { "Figures by epoch" } (epochs(it)) }
        } },
    })
}

/// What is to be said of a training in words.
fn course(curve: &Curve) -> String {
    let best = curve.best.map(|n| format!("best epoch {n}")).unwrap_or_default();
    let lr = match &rates(curve)[..] {
        [Some(first), rest @ ..] if rest.iter().all(|lr| lr == &Some(*first)) => {
            format!("learning rate {}", brief(*first))
        }
        _ => String::new(),
    };
    let stopped = curve.stopped.clone().unwrap_or_default();
    facts([plural(curve.epochs.len(), "epoch"), best, lr, stopped])
}

fn rates(curve: &Curve) -> Vec<Option<f64>> {
    curve.epochs.iter().map(|epoch| epoch.lr).collect()
}

fn charts(it: &Artifact) -> Vec<Markup> {
    let train: Line = ("train", "--blue", |e| e.train_loss);
    let valid: Line = ("valid", "--orange", |e| e.valid_loss);
    let accuracy: Line = ("valid", "--orange", |e| e.valid_accuracy);
    let r2: Line = ("valid", "--orange", |e| e.valid_r2);
    let lr: Line = ("learning rate", "--muted", |e| e.lr);
    let mut charts = vec![
        lines(it, "Loss", "number", &[train, valid]),
        lines(it, "Validation accuracy", "share", &[accuracy]),
        lines(it, "Validation R²", "number", &[r2]),
    ];
    // A rate that stays what it is has been told in words.
    let changes = |curve: &Curve| rates(curve).windows(2).any(|pair| pair[0] != pair[1]);
    if it.curves.iter().any(changes) {
        charts.push(lines(it, "Learning rate", "number", &[lr]));
    }
    charts.into_iter().flatten().collect()
}

/// A line of a chart: its name, its colour, and what it is of an epoch.
type Line = (&'static str, &'static str, fn(&Epoch) -> Option<f64>);

/// A chart of some lines, each once for every seed; none where nothing is known.
fn lines(it: &Artifact, title: &str, format: &str, lines: &[Line]) -> Option<Markup> {
    let mut sets: Vec<Value> = Vec::new();
    let mut all: Vec<f64> = Vec::new();
    for &(name, color, of) in lines {
        for (seed, curve) in it.curves.iter().enumerate() {
            let known = || curve.epochs.iter().filter_map(of).filter(|x| x.is_finite());
            if known().next().is_none() {
                continue;
            }
            all.extend(known());
            let alone = known().count() == 1;
            sets.push(json!({
                "label": name, "data": points(curve.epochs.iter().map(of)),
                "borderColor": color, "backgroundColor": color,
                "borderWidth": if seed == 0 { 2.0 } else { 0.7 },
                "pointRadius": if alone { 3 } else { 0 }, "further": seed > 0,
            }));
        }
    }
    if sets.is_empty() {
        return None;
    }
    let (least, most) =
        all.iter().fold((f64::INFINITY, 0.0f64), |(lo, hi), &x| (lo.min(x), hi.max(x)));
    let steep = title == "Loss" && least > 0.0 && most / least > 50.0;
    let title = if steep { "Loss, logarithmic" } else { title };
    let epochs = it.curves.iter().max_by_key(|curve| curve.epochs.len());
    let epochs: Vec<u64> = epochs.iter().flat_map(|curve| &curve.epochs).map(|e| e.epoch).collect();
    let first = &it.curves[0];
    let best = first.best.and_then(|best| first.epochs.iter().position(|e| e.epoch == best));
    let config = json!({
        "type": "line",
        "data": { "labels": epochs, "datasets": sets },
        "options": {
            "interaction": { "mode": "index", "intersect": false },
            "scales": {
                "x": { "title": { "display": true, "text": "epoch" }, "ticks": { "maxTicksLimit": 8 } },
                "y": {
                    "type": if steep { "logarithmic" } else { "linear" },
                    "format": format,
                },
            },
            "plugins": { "best": { "at": best, "named": lines.len() > 1 }, "legend": { "display": lines.len() > 1 } },
        },
    });
    let label = format!("{}: {title} by epoch, {}", it.name, plural(epochs.len(), "epoch"));
    Some(chart(title, &label, 210, &config))
}

/// The figures of the first seed.
fn epochs(it: &Artifact) -> Markup {
    let curve = &it.curves[0];
    let figures = |of: fn(&Epoch) -> Option<f64>, print: fn(f64) -> String| {
        curve.epochs.iter().map(move |epoch| maybe(of(epoch), print))
    };
    let best = |epoch: &Epoch| {
        let mark = if curve.best == Some(epoch.epoch) { " ★ best" } else { "" };
        format!("{}{mark}", epoch.epoch)
    };
    Table::new(format!("Epochs of {}", it.name))
        .text("Epoch", curve.epochs.iter().map(best))
        .figures("Train loss", figures(|e| e.train_loss, number))
        .figures("Valid loss", figures(|e| e.valid_loss, number))
        .figures("Valid accuracy", figures(|e| e.valid_accuracy, share))
        .figures("Valid R²", figures(|e| e.valid_r2, number))
        .figures("Learning rate", figures(|e| e.lr, brief))
        .markup()
}
