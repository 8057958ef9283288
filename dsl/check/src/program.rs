//! A checked program: every name resolved, every shape known, every setting typed and defaulted.

mod layer;
mod load;

pub use layer::{Borrowed, LayerBody, NetLayer};
pub use load::{ClosedInput, Load, Loaded};

use crate::quant::Quantization;
use dlm_base::{Code, Span};
use dlm_graph::Ty;
use dlm_vocab::augment::AugmentWord;
use dlm_vocab::data::{Facts, Source};
use dlm_vocab::loss::Loss;
use dlm_vocab::metric::Metric;
use dlm_vocab::optim::Optimizer;
use dlm_vocab::schedule::ScheduleWord;
use dlm_vocab::{Arg, Args, Type, Unit};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A checked file with what it imports.
#[derive(Debug, Default)]
pub struct Program {
    /// The `data` declarations of the file.
    pub datasets: Vec<Dataset>,
    /// Each declared model with its default settings, where all its sizes are known, and each
    /// model with the settings and the data of a verb.
    pub networks: Vec<Arc<Network>>,
    /// The verbs that give artifacts, each after those that it needs.
    pub steps: Vec<Step>,
    /// The `load` verbs.
    pub loads: Vec<Load>,
    /// The `train` and `distill` verbs.
    pub trainings: Vec<Training>,
    /// The `quantize` verbs.
    pub quantizations: Vec<Quantization>,
    /// The `export` verbs.
    pub exports: Vec<Export>,
    /// The comparisons of all `expect` blocks.
    pub expectations: Vec<Expectation>,
}

/// A verb that gives an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An index into [`Program::loads`].
    Load(usize),
    /// An index into [`Program::trainings`].
    Train(usize),
    /// An index into [`Program::quantizations`].
    Quantize(usize),
}

/// An artifact: where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Artifact<'p> {
    /// The verb that gives it, or its float original.
    pub made: Made<'p>,
    /// The quantization that gives it, where one does.
    pub quantization: Option<&'p Quantization>,
}

/// The verb that gives a float artifact.
#[derive(Clone, Copy, Debug)]
pub enum Made<'p> {
    /// `train` or `distill`.
    Trained(&'p Training),
    /// `load`.
    Loaded(&'p Load),
}

impl<'p> Artifact<'p> {
    /// The data on which it is evaluated: an index into [`Program::datasets`]. A loaded artifact that no
    /// verb uses has none.
    pub fn dataset(&self) -> Option<usize> {
        match (self.quantization, self.made) {
            (Some(it), _) => Some(it.dataset),
            (None, Made::Trained(training)) => Some(training.dataset),
            (None, Made::Loaded(load)) => load.dataset,
        }
    }

    /// Its network: an index into [`Program::networks`]. A closed teacher and recorded answers have none.
    pub fn network(&self) -> Option<usize> {
        match self.made {
            Made::Trained(training) => Some(training.network),
            Made::Loaded(load) => load.network(),
        }
    }

    /// The place of the name of the float artifact.
    pub fn span(&self) -> Span {
        match self.made {
            Made::Trained(training) => training.span,
            Made::Loaded(load) => load.span,
        }
    }

    /// The loss with which it is evaluated.
    pub fn loss(&self) -> &'p [LossUse] {
        match (self.quantization, self.made) {
            (Some(it), _) => it.loss(),
            (None, Made::Trained(training)) => &training.judged,
            (None, Made::Loaded(load)) => &load.loss,
        }
    }
}

