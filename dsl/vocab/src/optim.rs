//! Optimisers: how weights move along their gradients.

use crate::word::{Args, Word};
use dlm_graph::Op;
use std::sync::Arc;

/// An optimiser that a program may name.
#[derive(Debug)]
pub struct Optimizer {
    /// Name, documentation, parameters; `lr` is among them.
    pub word: Word,
    /// The tensors that it keeps for each weight, of the weight's shape, zero at the start: `["m", "v"]`.
    pub keeps: fn(&Args) -> &'static [&'static str],
    /// One update of one weight in one pass. Inputs: the weight (written), its gradient, what
    /// `keeps` names (written), and a float by which the gradient is scaled first (1 unless gradients
    /// are clipped). The learning rate is the clock's. `decays` tells whether weight decay acts.
    pub update: fn(&Args, decays: bool) -> Arc<dyn Op>,
}

/// All optimisers, by name.
pub static OPTIMIZERS: &[&Optimizer] = &[];

/// The optimiser of that name.
pub fn find(name: &str) -> Option<&'static Optimizer> {
    OPTIMIZERS.iter().copied().find(|optimizer| optimizer.word.name == name)
}
