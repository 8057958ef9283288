//! Cross entropy of yes and no.

use crate::data::Target;
use crate::loss::{Loss, Of, any_features, no_weights};
use crate::word;
use dlm_graph::{DType, Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::math::sigmoid;

word! {
    /// Cross entropy of questions that are answered by yes or no, in nats.
    ///
    /// With logits `z` (the network's output) and `p = 1 / (1 + e⁻ᶻ)`, the mean over B samples and K
    /// outputs of `−t · ln p − (1 − t) · ln(1 − p)`. The sigmoid is part of the loss: end the network
    /// with plain logits. Targets are two classes (an output of `[1]`; the second class is 1), or
    /// values from 0 to 1, one for each output.
    ///
    /// ```dlm
    /// data Customers { source = csv("churn.csv", target = "left") }
    /// model Net(features: [N]) { features -> dense(16) -> tanh -> dense(1) }
    /// train Net on Customers { loss = binary_cross_entropy }
    /// ```
    pub(crate) static BINARY_CROSS_ENTROPY: Loss = {
        name: "binary_cross_entropy", params: &[],
        aliases: &["BCEWithLogitsLoss", "BCELoss", "binary_crossentropy", "BinaryCrossentropy", "bce"],
    },
    fits: |target| match target {
        Target::Classes(names) => names.len() == 2,
        Target::Values(_) => true,
        Target::None | Target::Sequence { .. } => false,
    },
    needs: "two classes, or values from 0 to 1",
    of: Of::Targets,
    fits_features: any_features,
    own: no_weights,
    build: |g, _, terms| {
        let target = terms.target.expect("the checker has seen to a target");
        g.add(BinaryCrossEntropy, &[terms.output, target])
    },
}

/// Inputs: logits `[k]`; classes `i32[]`, shares of both classes `[2]` for `k` = 1, or values `[k]`.
#[derive(Clone, Copy, Debug)]
struct BinaryCrossEntropy;

/// How likely each answer should be yes, in the order of the outputs.
fn wanted<'a>(frame: &Frame<'a>) -> impl Iterator<Item = f32> + 'a {
    let (classes, values): (&[i32], &[f32]) = match frame.tys[1].dtype {
        DType::I32 => (frame.i32(1), &[]),
        _ => (&[], frame.f32(1)),
    };
    // Of the shares of two classes, the second answers the one question.
    let both = frame.tys[0].len() == 1 && frame.tys[1].len() == 2;
    let values = values.iter().skip(usize::from(both)).step_by(if both { 2 } else { 1 });
    classes.iter().map(|&c| c as f32).chain(values.copied())
}

impl Op for BinaryCrossEntropy {
    fn name(&self) -> &'static str {
        "binary_cross_entropy"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![Ty::scalar()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let z = frame.f32(0);
        // max(z, 0) − z · t + ln(1 + e^−|z|), which no large logit overflows.
        let term = |(&z, t): (&f32, f32)| {
            let (z, t) = (f64::from(z), f64::from(t));
            let top = if z < 0.0 { 0.0 } else { z };
            top - z * t + (-z.abs()).exp().ln_1p()
        };
        let sum: f64 = z.iter().zip(wanted(frame)).map(term).sum();
        frame.out(0)[0] = (sum / z.len() as f64) as f32;
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let [z, t] = [0, 1].map(|i| g.node(node).inputs[i]);
        vec![dys[0].map(|scale| g.add(BinaryCrossEntropyGrad, &[z, t, scale])), None]
    }
}

/// Inputs: logits, target, gradient of the loss.
#[derive(Clone, Copy, Debug)]
struct BinaryCrossEntropyGrad;

impl Op for BinaryCrossEntropyGrad {
    fn name(&self) -> &'static str {
        "binary_cross_entropy.grad"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (z, scale) = (frame.f32(0), frame.f32(2)[0]);
        let scale = scale / z.len() as f32;
        let each = frame.out(0).iter_mut().zip(z).zip(wanted(frame));
        each.for_each(|((dz, &z), t)| *dz = (sigmoid(z) - t) * scale);
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }
}
