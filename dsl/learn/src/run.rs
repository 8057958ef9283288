//! The run of a whole program: data, trainings, evaluations, exports, expectations.

use crate::data::Loaded;
use crate::evaluate::Answerer;
use crate::event::Event;
use crate::fit::{Job, fit};
use crate::judge;
use crate::metrics::{Answers, Scores, Taught, agreement};
use crate::onnx;
use crate::quant::report::Report;
use crate::quant::round::Warning;
use crate::quant::{self, deploy, pipeline};
use crate::weights::{About, Weights};
use dlm_base::Files;
use dlm_check::Program;
use dlm_check::budget::memory;
use dlm_check::program::{MetricUse, Split};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

mod quantize;

/// What the caller decides.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Threads; as many as there are processors when absent.
    pub threads: Option<usize>,
    /// Run this artifact alone, with what it needs.
    pub only: Option<String>,
    /// Added to the seed of every training.
    pub seed_offset: u64,
}

/// The outside of a run: files, time, and ears.
pub trait World: Send {
    /// Keeps `bytes` as the weights of an artifact, replacing what was there only when all is
    /// written, and returns the path.
    ///
    /// # Errors
    /// With the reason.
    fn save(&mut self, artifact: &str, bytes: &[u8]) -> Result<String, String>;

    /// Writes `bytes` to a path that the program names, replacing what was there only when all is
    /// written.
    ///
    /// # Errors
    /// With the reason.
    fn export(&mut self, path: &str, bytes: &[u8]) -> Result<(), String>;

    /// The bytes that were kept under that name with [`World::keep`], in this run or an earlier one.
    fn recall(&mut self, name: &str) -> Option<Bytes>;

    /// Keeps what `write` writes under a name in the run's folder, replacing what was there only when
    /// all is written, and returns it. There may be more of it than fits in memory.
    ///
    /// # Errors
    /// With the reason: that of `write`, or of the disk.
    fn keep(&mut self, name: &str, write: &mut Write<'_>) -> Result<Bytes, String>;

    /// Seconds since some moment.
    fn seconds(&self) -> f64;

    /// Hears what happens.
    fn tell(&mut self, event: Event);
}

/// Bytes of a file, in memory or mapped into it.
pub type Bytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Writes the bytes of a file, one after the other.
pub type Write<'a> = dyn FnMut(&mut dyn io::Write) -> io::Result<()> + 'a;

/// What a run gave.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The artifacts in the order in which they were made.
    pub artifacts: Vec<Summary>,
    /// Whether each expectation that was judged holds.
    pub judged: Vec<Judgement>,
}

/// An artifact in the table of results.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its name.
    pub artifact: String,
    /// The model with its settings.
    pub model: String,
    /// The dataset.
    pub dataset: String,
    /// Parameters; unknown where only answers are known.
    pub params: Option<u64>,
    /// Multiply-adds for one sample; unknown where only answers are known.
    pub macs: Option<u64>,
    /// Bytes of the parameters as stored; of a closed network those of its file.
    pub size: u64,
    /// What the parts of the data say.
    pub scores: BTreeMap<Split, Scores>,
    /// Seconds of training.
    pub seconds: f64,
    /// Where the weights were written.
    pub file: String,
    /// Of a quantized artifact: what was done to it.
    pub quantized: Option<Box<Quantized>>,
    /// Of an artifact with teachers: how it compares with each.
    pub taught: Vec<Taught>,
}

/// What a quantization was, and did.
#[derive(Clone, Debug)]
pub struct Quantized {
    /// The float artifact.
    pub source: String,
    /// The policy.
    pub policy: String,
    /// `dynamic`, `static` or `qat`.
    pub method: &'static str,
    /// What it did, layer by layer.
    pub report: Report,
    /// What was met and mended.
    pub warnings: Vec<Warning>,
}

/// An expectation and what became of it.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Its place among [`Program::expectations`].
    pub index: usize,
    /// Whether it holds.
    pub held: bool,
    /// The left side.
    pub left: f64,
    /// The right side.
    pub right: f64,
}

/// Why a run ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunError {
    /// The fact: "the loss became NaN in epoch 3, step 212".
    pub message: String,
    /// What to try.
    pub help: Option<String>,
    /// The place in the program that it concerns.
    pub span: Option<dlm_base::Span>,
}

