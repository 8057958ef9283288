//! `dlm runs`: what became of a program so far.

mod compare;

use crate::args::Runs;
use crate::console::{Console, Stream, Style};
use crate::history::{self, Artifact, Ended, Entry, State};
use crate::human::{bytes, count, figure, plural, seconds};
use crate::table::{Grid, Side};
use crate::{Failure, Status, diagnose, moment};
use dlm_vocab::metric::{self, Metric};

/// So many runs are listed when nothing else is asked for.
const SHOWN: usize = 20;

/// Where the metric of an artifact that says most is looked for, the best first.
const SPLITS: [&str; 3] = ["test", "valid", "train"];
const METRICS: [&str; 4] = ["accuracy", "r2", "mae", "loss"];

/// Lists the runs of a program, shows one, or compares two.
pub(crate) fn runs(args: Runs, console: &mut Console) -> Result<Status, Failure> {
    let folder = super::run::folder(&args.file, args.out.as_deref());
    let history = history::read_all(&folder)
        .map_err(|e| Failure::run(format!("cannot read {}: {e}", folder.display())))?;
    for why in &history.damaged {
        let head = console.err.paint(Style::Yellow, "warning:");
        console.err.line(format!("{head} passed over: {why}"));
    }
    let entries = history.entries;
    if entries.is_empty() {
        diagnose::readable(&args.file)?;
        let none = format!("no run is remembered in {}", folder.display());
        return Err(Failure::run(none).help(format!("run `dlm run {}` first", args.file.display())));
    }
    let first = args.first.as_deref().map(|name| find(&entries, name)).transpose()?;
    let second = args.second.as_deref().map(|name| find(&entries, name)).transpose()?;
    let from = entries.len().saturating_sub(args.last.unwrap_or(SHOWN));
    match (first, second) {
        (Some(old), Some(new)) if args.json => {
            console.out.line(json(&compare::Comparison::new(old, new)));
        }
        (Some(old), Some(new)) => compare::show(old, new, &mut console.out),
        (Some(one), None) if args.json => console.out.line(json(one)),
        (Some(one), None) => show(one, &mut console.out),
        (None, _) if args.json => entries[from..].iter().for_each(|it| console.out.line(json(it))),
        (None, _) => {
            console.out.text(list(&entries[from..], console.out.color));
            if from > 0 {
                let text = format!("and {} before; --last N lists more", plural(from, "run"));
                console.out.line(console.out.paint(Style::Dim, text));
            }
        }
    }
    Ok(Status::Good)
}

/// The run of that name: an id, the beginning of one, or a number counted from the end.
fn find<'a>(entries: &'a [Entry], name: &str) -> Result<&'a Entry, Failure> {
    let help = "`dlm runs FILE` lists them; -1 is the last, -2 the one before";
    if let Some(back) = name.strip_prefix('-').and_then(|n| n.parse::<usize>().ok()) {
        let found = entries.len().checked_sub(back).and_then(|i| entries.get(i));
        let all = plural(entries.len(), "run");
        return found
            .ok_or_else(|| Failure::usage(format!("there is no run {name} of {all}")).help(help));
    }
    if let Some(exact) = entries.iter().find(|it| it.id == name) {
        return Ok(exact);
    }
    let near: Vec<&Entry> = entries.iter().filter(|it| it.id.starts_with(name)).collect();
    match near.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::usage(format!("no run is called `{name}`")).help(help)),
        [some, .., last] => {
            let what = format!("{} begin with `{name}`", plural(near.len(), "run"));
            Err(Failure::usage(format!("{what}: {} to {}", some.id, last.id)).help(help))
        }
    }
}

fn json(it: &impl serde::Serialize) -> String {
    serde_json::to_string(it).unwrap_or_default()
}

/// A line for each run, with a column for the metric that says most of each artifact.
fn list(entries: &[Entry], color: bool) -> String {
    let mut columns: Vec<(&str, &str)> = Vec::new();
    for artifact in entries.iter().flat_map(|it| &it.artifacts) {
        if let Some((metric, _)) = headline(artifact)
            && !columns.contains(&(&artifact.name, metric))
        {
            columns.push((&artifact.name, metric));
        }
    }
    let names: Vec<String> =
        columns.iter().map(|(name, metric)| format!("{name} {}", plain(metric))).collect();
    let left = ["run", "when"].map(|name| (name, Side::Left));
    let mut heads = [&left[..], &[("time", Side::Right), ("result", Side::Left)]].concat();
    heads.extend(names.iter().map(|name| (name.as_str(), Side::Right)));
    let mut grid = Grid::new(&heads);
    for entry in entries {
        let begun = moment::local(&entry.started);
        let mut cells = vec![entry.id.clone(), begun, seconds(entry.seconds), ended(entry)];
        cells.extend(columns.iter().map(|(name, metric)| {
            let artifact = entry.artifacts.iter().find(|it| it.name == *name);
            let found = artifact.and_then(headline).filter(|(known, _)| known == metric);
            found.map_or(String::new(), |(metric, values)| mean(values, metric))
        }));
        grid.row(cells);
    }
    grid.render(color)
}