impl Program {
    /// The artifact of that name.
    pub fn artifact(&self, name: &str) -> Option<Artifact<'_>> {
        let quantization = self.quantizations.iter().find(|it| it.artifact == name);
        let name = quantization.map_or(name, |it| it.source.as_str());
        let trained = self.trainings.iter().find(|it| it.artifact == name).map(Made::Trained);
        let loaded = || self.loads.iter().find(|it| it.artifact == name).map(Made::Loaded);
        Some(Artifact { made: trained.or_else(loaded)?, quantization })
    }

    /// The artifact that a step gives.
    pub fn gives(&self, step: Step) -> &str {
        match step {
            Step::Load(i) => &self.loads[i].artifact,
            Step::Train(i) => &self.trainings[i].artifact,
            Step::Quantize(i) => &self.quantizations[i].artifact,
        }
    }

    /// The artifacts that a step needs.
    pub fn needs(&self, step: Step) -> Vec<&str> {
        match step {
            Step::Load(_) => Vec::new(),
            Step::Train(i) => self.trainings[i].needs().collect(),
            Step::Quantize(i) => {
                let it = &self.quantizations[i];
                let tuned = it.tuning.iter().flat_map(|tuning| tuning.training.needs());
                std::iter::once(it.source.as_str()).chain(tuned).collect()
            }
        }
    }

    /// The steps to run for the artifact of that name, or for all of them: what is loaded first, as it needs
    /// nothing and may be missing, then each after those that it needs.
    pub fn steps_for(&self, only: Option<&str>) -> Vec<Step> {
        let mut wanted: Vec<&str> = only.into_iter().collect();
        let mut steps = Vec::new();
        for &step in self.steps.iter().rev() {
            if only.is_none() || wanted.contains(&self.gives(step)) {
                wanted.extend(self.needs(step));
                steps.push(step);
            }
        }
        steps.reverse();
        steps.sort_by_key(|step| !matches!(step, Step::Load(_)));
        steps
    }

    /// The names of all artifacts: loaded ones, trained ones, quantized ones.
    pub fn artifacts(&self) -> impl Iterator<Item = &str> {
        let loaded = self.loads.iter().map(|it| it.artifact.as_str());
        let trained = self.trainings.iter().map(|it| it.artifact.as_str());
        let quantized = self.quantizations.iter().map(|it| it.artifact.as_str());
        loaded.chain(trained).chain(quantized)
    }
}

/// A `data` declaration.
#[derive(Debug)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// The place of its name.
    pub span: Span,
    /// Where the training part comes from: `source`, or `train`.
    pub train: SourceUse,
    /// The validation part.
    pub valid: Part,
    /// The test part.
    pub test: Part,
    /// Seed of the split.
    pub seed: u64,
    /// Whether splits keep the class shares.
    pub stratify: bool,
    /// How inputs are normalised.
    pub normalize: Normalize,
    /// Augmentations of training batches, in order.
    pub augment: Vec<AugmentUse>,
    /// At most so many training samples.
    pub limit: Option<usize>,
    /// What is known of the whole (classes from the labelled part).
    pub facts: Facts,
    /// The inputs that are looked up, by number, each with how many tokens are known there: where a file does not say
    /// which tokens it has, they are counted when it is read.
    pub vocabulary: BTreeMap<usize, usize>,
    /// Samples of the training, validation and test part.
    pub counts: [usize; 3],
}

impl Dataset {
    /// The sources that it names, each with the part that it is of.
    pub fn sources(&self) -> Vec<(Split, &SourceUse)> {
        let mut all = vec![(Split::Train, &self.train)];
        for (split, part) in [(Split::Valid, &self.valid), (Split::Test, &self.test)] {
            if let Part::Own(used) = part {
                all.push((split, used));
            }
        }
        all
    }
}

/// A source with its arguments.
#[derive(Clone, Debug)]
pub struct SourceUse {
    /// The word.
    pub source: &'static Source,
    /// Its arguments; paths are resolved.
    pub args: Args,
    /// The place of the call.
    pub span: Span,
}

impl SourceUse {
    /// The files that it names, resolved.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let named = self.source.word.params.iter().filter(|param| param.ty == Type::File);
        let given = named.flat_map(|param| {
            let more = if self.source.rest == Some(param.name) { self.args.rest() } else { &[] };
            self.args.get(param.name).into_iter().chain(more)
        });
        given.filter_map(|arg| match arg {
            Arg::Str(path) => Some(path.as_str()),
            _ => None,
        })
    }
}

