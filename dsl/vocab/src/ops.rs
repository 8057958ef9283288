//! Operators: the steps of a flow.

pub(crate) mod add;
mod attention;
pub mod avg_pool;
mod batch_norm;
mod concat;
pub(crate) mod constant;
pub mod conv;
pub(crate) mod conv1d;
mod conv_transpose;
pub mod dense;
mod depthwise_conv;
mod div;
mod dropout;
mod embedding;
mod flatten;
mod gelu;
mod global_avg_pool;
mod global_max_pool;
mod group_norm;
mod gru;
mod hard_swish;
mod identity;
mod layer_norm;
mod leaky_relu;
mod lstm;
pub mod max_pool;
mod mean;
mod mul;
mod pad;
mod positional;
mod relu;
mod relu6;
mod reshape;
mod rms_norm;
mod scale;
mod sigmoid;
mod silu;
mod slice;
mod softmax;
mod sub;
mod sum;
mod tanh;
mod transpose;
mod upsample;
pub(crate) mod window;

use crate::word::{Args, Word};
use dlm_graph::{Layer, Ty};
use std::sync::Arc;

/// An operator that a program may name.
#[derive(Debug)]
pub struct Operator {
    /// Name, documentation, parameters.
    pub word: Word,
    /// How many flows enter it.
    pub flows: Flows,
    /// The operator with these arguments.
    pub make: fn(&Args) -> Arc<dyn Layer>,
    /// What the tests of all operators try: gradients against finite differences, shapes against
    /// tensors, training graph against answering graph.
    pub cases: fn() -> Vec<Case>,
}

/// Arguments and inputs on which an operator is tried.
#[derive(Debug)]
pub struct Case {
    /// Every argument, defaults included.
    pub args: Args,
    /// The types of the flows.
    pub flows: Vec<Ty>,
    /// Largest error allowed between a gradient and its finite difference, relative to the largest
    /// gradient of that tensor.
    pub tolerance: f64,
}

/// How many flows enter an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flows {
    /// Exactly so many.
    Exactly(usize),
    /// So many or more.
    AtLeast(usize),
}

/// The operators that programs name, by name.
pub static OPERATORS: &[&Operator] = &[
    &attention::ATTENTION,
    &avg_pool::AVG_POOL,
    &batch_norm::BATCH_NORM,
    &concat::CONCAT,
    &conv::CONV,
    &conv1d::CONV1D,
    &conv_transpose::CONV_TRANSPOSE,
    &dense::DENSE,
    &depthwise_conv::DEPTHWISE_CONV,
    &dropout::DROPOUT,
    &embedding::EMBEDDING,
    &flatten::FLATTEN,
    &gelu::GELU,
    &global_avg_pool::GLOBAL_AVG_POOL,
    &global_max_pool::GLOBAL_MAX_POOL,
    &group_norm::GROUP_NORM,
    &gru::GRU,
    &hard_swish::HARD_SWISH,
    &identity::IDENTITY,
    &layer_norm::LAYER_NORM,
    &leaky_relu::LEAKY_RELU,
    &lstm::LSTM,
    &max_pool::MAX_POOL,
    &mean::MEAN,
    &pad::PAD,
    &positional::POSITIONAL,
    &relu::RELU,
    &relu6::RELU6,
    &reshape::RESHAPE,
    &rms_norm::RMS_NORM,
    &scale::SCALE,
    &sigmoid::SIGMOID,
    &silu::SILU,
    &slice::SLICE,
    &softmax::SOFTMAX,
    &sum::SUM,
    &tanh::TANH,
    &transpose::TRANSPOSE,
    &upsample::UPSAMPLE,
];

/// The operators that signs of the language stand for (`+`, a number in a flow); programs cannot
/// name them.
pub static SIGNS: &[&Operator] = &[&add::ADD, &constant::CONSTANT, &div::DIV, &mul::MUL, &sub::SUB];

/// The operator of that name.
pub fn find(name: &str) -> Option<&'static Operator> {
    OPERATORS.iter().copied().find(|op| op.word.name == name)
}

/// The operator behind a sign: `add`, `sub`, `mul`, `div`, `constant`.
///
/// # Panics
/// When there is no such sign.
pub fn sign(name: &str) -> &'static Operator {
    SIGNS
        .iter()
        .copied()
        .find(|op| op.word.name == name)
        .unwrap_or_else(|| panic!("no sign {name}"))
}