/// Runs a checked program.
///
/// # Errors
/// When data cannot be read, a loss becomes NaN, or a file cannot be written.
pub fn run(
    program: &Program,
    files: &dyn Files,
    options: &Options,
    world: &mut dyn World,
) -> Result<Outcome, RunError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build()
        .map_err(|e| RunError::plain(format!("the threads cannot be started: {e}")))?;
    pool.install(|| {
        Runner { program, options, files, data: BTreeMap::new(), made: Vec::new() }.run(world)
    })
}

impl RunError {
    /// A fact alone.
    pub(crate) fn plain(message: impl Into<String>) -> RunError {
        RunError { message: message.into(), help: None, span: None }
    }
}

/// A run under way.
struct Runner<'a> {
    program: &'a Program,
    options: &'a Options,
    files: &'a dyn Files,
    data: BTreeMap<usize, Arc<Loaded>>,
    made: Vec<Made>,
}

/// An artifact that the run has made.
struct Made {
    what: What,
    /// The data it was made with.
    dataset: usize,
    /// The network it is.
    network: usize,
    answers: BTreeMap<Split, Answers>,
    summary: Summary,
}

/// What an artifact consists of.
enum What {
    /// Floats, from the training of that place.
    Trained(usize, Weights),
    /// Integers, from the quantization of that place.
    Quantized(usize, Box<pipeline::Outcome>),
}