/// A validation or test part.
#[derive(Clone, Debug)]
pub enum Part {
    /// A source of its own.
    Own(SourceUse),
    /// A share of what is before it.
    Share(f64),
    /// So many samples of what is before it.
    Count(usize),
}

/// How inputs are normalised.
#[derive(Clone, Debug, PartialEq)]
pub enum Normalize {
    /// Not at all, beyond bytes being scaled to [0, 1].
    None,
    /// Mean 0 and deviation 1 for each channel or feature, measured on the training part.
    Standard,
    /// The same with given numbers, one for each channel or feature, or one for all.
    Given {
        /// The means.
        mean: Vec<f64>,
        /// The deviations.
        std: Vec<f64>,
    },
    /// Smallest 0 and largest 1 for each channel or feature of the training part.
    MinMax,
}

/// An augmentation with its arguments.
#[derive(Clone, Debug)]
pub struct AugmentUse {
    /// The word.
    pub word: &'static AugmentWord,
    /// Its arguments.
    pub args: Args,
}

/// A model with all settings applied and all layers and repeats expanded.
#[derive(Clone, Debug)]
pub struct Network {
    /// The model's name.
    pub model: String,
    /// Model and settings as users read them: `ResNet(depth = 9)`.
    pub title: String,
    /// The place of the model's name in its declaration.
    pub span: Span,
    /// Name and type of each input.
    pub inputs: Vec<(String, Ty)>,
    /// The operators, in an order in which each comes after its inputs.
    pub layers: Vec<NetLayer>,
    /// The result.
    pub output: Flow,
    /// Whether a relu-like step follows (skipping normalisation), for each layer.
    pub before_relu: Vec<bool>,
    /// The paths of blocks (`stage`, `stage[0]`, `ResidualBlock1`), each with its result.
    pub groups: Vec<(Arc<str>, Flow)>,
}

/// A value in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// An input of the model.
    Input(usize),
    /// The result of a layer.
    Layer(usize),
}

impl Network {
    /// The value to which a path leads: the result of the layer of that path, or of the block.
    pub fn at(&self, path: &str) -> Option<Flow> {
        let layer = self.layers.iter().position(|layer| &*layer.path == path).map(Flow::Layer);
        let block =
            || self.groups.iter().find(|(known, _)| &**known == path).map(|(_, flow)| *flow);
        layer.or_else(block)
    }

    /// The type of a value.
    pub fn ty(&self, flow: Flow) -> &Ty {
        match flow {
            Flow::Input(i) => &self.inputs[i].1,
            Flow::Layer(i) => &self.layers[i].ty,
        }
    }

    /// The numbers that training changes.
    pub fn params(&self) -> u64 {
        let weights = self.layers.iter().flat_map(|layer| &layer.weights);
        weights.filter(|w| w.trained).map(|w| w.shape.len() as u64).sum()
    }

    /// Multiply-adds for one sample.
    pub fn macs(&self) -> u64 {
        self.layers.iter().map(|layer| layer.macs).sum()
    }

    /// Bytes of the parameters and running statistics as stored, in float32.
    pub fn size(&self) -> u64 {
        let weights = self.layers.iter().flat_map(|layer| &layer.weights);
        weights.map(|w| 4 * w.shape.len() as u64).sum()
    }
}

