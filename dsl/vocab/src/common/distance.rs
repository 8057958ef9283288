//! Losses that are the mean of a function of the difference between output and target.

use crate::loss::Terms;
use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::elementwise;
use std::fmt::Debug;

/// A function of a difference, and its derivative.
pub(crate) trait Distance: Copy + Debug + Send + Sync + 'static {
    /// The word.
    const NAME: &'static str;
    /// The name of its gradient.
    const GRAD: &'static str;

    /// The function at `d = output − target`.
    fn at(self, d: f32) -> f32;

    /// Its derivative.
    fn slope(self, d: f32) -> f32;
}

/// Adds the mean of `distance` over samples and values.
pub(crate) fn build(g: &mut Graph, distance: impl Distance, terms: &Terms<'_>) -> ValueId {
    let target = terms.target.expect("the checker has seen to a target");
    g.add(Mean(distance), &[terms.output, target])
}

#[derive(Clone, Copy, Debug)]
struct Mean<D>(D);

impl<D: Distance> Op for Mean<D> {
    fn name(&self) -> &'static str {
        D::NAME
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        assert_eq!(ins[0].len(), ins[1].len(), "{}: output and target", D::NAME);
        vec![Ty::scalar()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (y, t) = (frame.f32(0), frame.f32(1));
        let sum: f64 = y.iter().zip(t).map(|(&y, &t)| f64::from(self.0.at(y - t))).sum();
        frame.out(0)[0] = (sum / y.len() as f64) as f32;
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let [y, t] = [0, 1].map(|i| g.node(node).inputs[i]);
        let dy = dys[0].map(|scale| g.add(MeanGrad(self.0), &[y, t, scale]));
        vec![dy, None]
    }
}

/// Inputs: output, target, gradient of the loss.
#[derive(Clone, Copy, Debug)]
struct MeanGrad<D>(D);

impl<D: Distance> Op for MeanGrad<D> {
    fn name(&self) -> &'static str {
        D::GRAD
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (y, t, scale) = (frame.f32(0), frame.f32(1), frame.f32(2)[0]);
        let scale = scale / y.len() as f32;
        let distance = self.0;
        elementwise::map2(
            y,
            t,
            frame.out(0),
            4,
            #[inline(always)]
            move |y, t| distance.slope(y - t) * scale,
        );
    }

    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }
}
