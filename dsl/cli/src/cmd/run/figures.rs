//! The figures of several runs, one value a seed.

use dlm_check::program::Split;
use dlm_learn::event::split_word;
use dlm_learn::metrics::Scores;
use dlm_learn::{Outcome, Summary};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The figures of an artifact by name (`test.accuracy`, `size`), one value for each run.
pub(super) type Figures = BTreeMap<String, Vec<f64>>;

/// The artifacts of the runs, each with its figures.
pub(super) fn figures(runs: &[Outcome]) -> Vec<(&Summary, Figures)> {
    let Some(first) = runs.first() else { return Vec::new() };
    let each = first.artifacts.iter().enumerate().map(|(place, artifact)| {
        let mut all = Figures::new();
        for run in runs {
            let own = run.artifacts.get(place).into_iter().flat_map(of);
            own.for_each(|(name, value)| all.entry(name).or_default().push(value));
        }
        // A figure that one of the runs lacks has no mean.
        all.retain(|_, values| values.len() == runs.len());
        (artifact, all)
    });
    each.collect()
}

/// The figures of one artifact of one run.
fn of(it: &Summary) -> Vec<(String, f64)> {
    let mut all = Vec::new();
    let mut put = |name: String, value: Option<f64>| all.extend(value.map(|value| (name, value)));
    for (&split, scores) in &it.scores {
        let Scores { loss, accuracy, top5, perplexity, bits_per_character, mae, r2, .. } = scores;
        let part = split_word(split);
        let figures = [
            ("loss", Some(*loss)),
            ("accuracy", *accuracy),
            ("top5", *top5),
            ("perplexity", *perplexity),
            ("bits_per_character", *bits_per_character),
            ("mae", *mae),
            ("r2", *r2),
        ];
        figures.into_iter().for_each(|(name, value)| put(format!("{part}.{name}"), value));
    }
    let whole = |x: Option<u64>| x.map(|x| x as f64);
    put("params".into(), whole(it.params));
    put("macs".into(), whole(it.macs));
    put("size".into(), Some(it.size as f64));
    put("memory".into(), whole(it.memory));
    put("latency".into(), it.latency);
    put("seconds".into(), Some(it.seconds));
    let quantized = it.quantized.as_ref();
    put("agreement".into(), quantized.and_then(|it| it.report.agreement));
    for taught in &it.taught {
        let of = |name: &str| format!("{}.{name}({})", taught.split, taught.teacher);
        put(of("agreement"), taught.agreement);
        put(of("kl"), taught.kl);
        put(of("error_overlap"), taught.error_overlap);
    }
    all
}

/// The mean of some values, and their deviation (with `n − 1`; of one value 0).
pub(super) fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, square.sqrt())
}

/// What the runs gave, as the event with which the figures of a run end.
pub(super) fn results(runs: &[Outcome]) -> Value {
    let artifacts = figures(runs).into_iter().map(|(artifact, figures)| {
        let metrics = figures.into_iter().map(|(name, values)| {
            let (mean, deviation) = mean(&values);
            (name, json!({ "mean": mean, "deviation": deviation, "values": values }))
        });
        let metrics: serde_json::Map<String, Value> = metrics.collect();
        json!({ "artifact": artifact.artifact, "state": artifact.state, "metrics": metrics })
    });
    let artifacts: Vec<Value> = artifacts.collect();
    json!({ "event": "results", "seeds": runs.len(), "artifacts": artifacts })
}

/// The scores that stand for an artifact: on test, or on valid where there is no test.
pub(super) fn last(artifact: &Summary) -> Option<(Split, &Scores)> {
    let of = |split| artifact.scores.get(&split).map(|scores| (split, scores));
    of(Split::Test).or_else(|| of(Split::Valid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_a_value_for_each_seed() {
        let run = |accuracy: f64, latency: Option<f64>| {
            let scores = Scores { accuracy: Some(accuracy), ..Scores::default() };
            let scores = [(Split::Test, scores)].into();
            let summary = Summary { artifact: "A".into(), scores, latency, ..Summary::default() };
            Outcome { artifacts: vec![summary], ..Outcome::default() }
        };
        let runs = [run(0.8, Some(1.0)), run(0.9, None)];
        let found = figures(&runs);
        assert_eq!(found[0].1["test.accuracy"], [0.8, 0.9]);
        assert!(!found[0].1.contains_key("latency"));
        let event = results(&runs);
        let metric = &event["artifacts"][0]["metrics"]["test.accuracy"];
        assert!((metric["mean"].as_f64().unwrap() - 0.85).abs() < 1e-12);
        assert!((metric["deviation"].as_f64().unwrap() - 0.005f64.sqrt()).abs() < 1e-12);
    }
}
