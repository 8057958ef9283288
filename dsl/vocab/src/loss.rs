//! Loss terms of `train`.

mod binary_cross_entropy;
mod cross_entropy;
mod huber;
mod l1;
mod l2;
mod mae;
mod mse;

use crate::data::Target;
use crate::word::{Args, Word};
use dlm_graph::{Graph, ValueId};

/// A loss term that a program may name.
#[derive(Debug)]
pub struct Loss {
    /// Name, documentation, parameters.
    pub word: Word,
    /// Which targets it fits.
    pub fits: fn(&Target) -> bool,
    /// Which targets it fits, in words: "classes", "values".
    pub needs: &'static str,
    /// Adds the term to a graph: a float for the whole batch, its mean over the samples.
    pub build: fn(&mut Graph, &Args, &Terms<'_>) -> ValueId,
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
}

/// All loss terms, by name.
pub static LOSSES: &[&Loss] = &[
    &binary_cross_entropy::BINARY_CROSS_ENTROPY,
    &cross_entropy::CROSS_ENTROPY,
    &huber::HUBER,
    &l1::L1,
    &l2::L2,
    &mae::MAE,
    &mse::MSE,
];

/// The loss term of that name.
pub fn find(name: &str) -> Option<&'static Loss> {
    LOSSES.iter().copied().find(|loss| loss.word.name == name)
}
