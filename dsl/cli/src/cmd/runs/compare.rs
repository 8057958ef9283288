//! Two runs beside each other: what was changed, and what came of it.

use super::{aligned, ended, known, mean, short};
use crate::console::{Stream, Style};
use crate::history::{Artifact, Entry, Expectation};
use crate::human::{figure, plural, seconds};
use crate::moment;
use dlm_vocab::metric;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How two runs differ.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Comparison {
    old: String,
    new: String,
    /// What differs of the runs themselves.
    changes: Vec<Change>,
    /// The artifacts of both.
    artifacts: Vec<Pair>,
    /// The artifacts of the old one alone.
    only_old: Vec<String>,
    /// The artifacts of the new one alone.
    only_new: Vec<String>,
    /// The expectations that are judged in another way, or by one run alone.
    expectations: Vec<Judged>,
}

/// An artifact of both runs.
#[derive(Debug, PartialEq, Serialize)]
struct Pair {
    name: String,
    changes: Vec<Change>,
    figures: Vec<Figure>,
}

/// A setting, before and after.
#[derive(Debug, PartialEq, Serialize)]
struct Change {
    name: String,
    old: Option<String>,
    new: Option<String>,
}

/// A metric, before and after: one value a seed.
#[derive(Debug, PartialEq, Serialize)]
struct Figure {
    name: String,
    old: Vec<f64>,
    new: Vec<f64>,
    /// The new mean without the old one.
    difference: Option<f64>,
    /// Whether the new one is better; nothing where they are equal, or where neither is good.
    better: Option<bool>,
}

/// An expectation, before and after.
#[derive(Debug, PartialEq, Serialize)]
struct Judged {
    text: String,
    old: Option<Expectation>,
    new: Option<Expectation>,
}

impl Comparison {
    /// What has changed from one run to the other.
    pub(super) fn new(old: &Entry, new: &Entry) -> Comparison {
        let find = |entry: &'_ Entry, name: &str| {
            entry.artifacts.iter().position(|artifact| artifact.name == name)
        };
        let alone = |one: &Entry, other: &Entry| {
            let names = one.artifacts.iter().map(|it| &it.name);
            names.filter(|name| find(other, name).is_none()).cloned().collect()
        };
        let pairs = new.artifacts.iter().filter_map(|artifact| {
            let before = find(old, &artifact.name)?;
            Some(Pair::new(&old.artifacts[before], artifact))
        });
        Comparison {
            old: old.id.clone(),
            new: new.id.clone(),
            changes: changes(of_run(old), of_run(new)),
            artifacts: pairs.collect(),
            only_old: alone(old, new),
            only_new: alone(new, old),
            expectations: expectations(old, new),
        }
    }
}

/// Shows two runs beside each other.
pub(super) fn show(old: &Entry, new: &Entry, out: &mut Stream) {
    let it = Comparison::new(old, new);
    let about = |entry: &Entry| {
        [entry.id.clone(), moment::local(&entry.started), seconds(entry.seconds), ended(entry)]
    };
    out.text(aligned(&[about(old), about(new)]));
    if !it.changes.is_empty() {
        let rows: Vec<[String; 4]> = it.changes.iter().map(Change::cells).collect();
        out.text(format!("\n{}", aligned(&rows)));
    }
    for pair in &it.artifacts {
        out.line(format!("\n{}", out.paint(Style::Bold, &pair.name)));
        let changes = pair.changes.iter().map(|it| (it.cells(), None));
        let figures = pair.figures.iter().map(|it| (it.cells(), it.better));
        let (cells, better): (Vec<[String; 4]>, Vec<_>) = changes.chain(figures).unzip();
        for (line, better) in aligned(&cells).lines().zip(better) {
            out.line(match better {
                Some(true) => out.paint(Style::Green, line),
                Some(false) => out.paint(Style::Red, line),
                None => line.to_string(),
            });
        }
    }
    for (names, entry) in [(&it.only_old, old), (&it.only_new, new)] {
        for name in names {
            let name = out.paint(Style::Bold, name);
            let only = out.paint(Style::Dim, format!("only in {}", entry.id));
            out.line(format!("\n{name}  {only}"));
        }
    }
    if !it.expectations.is_empty() {
        let cells = |judged: &Judged| {
            let side = |side: &Option<Expectation>| side.as_ref().map(self::judged);
            let [old, new] = [side(&judged.old), side(&judged.new)];
            let mark = |side: &Option<[String; 2]>| {
                let mark = side.as_ref().and_then(|[text, _]| text.chars().next());
                mark.unwrap_or('–').to_string()
            };
            let figures =
                |side: &Option<[String; 2]>| side.as_ref().map_or("–".into(), |it| it[1].clone());
            let marks = format!("{} → {}", mark(&old), mark(&new));
            [marks, judged.text.clone(), format!("{} → {}", figures(&old), figures(&new))]
        };
        let rows: Vec<[String; 3]> = it.expectations.iter().map(cells).collect();
        out.text(format!("\n{}", aligned(&rows)));
    }
    let same = it.changes.is_empty()
        && it.artifacts.iter().all(|pair| pair.changes.is_empty())
        && it.only_old.is_empty()
        && it.only_new.is_empty();
    if same {
        let text = "the same program, settings and artifacts";
        out.line(format!("\n{}", out.paint(Style::Dim, text)));
    }
}

