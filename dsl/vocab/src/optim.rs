//! Optimisers: how weights move along their gradients.

mod adam;
mod adamw;
mod lion;
mod rmsprop;
mod sgd;

use crate::common::declare::{NOT_NEGATIVE, POSITIVE, param};
use crate::word::{Args, Default, Param, Type, Word};
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
pub static OPTIMIZERS: &[&Optimizer] =
    &[&adam::ADAM, &adamw::ADAMW, &lion::LION, &rmsprop::RMSPROP, &sgd::SGD];

/// The optimiser of that name.
pub fn find(name: &str) -> Option<&'static Optimizer> {
    OPTIMIZERS.iter().copied().find(|optimizer| optimizer.word.name == name)
}

/// Learning rates.
const LR: Type = POSITIVE;

/// The parameter `weight_decay`.
const fn decay(default: f64) -> Param {
    let doc = "How strongly weights shrink; not biases, not normalisation.";
    param("weight_decay", NOT_NEGATIVE, Default::Real(default), doc, &["decay", "wd"])
}

/// An update as a node: `run` and `writes` are the type's own.
macro_rules! update_op {
    ($ty:ty, $name:literal) => {
        impl Op for $ty {
            fn name(&self) -> &'static str {
                $name
            }

            fn outputs(&self, _: &[dlm_graph::Ty]) -> Vec<dlm_graph::Ty> {
                Vec::new()
            }

            fn forward(&self, frame: &mut Frame<'_>) {
                self.run(frame);
            }

            fn grad(
                &self,
                g: &mut dlm_graph::Graph,
                id: dlm_graph::NodeId,
                _: &[Option<dlm_graph::ValueId>],
            ) -> Vec<Option<dlm_graph::ValueId>> {
                vec![None; g.node(id).inputs.len()]
            }

            fn writes(&self) -> &[usize] {
                <$ty>::writes(*self)
            }
        }
    };
}
use update_op;
