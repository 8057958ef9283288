//! Normalisation over the batch.

mod node;

use crate::common::declare::{POSITIVE, case, param, real};
use crate::common::text::{need_floats, show};
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default};
use dlm_base::Shape;
use dlm_graph::{Attr, Graph, Init, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use std::sync::Arc;

word! {
    /// Brings each channel to mean 0 and deviation 1 over the batch, then scales and shifts it.
    ///
    /// `y = (x − mean) / √(var + eps) · weight + bias`, for each channel of `[channels, height, width]` or
    /// `[channels, time]`, or each feature of `[features]`; mean and variance are taken over all samples
    /// and places of the channel. While training they are the batch's, and running statistics follow
    /// them: `running ← (1 − momentum) · running + momentum · batch` (the variance divided by N − 1, as in
    /// PyTorch). When the network answers, the running statistics are used.
    ///
    /// Weights: `weight`, `bias` (learned), `running_mean`, `running_var`, one number a channel. A bias in the
    /// layer before has no effect: write `bias = false` there.
    ///
    /// ```dlm
    /// model Net(image: [3, 32, 32]) {
    ///     image -> conv(16, 3, bias = false) -> batch_norm -> relu -> global_avg_pool -> dense(10)
    /// }
    /// ```
    ///
    /// Ioffe and Szegedy 2015, arXiv 1502.03167.
    pub(crate) static BATCH_NORM: Operator = {
        name: "batch_norm",
        params: &[
            param(
                "momentum",
                real(0.0, 1.0),
                Default::Real(0.1),
                "Share of the batch in the running statistics.",
                &[],
            ),
            param(
                "eps",
                POSITIVE,
                Default::Real(1e-5),
                "Added to the variance, to keep the divisor from 0.",
                &["epsilon"],
            ),
        ],
        aliases: &["BatchNorm1d", "BatchNorm2d", "BatchNormalization", "bn"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(BatchNorm {
        momentum: args.real("momentum"),
        eps: args.real("eps"),
    }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let args = [("momentum", Arg::Real(0.1)), ("eps", Arg::Real(1e-5))];
    let shapes: [&[usize]; 4] = [&[3, 4, 5], &[17, 2, 2], &[9], &[3, 8]];
    shapes.into_iter().map(|shape| case(&args, &[shape], 1e-2)).collect()
}

#[derive(Clone, Copy, Debug)]
struct BatchNorm {
    momentum: f64,
    eps: f64,
}

impl Layer for BatchNorm {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let x = &flows[0];
        need_floats("batch_norm", x)?;
        if x.batched && (1..=3).contains(&x.shape.rank()) {
            return Ok(x.clone());
        }
        Err(Reject::Shape {
            message: format!("`batch_norm` normalises channels, but its input is {}", show(x)),
            expects: "expects [channels, height, width], [channels, time] or [features]".into(),
            help: None,
            insert: None,
        })
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        let all = [
            ("weight", 1.0, true),
            ("bias", 0.0, true),
            ("running_mean", 0.0, false),
            ("running_var", 1.0, false),
        ];
        let weight = |(name, start, trained)| Weight {
            name,
            shape: Shape::of(&flows[0].shape.0[..1]),
            order: vec![0],
            init: Init::Constant(start),
            trained,
            decays: false,
        };
        all.into_iter().map(weight).collect()
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        Role::Norm { cancels_bias: true }
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        Integer::Fold { eps: self.eps }
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], weights: &[ValueId], mode: Mode) -> ValueId {
        let inputs: Vec<ValueId> = flows.iter().chain(weights).copied().collect();
        match mode {
            Mode::Train => g.add(node::OfBatch::new(self.momentum, self.eps), &inputs),
            Mode::Eval => g.add(node::Recorded::new(self.eps), &inputs),
        }
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        let inputs: Vec<&String> = [&flows[0].0].into_iter().chain(weights).collect();
        out.add("BatchNormalization", &inputs, vec![("epsilon", Attr::Float(self.eps as f32))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlm_graph::{Clock, Plan, States, Workspace};

    /// PyTorch 2.15: `BatchNorm1d(2)`, one training step on [[1, 4], [2, 8], [6, 0]], then the answer.
    #[test]
    fn running_statistics_are_those_of_pytorch() {
        let layer = BatchNorm { momentum: 0.1, eps: 1e-5 };
        let graph = |mode| {
            let mut g = Graph::new();
            let x = g.input(Ty::flow(vec![2]));
            let names = ["weight", "bias", "mean", "var"];
            let weights = names.map(|name| g.state(name, Ty::fixed(vec![2])));
            let y = layer.build(&mut g, &[x], &weights, mode);
            g.outputs = vec![y];
            Plan::new(&g, 3)
        };
        let plans = [Mode::Train, Mode::Eval].map(graph);
        let mut states = States::new(&plans);
        let mut work = Workspace::new(&plans);
        states.get_mut("weight").expect("weight").copy_from_slice(&[1.0, 2.0]);
        states.get_mut("bias").expect("bias").copy_from_slice(&[0.0, -1.0]);
        states.get_mut("var").expect("var").fill(1.0);
        let mut answers = Vec::new();
        for plan in &plans {
            let bound = plan.bind(&states);
            plan.input_f32(&mut work, 0).copy_from_slice(&[1., 4., 2., 8., 6., 0.]);
            plan.run(&mut work, &mut states, &bound, Clock::default());
            answers.push(plan.output_f32(&work, &states, 0).to_vec());
        }
        let close = |a: &[f32], b: &[f32]| {
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 2e-6), "{a:?} {b:?}");
        };
        close(states.get("mean").expect("mean"), &TORCH_MEAN);
        close(states.get("var").expect("var"), &TORCH_VAR);
        close(&answers[0], &TORCH_TRAIN);
        close(&answers[1], &TORCH_EVAL);
    }

    const TORCH_MEAN: [f32; 2] = [0.3, 0.4];
    const TORCH_VAR: [f32; 2] = [1.6, 2.5];
    const TORCH_TRAIN: [f32; 6] =
        [-0.925_819, -1.0, -0.462_909_5, 1.449_489, 1.388_729, -3.449_489];
    const TORCH_EVAL: [f32; 6] =
        [0.553_396_9, 3.553_671, 1.343_964, 8.613_305, 4.506_232, -1.505_963];
}
