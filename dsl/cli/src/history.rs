//! What is remembered of each run: one file each, in the folder `history` of the run's folder.

use crate::{moment, save};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// A run that has ended, however it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// When it began, `20260801-120301` in UTC, with `-2` behind if that is taken; empty until it is written.
    pub(crate) id: String,
    /// When it began: RFC 3339, in UTC.
    pub(crate) started: String,
    /// How long it took.
    pub(crate) seconds: f64,
    /// The version of dlm.
    pub(crate) dlm: String,
    /// The words of the command line.
    pub(crate) command: Vec<String>,
    /// How many threads it used.
    pub(crate) threads: usize,
    /// How many seeds it ran with.
    pub(crate) seeds: u64,
    /// The first of them, as added to those of the program.
    pub(crate) seed_first: u64,
    /// BLAKE3 of the program's text with its imports.
    pub(crate) program: String,
    /// The constants that the command line set.
    pub(crate) set: Vec<(String, String)>,
    /// How it ended.
    pub(crate) status: Ended,
    /// Why it failed.
    pub(crate) error: Option<String>,
    /// The artifacts, in the order in which they were made.
    pub(crate) artifacts: Vec<Artifact>,
    /// The expectations that were judged.
    pub(crate) expectations: Vec<Expectation>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ended {
    /// Every expectation holds.
    #[serde(rename = "held")]
    Held,
    /// One does not.
    #[serde(rename = "failed expectations")]
    FailedExpectations,
    /// With an error.
    #[serde(rename = "failed")]
    Failed,
    /// Its user stopped it.
    #[serde(rename = "stopped")]
    Stopped,
}

/// An artifact of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Artifact {
    /// Its name.
    pub(crate) name: String,
    /// `trained`, `distilled`, `quantized`, `loaded`.
    pub(crate) kind: String,
    /// The model with its settings.
    pub(crate) model: String,
    /// The data.
    pub(crate) data: String,
    /// The hash of all that made it.
    pub(crate) key: String,
    /// Whether this run made it.
    pub(crate) state: State,
    /// Parameters, where they are known.
    pub(crate) params: Option<u64>,
    /// Bytes of the parameters as stored.
    pub(crate) size: u64,
    /// How long it took to make.
    pub(crate) seconds: f64,
    /// What it measures, by split and metric (`test.accuracy`): one value a seed.
    #[serde(deserialize_with = "figures")]
    pub(crate) metrics: BTreeMap<String, Vec<f64>>,
    /// The settings of its verb, as a program would have them.
    pub(crate) settings: BTreeMap<String, String>,
}

/// Whether a run made an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// From the beginning.
    #[serde(rename = "made")]
    Made,
    /// It was there already.
    #[serde(rename = "up to date")]
    UpToDate,
    /// From a checkpoint on.
    #[serde(rename = "resumed")]
    Resumed,
}

/// An expectation and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Expectation {
    /// As written.
    pub(crate) text: String,
    /// Whether it held.
    pub(crate) held: bool,
    /// The left side.
    #[serde(deserialize_with = "figure")]
    pub(crate) left: f64,
    /// The right side.
    #[serde(deserialize_with = "figure")]
    pub(crate) right: f64,
}

/// The runs of a folder, the oldest first, and the files that cannot be read, each with the reason.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The runs.
    pub(crate) entries: Vec<Entry>,
    /// What is passed over: `runs/a/history/b.json: expected value at line 1 column 1`.
    pub(crate) damaged: Vec<String>,
}

impl Entry {
    /// Gives the run its name and writes it below the run's folder.
    #[cfg_attr(not(test), expect(dead_code, reason = "a run does not write it yet"))]
    pub(crate) fn write(&mut self, folder: &Path) -> io::Result<PathBuf> {
        let Some(id) = moment::digits(&self.started) else {
            return Err(io::Error::other(format!("`{}` is no moment", self.started)));
        };
        let path = |id: &str| folder.join("history").join(format!("{id}.json"));
        let more = (2..).map(|n: u64| format!("{id}-{n}"));
        let mut ids = std::iter::once(id.clone()).chain(more);
        self.id = ids.find(|id| !path(id).exists()).unwrap_or(id);
        let path = path(&self.id);
        save::replace(&path, &serde_json::to_vec_pretty(self)?)?;
        Ok(path)
    }
}

/// Reads what is remembered of the runs in a folder.
pub(crate) fn read_all(folder: &Path) -> io::Result<History> {
    let mut history = History::default();
    let entries = match std::fs::read_dir(folder.join("history")) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(history),
        Err(e) => return Err(e),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let Some(id) = path.file_stem().and_then(|id| id.to_str()).map(str::to_string) else {
            continue;
        };
        // Files under temporary names begin with a dot.
        if path.extension().is_some_and(|it| it == "json") && !id.starts_with('.') {
            found.push((order(&id), id, path));
        }
    }
    found.sort();
    for (_, id, path) in found {
        let read = || Ok::<Entry, io::Error>(serde_json::from_slice(&crate::files::read(&path)?)?);
        match read() {
            Ok(entry) => history.entries.push(Entry { id, ..entry }),
            Err(why) => history.damaged.push(format!("{}: {why}", path.display())),
        }
    }
    Ok(history)
}

