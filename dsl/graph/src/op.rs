//! What an operator owes: [`Op`] is a node of the graph, [`Layer`] a word that a program may name.

use crate::graph::{Graph, NodeId, ValueId};
use crate::integer::Integer;
use crate::onnx::Onnx;
use crate::ty::Ty;
use dlm_base::Shape;
use smallvec::SmallVec;
use std::fmt::Debug;
use std::sync::Arc;

/// A computation on tensors whose shapes are known: a node of the graph.
///
/// Inputs are flows first, then weights. Shapes have been checked by [`Layer::infer`] before.
pub trait Op: Debug + Send + Sync {
    /// The word, or `word.part` for a companion such as `conv.weight_grad`.
    fn name(&self) -> &'static str;

    /// The types of the results for inputs of these types.
    fn outputs(&self, ins: &[Ty]) -> Vec<Ty>;

    /// Computes the outputs. Every element of every output is written.
    fn forward(&self, frame: &mut Frame<'_>);

    /// Adds the nodes of the gradient: for each input the gradient of the loss with respect to it,
    /// or `None` where it has none (whole numbers, running statistics). `dys` are the gradients of
    /// the outputs, `None` where the loss does not depend on one. Gradients that nobody uses are
    /// removed later, so none need be left out for speed.
    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>>;

    /// Bytes of scratch memory for one run on a batch of this size.
    fn scratch(&self, _ins: &[Ty], _batch: usize) -> usize {
        0
    }

    /// The inputs (states) that a run changes.
    fn writes(&self) -> &[usize] {
        &[]
    }

    /// The input whose memory the first output may take over when nobody reads the input afterwards.
    /// `forward` then finds [`Frame::taken`] set, that input empty, and its numbers in the output.
    fn in_place(&self) -> Option<usize> {
        None
    }

    /// This operator followed by the elementwise function that `next` computes, as one operator with
    /// the same inputs; `None` when it cannot be fused.
    fn fuse(&self, _next: &dyn Op) -> Option<Arc<dyn Op>> {
        None
    }

    /// The elementwise function that this operator applies to its only input, if that is all it does.
    fn activation(&self) -> Option<dlm_kernels::Activation> {
        None
    }

    /// For an operator that only multiplies each channel of its first input by a factor and adds a
    /// shift, both made from states: adds the nodes that make the two vectors.
    fn affine(&self, _g: &mut Graph, _inputs: &[ValueId]) -> Option<(ValueId, ValueId)> {
        None
    }

    /// This operator with each channel of its result multiplied by a factor and shifted, both vectors:
    /// adds the nodes that make the new weights, and returns the operator with its inputs.
    fn absorb(
        &self,
        _g: &mut Graph,
        _inputs: &[ValueId],
        _affine: (ValueId, ValueId),
    ) -> Option<(Arc<dyn Op>, Vec<ValueId>)> {
        None
    }

    /// Multiply-adds of one run for one sample, where products dominate; 0 elsewhere.
    fn macs(&self, _ins: &[Ty]) -> u64 {
        0
    }
}

/// An operator that a program may name: shapes, weights, cost, and how it enters a graph.
pub trait Layer: Debug + Send + Sync {
    /// The one shape rule: the type of the result for flows of these types.
    ///
    /// # Errors
    /// With what is wrong and how to mend it, in words and numbers.
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject>;

    /// The weights it owns when its flows have these types, which [`Layer::infer`] has accepted.
    fn weights(&self, flows: &[Ty]) -> Vec<Weight>;

    /// Multiply-adds for one sample (a convolution or product counts one for each weight used, an
    /// elementwise step none).
    fn macs(&self, flows: &[Ty]) -> u64;

    /// What it is to its neighbours: for initialisation and lints.
    fn role(&self) -> Role;

    /// What it is on 8-bit codes, for flows of these types.
    fn integer(&self, flows: &[Ty]) -> Integer;

    /// Adds its nodes; `weights` are in the order of [`Layer::weights`].
    fn build(&self, g: &mut Graph, flows: &[ValueId], weights: &[ValueId], mode: Mode) -> ValueId;