/// An expectation with its mark, and the figures of the sides that name a metric: `✓ Net.accuracy >= 97%`, `98.61%`.
pub(super) fn judged(it: &Expectation) -> [String; 2] {
    let mark = if it.held { "✓" } else { "✗" };
    let metric = |text: &str| {
        let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        words.find_map(metric::find)
    };
    let unit = metric(&it.text).map(|it| it.unit);
    let (left, right) = it.text.split_once(['<', '>', '=', '!']).unwrap_or((&it.text, ""));
    let sides = [(left, it.left), (right, it.right)].into_iter();
    let figures = sides.filter(|(text, _)| metric(text).is_some()).map(|(_, x)| figure(x, unit));
    let text: Vec<&str> = it.text.split_whitespace().collect();
    [format!("{mark} {}", text.join(" ")), figures.collect::<Vec<_>>().join(" and ")]
}

impl Change {
    /// Name, old, new, nothing.
    fn cells(&self) -> [String; 4] {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "–".into());
        let new = format!("→ {}", side(&self.new));
        [self.name.clone(), side(&self.old), new, String::new()]
    }
}

impl Pair {
    fn new(old: &Artifact, new: &Artifact) -> Pair {
        let mut changes = changes(of_artifact(old), of_artifact(new));
        // The hash says that something differs; what it is says more.
        if changes.is_empty() && old.key != new.key {
            changes.push(Change {
                name: "key".into(),
                old: Some(short(&old.key).into()),
                new: Some(short(&new.key).into()),
            });
        }
        let [before, after] = [figures(old), figures(new)];
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let values = |of: &BTreeMap<String, Vec<f64>>, name: &String| {
            of.get(name).cloned().unwrap_or_default()
        };
        let figure =
            |name: &String| Figure::new(name.clone(), values(&before, name), values(&after, name));
        let figures = names.into_iter().map(figure).collect();
        Pair { name: new.name.clone(), changes, figures }
    }
}

impl Figure {
    fn new(name: String, old: Vec<f64>, new: Vec<f64>) -> Figure {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let difference = Some(mean(&new) - mean(&old)).filter(|it| it.is_finite());
        let better = difference
            .filter(|it| *it != 0.0)
            .and_then(|difference| Some((difference > 0.0) == known(&name)?.rises));
        Figure { name, old, new, difference, better }
    }

    /// Name, old, new, difference.
    fn cells(&self) -> [String; 4] {
        let unit = known(&self.name).map(|it| it.unit);
        let side = |values: &[f64]| match values {
            [] => "–".to_string(),
            values => mean(values, &self.name),
        };
        let difference = match self.difference {
            None => String::new(),
            Some(0.0) => "=".into(),
            Some(x) => format!("{}{}", if x > 0.0 { "+" } else { "−" }, figure(x.abs(), unit)),
        };
        let word = match self.better {
            Some(true) => "  better",
            Some(false) => "  worse",
            None => "",
        };
        let [old, new] = [side(&self.old), side(&self.new)];
        [self.name.clone(), old, format!("→ {new}"), format!("{difference}{word}")]
    }
}

/// What of a run may differ, by name.
fn of_run(entry: &Entry) -> BTreeMap<String, String> {
    let set = entry.set.iter().map(|(name, value)| (format!("--set {name}"), value.clone()));
    let own = [
        ("program", short(&entry.program).to_string()),
        ("dlm", entry.dlm.clone()),
        ("seeds", plural(entry.seeds as usize, "seed")),
        ("first seed", entry.seed_first.to_string()),
    ];
    own.map(|(name, value)| (name.to_string(), value)).into_iter().chain(set).collect()
}

/// What of an artifact may differ, by name.
fn of_artifact(artifact: &Artifact) -> BTreeMap<String, String> {
    let own = [
        ("kind", artifact.kind.clone()),
        ("model", artifact.model.clone()),
        ("data", artifact.data.clone()),
    ];
    let own = own.map(|(name, value)| (name.to_string(), value)).into_iter();
    own.chain(artifact.settings.clone()).collect()
}