/// What orders runs: the second in which they began, and their number in it.
fn order(id: &str) -> (String, u64) {
    let mut parts = id.splitn(3, '-');
    let moment: Vec<&str> = parts.by_ref().take(2).collect();
    (moment.join("-"), parts.next().and_then(|n| n.parse().ok()).unwrap_or(1))
}

/// A number; JSON has none for NaN and writes `null`.
fn figure<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

fn figures<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Vec<f64>>, D::Error> {
    let all = BTreeMap::<String, Vec<Option<f64>>>::deserialize(from)?;
    let plain = |values: Vec<Option<f64>>| values.into_iter().map(|x| x.unwrap_or(f64::NAN));
    Ok(all.into_iter().map(|(name, values)| (name, plain(values).collect())).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A run of one artifact with these test accuracies.
    pub(crate) fn entry(started: &str, accuracy: &[f64]) -> Entry {
        let artifact = Artifact {
            name: "Net".into(),
            kind: "trained".into(),
            model: "Net".into(),
            data: "Iris".into(),
            key: "0123456789abcdef".into(),
            state: State::Made,
            params: Some(131),
            size: 524,
            seconds: 1.5,
            metrics: BTreeMap::from([("test.accuracy".into(), accuracy.to_vec())]),
            settings: BTreeMap::from([("epochs".into(), "3".into())]),
        };
        Entry {
            id: String::new(),
            started: started.into(),
            seconds: 2.0,
            dlm: "0.1.0".into(),
            command: vec!["dlm".into(), "run".into(), "iris.dlm".into()],
            threads: 2,
            seeds: accuracy.len() as u64,
            seed_first: 0,
            program: "fedcba9876543210".into(),
            set: Vec::new(),
            status: Ended::Held,
            error: None,
            artifacts: vec![artifact],
            expectations: Vec::new(),
        }
    }

    /// A folder of a test's own, removed with what is in it.
    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn folder(test: &str) -> Folder {
        let name = format!("dlm-history-{test}-{}", std::process::id());
        Folder(std::env::temp_dir().join(name))
    }

    #[test]
    fn runs_are_read_in_the_order_in_which_they_began() {
        let folder = folder("order");
        let starts = ["2026-08-01T12:03:01Z"; 11];
        for (i, started) in starts.into_iter().chain(["2025-01-01T00:00:00Z"]).enumerate() {
            entry(started, &[i as f64]).write(&folder.0).unwrap();
        }
        let history = read_all(&folder.0).unwrap();
        let ids: Vec<&str> = history.entries.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(
            ids[..4],
            ["20250101-000000", "20260801-120301", "20260801-120301-2", "20260801-120301-3"]
        );
        assert_eq!((ids.len(), ids[11]), (12, "20260801-120301-11"));
        assert!(history.damaged.is_empty());
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = folder("same");
        let mut written = entry("2026-08-01T12:03:01Z", &[0.5, f64::NAN]);
        written.status = Ended::FailedExpectations;
        let judged =
            Expectation { text: "Net.loss < 1".into(), held: false, left: 2.0, right: 1.0 };
        written.expectations.push(judged);
        let path = written.write(&folder.0).unwrap();
        assert!(path.ends_with("history/20260801-120301.json"));
        let mut read = read_all(&folder.0).unwrap().entries.remove(0);
        let values = read.artifacts[0].metrics.get_mut("test.accuracy").unwrap();
        assert!(values[1].is_nan());
        // NaN is no equal of itself.
        values.pop();
        written.artifacts[0].metrics.get_mut("test.accuracy").unwrap().pop();
        assert_eq!(read, written);
    }

    #[test]
    fn a_damaged_file_is_named_and_passed_over() {
        let folder = folder("damaged");
        assert!(read_all(&folder.0).unwrap().entries.is_empty());
        entry("2026-08-01T12:03:01Z", &[0.5]).write(&folder.0).unwrap();
        let put = |name: &str| std::fs::write(folder.0.join("history").join(name), "{}").unwrap();
        ["20260801-120302.json", ".20260801-120303.json.1.tmp", "notes.txt"]
            .into_iter()
            .for_each(put);
        let history = read_all(&folder.0).unwrap();
        assert_eq!(history.entries.len(), 1);
        assert_eq!(history.damaged.len(), 1);
        let why = &history.damaged[0];
        assert!(why.contains("20260801-120302.json: missing field"), "{why}");
    }

    #[test]
    fn a_run_needs_a_beginning() {
        let folder = folder("beginning");
        let failed = entry("yesterday", &[0.5]).write(&folder.0).unwrap_err();
        assert_eq!(failed.to_string(), "`yesterday` is no moment");
    }
}