    /// Adds its nodes as it answers in ONNX (operators of version 17), and returns the name of its
    /// result. `flows` have the batch before the axes of their types; `weights` are constants of the
    /// shapes of files, in the order of [`Layer::weights`]. A product takes a bias behind its weight
    /// whether it owns one or not.
    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String;
}

/// Whether a graph trains or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Dropout drops, normalisation uses and records the batch's statistics.
    Train,
    /// Dropout is off, normalisation uses the recorded statistics.
    Eval,
}

/// What a step is to its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Has weights that multiply: dense, convolutions.
    Product,
    /// Cuts off negative values: relu, relu6, leaky_relu, gelu, silu, hard_swish.
    ReluLike,
    /// Another elementwise function.
    Elementwise,
    /// Normalises: batch_norm and its kin.
    Norm {
        /// Whether it subtracts the mean of each channel, so that a bias before it has no effect.
        cancels_bias: bool,
    },
    /// Softmax.
    Softmax,
    /// Changes nothing when the network answers: dropout, identity.
    Transparent,
    /// Moves numbers without changing them: flatten, reshape, slice, pad.
    Move,
    /// Everything else.
    Other,
}

/// Why an operator does not take its inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reject {
    /// E0401: the operator does not take this shape.
    Shape {
        /// The fact: "`dense` takes a feature vector, but its input is a feature map".
        message: String,
        /// What it takes: "expects [features]".
        expects: String,
        /// What to write, with the numbers worked out: "flatten it first: `-> flatten -> dense(10)` (8 × 26 × 26 = 5,408 inputs)".
        help: Option<String>,
        /// Text to insert before the step as a fix: "flatten -> ".
        insert: Option<String>,
    },
    /// E0402: flows whose shapes cannot be combined.
    Combine {
        /// The fact: "cannot add [64, 56, 56] and [128, 56, 56]: the channels differ".
        message: String,
        /// What to write.
        help: Option<String>,
    },
    /// E0404: a size comes out as zero or negative.
    Size {
        /// The formula with its numbers: "height: (3 + 2 × 0 − 5) / 1 + 1 = −1".
        formula: String,
        /// What to write.
        help: Option<String>,
    },
    /// E0303: an argument's value does not fit this input ("groups = 3 does not divide 64 channels").
    Value {
        /// The parameter.
        param: &'static str,
        /// The fact.
        message: String,
        /// What to write.
        help: Option<String>,
    },
}

/// A tensor that a layer owns.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// `weight`, `bias`, `running_mean`: PyTorch's names.
    pub name: &'static str,
    /// The shape as files store it: PyTorch's (`[out, in, kh, kw]` for a convolution).
    pub shape: Shape,
    /// The axes of `shape` in the order in which they lie in memory, slowest first:
    /// `[2, 3, 1, 0]` for a convolution. The graph's state has the permuted shape, row-major.
    pub order: Vec<usize>,
    /// How it starts.
    pub init: Init,
    /// Changed by the optimiser (`true`), or a statistic.
    pub trained: bool,
    /// Whether weight decay and `l1`/`l2` act on it (weights of products: yes; biases and
    /// normalisation: no, as is usual).
    pub decays: bool,
}

impl Weight {
    /// The type of the state that holds it: the permuted shape.
    pub fn ty(&self) -> Ty {
        Ty::fixed(self.order.iter().map(|&axis| self.shape.0[axis]).collect::<Vec<_>>())
    }
}

/// The numbers of inputs and outputs that one weight serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fan {
    /// Inputs summed for one output.
    pub ins: usize,
    /// Outputs fed by one input.
    pub outs: usize,
}

/// How a weight starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All the same.
    Constant(f32),
    /// Kaiming uniform when a relu-like step follows, ±√(6 / ins); otherwise Glorot uniform,
    /// ±√(6 / (ins + outs)).
    Fan(Fan),
    /// Normal with mean 0 and this deviation.
    Normal(f32),
    /// Uniform in ± this bound.
    Uniform(f32),
}

