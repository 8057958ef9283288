//! Loss terms of `train`, and those of `distill`, which compare with a teacher.

mod attention_transfer;
mod binary_cross_entropy;
mod cross_entropy;
mod decoupled;
mod hint;
mod huber;
mod l1;
mod l2;
mod logits;
mod mae;
mod mse;
mod relational;
mod similarity;
mod soft_targets;

use crate::data::Target;
use crate::word::{Arg, Args, Type, Word};
use dlm_graph::{Graph, Ty, ValueId, Weight};

/// A loss term that a program may name.
#[derive(Debug)]
pub struct Loss {
    /// Name, documentation, parameters.
    pub word: Word,
    /// Which targets it fits.
    pub fits: fn(&Target) -> bool,
    /// Which targets it fits, in words: "classes", "values".
    pub needs: &'static str,
    /// What it looks at.
    pub of: Of,
    /// Whether it compares features of these types, the teacher's first; the error says, in words and
    /// numbers, why not and which layers to take. Asked where layers are named alone.
    pub fits_features: fn(&Ty, &Ty) -> Result<(), String>,
    /// The weights that the term itself trains, for features of these types, the teacher's first, which
    /// `fits_features` has accepted. They are dropped after the training.
    pub own: fn(&Args, &Ty, &Ty) -> Vec<Weight>,
    /// Adds the term to a graph: a float for the whole batch, its mean over the samples.
    pub build: fn(&mut Graph, &Args, &Terms<'_>) -> ValueId,
}

/// What a term looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Output and targets.
    Targets,
    /// The network's weights.
    Weights,
    /// The answers of teachers and student (and the targets, where `fits` asks for them); features
    /// instead where its arguments name layers.
    Answers,
    /// Features of one teacher and of the student, at the layers that its arguments name.
    Features,
}

/// What a loss term may look at.
#[derive(Debug)]
pub struct Terms<'a> {
    /// The network's output.
    pub output: ValueId,
    /// The targets: classes as `i32[]` a sample, class shares (after mixup) as floats `[classes]`,
    /// or values as floats `[width]`; absent where no term needs them.
    pub target: Option<ValueId>,
    /// The weights on which weight penalties act.
    pub weights: &'a [ValueId],
    /// The answers (logits) of the teachers with their weights, which sum to 1.
    pub answers: &'a [(f32, ValueId)],
    /// The features of the teacher and those of the student, where the arguments name layers.
    pub features: Option<(ValueId, ValueId)>,
    /// The states that hold the weights of [`Loss::own`], in their order.
    pub own: &'a [ValueId],
}

/// All loss terms, by name.
pub static LOSSES: &[&Loss] = &[
    &attention_transfer::ATTENTION_TRANSFER,
    &binary_cross_entropy::BINARY_CROSS_ENTROPY,
    &cross_entropy::CROSS_ENTROPY,
    &decoupled::DECOUPLED,
    &hint::HINT,
    &huber::HUBER,
    &l1::L1,
    &l2::L2,
    &logits::LOGITS,
    &mae::MAE,
    &mse::MSE,
    &relational::RELATIONAL,
    &similarity::SIMILARITY,
    &soft_targets::SOFT_TARGETS,
];

/// The loss term of that name.
pub fn find(name: &str) -> Option<&'static Loss> {
    LOSSES.iter().copied().find(|loss| loss.word.name == name)
}

impl Loss {
    /// The paths of layers among the arguments, with the names of their parameters: none, or that of a
    /// layer of the teacher and that of a layer of the student.
    pub fn paths<'a>(&self, args: &'a Args) -> Vec<(&'static str, &'a str)> {
        let params = self.word.params.iter().filter(|param| param.ty == Type::Path);
        let given = params.filter_map(|param| match args.get(param.name) {
            Some(Arg::Name(path) | Arg::Str(path)) => Some((param.name, path.as_str())),
            _ => None,
        });
        given.collect()
    }

    /// Whether it compares with a teacher, and so belongs to `distill`.
    pub fn has_teacher(&self) -> bool {
        matches!(self.of, Of::Answers | Of::Features)
    }
}

/// For terms without features.
fn any_features(_: &Ty, _: &Ty) -> Result<(), String> {
    Ok(())
}

/// For terms that train nothing of their own.
fn no_weights(_: &Args, _: &Ty, _: &Ty) -> Vec<Weight> {
    Vec::new()
}
