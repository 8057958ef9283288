//! The run of a whole program: data, trainings, evaluations, exports, expectations.

use crate::body::{Body, What};
use crate::data::Loaded;
use crate::event::Event;
use crate::fit::{Job, Kept, fit};
use crate::judge;
use crate::key::{Contents, Keys, files_of};
use crate::metrics::{accuracy, agreement, error_overlap, kl};
use crate::onnx;
use crate::quant;
use crate::weights::About;
use dlm_base::Files;
use dlm_check::Program;
use dlm_check::budget::bytes as bytes_in_words;
use dlm_check::program::{Dataset, MetricUse, Split, Step};
use dlm_vocab::data::{Facts, InputKind};
use made::Made;
pub use outcome::{Judgement, Outcome, Quantized, State, Summary};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

mod known;
pub(crate) mod load;
mod made;
mod mistakes;
mod outcome;
mod quantize;
mod teach;

/// What the caller decides.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Threads; as many as there are processors when absent.
    pub threads: Option<usize>,
    /// Run this artifact alone, with what it needs.
    pub only: Option<String>,
    /// Added to the seed of every training. What a run with another offset than 0 makes lies in a folder of
    /// its own, and is not exported.
    pub seed_offset: u64,
    /// Make everything, whatever an earlier run has made.
    pub fresh: bool,
}

/// What runs of one program with several seeds share: what no seed touches is read, and made, once.
#[derive(Debug, Default)]
pub struct Common {
    contents: OnceLock<Contents>,
    data: Mutex<BTreeMap<usize, Arc<Loaded>>>,
    /// Held by who makes an artifact that no seed touches.
    turn: Mutex<()>,
    /// Held by who asks a teacher that no seed touches.
    answers: Arc<Mutex<()>>,
}

/// The outside of a run: files, time, and ears.
pub trait World: Send {
    /// The bytes of the file of that name in the run's folder, of this run or an earlier one. The name may
    /// have folders in it.
    fn recall(&mut self, name: &str) -> Option<Bytes>;

    /// Keeps what `write` writes under a name in the run's folder, replacing what was there only when
    /// all is written, and returns it. There may be more of it than fits in memory.
    ///
    /// # Errors
    /// With the reason: that of `write`, or of the disk.
    fn keep(&mut self, name: &str, write: &mut Write<'_>) -> Result<Bytes, String>;

    /// Keeps `bytes` under a name in the run's folder, as [`World::keep`], and returns the path as users
    /// read it.
    ///
    /// # Errors
    /// With the reason.
    fn save(&mut self, name: &str, bytes: &[u8]) -> Result<String, String>;

    /// Removes the file of that name in the run's folder, if it is there.
    fn forget(&mut self, name: &str);

    /// Keeps `bytes` as [`World::save`], while the run goes on: it need not be done at once, and where a later
    /// call has the same name it need not be done at all.
    ///
    /// # Errors
    /// With the reason why an earlier one could not be written.
    fn checkpoint(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), String>;

    /// Waits until the last checkpoint is written.
    ///
    /// # Errors
    /// With the reason why it could not be.
    fn settle(&mut self) -> Result<(), String>;

    /// Writes `bytes` to a path that the program names, replacing what was there only when all is
    /// written.
    ///
    /// # Errors
    /// With the reason.
    fn export(&mut self, path: &str, bytes: &[u8]) -> Result<(), String>;

    /// Whether the run is to end as soon as it can go on later.
    fn stopping(&self) -> bool;

    /// Bytes of memory that can be had; `None` where that is not known.
    fn memory(&self) -> Option<u64>;

    /// Seconds since some moment.
    fn seconds(&self) -> f64;

    /// Hears what happens.
    fn tell(&mut self, event: Event);
}

/// Bytes of a file, in memory or mapped into it.
pub type Bytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Writes the bytes of a file, one after the other.
pub type Write<'a> = dyn FnMut(&mut dyn io::Write) -> io::Result<()> + 'a;

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
    run_with(program, files, options, &Common::default(), world)
}

/// As [`run`], beside runs with other seeds that share what is common to them.
///
/// # Errors
/// As for [`run`].
pub fn run_with(
    program: &Program,
    files: &dyn Files,
    options: &Options,
    common: &Common,
    world: &mut dyn World,
) -> Result<Outcome, RunError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build()
        .map_err(|e| RunError::plain(format!("the threads cannot be started: {e}")))?;
    let steps = program.steps_for(options.only.as_deref());
    pool.install(|| {
        let contents = common.contents.get_or_init(|| {
            let told = &mut |path: &str| reading(path, files.len(path).unwrap_or(0), world);
            Contents::of(program, &steps, files, told)
        });
        let keys = Keys::of(program, &steps, contents, options.seed_offset);
        let made = Vec::new();
        Runner { program, options, files, common, contents, keys, made }.run(&steps, world)
    })
}

/// Tells that so many bytes are read.
fn reading(what: &str, of: u64, world: &mut dyn World) {
    world.tell(Event::Working { what: "reading", name: what.to_string(), done: 0, of });
}