/// A tensor to read.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// Floats.
    F32(&'a [f32]),
    /// 32-bit whole numbers.
    I32(&'a [i32]),
    /// Bytes.
    U8(&'a [u8]),
    /// Signed bytes.
    I8(&'a [i8]),
}

/// A tensor to write.
#[derive(Debug)]
pub enum ViewMut<'a> {
    /// Floats.
    F32(&'a mut [f32]),
    /// 32-bit whole numbers.
    I32(&'a mut [i32]),
    /// Bytes.
    U8(&'a mut [u8]),
    /// Signed bytes.
    I8(&'a mut [i8]),
}

/// Everything one node sees while it runs.
#[derive(Debug)]
pub struct Frame<'a> {
    /// How many samples the batch has.
    pub batch: usize,
    /// The types of the inputs.
    pub tys: &'a [Ty],
    /// The inputs; those that [`Op::writes`] names are empty here and stand in `written`.
    pub ins: SmallVec<[View<'a>; 8]>,
    /// The outputs.
    pub outs: SmallVec<[ViewMut<'a>; 4]>,
    /// The states that the operator changes, in the order of [`Op::writes`].
    pub written: SmallVec<[ViewMut<'a>; 4]>,
    /// Scratch memory of the size asked for, with any content.
    pub scratch: &'a mut [u8],
    /// Whether the first output took over the memory of the input that [`Op::in_place`] names.
    pub taken: bool,
    /// What changes from step to step.
    pub clock: Clock,
}

/// What changes from step to step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// The step of the training, from 1.
    pub step: u64,
    /// The learning rate of this step.
    pub lr: f32,
    /// Seeds the random numbers of this layer in this step: the same for the nodes of a layer, forward
    /// and backward, and different from layer to layer and step to step.
    pub seed: u64,
}

impl<'a> Frame<'a> {
    /// Input `i` as floats.
    ///
    /// # Panics
    /// When it has another format.
    pub fn f32(&self, i: usize) -> &'a [f32] {
        match self.ins[i] {
            View::F32(x) => x,
            other => panic!("input {i} is not f32: {other:?}"),
        }
    }

    /// Input `i` as whole numbers.
    ///
    /// # Panics
    /// When it has another format.
    pub fn i32(&self, i: usize) -> &'a [i32] {
        match self.ins[i] {
            View::I32(x) => x,
            other => panic!("input {i} is not i32: {other:?}"),
        }
    }

    /// Input `i` as bytes.
    ///
    /// # Panics
    /// When it has another format.
    pub fn u8(&self, i: usize) -> &'a [u8] {
        match self.ins[i] {
            View::U8(x) => x,
            other => panic!("input {i} is not u8: {other:?}"),
        }
    }

    /// Takes the output out of the frame, as floats; each can be taken once.
    ///
    /// # Panics
    /// When it has another format.
    pub fn out(&mut self, i: usize) -> &'a mut [f32] {
        match std::mem::replace(&mut self.outs[i], ViewMut::F32(&mut [])) {
            ViewMut::F32(y) => y,
            other => panic!("output {i} is not f32: {other:?}"),
        }
    }

    /// Takes the output out of the frame, as bytes; each can be taken once.
    ///
    /// # Panics
    /// When it has another format.
    pub fn out_u8(&mut self, i: usize) -> &'a mut [u8] {
        match std::mem::replace(&mut self.outs[i], ViewMut::F32(&mut [])) {
            ViewMut::U8(y) => y,
            other => panic!("output {i} is not u8: {other:?}"),
        }
    }

    /// Takes the output out of the frame, as whole numbers; each can be taken once.
    ///
    /// # Panics
    /// When it has another format.
    pub fn out_i32(&mut self, i: usize) -> &'a mut [i32] {
        match std::mem::replace(&mut self.outs[i], ViewMut::F32(&mut [])) {
            ViewMut::I32(y) => y,
            other => panic!("output {i} is not i32: {other:?}"),
        }
    }

    /// Takes a state that the operator changes out of the frame, as floats.
    ///
    /// # Panics
    /// When it has another format.
    pub fn state(&mut self, i: usize) -> &'a mut [f32] {
        match std::mem::replace(&mut self.written[i], ViewMut::F32(&mut [])) {
            ViewMut::F32(y) => y,
            other => panic!("state {i} is not f32: {other:?}"),
        }
    }

    /// Takes the scratch memory out of the frame, as floats.
    pub fn scratch(&mut self) -> &'a mut [f32] {
        dlm_kernels::arena::as_f32(std::mem::take(&mut self.scratch))
    }
}