impl Runner<'_> {
    fn run(mut self, world: &mut dyn World) -> Result<Outcome, RunError> {
        let [trainings, quantizations] = self.wanted();
        for index in trainings {
            self.train(index, world)?;
        }
        for index in quantizations {
            self.quantize(index, world)?;
        }
        for export in &self.program.exports {
            if let Some(made) = self.made.iter().find(|m| m.summary.artifact == export.artifact) {
                let failed = |why: String| RunError {
                    message: format!("`{}` cannot be written: {why}", export.file),
                    help: None,
                    span: Some(export.span),
                };
                let bytes = match export.file.to_lowercase().ends_with(".onnx") {
                    true => self.onnx(made).map_err(failed)?,
                    false => self.bytes(made)?,
                };
                world.export(&export.file, &bytes).map_err(failed)?;
                let (artifact, file) = (export.artifact.clone(), export.file.clone());
                world.tell(Event::Saved { artifact, file });
            }
        }
        let judged = self.judge(world)?;
        Ok(Outcome { artifacts: self.made.into_iter().map(|made| made.summary).collect(), judged })
    }

    /// The trainings and quantizations to run, in order: all, or the one asked for with those it needs.
    fn wanted(&self) -> [Vec<usize>; 2] {
        let (trainings, quantizations) = (&self.program.trainings, &self.program.quantizations);
        let all = self.options.only.is_none();
        let (mut train, mut quantize) =
            (vec![all; trainings.len()], vec![all; quantizations.len()]);
        let mut next = self.options.only.clone();
        while let Some(name) = next.take() {
            if let Some(index) = quantizations.iter().position(|q| q.artifact == name) {
                quantize[index] = true;
                next = Some(quantizations[index].source.clone());
                continue;
            }
            let Some(index) = trainings.iter().position(|t| t.artifact == name) else { break };
            if !std::mem::replace(&mut train[index], true) {
                next = trainings[index].from.clone();
            }
        }
        [train, quantize].map(|wanted| (0..wanted.len()).filter(|&i| wanted[i]).collect())
    }

    fn data(&mut self, index: usize, world: &mut dyn World) -> Result<Arc<Loaded>, RunError> {
        if let Some(data) = self.data.get(&index) {
            return Ok(data.clone());
        }
        let dataset = &self.program.datasets[index];
        let data = Arc::new(Loaded::load(dataset, self.files)?);
        let [train, valid, test] =
            [Split::Train, Split::Valid, Split::Test].map(|split| data.len(split));
        world.tell(Event::DataLoaded { dataset: dataset.name.clone(), train, valid, test });
        self.data.insert(index, data.clone());
        Ok(data)
    }

    fn train(&mut self, index: usize, world: &mut dyn World) -> Result<(), RunError> {
        let program = self.program;
        let training = &program.trainings[index];
        let network = &program.networks[training.network];
        let data = self.data(training.dataset, world)?;
        let from = training.from.as_ref().and_then(|name| self.find(name));
        let from = from.and_then(|made| match &made.what {
            What::Trained(_, weights) => Some(weights),
            What::Quantized(..) => None,
        });
        let seed = training.seed.wrapping_add(self.options.seed_offset);
        let fitted = fit(Job { network, training, data: &data, seed, from }, world)?;
        let made = Made {
            what: What::Trained(index, fitted.weights),
            dataset: training.dataset,
            network: training.network,
            answers: BTreeMap::new(),
            summary: Summary {
                artifact: training.artifact.clone(),
                model: network.title.clone(),
                dataset: data.name.clone(),
                params: Some(network.params()),
                macs: Some(network.macs()),
                size: network.size(),
                scores: BTreeMap::new(),
                seconds: fitted.seconds,
                file: String::new(),
                quantized: None,
                taught: Vec::new(),
            },
        };
        self.keep(made, &data, world)
    }

    /// Stores an artifact that has been made, and evaluates it.
    fn keep(
        &mut self,
        mut made: Made,
        data: &Loaded,
        world: &mut dyn World,
    ) -> Result<(), RunError> {
        let bytes = self.bytes(&made)?;
        let artifact = made.summary.artifact.clone();
        made.summary.file = world.save(&artifact, &bytes).map_err(|why| {
            RunError::plain(format!("the weights of `{artifact}` cannot be written: {why}"))
        })?;
        let file = made.summary.file.clone();
        world.tell(Event::Saved { artifact: artifact.clone(), file });
        for split in self.splits_of(&artifact, data) {
            let (answers, scores) = self.answerer(&made, data).run(split);
            made.answers.insert(split, answers);
            if let Some(scores) = scores {
                made.summary.scores.insert(split, scores.clone());
                world.tell(Event::Evaluated { artifact: artifact.clone(), split, scores });
            }
        }
        self.made.push(made);
        Ok(())
    }

    /// An artifact, ready to answer.
    fn answerer<'d>(&self, made: &Made, data: &'d Loaded) -> Answerer<'d> {
        let network = &self.program.networks[made.network];
        match &made.what {
            What::Trained(training, weights) => {
                let loss = &self.program.trainings[*training].loss;
                Answerer::new(network, loss, data, weights)
            }
            What::Quantized(index, outcome) => {
                let loss = self.program.quantizations[*index].loss();
                deploy::answerer(network, &outcome.scheme, &outcome.quantized, loss, data)
            }
        }
    }

    /// The parts on which an artifact is evaluated: validation and test where there are samples, and
    /// what expectations name.
    fn splits_of(&self, artifact: &str, data: &Loaded) -> Vec<Split> {
        let mut named = Vec::new();
        for expectation in &self.program.expectations {
            for side in [&expectation.left, &expectation.right] {
                judge::metrics(side, &mut |used| {
                    if used.artifact == artifact || used.other.as_deref() == Some(artifact) {
                        named.push(used.split);
                    }
                });
            }
        }
        let all = [Split::Train, Split::Valid, Split::Test];
        all.into_iter()
            .filter(|split| *split != Split::Train || named.contains(split))
            .filter(|&split| data.len(split) > 0)
            .collect()
    }

    fn find(&self, artifact: &str) -> Option<&Made> {
        self.made.iter().find(|made| made.summary.artifact == artifact)
    }

    fn bytes(&self, made: &Made) -> Result<Vec<u8>, RunError> {
        let network = &self.program.networks[made.network];
        let about = self.about(made);
        let bytes = match &made.what {
            What::Trained(_, weights) => weights.to_bytes(network, &about),
            What::Quantized(_, outcome) => {
                quant::file::to_bytes(network, &outcome.scheme, &outcome.quantized, &about)
            }
        };
        bytes.map_err(RunError::plain)
    }

    fn onnx(&self, made: &Made) -> Result<Vec<u8>, String> {
        let network = &self.program.networks[made.network];
        let about = self.about(made);
        match &made.what {
            What::Trained(_, weights) => onnx::float_model(network, weights, &about),
            What::Quantized(_, outcome) => {
                onnx::quantized_model(network, &outcome.scheme, &outcome.quantized, &about)
            }
        }
    }

    /// What a file says of an artifact beside its numbers.
    fn about(&self, made: &Made) -> About {
        let preprocess = self.data.get(&made.dataset).map(|data| data.preprocess.clone());
        let source = match made.what {
            What::Trained(training, _) => &self.program.trainings[training].artifact,
            What::Quantized(index, _) => &self.program.quantizations[index].source,
        };
        let training = self.program.trainings.iter().find(|it| it.artifact == *source);
        let seed = training.map_or(0, |it| it.seed);
        let (policy, given_back) = match &made.what {
            What::Trained(..) => (None, Vec::new()),
            What::Quantized(index, outcome) => {
                let policy = self.program.quantizations[*index].policy.clone();
                (Some(policy), outcome.report.given_back.clone())
            }
        };
        About {
            dlm: env!("CARGO_PKG_VERSION").to_string(),
            artifact: made.summary.artifact.clone(),
            model: made.summary.model.clone(),
            seed: seed.wrapping_add(self.options.seed_offset),
            preprocess: preprocess.unwrap_or_default(),
            policy,
            given_back,
        }
    }

    /// Judges every expectation whose artifacts have been made.
    fn judge(&self, world: &mut dyn World) -> Result<Vec<Judgement>, RunError> {
        let mut judged = Vec::new();
        for (index, expectation) in self.program.expectations.iter().enumerate() {
            let mut ready = true;
            for side in [&expectation.left, &expectation.right] {
                judge::metrics(side, &mut |used| {
                    let names = std::iter::once(&used.artifact).chain(&used.other);
                    ready &= names.into_iter().all(|name| self.find(name).is_some());
                });
            }
            if !ready {
                continue;
            }
            let mut side = |quantity| {
                judge::evaluate(quantity, &mut |used| self.metric(used, expectation.span, world))
            };
            let (left, right) = (side(&expectation.left)?, side(&expectation.right)?);
            let held = judge::holds(left, expectation.compare, right);
            world.tell(Event::Judged { text: expectation.text.clone(), held, left, right });
            judged.push(Judgement { index, held, left, right });
        }
        Ok(judged)
    }

    fn metric(
        &self,
        used: &MetricUse,
        span: dlm_base::Span,
        world: &mut dyn World,
    ) -> Result<f64, RunError> {
        let missing = || RunError {
            message: format!("`{}` has no {} here", used.artifact, used.metric.word.name),
            help: None,
            span: Some(span),
        };
        let made = self.find(&used.artifact).ok_or_else(missing)?;
        let other = used.other.as_deref().and_then(|name| self.find(name));
        let network = &self.program.networks[made.network];
        let accuracy =
            |made: &Made| made.summary.scores.get(&used.split).and_then(|scores| scores.accuracy);
        let figure = match used.metric.word.name {
            "params" => Some(network.params() as f64),
            "macs" => Some(network.macs() as f64),
            "size" => Some(made.summary.size as f64),
            "memory" => Some(match &made.what {
                What::Trained(..) => memory(network),
                What::Quantized(_, outcome) => dlm_check::quant::memory(network, &outcome.scheme),
            } as f64),
            "latency" => Some(self.latency(made, world)),
            "agreement" => other.and_then(|other| {
                Some(agreement(made.answers.get(&used.split)?, other.answers.get(&used.split)?))
            }),
            "drop" => other.and_then(|other| Some(accuracy(other)? - accuracy(made)?)),
            name => made.summary.scores.get(&used.split).and_then(|s| judge::score(s, name)),
        };
        figure.ok_or_else(missing)
    }

    /// The median time of one sample, in seconds: at least 30 runs and a fifth of a second.
    fn latency(&self, made: &Made, world: &mut dyn World) -> f64 {
        let Some(data) = self.data.get(&made.dataset) else { return f64::NAN };
        let mut answerer = self.answerer(made, data);
        answerer.one();
        let mut times = Vec::new();
        let began = world.seconds();
        while times.len() < 30 || (world.seconds() - began < 0.2 && times.len() < 10_000) {
            let start = world.seconds();
            answerer.one();
            times.push(world.seconds() - start);
        }
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }
}