impl RunError {
    /// A fact alone.
    pub(crate) fn plain(message: impl Into<String>) -> RunError {
        RunError { message: message.into(), help: None, span: None }
    }
}

/// For how many seconds one sample is timed at the least, where an expectation asks for it.
const JUDGED: f64 = 0.2;

/// Refuses data that do not fit into memory before they are read.
fn enough_memory(dataset: &Dataset, world: &dyn World) -> Result<(), RunError> {
    let Facts { kind, shape, samples, .. } = &dataset.facts;
    let number = match kind {
        InputKind::Image => 1,
        InputKind::Table | InputKind::Tensor | InputKind::Tokens => 4,
    };
    let bytes = (*samples as u64).saturating_mul(shape.len() as u64).saturating_mul(number);
    match world.memory() {
        Some(free) if bytes > free => Err(RunError {
            message: format!(
                "`{}` needs {} of memory, and {} can be had",
                dataset.name,
                bytes_in_words(bytes),
                bytes_in_words(free)
            ),
            help: Some("take a part of it: `limit` says how many samples".to_string()),
            span: Some(dataset.span),
        }),
        _ => Ok(()),
    }
}

/// A run under way.
struct Runner<'a> {
    program: &'a Program,
    options: &'a Options,
    files: &'a dyn Files,
    common: &'a Common,
    contents: &'a Contents,
    keys: Keys,
    made: Vec<Made<'a>>,
}

impl<'a> Runner<'a> {
    fn run(mut self, steps: &[Step], world: &mut dyn World) -> Result<Outcome, RunError> {
        for &step in steps {
            if world.stopping() {
                return Err(RunError::plain(format!(
                    "stopped before `{}` was begun",
                    self.program.gives(step)
                )));
            }
            self.step(step, world)?;
        }
        if self.options.seed_offset == 0 {
            self.export(world)?;
        }
        let judged = self.judge(world)?;
        let used = self.made.iter().filter_map(|made| made.dataset);
        let used = used.map(|index| &self.program.datasets[index]);
        let data = used.map(|data| (data.name.clone(), self.contents.of_dataset(data))).collect();
        let silenced = |artifact: &str, code: &str| self.silenced(artifact, code);
        let summaries = self.made.iter().map(|made| {
            let mut summary = made.summary.clone();
            summary.warnings.retain(|it| !silenced(&summary.artifact, &it.code));
            summary
        });
        Ok(Outcome { artifacts: summaries.collect(), judged, data })
    }

    /// Makes the artifact of one step, unless an earlier run has.
    fn step(&mut self, step: Step, world: &mut dyn World) -> Result<(), RunError> {
        let artifact = self.program.gives(step).to_string();
        let common = self.common;
        let seedless = self.keys.is_seedless(&artifact);
        let _turn = seedless.then(|| common.turn.lock().unwrap_or_else(PoisonError::into_inner));
        match self.known(step, world) {
            Ok(made) => return self.up_to_date(made, world),
            Err(why) if why.is_empty() => {}
            Err(why) => world.tell(Event::OutOfDate { artifact: artifact.clone(), why }),
        }
        for name in self.program.needs(step) {
            self.ready(name, world)?;
        }
        match step {
            Step::Load(index) => self.load(index, world)?,
            Step::Train(index) => self.train(index, world)?,
            Step::Quantize(index) => self.quantize(index, world)?,
        }
        self.complete(&artifact, world)
    }

    fn export(&mut self, world: &mut dyn World) -> Result<(), RunError> {
        let program = self.program;
        for export in &program.exports {
            if self.find(&export.artifact).is_none() || self.is_exported(export) {
                continue;
            }
            let failed = |why: String| RunError {
                message: format!("`{}` cannot be written: {why}", export.file),
                help: None,
                span: Some(export.span),
            };
            self.ready(&export.artifact, world)?;
            let Some(made) = self.find(&export.artifact) else { continue };
            let bytes = match export.file.to_lowercase().ends_with(".onnx") {
                true => self.onnx(made).map_err(failed)?,
                false => self.bytes(made).map_err(failed)?,
            };
            world.export(&export.file, &bytes).map_err(failed)?;
            let (artifact, file) = (export.artifact.clone(), export.file.clone());
            world.tell(Event::Saved { artifact, file });
            self.exported(export, &bytes, world)?;
        }
        Ok(())
    }

    fn data(&self, index: usize, world: &mut dyn World) -> Result<Arc<Loaded>, RunError> {
        let mut all = self.common.data.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = all.get(&index) {
            return Ok(data.clone());
        }
        let dataset = &self.program.datasets[index];
        let of = files_of(dataset).iter().map(|path| self.files.len(path).unwrap_or(0)).sum();
        reading(&dataset.name, of, world);
        enough_memory(dataset, world)?;
        let data = Arc::new(Loaded::load(dataset, self.files)?);
        if let Some(path) = self.contents.changed(dataset, self.files).first() {
            return Err(RunError {
                message: format!("`{path}` has changed since the run began"),
                help: Some("run again when nothing writes to it any more".to_string()),
                span: Some(dataset.span),
            });
        }
        let [train, valid, test] =
            [Split::Train, Split::Valid, Split::Test].map(|split| data.len(split));
        world.tell(Event::DataLoaded { dataset: dataset.name.clone(), train, valid, test });
        all.insert(index, data.clone());
        Ok(data)
    }

