//! Normalisation with fixed statistics, folded into the weights of the product before it.

use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};

/// Adds the factor `γ / √(σ² + ε)` and the shift `β − μ · factor` of each channel. `norm`: the weight γ,
/// bias β, running mean μ and variance σ².
pub(crate) fn affine(g: &mut Graph, norm: [ValueId; 4], eps: f64) -> (ValueId, ValueId) {
    let [weight, bias, mean, var] = norm;
    let factor = g.add(Fold::Factor { eps }, &[weight, var]);
    (factor, g.add(Fold::Shift, &[bias, mean, factor]))
}

/// Adds the weights and the bias of a product whose results are multiplied and shifted: `inputs` are
/// its flow, its weights with the channels last in memory, and its bias if it has one.
pub(crate) fn product(
    g: &mut Graph,
    inputs: &[ValueId],
    (factor, shift): (ValueId, ValueId),
) -> Vec<ValueId> {
    let weight = g.add(Fold::Weight, &[inputs[1], factor]);
    let bias = match inputs.get(2) {
        Some(&bias) => g.add(Fold::Bias, &[shift, bias, factor]),
        None => shift,
    };
    vec![inputs[0], weight, bias]
}

/// A vector or tensor made from weights alone; worked out in float64.
#[derive(Clone, Copy, Debug)]
enum Fold {
    /// `γ / √(σ² + ε)`; inputs γ, σ².
    Factor { eps: f64 },
    /// `β − μ · s`; inputs β, μ, s.
    Shift,
    /// `w · s` along the last axis; inputs w, s.
    Weight,
    /// `t + b · s`; inputs t, b, s.
    Bias,
}

impl Op for Fold {
    fn name(&self) -> &'static str {
        match self {
            Fold::Factor { .. } => "fold.factor",
            Fold::Shift => "fold.shift",
            Fold::Weight => "fold.weight",
            Fold::Bias => "fold.bias",
        }
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let y = frame.out(0);
        let channels = frame.f32(1).len();
        let at = |input: usize, i: usize| f64::from(frame.f32(input)[i % channels]);
        let value = |i: usize| match self {
            Fold::Factor { eps } => at(0, i) / (at(1, i) + eps).sqrt(),
            Fold::Shift => at(0, i) - at(1, i) * at(2, i),
            Fold::Weight => f64::from(frame.f32(0)[i]) * at(1, i),
            Fold::Bias => at(0, i) + at(1, i) * at(2, i),
        };
        y.iter_mut().enumerate().for_each(|(i, y)| *y = value(i) as f32);
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }
}
