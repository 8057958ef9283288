//! What is remembered of a run, for `dlm runs`.

use super::Facts;
use super::figures::figures;
use super::report::{kind, spaced};
use crate::history::{Artifact, Ended, Entry, Expectation, State};
use crate::human::words;
use dlm_learn::RunError;
use dlm_report::page::Kind;

/// The entry of a run that has ended; `error` says why, if it ended early.
pub(super) fn entry(facts: &Facts<'_>, error: Option<&RunError>, stopped: bool) -> Entry {
    let args = facts.args;
    let program = &facts.checked.program;
    let judged = facts.mean.judged();
    let artifacts = figures(facts.outcomes).into_iter().map(|(it, metrics)| Artifact {
        name: it.artifact.clone(),
        kind: match kind(program, &it.artifact) {
            Kind::Trained => "trained",
            Kind::Distilled => "distilled",
            Kind::Quantized => "quantized",
            Kind::Loaded => "loaded",
        }
        .to_string(),
        model: it.model.clone(),
        data: it.dataset.clone(),
        key: it.key.hash(),
        state: match it.state {
            dlm_learn::State::Made => State::Made,
            dlm_learn::State::Resumed => State::Resumed,
            dlm_learn::State::UpToDate => State::UpToDate,
        },
        params: it.params,
        size: it.size,
        seconds: it.seconds,
        metrics,
        settings: it.key.0.clone(),
    });
    Entry {
        id: String::new(),
        started: facts.started.clone(),
        seconds: facts.seconds,
        dlm: env!("CARGO_PKG_VERSION").to_string(),
        command: words(),
        threads: facts.threads,
        seeds: args.seeds,
        seed_first: 0,
        program: program_hash(facts),
        set: args.set.iter().map(|set| (set.name.clone(), set.value.clone())).collect(),
        status: match error {
            Some(_) if stopped => Ended::Stopped,
            Some(_) => Ended::Failed,
            None if judged.iter().all(|it| it.held) => Ended::Held,
            None => Ended::FailedExpectations,
        },
        error: error.map(|error| error.message.clone()),
        artifacts: artifacts.collect(),
        expectations: judged
            .iter()
            .map(|it| Expectation {
                text: spaced(&program.expectations[it.index].text),
                held: it.held,
                left: it.left,
                right: it.right,
            })
            .collect(),
    }
}

/// The hash of the program's text with what it imports.
fn program_hash(facts: &Facts<'_>) -> String {
    let mut hash = blake3::Hasher::new();
    for (_, source) in facts.checked.sources.iter() {
        hash.update(&(source.text.len() as u64).to_le_bytes());
        hash.update(source.text.as_bytes());
    }
    hash.finalize().to_hex().to_string()
}