    fn train(&mut self, index: usize, world: &mut dyn World) -> Result<(), RunError> {
        let program = self.program;
        let training = &program.trainings[index];
        let network = &program.networks[training.network];
        let data = self.data(training.dataset, world)?;
        let lesson = self.lesson(training, &data)?;
        let from = training.from.as_ref().and_then(|name| self.find(name));
        let from = from.and_then(|made| match &made.body().what {
            What::Floats(weights) => Some(weights),
            _ => None,
        });
        let seed = training.seed.wrapping_add(self.options.seed_offset);
        let (file, key) = self.checkpoint(&training.artifact, world);
        let kept = Kept { file: &file, key: &key };
        let fitted = fit(Job { network, training, data: &data, seed, from, kept }, lesson, world)?;
        let made = Made {
            body: Some(Body {
                what: What::Floats(fitted.weights),
                network: Some(network),
                preprocess: Some(data.preprocess.clone()),
            }),
            dataset: Some(training.dataset),
            quantization: None,
            mark: [0; 32],
            answers: BTreeMap::new(),
            exports: BTreeMap::new(),
            summary: Summary {
                artifact: training.artifact.clone(),
                model: network.title.clone(),
                dataset: data.name.clone(),
                params: Some(network.params()),
                macs: Some(network.macs()),
                size: network.size(),
                seconds: fitted.seconds,
                seed: Some(seed),
                state: if fitted.resumed { State::Resumed } else { State::Made },
                history: fitted.history,
                stopped: fitted.stopped,
                ..Summary::default()
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
        let name = self.place(&artifact, &format!("{artifact}.safetensors"));
        made.summary.file = world.save(&name, &bytes).map_err(cannot)?;
        let file = made.summary.file.clone();
        world.tell(Event::Saved { artifact: artifact.clone(), file });
        self.evaluate(made, world)
    }

    /// Evaluates an artifact on its data.
    fn evaluate(&mut self, mut made: Made<'a>, world: &mut dyn World) -> Result<(), RunError> {
        if let Some(index) = made.dataset {
            let data = self.data(index, world)?;
            for split in self.splits_of(&made, &data) {
                let (answers, scores) = self.answers(&made, &data, split, world)?;
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
        if made.body().is_recorded() {
            return vec![Split::Train];
        }
        let named = self.named(&made.summary.artifact);
        let all = [Split::Train, Split::Valid, Split::Test];
        all.into_iter()
            .filter(|split| *split != Split::Train || named.contains(split))
            .filter(|&split| data.len(split) > 0)
            .collect()
    }

    /// The parts that expectations of an artifact name.
    fn named(&self, artifact: &str) -> Vec<Split> {
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
        named
    }

    fn find(&self, artifact: &str) -> Option<&Made<'a>> {
        self.made.iter().find(|made| made.summary.artifact == artifact)
    }

    fn bytes(&self, made: &Made<'_>) -> Result<Vec<u8>, String> {
        let about = self.about(made);
        match (&made.body().what, made.body().network) {
            (What::Floats(weights), Some(network)) => weights.to_bytes(network, &about),
            (What::Integers(all), Some(network)) => {
                quant::file::to_bytes(network, &all.0, &all.1, &about)
            }
            _ => Err("only its answers are known".to_string()),
        }
    }

    fn onnx(&self, made: &Made<'_>) -> Result<Vec<u8>, String> {
        let about = self.about(made);
        match (&made.body().what, made.body().network) {
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
            Some((index, report)) => {
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
            preprocess: made.body().preprocess.clone().unwrap_or_default(),
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
            Some(other) => self.pair(used, other, world)?,
            None => {
                if used.metric.word.name == "latency" {
                    self.ready(&used.artifact, world)?;
                }
                let made = self.find(&used.artifact).ok_or_else(missing)?;
                let scores = made.summary.scores.get(&used.split);
                match used.metric.word.name {
                    "params" => made.summary.params.map(|params| params as f64),
                    "macs" => made.summary.macs.map(|macs| macs as f64),
                    "size" => Some(made.summary.size as f64),
                    "memory" => made.summary.memory.map(|memory| memory as f64),
                    "latency" => self.latency(made, JUDGED, world)?,
                    name => scores.and_then(|scores| judge::score(scores, name)),
                }
            }
        };
        figure.ok_or_else(missing)
    }

    /// A metric of two artifacts, on the data of the first.
    fn pair(
        &mut self,
        used: &MetricUse,
        other: &str,
        world: &mut dyn World,
    ) -> Result<Option<f64>, RunError> {
        let Some(dataset) = self.find(&used.artifact).and_then(|made| made.dataset) else {
            return Ok(None);
        };
        let one = self.answers_of(&used.artifact, dataset, used.split, world)?;
        let two = self.answers_of(other, dataset, used.split, world)?;
        let (Some(one), Some(two)) = (one, two) else { return Ok(None) };
        let data = self.data(dataset, world)?;
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
