//! Cross entropy of classes.

use crate::common::comparison::classes;
use crate::common::declare::{DECAY, param};
use crate::loss::{Loss, Of, any_features, no_weights};
use crate::word;
use crate::word::Default;
use dlm_graph::{DType, Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::softmax::{Answers, cross_entropy, cross_entropy_grad};

word! {
    /// How surprised the network is by the true class, in nats.
    ///
    /// With logits `z` (the network's output, `[classes]`), `p = softmax(z)` and B samples:
    ///
    /// `loss = 1/B · Σ_b Σ_c −q_c · ln p_c`, `q = (1 − smoothing) · onehot(class) + smoothing / classes`
    ///
    /// Softmax is part of the loss, computed with the largest logit subtracted: end the network
    /// with plain logits, not with `softmax`. `smoothing` keeps the network from growing ever surer.
    /// Samples mixed by `mixup` have shares of two classes for `onehot`. Of a network that answers at each step
    /// of a sequence, `[steps, classes]`, B counts the steps of all samples.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { loss = cross_entropy(smoothing = 0.1) }
    /// ```
    ///
    /// Label smoothing: Szegedy et al. 2016, arXiv 1512.00567.
    pub(crate) static CROSS_ENTROPY: Loss = {
        name: "cross_entropy",
        params: &[param(
            "smoothing",
            DECAY,
            Default::Real(0.0),
            "Share of the target that is spread over all classes, from 0 to below 1.",
            &["label_smoothing"],
        )],
        aliases: &[
            "CrossEntropyLoss",
            "CategoricalCrossentropy",
            "SparseCategoricalCrossentropy",
            "categorical_crossentropy",
            "sparse_categorical_crossentropy",
            "nll_loss",
        ],
    },
    fits: |target| target.classes().is_some(),
    needs: "classes",
    of: Of::Targets,
    fits_features: any_features,
    own: no_weights,
    build: |g, args, terms| {
        let target = terms.target.expect("the checker has seen to a target");
        let smoothing = args.real("smoothing") as f32;
        g.add_all(std::sync::Arc::new(CrossEntropy { smoothing }), &[terms.output, target])[0]
    },
}

/// Inputs: logits `[classes]` or `[steps, classes]`, classes `i32[]` or `i32[steps]`, or shares as many as
/// logits. Outputs: the loss, `p`.
#[derive(Clone, Copy, Debug)]
struct CrossEntropy {
    smoothing: f32,
}

/// The answers in input 1.
fn answers<'a>(frame: &Frame<'a>) -> Answers<'a> {
    match frame.tys[1].dtype {
        DType::I32 => Answers::Classes(frame.i32(1)),
        _ => Answers::Shares(frame.f32(1)),
    }
}

impl Op for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![Ty::scalar(), ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (loss, probs) = (frame.out(0), frame.out(1));
        let classes = classes(&frame.tys[0]);
        loss[0] = cross_entropy(frame.f32(0), answers(frame), classes, self.smoothing, probs);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let (inputs, outputs) = (g.node(node).inputs.clone(), g.node(node).outputs.clone());
        let dx = dys[0].map(|scale| {
            g.add(CrossEntropyGrad { smoothing: self.smoothing }, &[outputs[1], inputs[1], scale])
        });
        vec![dx, None]
    }
}

/// Inputs: `p`, the target, the gradient of the loss.
#[derive(Clone, Copy, Debug)]
struct CrossEntropyGrad {
    smoothing: f32,
}

impl Op for CrossEntropyGrad {
    fn name(&self) -> &'static str {
        "cross_entropy.grad"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let dx = frame.out(0);
        if !frame.taken {
            dx.copy_from_slice(frame.f32(0));
        }
        let (classes, scale) = (classes(&frame.tys[0]), frame.f32(2)[0]);
        cross_entropy_grad(answers(frame), classes, self.smoothing, scale, dx);
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }

    fn in_place(&self) -> Option<usize> {
        Some(0)
    }
}