/// A `train` or `distill` verb, or the training of `qat`.
#[derive(Debug)]
pub struct Training {
    /// The artifact that it gives.
    pub artifact: String,
    /// The place of the artifact's name.
    pub span: Span,
    /// The model: an index into [`Program::networks`].
    pub network: usize,
    /// The data: an index into [`Program::datasets`].
    pub dataset: usize,
    /// The teachers; none in a plain training.
    pub teachers: Vec<TeacherUse>,
    /// The sum of weighted terms that is made small.
    pub loss: Vec<LossUse>,
    /// The terms with which its answers are evaluated: those of `loss`; with teachers those that look at
    /// targets, their weights scaled to the sum 1, or else the default of such data.
    pub judged: Vec<LossUse>,
    /// The optimiser.
    pub optimizer: (&'static Optimizer, Args),
    /// The schedule.
    pub schedule: (&'static ScheduleWord, Args),
    /// How long.
    pub length: Length,
    /// Samples a step.
    pub batch: usize,
    /// Seed of weights, order, dropout and augmentation.
    pub seed: u64,
    /// The largest norm of the gradient.
    pub clip: Option<f64>,
    /// Averaging of the weights.
    pub average: Option<Average>,
    /// Early stopping.
    pub stop: Option<Stop>,
    /// Whether the best validation weights are the result.
    pub keep_best: bool,
    /// For each layer of the network whether its weights stay as they are.
    pub frozen: Vec<bool>,
    /// The artifact whose weights are taken where name and shape agree.
    pub from: Option<String>,
    /// The warnings of the run that the file does not want to see.
    pub silenced: Vec<&'static Code>,
}

impl Training {
    /// The artifacts that it needs: its teachers, and the one whose weights are taken.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        let teachers = self.teachers.iter().map(|teacher| &teacher.artifact);
        teachers.chain(&self.from).map(String::as_str)
    }
}

/// A weighted loss term.
#[derive(Clone, Debug)]
pub struct LossUse {
    /// The weight.
    pub weight: f64,
    /// The word.
    pub loss: &'static Loss,
    /// Its arguments.
    pub args: Args,
    /// What it compares beside answers.
    pub features: Option<Features>,
}

/// A teacher of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct TeacherUse {
    /// Its share of the answers; those of all teachers sum to 1.
    pub weight: f64,
    /// The artifact.
    pub artifact: String,
}

/// Features that a loss term compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Whose: an index into [`Training::teachers`].
    pub of: usize,
    /// The value in the teacher's network.
    pub teacher: Flow,
    /// The value in the student's network.
    pub student: Flow,
}

/// How long a training lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Passes over the training part.
    Epochs(u64),
    /// Updates.
    Steps(u64),
}

/// Averaging of the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Average {
    /// Exponential: `average ← decay · average + (1 − decay) · weight` after each step.
    Ema(f64),
    /// The mean of the weights at the end of each epoch from this moment on.
    Swa(f64, Unit),
}

/// Early stopping.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// Epochs without improvement after which the training ends.
    pub patience: u64,
    /// `loss`, `accuracy`, … on the validation part.
    pub metric: String,
}

/// An `export` verb.
#[derive(Debug)]
pub struct Export {
    /// The artifact.
    pub artifact: String,
    /// The file, resolved.
    pub file: String,
    /// The place of the file's string.
    pub span: Span,
}

/// One comparison of an `expect` block.
#[derive(Debug)]
pub struct Expectation {
    /// As written.
    pub text: String,
    /// Its place.
    pub span: Span,
    /// The left side.
    pub left: Quantity,
    /// How they must compare.
    pub compare: Compare,
    /// The right side.
    pub right: Quantity,
}

/// A number of an expectation.
#[derive(Clone, Debug)]
pub enum Quantity {
    /// A constant.
    Number(f64),
    /// A metric of an artifact.
    Metric(MetricUse),
    /// A sum.
    Add(Box<Quantity>, Box<Quantity>),
    /// A difference.
    Sub(Box<Quantity>, Box<Quantity>),
    /// A product.
    Mul(Box<Quantity>, Box<Quantity>),
    /// A quotient.
    Div(Box<Quantity>, Box<Quantity>),
}

/// A metric of an artifact.
#[derive(Clone, Debug)]
pub struct MetricUse {
    /// The artifact.
    pub artifact: String,
    /// On which part of its data.
    pub split: Split,
    /// The word.
    pub metric: &'static Metric,
    /// The other artifact of `agreement` and `drop`.
    pub other: Option<String>,
}

/// A part of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Split {
    /// What is trained on.
    Train,
    /// What is looked at during training.
    Valid,
    /// What is looked at in the end.
    Test,
}

/// How two numbers must compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `<`.
    Less,
    /// `<=`.
    AtMost,
    /// `>`.
    More,
    /// `>=`.
    AtLeast,
    /// `==`.
    Equal,
    /// `!=`.
    Unequal,
}
