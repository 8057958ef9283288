//! Exponential averaging of a weight.

use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};
use dlm_kernels::elementwise;

/// `average ← decay · average + (1 − decay) · weight`. Inputs: the average (written), the weight.
#[derive(Clone, Copy, Debug)]
pub struct Ema {
    decay: f64,
}

impl Ema {
    /// Averaging that keeps `decay` of the average in each step.
    pub fn new(decay: f64) -> Ema {
        Ema { decay }
    }
}

impl Op for Ema {
    fn name(&self) -> &'static str {
        "ema"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        Vec::new()
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let part = (1.0 - self.decay) as f32;
        let weight = frame.f32(1);
        elementwise::update(weight, frame.state(0), 3, move |w, a| a + part * (w - a));
    }

    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None, None]
    }

    fn writes(&self) -> &[usize] {
        &[0]
    }
}