/// One run, with all that is known of it.
fn show(entry: &Entry, out: &mut Stream) {
    out.line(out.paint(Style::Bold, &entry.id));
    out.line(entry.command.join(" "));
    let mut facts = vec![
        moment::local(&entry.started),
        seconds(entry.seconds),
        format!("dlm {}", entry.dlm),
        plural(entry.threads, "thread"),
    ];
    if entry.seeds > 1 {
        facts.push(plural(entry.seeds as usize, "seed"));
    }
    facts.push(format!("program {}", short(&entry.program)));
    out.line(out.paint(Style::Dim, facts.join(" · ")));
    let style = if entry.status == Ended::Held { Style::Green } else { Style::Red };
    out.line(out.paint(style, ended(entry)));
    if let Some(error) = &entry.error {
        out.line(error);
    }
    for artifact in &entry.artifacts {
        let mut facts = vec![artifact.kind.clone(), artifact.model.clone(), artifact.data.clone()];
        facts.retain(|fact| !fact.is_empty());
        facts.push(match artifact.state {
            State::Made => format!("made in {}", seconds(artifact.seconds)),
            State::UpToDate => "up to date".into(),
            State::Resumed => format!("gone on with for {}", seconds(artifact.seconds)),
        });
        let name = out.paint(Style::Bold, &artifact.name);
        out.line(format!("\n{name}  {}", out.paint(Style::Dim, facts.join(" · "))));
        let mut rows: Vec<[String; 2]> =
            artifact.settings.iter().map(|(name, value)| [name.clone(), value.clone()]).collect();
        rows.push(["key".into(), short(&artifact.key).into()]);
        rows.extend(artifact.params.map(|n| ["parameters".into(), count(n)]));
        rows.push(["size".into(), bytes(artifact.size)]);
        rows.extend(artifact.metrics.iter().map(|(name, all)| [name.clone(), mean(all, name)]));
        out.text(aligned(&rows));
    }
    let rows: Vec<[String; 2]> = entry.expectations.iter().map(compare::judged).collect();
    if !rows.is_empty() {
        out.text(format!("\n{}", aligned(&rows)));
    }
}

/// How a run ended: `✓`, `✗ 1 of 3 expectations`, `✗ failed`, `stopped`.
fn ended(entry: &Entry) -> String {
    let all = entry.expectations.len();
    match entry.status {
        Ended::Held if all == 0 => "✓".into(),
        Ended::Held => format!("✓ {}", plural(all, "expectation")),
        Ended::FailedExpectations => {
            let failed = entry.expectations.iter().filter(|it| !it.held).count();
            format!("✗ {failed} of {}", plural(all, "expectation"))
        }
        Ended::Failed => "✗ failed".into(),
        Ended::Stopped => "stopped".into(),
    }
}

/// The metric that says most of an artifact, with its values.
fn headline(artifact: &Artifact) -> Option<(&str, &[f64])> {
    let all = SPLITS.iter().flat_map(|split| METRICS.map(|metric| format!("{split}.{metric}")));
    let mut found = all.filter_map(|name| artifact.metrics.get_key_value(&name));
    found.next().map(|(name, values)| (name.as_str(), values.as_slice()))
}

/// The name of a metric as headings have it: of the test part by itself.
fn plain(metric: &str) -> &str {
    metric.strip_prefix("test.").unwrap_or(metric)
}

/// The metric that `test.accuracy`, `agreement(Teacher)` or `size` is.
fn known(name: &str) -> Option<&'static Metric> {
    let split = |rest: &&str| rest.starts_with('.');
    let rest = SPLITS.iter().find_map(|it| name.strip_prefix(it).filter(split));
    let name = rest.map_or(name, |rest| &rest[1..]);
    metric::find(name.split('(').next().unwrap_or(name))
}

/// `98.61%`, of several seeds `98.61% ± 0.20%`.
fn mean(values: &[f64], metric: &str) -> String {
    let unit = known(metric).map(|it| it.unit);
    if values.is_empty() {
        return String::new();
    }
    super::run::deviation(values, |x| figure(x, unit))
}

/// The beginning of a hash.
fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

/// Rows of cells, in columns, two spaces in.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("  {}\n", cells.collect::<Vec<_>>().join("   ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::entry;

    fn three() -> Vec<Entry> {
        let starts = ["2026-08-01T12:03:01Z", "2026-08-01T12:03:01Z", "2026-08-02T00:00:00Z"];
        let ids = ["20260801-120301", "20260801-120301-2", "20260802-000000"];
        let named = |(started, id): (&str, &str)| Entry { id: id.into(), ..entry(started, &[0.5]) };
        starts.into_iter().zip(ids).map(named).collect()
    }

    #[test]
    fn a_run_is_named_by_its_id_its_beginning_or_its_place_from_the_end() {
        let entries = three();
        let id = |name: &str| find(&entries, name).map(|it| it.id.clone()).map_err(|e| e.message);
        assert_eq!(id("20260802").unwrap(), "20260802-000000");
        assert_eq!(id("20260801-120301").unwrap(), "20260801-120301");
        assert_eq!(id("-1").unwrap(), "20260802-000000");
        assert_eq!(id("-3").unwrap(), "20260801-120301");
        assert_eq!(id("-4").unwrap_err(), "there is no run -4 of 3 runs");
        assert_eq!(id("-0").unwrap_err(), "there is no run -0 of 3 runs");
        assert_eq!(id("1999").unwrap_err(), "no run is called `1999`");
        assert_eq!(
            id("20260801").unwrap_err(),
            "2 runs begin with `20260801`: 20260801-120301 to 20260801-120301-2"
        );
    }

    #[test]
    fn metrics_are_known_by_their_names() {
        let name = |text: &str| known(text).map(|it| it.word.name);
        assert_eq!(name("test.accuracy"), Some("accuracy"));
        assert_eq!(name("valid.agreement(Teacher)"), Some("agreement"));
        assert_eq!(name("size"), Some("size"));
        assert_eq!(name("testing.size"), None);
        assert_eq!(mean(&[0.5, 0.7], "test.accuracy"), "60.00% ± 14.14%");
        assert_eq!(mean(&[2058.0], "size"), "2.01 KiB");
    }
}
