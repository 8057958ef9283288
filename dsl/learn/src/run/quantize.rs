//! The `quantize` verbs of a run.

use super::made::Made;
use super::{Quantized, RunError, Runner, State, Summary, World};
use crate::body::{Body, What};
use crate::data::Preprocess;
use crate::event::Event;
use crate::fit::Kept;
use crate::lesson::Lesson;
use crate::metrics::agreement;
use crate::quant::file;
use crate::quant::pipeline::{self, Source};
use dlm_check::program::Split;
use std::collections::BTreeMap;

/// For how many seconds one sample is timed, at the least, with each of the two networks.
const TIMED: f64 = 0.2;

impl Runner<'_> {
    /// Quantizes an artifact that the run has made.
    pub(super) fn quantize(&mut self, index: usize, world: &mut dyn World) -> Result<(), RunError> {
        let program = self.program;
        let quantization = &program.quantizations[index];
        let artifact = quantization.artifact.clone();
        let data = self.data(quantization.dataset, world)?;
        let Some(source) = self.find(&quantization.source) else { return Ok(()) };
        let What::Floats(trained) = &source.body().what else { return Ok(()) };
        let (Some(net), before) = (source.body().network, source.summary.size) else {
            return Ok(());
        };
        if let Some(own) = &source.body().preprocess
            && unlike(own, &data.preprocess)
        {
            return Err(RunError {
                span: Some(quantization.span),
                ..other_inputs(&quantization.source, own, &data.name)
            });
        }
        world.tell(Event::QuantizeStarted {
            artifact: artifact.clone(),
            source: quantization.source.clone(),
            policy: quantization.policy.clone(),
            method: quantization.method.word().to_string(),
            samples: match quantization.scheme.points.len() {
                0 => 0,
                _ => quantization.calibrate.min(data.len(Split::Train)),
            },
        });
        let lesson = match &quantization.tuning {
            Some(tuning) => self.lesson(&tuning.training, &data)?,
            None => Lesson::default(),
        };
        let began = world.seconds();
        let seed_offset = self.options.seed_offset;
        let (file, key) = self.checkpoint(&artifact, world);
        let kept = Kept { file: &file, key: &key };
        let outcome = pipeline::quantize(
            Source { program, quantization, trained, data: &data, seed_offset, kept },
            lesson,
            world,
        )?;
        let size = file::size(net, &outcome.scheme, &outcome.quantized);
        let summary = Summary {
            artifact: artifact.clone(),
            model: net.title.clone(),
            dataset: data.name.clone(),
            params: Some(net.params()),
            macs: Some(net.macs()),
            size,
            seconds: world.seconds() - began,
            seed: quantization
                .tuning
                .as_ref()
                .map(|tuning| tuning.training.seed.wrapping_add(seed_offset)),
            state: if outcome.resumed { State::Resumed } else { State::Made },
            history: outcome.history,
            ..Summary::default()
        };
        let pipeline::Outcome { scheme, quantized, report, warnings, .. } = outcome;
        let dataset = quantization.dataset;
        let made = Made {
            body: Some(Body {
                what: What::Integers(Box::new((scheme, quantized))),
                network: Some(net),
                preprocess: Some(data.preprocess.clone()),
            }),
            dataset: Some(dataset),
            quantization: Some((index, report)),
            mark: [0; 32],
            answers: BTreeMap::new(),
            exports: BTreeMap::new(),
            summary,
        };
        self.store(made, world)?;
        for warning in warnings {
            self.warn(&artifact, warning.code.id, warning.message, world);
        }
        if let Some(tuning) = &quantization.tuning {
            self.compare(&tuning.training, world)?;
        }
        let test = Split::Test;
        let answers = self.answers_of(&artifact, dataset, test, world)?;
        let before_answers = self.answers_of(&quantization.source, dataset, test, world)?;
        let (Some(made), Some(source)) = (self.find(&artifact), self.find(&quantization.source))
        else {
            return Ok(());
        };
        let latency = [self.latency(source, TIMED, world)?, self.latency(made, TIMED, world)?];
        let Some((_, report)) = &made.quantization else { return Ok(()) };
        let mut report = report.clone();
        report.size = [before, size];
        report.latency = latency;
        let classes = made.summary.scores.get(&Split::Test).is_some_and(|s| s.accuracy.is_some());
        report.agreement = answers
            .zip(before_answers)
            .filter(|(a, b)| classes && a.outputs.len() == b.outputs.len())
            .map(|(a, b)| agreement(&a, &b));
        let event =
            Event::Quantized { artifact: artifact.clone(), report: Box::new(report.clone()) };
        world.tell(event);
        let quantized = Quantized {
            source: quantization.source.clone(),
            policy: quantization.policy.clone(),
            method: quantization.method.word().to_string(),
            report,
        };
        if let Some(made) = self.made.iter_mut().find(|made| made.summary.artifact == artifact) {
            made.summary.latency = latency[1];
            made.summary.quantized = Some(Box::new(quantized));
        }
        Ok(())
    }
}

/// Shares of a deviation by which two normalisations may differ: those of two parts of the same data.
const NEAR: f32 = 0.1;

/// Whether two normalisations make other numbers of the same input.
fn unlike(a: &Preprocess, b: &Preprocess) -> bool {
    let means = a.mean.iter().zip(&b.mean).zip(&a.std);
    let stds = a.std.iter().zip(&b.std);
    a.mean.len() != b.mean.len()
        || means.into_iter().any(|((a, b), std)| (a - b).abs() > NEAR * std)
        || stds.into_iter().any(|(a, b)| (a - b).abs() > NEAR * a)
}

/// What is told where an artifact was trained on inputs of another normalisation.
fn other_inputs(artifact: &str, own: &Preprocess, data: &str) -> RunError {
    let list = |all: &[f32]| {
        let all: Vec<String> = all.iter().map(|x| x.to_string()).collect();
        format!("[{}]", all.join(", "))
    };
    let help = match own.mean.len() {
        1..=4 => format!(
            "write `normalize = standard(mean = {}, std = {})` in `data {data}`",
            list(&own.mean),
            list(&own.std)
        ),
        _ => format!("quantize `{artifact}` on the data that it was trained on"),
    };
    RunError {
        message: format!(
            "`{artifact}` was trained on inputs of another normalisation than `{data}` has"
        ),
        help: Some(help),
        span: None,
    }
}
