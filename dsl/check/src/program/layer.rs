//! One operator of a network.

use super::Flow;
use dlm_base::Span;
use dlm_graph::{Layer, Ty, Weight};
use dlm_vocab::Args;
use dlm_vocab::ops::Operator;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// One operator of a network: what it is, and where the text says so. A copy shares what it is, so that copies
/// are cheap.
#[derive(Clone, Debug)]
pub struct NetLayer {
    /// What it is.
    pub body: Arc<LayerBody>,
    /// The step in the program.
    pub span: Span,
}

/// What an operator of a network is.
#[derive(Clone, Debug)]
pub struct LayerBody {
    /// `stem`, `stage[0].conv1`.
    pub path: Arc<str>,
    /// The word.
    pub operator: &'static Operator,
    /// Its arguments.
    pub args: Args,
    /// The operator with its arguments.
    pub layer: Arc<dyn Layer>,
    /// What enters it.
    pub inputs: Vec<Flow>,
    /// The type of its result.
    pub ty: Ty,
    /// The weight of another layer that it uses in place of its own first one.
    pub borrowed: Option<Borrowed>,
    /// Its weights; the name in files is `path.name`.
    pub weights: Vec<Weight>,
    /// An initialiser that overrides the weights' own: deviation of a normal distribution.
    pub init_normal: Option<f32>,
    /// Multiply-adds for one sample.
    pub macs: u64,
}

/// A weight of another layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Borrowed {
    /// The path of the layer that owns it.
    pub from: Arc<str>,
    /// The weight.
    pub weight: Weight,
}

impl LayerBody {
    /// Every weight that the operator takes, in its order, with its name in files.
    pub fn takes(&self) -> impl Iterator<Item = (String, &Weight)> {
        let borrowed = self.borrowed.iter().map(|it| (&it.from, &it.weight));
        let own = self.weights.iter().map(|weight| (&self.path, weight));
        borrowed.chain(own).map(|(path, weight)| (format!("{path}.{}", weight.name), weight))
    }
}

impl Deref for NetLayer {
    type Target = LayerBody;

    fn deref(&self) -> &LayerBody {
        &self.body
    }
}

impl DerefMut for NetLayer {
    fn deref_mut(&mut self) -> &mut LayerBody {
        Arc::make_mut(&mut self.body)
    }
}
