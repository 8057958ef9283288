//! What a run says of quantized artifacts.

use crate::console::{Style, paint};
use crate::human::{bytes, count, list, number, plural, seconds, share};
use crate::table::{Grid, Side};
use crate::written;
use dlm_check::Program;
use dlm_check::quant::{Form, Method, Quantization, size};
use dlm_learn::Summary;
use dlm_learn::quant::report::LayerReport;

/// What will be quantized, before it is.
pub(super) fn opening(program: &Program, quantization: &Quantization) -> String {
    let network = &program.networks[quantization.network];
    let scheme = &quantization.scheme;
    let runs = |form: &Form| scheme.units.iter().filter(|unit| unit.form == *form).count();
    let integers = match quantization.method {
        Method::Dynamic => runs(&Form::Dynamic),
        _ => runs(&Form::Codes),
    };
    let how = match quantization.method {
        Method::Dynamic => "ranges found as it runs".to_string(),
        Method::Static => {
            let samples =
                quantization.calibrate.min(program.datasets[quantization.dataset].counts[0]);
            format!("ranges from {} samples", count(samples as u64))
        }
        Method::Qat => match &quantization.tuning {
            Some(it) if !it.training.teachers.is_empty() => {
                let teachers = written::teachers(&it.training.teachers);
                format!("trained on with rounded numbers, from {teachers}")
            }
            _ => "trained on with rounded numbers".to_string(),
        },
    };
    format!(
        "{} with {}: {integers} of {} in integers, {how} · {} → {}",
        quantization.source,
        quantization.policy,
        plural(scheme.units.len(), "step"),
        bytes(network.size()),
        bytes(size(network, scheme)),
    )
}

/// What the quantization of an artifact did; nothing for other artifacts. `first` says that it is that of
/// the first of several seeds.
pub(super) fn report(artifact: &Summary, first: bool, color: bool) -> String {
    let Some(quantized) = &artifact.quantized else { return String::new() };
    let report = &quantized.report;
    let name = paint(color, Style::Bold, &artifact.artifact);
    let seed = if first { ", with the first seed" } else { "" };
    let (source, policy) = (&quantized.source, &quantized.policy);
    let how = format!("{source} with {policy} ({}{seed})", quantized.method);
    let mut out = format!("\n{name}  {}\n", paint(color, Style::Dim, how));
    out += &layers(&report.layers, color);
    let [before, after] = report.size;
    let ratio = after as f64 / before.max(1) as f64;
    let mut facts = vec![format!("size {} → {} ({ratio:.2})", bytes(before), bytes(after))];
    if let [Some(slow), Some(fast)] = report.latency {
        facts.push(format!("one sample {} → {}", seconds(slow), seconds(fast)));
    }
    if let Some(agreement) = report.agreement {
        facts.push(format!("same class as {} on {} of test", quantized.source, share(agreement)));
    }
    out += &format!("{}\n", facts.join(" · "));
    if let Some([differ, of]) = report.differing {
        let of = count(of);
        let text =
            format!("{} of {of} numbers differ between training and deployment", count(differ));
        let style = if differ == 0 { Style::Green } else { Style::Red };
        out += &format!("{}\n", paint(color, style, text));
    }
    if !report.given_back.is_empty() {
        let layers: Vec<String> = report.given_back.iter().map(|p| format!("`{p}`")).collect();
        let text = format!("given back to float32: {}", list(&layers));
        out += &format!("{}\n", paint(color, Style::Yellow, text));
    }
    for warning in &artifact.warnings {
        let code = paint(color, Style::Yellow, format!("warning[{}]", warning.code));
        out += &format!("{code}: {}\n", warning.message);
    }
    let mut worst: Vec<&LayerReport> =
        report.layers.iter().filter(|layer| layer.line.is_some()).collect();
    worst.sort_by_key(|layer| layer.rank);
    for layer in worst {
        let (path, line) = (&layer.path, layer.line.as_deref().unwrap_or_default());
        let alone = layer.alone.map(|db| format!("{db:.1} dB")).unwrap_or_default();
        let then = match layer.with_line {
            Some(db) => format!("{db:.1} dB"),
            None => "no loss".to_string(),
        };
        let head = paint(color, Style::Cyan, "help");
        out += &format!("{head}: `{path}` alone leaves {alone}; `{line}` leaves {then}\n");
    }
    out
}

/// What a step runs in, in words.
pub(super) fn runs(layer: &LayerReport) -> &str {
    match layer.runs.as_str() {
        "codes" => "integers",
        "dynamic" => "integers, float out",
        other => other,
    }
}

fn layers(layers: &[LayerReport], color: bool) -> String {
    let mut grid = Grid::new(&[
        ("layer", Side::Left),
        ("weights", Side::Left),
        ("runs in", Side::Left),
        ("range", Side::Right),
        ("clipped", Side::Right),
        ("SQNR", Side::Right),
        ("alone", Side::Right),
        ("damage", Side::Right),
        ("note", Side::Left),
    ]);
    let decibels = |db: Option<f64>| db.map(|db| format!("{db:.1} dB")).unwrap_or_default();
    for layer in layers {
        // Parts of the same block need not say so again.
        let block = layer.path.rfind('.').map_or("", |dot| &layer.path[..=dot]);
        let with = layer.with.iter().map(|path| path.strip_prefix(block).unwrap_or(path));
        let path: Vec<&str> = std::iter::once(layer.path.as_str()).chain(with).collect();
        let range = layer
            .range
            .map(|[lo, hi]| format!("{} … {}", number(f64::from(lo)), number(f64::from(hi))));
        grid.row([
            path.join(" + "),
            layer.weights.clone().unwrap_or_default(),
            runs(layer).to_string(),
            range.unwrap_or_default(),
            layer.clipped.map(share).unwrap_or_default(),
            decibels(layer.sqnr),
            decibels(layer.alone),
            layer.rank.map(|rank| rank.to_string()).unwrap_or_default(),
            layer.why.clone().unwrap_or_default(),
        ]);
    }
    grid.render(color)
}
