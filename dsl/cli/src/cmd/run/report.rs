//! The screens of a run: what will be done, the table of results, the expectations.

use super::deviation;
use super::figures::last;
use crate::console::{Style, paint};
use crate::human::{about, bytes, count, figure, number, seconds, share};
use crate::table::{Grid, Side};
use crate::written;
use dlm_check::Program;
use dlm_check::program::{Compare, Made, Quantity, Step, Training};
use dlm_learn::metrics::Scores;
use dlm_learn::{Judgement, Outcome, judge};
use dlm_report::page::Kind;
use dlm_vocab::metric::MetricUnit;
use std::path::Path;

/// What several runs of one program gave; one run is the usual case.
pub(super) struct Mean<'a> {
    runs: &'a [Outcome],
    judged: Vec<Judgement>,
}

impl<'a> Mean<'a> {
    /// Judges each expectation on the mean of its sides.
    pub(super) fn of(runs: &'a [Outcome], program: &Program) -> Mean<'a> {
        let first = runs.first().map_or(&[][..], |run| &run.judged);
        let judged = first.iter().enumerate().map(|(i, own)| {
            let mean = |side: fn(&Judgement) -> f64| {
                let all = runs.iter().filter_map(|run| run.judged.get(i)).map(side);
                all.sum::<f64>() / runs.len() as f64
            };
            let (left, right) = (mean(|j| j.left), mean(|j| j.right));
            let held = match runs.len() {
                1 => own.held,
                _ => judge::holds(left, program.expectations[own.index].compare, right),
            };
            Judgement { index: own.index, held, left, right }
        });
        Mean { judged: judged.collect(), runs }
    }

    /// Each expectation that was judged, on the means of its sides.
    pub(super) fn judged(&self) -> &[Judgement] {
        &self.judged
    }

    /// A figure of an expectation in each of the runs.
    pub(super) fn values(&self, index: usize, pick: fn(&Judgement) -> f64) -> Vec<f64> {
        let own = self.runs.iter().filter_map(|run| run.judged.iter().find(|it| it.index == index));
        own.map(pick).collect()
    }

    /// Whether all expectations hold.
    pub(super) fn held(&self) -> bool {
        self.judged.iter().all(|j| j.held)
    }
}

/// What will be made and of what, before it is: a line for each verb, in the order in which they run.
pub(super) fn opening(program: &Program, only: Option<&str>, color: bool) -> String {
    let steps = program.steps_for(only);
    let length = |step: &Step| program.gives(*step).chars().count();
    let longest = steps.iter().map(length).max().unwrap_or(0);
    let line = |step: &Step| {
        let facts = match *step {
            Step::Load(i) => written::load(program, &program.loads[i]),
            Step::Train(i) => training(program, &program.trainings[i]),
            Step::Quantize(i) => super::quantized::opening(program, &program.quantizations[i]),
        };
        let name = paint(color, Style::Bold, program.gives(*step));
        let pad = " ".repeat(longest - length(step));
        format!("{name}{pad}  {}\n", paint(color, Style::Dim, facts))
    };
    steps.iter().map(line).collect()
}

/// The table of results: a row for each artifact.
pub(super) fn results(mean: &Mean<'_>, color: bool) -> String {
    let Some(first) = mean.runs.first() else { return String::new() };
    let mut grid = Grid::new(&[
        ("artifact", Side::Left),
        ("model", Side::Left),
        ("data", Side::Left),
        ("parameters", Side::Right),
        ("size", Side::Right),
        ("test loss", Side::Right),
        ("accuracy", Side::Right),
        ("perplexity", Side::Right),
        ("bits/character", Side::Right),
        ("MAE", Side::Right),
        ("R²", Side::Right),
        ("time", Side::Right),
    ]);
    for (i, one) in first.artifacts.iter().enumerate() {
        let all = || mean.runs.iter().filter_map(move |run| run.artifacts.get(i));
        let figure = |pick: fn(&Scores) -> Option<f64>, print: fn(f64) -> String| {
            let values: Vec<f64> =
                all().filter_map(|a| last(a).and_then(|(_, s)| pick(s))).collect();
            if values.is_empty() { String::new() } else { deviation(&values, print) }
        };
        let time = all().map(|a| a.seconds).sum::<f64>() / mean.runs.len() as f64;
        grid.row([
            one.artifact.clone(),
            if one.model == one.artifact { String::new() } else { one.model.clone() },
            one.dataset.clone(),
            one.params.map_or(String::new(), count),
            bytes(one.size),
            figure(|s| Some(s.loss), number),
            figure(|s| s.accuracy, share),
            figure(|s| s.perplexity, number),
            figure(|s| s.bits_per_character, number),
            figure(|s| s.mae, number),
            figure(|s| s.r2, |x| format!("{x:.4}")),
            seconds(time),
        ]);
    }
    let mut out = grid.render(color);
    if let Some(runs) = super::runs(mean.runs) {
        let note = format!("mean ± deviation of {runs}");
        out += &format!("{}\n", paint(color, Style::Dim, note));
    }
    out
}

/// Each expectation with its figures.
pub(super) fn expectations(mean: &Mean<'_>, program: &Program, color: bool) -> String {
    if mean.judged.is_empty() {
        return String::new();
    }
    let text = |j: &Judgement| spaced(&program.expectations[j.index].text);
    let longest = mean.judged.iter().map(|j| text(j).chars().count()).max().unwrap_or(0);
    let mut out = String::from("\n");
    for j in &mean.judged {
        let expectation = &program.expectations[j.index];
        let unit = unit(&expectation.left).or_else(|| unit(&expectation.right));
        let mut figures = figure(j.left, unit);
        if !matches!(expectation.right, Quantity::Number(_)) {
            figures = format!("{figures} {} {}", sign(expectation.compare), figure(j.right, unit));
        }
        let (mark, style) = if j.held { ("✓", Style::Green) } else { ("✗", Style::Red) };
        let text = text(j);
        let pad = " ".repeat(longest - text.chars().count());
        let figures = if j.held { figures } else { paint(color, Style::Red, figures) };
        out += &format!("{} {text}{pad}   {figures}\n", paint(color, style, mark));
    }
    let failed = mean.judged.iter().filter(|j| !j.held).count();
    if failed > 0 {
        let verb = if failed == 1 { "does" } else { "do" };
        let what = crate::human::plural(failed, "expectation");
        out += &format!("\n{}\n", paint(color, Style::Red, format!("{what} {verb} not hold")));
    }
    out
}

/// What has been written where.
pub(super) fn files(outcome: &Outcome, program: &Program, folder: &Path, color: bool) -> String {
    let exported = program.exports.iter().filter(|export| {
        outcome.artifacts.iter().any(|artifact| artifact.artifact == export.artifact)
    });
    let made = |name: &str| program.loads.iter().all(|load| load.artifact != name);
    let written = outcome.artifacts.iter().filter(|it| !it.file.is_empty() && made(&it.artifact));
    let in_folder = |name: String| folder.join(name).display().to_string();
    let mut files: Vec<String> =
        written.map(|it| in_folder(format!("{}.safetensors", it.artifact))).collect();
    files.extend(exported.map(|export| export.file.clone()));
    files.extend(["metrics.jsonl", "report.html"].map(|name| in_folder(name.to_string())));
    format!("\n{}\n", paint(color, Style::Dim, format!("written: {}", files.join(", "))))
}

/// How an artifact comes about.
pub(super) fn kind(program: &Program, artifact: &str) -> Kind {
    match program.artifact(artifact).map(|it| (it.quantization, it.made)) {
        Some((Some(_), _)) => Kind::Quantized,
        Some((None, Made::Loaded(_))) => Kind::Loaded,
        Some((None, Made::Trained(it))) if !it.teachers.is_empty() => Kind::Distilled,
        _ => Kind::Trained,
    }
}

/// What an artifact is made of: the float artifact, the teachers, the file; empty for a plain training.
pub(super) fn source(program: &Program, artifact: &str) -> String {
    let quantized = program.quantizations.iter().find(|it| it.artifact == artifact);
    let trained = program.trainings.iter().find(|it| it.artifact == artifact);
    let loaded = program.loads.iter().find(|it| it.artifact == artifact);
    match (quantized, trained, loaded) {
        (Some(it), ..) => it.source.clone(),
        (_, Some(it), _) => written::teachers(&it.teachers),
        (.., Some(it)) => written::load(program, it),
        _ => String::new(),
    }
}

/// What is trained on what, and with which teachers.
fn training(program: &Program, training: &Training) -> String {
    let network = &program.networks[training.network];
    let dataset = &program.datasets[training.dataset];
    let [train, valid, test] = dataset.counts.map(|n| count(n as u64));
    let mut facts = format!(
        "{} parameters, {} multiply-adds · {} {train} train, {valid} valid, {test} test",
        count(network.params()),
        about(network.macs()),
        dataset.name,
    );
    if !training.teachers.is_empty() {
        facts += &format!(" · from {}", written::teachers(&training.teachers));
    }
    facts
}

/// The unit of the first metric in one side.
pub(super) fn unit(side: &Quantity) -> Option<MetricUnit> {
    let mut found = None;
    judge::metrics(side, &mut |used| {
        found.get_or_insert(used.metric.unit);
    });
    found
}

fn sign(compare: Compare) -> &'static str {
    match compare {
        Compare::Less => "<",
        Compare::AtMost => "≤",
        Compare::More => ">",
        Compare::AtLeast => "≥",
        Compare::Equal => "=",
        Compare::Unequal => "≠",
    }
}

/// White space of the program's own alignment as single spaces.
pub(super) fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
