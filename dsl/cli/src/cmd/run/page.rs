//! The page of a run, from what it gave.

use super::Facts;
use super::figures::{Figures, figures, last};
use super::report::{kind, source, spaced, unit};
use crate::cmd::show::layers;
use crate::{machine, moment, written};
use dlm_base::Severity;
use dlm_check::program::{Dataset, Quantity, Split};
use dlm_learn::event::split_word;
use dlm_learn::metrics::Scores;
use dlm_learn::quant::report::LayerReport;
use dlm_learn::{Judgement, State, Summary, record};
use dlm_report::page;
use dlm_vocab::metric::MetricUnit;

/// All that the page shows.
pub(super) fn page(facts: &Facts<'_>) -> page::Page {
    let Facts { args, checked, folder, outcomes, .. } = facts;
    let program = &checked.program;
    let stem = args.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let first = &outcomes[0];
    let datasets = program.datasets.iter().filter_map(|data| {
        let hash = first.data.get(&data.name)?;
        Some(dataset(data, hash))
    });
    let artifacts = figures(outcomes).into_iter().enumerate();
    let artifacts = artifacts.map(|(place, (it, figures))| artifact(facts, place, it, &figures));
    let seeds = first.artifacts.iter().find_map(|it| it.seed).unwrap_or(0);
    page::Page {
        program: page::Program {
            name: stem,
            file: args.file.display().to_string(),
            text: text(facts),
            diagnostics: diagnostics(facts),
        },
        run: page::Run {
            date: moment::local(&facts.started),
            seconds: Some(facts.seconds),
            seeds: (0..args.seeds).map(|offset| seeds.wrapping_add(offset)).collect(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            cpu: machine::processor(),
            features: dlm_kernels::simd::features().into_iter().map(str::to_string).collect(),
            threads: Some(facts.threads),
            folder: folder.display().to_string(),
        },
        datasets: datasets.collect(),
        artifacts: artifacts.collect(),
        expectations: expectations(facts),
        warnings: facts.warned.iter().map(warning).collect(),
    }
}

/// The text of the program; of several files that of the one that was run, which was read first.
fn text(facts: &Facts<'_>) -> String {
    let own = facts.checked.sources.iter().next();
    own.map_or(String::new(), |(_, source)| source.text.to_string())
}

fn diagnostics(facts: &Facts<'_>) -> Vec<page::Diagnostic> {
    let sources = &facts.checked.sources;
    let file = sources.iter().next().map(|(file, _)| file);
    let own = facts.checked.diags.iter().filter(|diag| Some(diag.primary.span.file) == file);
    let each = own.map(|diag| {
        let source = sources.get(diag.primary.span.file);
        let [from, to] =
            [diag.primary.span.start, diag.primary.span.end].map(|at| source.line_col(at as usize));
        let width = if from.line == to.line { to.column - from.column } else { 1 };
        page::Diagnostic {
            severity: match diag.severity() {
                Severity::Error => page::Severity::Error,
                Severity::Warning => page::Severity::Warning,
            },
            code: diag.code.id.to_string(),
            message: diag.message.clone(),
            help: diag.help.clone(),
            line: from.line as usize,
            column: from.column as usize,
            width: (width as usize).max(1),
        }
    });
    each.collect()
}

fn dataset(data: &Dataset, hash: &str) -> page::Dataset {
    let source = data.sources().into_iter().map(|(split, used)| match split {
        Split::Train => written::source(used),
        split => format!("{} {}", split_word(split), written::source(used)),
    });
    let source = source.collect::<Vec<_>>().join(", ");
    page::Dataset {
        name: data.name.clone(),
        source,
        samples: data.counts.map(|n| n as u64),
        hash: hash.to_string(),
    }
}

/// The artifact `it` of the first run, at this place in all of them.
fn artifact(facts: &Facts<'_>, place: usize, it: &Summary, figures: &Figures) -> page::Artifact {
    let program = &facts.checked.program;
    let all: Vec<&Summary> =
        facts.outcomes.iter().filter_map(|run| run.artifacts.get(place)).collect();
    let metric = |name: &str| page::Metric(figures.get(name).cloned().unwrap_or_default());
    let found = program.artifact(&it.artifact);
    let part = last(it).map(|(split, scores)| (split_word(split), scores));
    let of = |name: &str| {
        part.map_or(page::Metric::default(), |(part, _)| metric(&format!("{part}.{name}")))
    };
    let classes = found.and_then(|it| it.dataset()).map(|at| &program.datasets[at].facts.target);
    let classes = match classes {
        Some(dlm_vocab::data::Target::Classes(names)) => names.clone(),
        _ => Vec::new(),
    };
    let quantization = program.quantizations.iter().find(|own| own.artifact == it.artifact);
    let network = found.and_then(|it| it.network()).map(|at| &*program.networks[at]);
    page::Artifact {
        name: it.artifact.clone(),
        kind: kind(program, &it.artifact),
        state: match it.state {
            State::Made => page::State::Made,
            State::Resumed => page::State::Resumed,
            State::UpToDate => page::State::UpToDate,
        },
        source: source(program, &it.artifact),
        model: it.model.clone(),
        dataset: it.dataset.clone(),
        params: it.params,
        macs: it.macs,
        size: Some(it.size),
        memory: it.memory,
        latency: metric("latency"),
        seconds: metric("seconds"),
        scores: page::Scores {
            split: part.map_or(String::new(), |(part, _)| part.to_string()),
            samples: part.map_or(0, |(_, scores)| scores.samples as u64),
            loss: of("loss"),
            accuracy: of("accuracy"),
            // With five classes or fewer every answer is among the five first.
            top5: if classes.len() > 5 { of("top5") } else { page::Metric::default() },
            perplexity: of("perplexity"),
            bits_per_character: of("bits_per_character"),
            mae: of("mae"),
            r2: of("r2"),
        },
        agreement: match &it.quantized {
            Some(_) => metric("agreement"),
            None => it.taught.first().map_or(page::Metric::default(), |taught| {
                metric(&format!("{}.agreement({})", taught.split, taught.teacher))
            }),
        },
        curves: all.iter().filter(|it| !it.history.is_empty()).map(|it| curve(it)).collect(),
        confusion: part.map_or(page::Confusion::default(), |(part, scores)| page::Confusion {
            split: part.to_string(),
            classes: classes.clone(),
            counts: scores
                .confusion
                .iter()
                .map(|row| row.iter().map(|&n| u64::from(n)).collect())
                .collect(),
        }),
        mistakes: mistakes(it, part),
        layers: network.map_or(Vec::new(), |network| layers(network, quantization)),
        quantization: quantized(it, &all),
        teachers: taught(facts, place, it),
    }
}

fn curve(it: &Summary) -> page::Curve {
    let epoch = |passed: &record::Epoch| {
        let valid = passed.valid.as_ref();
        page::Epoch {
            epoch: passed.epoch,
            train_loss: Some(passed.train_loss),
            valid_loss: valid.map(|scores| scores.loss),
            valid_accuracy: valid.and_then(|scores| scores.accuracy),
            valid_r2: valid.and_then(|scores| scores.r2),
            lr: Some(passed.lr),
        }
    };
    page::Curve {
        epochs: it.history.iter().map(epoch).collect(),
        best: it.history.iter().rev().find(|passed| passed.best).map(|passed| passed.epoch),
        stopped: it.stopped.clone(),
    }
}

fn mistakes(it: &Summary, part: Option<(&str, &Scores)>) -> page::Mistakes {
    let Some((part, scores)) = part else { return page::Mistakes::default() };
    let first = it.mistakes.first();
    let features = first.map_or(&[][..], |mistake| &mistake.row);
    let right: u64 = (scores.confusion.iter().enumerate()).map(|(i, row)| u64::from(row[i])).sum();
    let shown = it.mistakes.iter().map(|mistake| page::Mistake {
        sample: mistake.sample as u64,
        right: mistake.right.clone(),
        answer: mistake.answer.clone(),
        probability: mistake.probability,
        picture: mistake.picture.as_ref().map(|picture| page::Picture {
            width: picture.width as u32,
            height: picture.height as u32,
            channels: picture.channels as u8,
            pixels: picture.pixels.clone(),
        }),
        values: mistake.row.iter().map(|(_, x)| crate::human::number(f64::from(*x))).collect(),
    });
    page::Mistakes {
        split: part.to_string(),
        wrong: (!scores.confusion.is_empty()).then(|| scores.samples as u64 - right),
        features: features.iter().map(|(name, _)| name.clone()).collect(),
        shown: shown.collect(),
    }
}

fn quantized(it: &Summary, all: &[&Summary]) -> Option<page::Quantization> {
    let quantized = it.quantized.as_ref()?;
    let report = &quantized.report;
    let latency = |place: usize| -> page::Metric {
        let each = all.iter().filter_map(|it| it.quantized.as_ref()?.report.latency[place]);
        each.collect()
    };
    Some(page::Quantization {
        policy: quantized.policy.clone(),
        method: quantized.method.clone(),
        before: page::Cost { size: Some(report.size[0]), latency: latency(0) },
        after: page::Cost { size: Some(report.size[1]), latency: latency(1) },
        layers: report.layers.iter().map(damage).collect(),
        given_back: report.given_back.clone(),
        differing: report.differing,
    })
}

fn damage(layer: &LayerReport) -> page::Damage {
    page::Damage {
        path: layer.path.clone(),
        with: layer.with.clone(),
        weights: layer.weights.clone().unwrap_or_default(),
        runs: super::quantized::runs(layer).to_string(),
        why: layer.why.clone().unwrap_or_default(),
        low: layer.range.map(|[lo, _]| f64::from(lo)),
        high: layer.range.map(|[_, hi]| f64::from(hi)),
        clipped: layer.clipped,
        sqnr: layer.sqnr,
        alone: layer.alone,
        rank: layer.rank,
        line: layer.line.clone(),
        with_line: layer.with_line,
    }
}

fn taught(facts: &Facts<'_>, place: usize, it: &Summary) -> Vec<page::Taught> {
    let each = it.taught.iter().enumerate().map(|(number, taught)| {
        let all = || {
            let runs = facts.outcomes.iter().filter_map(move |run| run.artifacts.get(place));
            runs.filter_map(move |it| Some((it, it.taught.get(number)?)))
        };
        let accuracy = |it: &Summary| {
            let own = it.scores.iter().find(|(split, _)| split_word(**split) == taught.split);
            own.and_then(|(_, scores)| scores.accuracy)
        };
        page::Taught {
            teacher: taught.teacher.clone(),
            weight: Some(taught.weight),
            split: taught.split.clone(),
            teacher_accuracy: all().filter_map(|(_, taught)| taught.accuracy).collect(),
            student_accuracy: all().filter_map(|(it, _)| accuracy(it)).collect(),
            agreement: all().filter_map(|(_, taught)| taught.agreement).collect(),
            kl: all().filter_map(|(_, taught)| taught.kl).collect(),
            error_overlap: all().filter_map(|(_, taught)| taught.error_overlap).collect(),
        }
    });
    each.collect()
}

fn expectations(facts: &Facts<'_>) -> Vec<page::Expectation> {
    let program = &facts.checked.program;
    let each = facts.mean.judged().iter().map(|judged| {
        let expectation = &program.expectations[judged.index];
        // A limit is the same with every seed.
        let seeds = |side: &Quantity| match side {
            Quantity::Number(_) => 1,
            _ => usize::MAX,
        };
        let side = |side: &Quantity, pick: fn(&Judgement) -> f64| -> page::Metric {
            facts.mean.values(judged.index, pick).into_iter().take(seeds(side)).collect()
        };
        let unit = unit(&expectation.left).or_else(|| unit(&expectation.right));
        page::Expectation {
            text: spaced(&expectation.text),
            held: judged.held,
            unit: match unit {
                Some(MetricUnit::Share) => page::Unit::Share,
                Some(MetricUnit::Count) => page::Unit::Count,
                Some(MetricUnit::Bytes) => page::Unit::Bytes,
                Some(MetricUnit::Seconds) => page::Unit::Seconds,
                _ => page::Unit::Number,
            },
            left: side(&expectation.left, |it| it.left),
            right: side(&expectation.right, |it| it.right),
        }
    });
    each.collect()
}

fn warning(warned: &super::outside::Warned) -> page::Warning {
    page::Warning {
        artifact: warned.artifact.clone(),
        code: warned.code.clone(),
        message: warned.message.clone(),
    }
}