fn changes(old: BTreeMap<String, String>, new: BTreeMap<String, String>) -> Vec<Change> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differ = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    let change = |name: &String| Change {
        name: name.clone(),
        old: old.get(name).cloned(),
        new: new.get(name).cloned(),
    };
    differ.map(change).collect()
}

/// The metrics of an artifact, with its size and its parameters.
fn figures(artifact: &Artifact) -> BTreeMap<String, Vec<f64>> {
    let params = artifact.params.map(|n| ("params".to_string(), vec![n as f64]));
    let size = ("size".to_string(), vec![artifact.size as f64]);
    let own = params.into_iter().chain([size]);
    own.chain(artifact.metrics.clone()).collect()
}

fn expectations(old: &Entry, new: &Entry) -> Vec<Judged> {
    let all = new.expectations.iter().chain(&old.expectations);
    let mut texts: Vec<&str> = Vec::new();
    for text in all.map(|it| it.text.as_str()) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let find =
        |entry: &Entry, text: &str| entry.expectations.iter().find(|it| it.text == text).cloned();
    let judged = texts.into_iter().map(|text| Judged {
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        old: find(old, text),
        new: find(new, text),
    });
    let held = |side: &Option<Expectation>| side.as_ref().map(|it| it.held);
    judged.filter(|it| held(&it.old) != held(&it.new)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::entry;

    fn change(name: &str, old: Option<&str>, new: Option<&str>) -> Change {
        Change { name: name.into(), old: old.map(Into::into), new: new.map(Into::into) }
    }

    #[test]
    fn what_differs_is_told() {
        let old = entry("2026-08-01T12:03:01Z", &[0.5, 0.7]);
        let mut new = entry("2026-08-02T12:03:01Z", &[0.7]);
        new.set.push(("width".into(), "64".into()));
        new.artifacts[0].key = "f".repeat(16);
        new.artifacts[0].settings.insert("epochs".into(), "9".into());
        new.artifacts[0].settings.insert("batch".into(), "32".into());
        new.artifacts[0].size = 1048;
        let found = Comparison::new(&old, &new);
        assert_eq!(
            found.changes,
            [
                change("--set width", None, Some("64")),
                change("seeds", Some("2 seeds"), Some("1 seed")),
            ]
        );
        let pair = &found.artifacts[0];
        assert_eq!(
            pair.changes,
            [change("batch", None, Some("32")), change("epochs", Some("3"), Some("9")),]
        );
        let figures: Vec<_> = pair.figures.iter().map(|it| (it.name.as_str(), it.better)).collect();
        assert_eq!(
            figures,
            [("params", None), ("size", Some(false)), ("test.accuracy", Some(true)),]
        );
        let cells = pair.figures[2].cells();
        assert_eq!(cells, ["test.accuracy", "60.00% ± 14.14%", "→ 70.00%", "+10.00%  better"]);
        assert_eq!(pair.figures[1].cells()[3], "+524 B  worse");
        assert_eq!(pair.figures[0].cells()[3], "=");
    }

    #[test]
    fn a_key_is_told_where_nothing_else_says_what_differs() {
        let old = entry("2026-08-01T12:03:01Z", &[0.5]);
        let mut new = old.clone();
        assert!(Comparison::new(&old, &new).artifacts[0].changes.is_empty());
        new.artifacts[0].key = "f".repeat(16);
        let found = Comparison::new(&old, &new);
        let key = change("key", Some("01234567"), Some("ffffffff"));
        assert_eq!(found.artifacts[0].changes, [key]);
    }

    #[test]
    fn what_only_one_has_is_told() {
        let old = entry("2026-08-01T12:03:01Z", &[f64::NAN]);
        let mut new = entry("2026-08-02T12:03:01Z", &[0.7]);
        let judged =
            |text: &str, held| Expectation { text: text.into(), held, left: 0.7, right: 0.6 };
        new.expectations.push(judged("Net.accuracy  >= 60%", true));
        new.artifacts.push(Artifact { name: "Small".into(), ..new.artifacts[0].clone() });
        let found = Comparison::new(&old, &new);
        assert_eq!((found.only_old.len(), found.only_new.as_slice()), (0, &["Small".into()][..]));
        let figure = &found.artifacts[0].figures[2];
        assert_eq!((figure.difference, figure.better), (None, None));
        assert_eq!(found.expectations[0].text, "Net.accuracy >= 60%");
        assert_eq!(found.expectations[0].old, None);
        let cells = super::judged(&new.expectations[0]);
        assert_eq!(cells, ["✓ Net.accuracy >= 60%", "70.00%"]);
        let cells = super::judged(&judged("B.size < 0.5 * A.size", false));
        assert_eq!(cells, ["✗ B.size < 0.5 * A.size", "1 B and 1 B"]);
    }
}
