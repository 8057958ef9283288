//! The sum of weighted loss terms.

use dlm_graph::{Frame, Graph, NodeId, Op, Ty, ValueId};

/// `Σ weightᵢ · xᵢ` of single numbers.
#[derive(Clone, Debug)]
pub struct WeightedSum {
    weights: Vec<f64>,
}

impl WeightedSum {
    /// The sum with these weights, one for each input.
    pub fn new(weights: Vec<f64>) -> WeightedSum {
        WeightedSum { weights }
    }
}

impl Op for WeightedSum {
    fn name(&self) -> &'static str {
        "weighted_sum"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        assert_eq!(ins.len(), self.weights.len());
        vec![Ty::scalar()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let terms = self.weights.iter().enumerate();
        let sum: f64 = terms.map(|(i, w)| w * f64::from(frame.f32(i)[0])).sum();
        frame.out(0)[0] = sum as f32;
    }

    fn grad(&self, g: &mut Graph, _: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let each = self.weights.iter();
        each.map(|&w| dys[0].map(|dy| g.add(WeightedSum::new(vec![w]), &[dy]))).collect()
    }
}
