//! The run of a whole program: data, trainings, evaluations, exports, expectations.

use crate::body::{Body, What};
use crate::data::Loaded;
use crate::event::Event;
use crate::fit::{Job, fit};
use crate::judge;
use crate::metrics::{Scores, Taught, accuracy, agreement, error_overlap, kl};
use crate::onnx;
use crate::quant;
use crate::quant::report::Report;
use crate::quant::round::Warning;
use crate::weights::About;
use dlm_base::Files;
use dlm_check::Program;
use dlm_check::program::{MetricUse, Split, Step};
use made::Made;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

pub(crate) mod load;
mod made;
mod quantize;
mod teach;

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
    made: Vec<Made<'a>>,
}

impl<'a> Runner<'a> {
    fn run(mut self, world: &mut dyn World) -> Result<Outcome, RunError> {
        for step in self.program.steps_for(self.options.only.as_deref()) {
            match step {
                Step::Load(index) => self.load(index, world)?,
                Step::Train(index) => self.train(index, world)?,
                Step::Quantize(index) => self.quantize(index, world)?,
            }
        }
        for export in &self.program.exports {
            if let Some(made) = self.find(&export.artifact) {
                let failed = |why: String| RunError {
                    message: format!("`{}` cannot be written: {why}", export.file),
                    help: None,
                    span: Some(export.span),
                };
                let bytes = match export.file.to_lowercase().ends_with(".onnx") {
                    true => self.onnx(made).map_err(failed)?,
                    false => self.bytes(made).map_err(failed)?,
                };
                world.export(&export.file, &bytes).map_err(failed)?;
                let (artifact, file) = (export.artifact.clone(), export.file.clone());
                world.tell(Event::Saved { artifact, file });
            }
        }
        let judged = self.judge(world)?;
        Ok(Outcome { artifacts: self.made.into_iter().map(|made| made.summary).collect(), judged })
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
        let lesson = self.lesson(training, &data)?;
        let from = training.from.as_ref().and_then(|name| self.find(name));
        let from = from.and_then(|made| match &made.body.what {
            What::Floats(weights) => Some(weights),
            _ => None,
        });
        let seed = training.seed.wrapping_add(self.options.seed_offset);
        let fitted = fit(Job { network, training, data: &data, seed, from }, lesson, world)?;
        let made = Made {
            body: Body {
                what: What::Floats(fitted.weights),
                network: Some(network),
                preprocess: Some(data.preprocess.clone()),
            },
            dataset: Some(training.dataset),
            quantization: None,
            mark: [0; 32],
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
        self.store(made, world)?;
        self.compare(training, world)
    }

    /// Stores an artifact that has been made, and evaluates it.
    fn store(&mut self, mut made: Made<'a>, world: &mut dyn World) -> Result<(), RunError> {
        let artifact = made.summary.artifact.clone();
        let cannot = |why: String| {
            RunError::plain(format!("the weights of `{artifact}` cannot be written: {why}"))
        };
        let bytes = self.bytes(&made).map_err(cannot)?;
        made.mark = made::mark(&bytes);
        made.summary.file = world.save(&artifact, &bytes).map_err(cannot)?;
        let file = made.summary.file.clone();
        world.tell(Event::Saved { artifact: artifact.clone(), file });
        self.evaluate(made, world)
    }

    /// Evaluates an artifact on its data.
    fn evaluate(&mut self, mut made: Made<'a>, world: &mut dyn World) -> Result<(), RunError> {
        if let Some(index) = made.dataset {
            let data = self.data(index, world)?;
            for split in self.splits_of(&made, &data) {
                let (answers, scores) = self.answers(&made, &data, split)?;
                made.answers.insert((index, split), answers);
                if let Some(scores) = scores {
                    made.summary.scores.insert(split, scores.clone());
                    let artifact = made.summary.artifact.clone();
                    world.tell(Event::Evaluated { artifact, split, scores });
                }
            }
        }
        self.made.push(made);
        Ok(())
    }

    /// The parts on which an artifact is evaluated: validation and test where there are samples, and
    /// what expectations name. Recorded answers are to the training part alone.
    fn splits_of(&self, made: &Made<'_>, data: &Loaded) -> Vec<Split> {
        if made.body.is_recorded() {
            return vec![Split::Train];
        }
        let artifact = &made.summary.artifact;
        let mut named = Vec::new();
        for expectation in &self.program.expectations {
            for side in [&expectation.left, &expectation.right] {
                judge::metrics(side, &mut |used| {
                    if used.artifact == *artifact || used.other.as_ref() == Some(artifact) {
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

    fn find(&self, artifact: &str) -> Option<&Made<'a>> {
        self.made.iter().find(|made| made.summary.artifact == artifact)
    }

    fn bytes(&self, made: &Made<'_>) -> Result<Vec<u8>, String> {
        let about = self.about(made);
        match (&made.body.what, made.body.network) {
            (What::Floats(weights), Some(network)) => weights.to_bytes(network, &about),
            (What::Integers(all), Some(network)) => {
                quant::file::to_bytes(network, &all.0, &all.1, &about)
            }
            _ => Err("only its answers are known".to_string()),
        }
    }

    fn onnx(&self, made: &Made<'_>) -> Result<Vec<u8>, String> {
        let about = self.about(made);
        match (&made.body.what, made.body.network) {
            (What::Floats(weights), Some(network)) => onnx::float_model(network, weights, &about),
            (What::Integers(all), Some(network)) => {
                onnx::quantized_model(network, &all.0, &all.1, &about)
            }
            _ => Err("only its answers are known".to_string()),
        }
    }

    /// What a file says of an artifact beside its numbers.
    fn about(&self, made: &Made<'_>) -> About {
        let artifact = &made.summary.artifact;
        let (policy, given_back, source) = match &made.quantization {
            Some((index, report, _)) => {
                let it = &self.program.quantizations[*index];
                (Some(it.policy.clone()), report.given_back.clone(), &it.source)
            }
            None => (None, Vec::new(), artifact),
        };
        let training = self.program.trainings.iter().find(|it| it.artifact == *source);
        let seed = training.map_or(0, |it| it.seed);
        About {
            dlm: env!("CARGO_PKG_VERSION").to_string(),
            artifact: artifact.clone(),
            model: made.summary.model.clone(),
            seed: seed.wrapping_add(self.options.seed_offset),
            preprocess: made.body.preprocess.clone().unwrap_or_default(),
            policy,
            given_back,
        }
    }

    /// Judges every expectation whose artifacts have been made.
    fn judge(&mut self, world: &mut dyn World) -> Result<Vec<Judgement>, RunError> {
        let program = self.program;
        let mut judged = Vec::new();
        for (index, expectation) in program.expectations.iter().enumerate() {
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
        &mut self,
        used: &MetricUse,
        span: dlm_base::Span,
        world: &mut dyn World,
    ) -> Result<f64, RunError> {
        let missing = || RunError {
            message: format!("`{}` has no {} here", used.artifact, used.metric.word.name),
            help: None,
            span: Some(span),
        };
        let figure = match &used.other {
            Some(other) => self.pair(used, other)?,
            None => {
                let made = self.find(&used.artifact).ok_or_else(missing)?;
                let scores = made.summary.scores.get(&used.split);
                match used.metric.word.name {
                    "params" => made.summary.params.map(|params| params as f64),
                    "macs" => made.summary.macs.map(|macs| macs as f64),
                    "size" => Some(made.summary.size as f64),
                    "memory" => self.memory(made).map(|memory| memory as f64),
                    "latency" => self.latency(made, world)?,
                    name => scores.and_then(|scores| judge::score(scores, name)),
                }
            }
        };
        figure.ok_or_else(missing)
    }

    /// A metric of two artifacts, on the data of the first.
    fn pair(&mut self, used: &MetricUse, other: &str) -> Result<Option<f64>, RunError> {
        let Some(dataset) = self.find(&used.artifact).and_then(|made| made.dataset) else {
            return Ok(None);
        };
        let one = self.answers_of(&used.artifact, dataset, used.split)?;
        let two = self.answers_of(other, dataset, used.split)?;
        let (Some(one), Some(two)) = (one, two) else { return Ok(None) };
        let Some(data) = self.data.get(&dataset) else { return Ok(None) };
        let right = data.labelled(used.split).then(|| data.classes(used.split));
        Ok(match used.metric.word.name {
            "agreement" => Some(agreement(&one, &two)),
            "kl" => Some(kl(&one, &two)),
            "error_overlap" => right.map(|right| error_overlap(&one, &two, right)),
            "drop" => right.map(|right| accuracy(&two, right) - accuracy(&one, right)),
            _ => None,
        })
    }
}
