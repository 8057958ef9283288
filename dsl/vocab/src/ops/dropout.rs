//! Dropout.

use crate::common::declare::{DECAY, case, param};
use crate::common::text::need_floats;
use crate::ops::{Flows, Operator};
use crate::word;
use crate::word::{Arg, Default};
use dlm_graph::{
    Frame, Graph, Integer, Layer, Mode, NodeId, Onnx, Op, Reject, Role, Ty, ValueId, Weight,
};
use dlm_kernels::{par, rng};
use std::sync::Arc;

word! {
    /// While training, sets each number to 0 with probability `p` and multiplies the others by
    /// `1 / (1 − p)`.
    ///
    /// The mean of each number stays what it was, so that nothing need change when the network answers:
    /// then dropout does nothing. Any shape. Which numbers are dropped follows from the training's
    /// seed, the step and the layer's path.
    ///
    /// ```dlm
    /// model Net(image: [1, 28, 28]) {
    ///     image -> flatten -> dense(128) -> relu -> dropout(0.3) -> dense(10)
    /// }
    /// ```
    ///
    /// Srivastava et al. 2014.
    pub(crate) static DROPOUT: Operator = {
        name: "dropout",
        params: &[param(
            "p",
            DECAY,
            Default::Required,
            "The share that is dropped, from 0 to below 1.",
            &["rate"],
        )],
        aliases: &["Dropout"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Dropout { p: args.real("p") }),
    cases: || vec![
        case(&[("p", Arg::Real(0.3))], &[&[3, 4, 5]], 2e-3),
        case(&[("p", Arg::Real(0.0))], &[&[7]], 2e-3),
    ],
}

#[derive(Clone, Copy, Debug)]
struct Dropout {
    p: f64,
}

impl Layer for Dropout {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        need_floats("dropout", &flows[0])?;
        Ok(flows[0].clone())
    }

    fn weights(&self, _: &[Ty]) -> Vec<Weight> {
        Vec::new()
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        Role::Transparent
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        Integer::Pass
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], _: &[ValueId], mode: Mode) -> ValueId {
        match mode {
            Mode::Train if self.p > 0.0 => g.add(Drop { p: self.p, back: false }, flows),
            _ => flows[0],
        }
    }

    fn onnx(&self, _: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        flows[0].0.clone()
    }
}

/// Drops the same numbers forwards and backwards: node and gradient have one path, hence one seed.
#[derive(Clone, Copy, Debug)]
struct Drop {
    p: f64,
    back: bool,
}

impl Op for Drop {
    fn name(&self) -> &'static str {
        if self.back { "dropout.grad" } else { "dropout" }
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (y, key) = (frame.out(0), frame.clock.seed);
        let x = (!frame.taken).then(|| frame.f32(0));
        // Each 64 random bits decide about two numbers.
        let bar = (self.p * (1u64 << 32) as f64) as u64;
        let scale = (1.0 / (1.0 - self.p)) as f32;
        const PIECE: usize = 1 << 12;
        let work = 8 * y.len();
        par::chunks(y, PIECE, work, |i, y| {
            let at = i * PIECE;
            if let Some(x) = x {
                y.copy_from_slice(&x[at..at + y.len()]);
            }
            for (pair, y) in y.chunks_mut(2).enumerate() {
                let bits = rng::bits(key, (at / 2 + pair) as u64);
                for (y, part) in y.iter_mut().zip([bits >> 32, bits & 0xffff_ffff]) {
                    *y = if part < bar { 0.0 } else { *y * scale };
                }
            }
        });
    }

    fn grad(&self, g: &mut Graph, _: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![dys[0].map(|dy| g.add(Drop { p: self.p, back: !self.back }, &[dy]))]
    }

    fn in_place(&self) -> Option<usize> {
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlm_graph::{Clock, Plan, States, Workspace};

    #[test]
    fn the_right_share_is_dropped_and_the_mean_stays() {
        let mut g = Graph::new();
        let x = g.input(Ty::flow(vec![100]));
        let y = Dropout { p: 0.25 }.build(&mut g, &[x], &[], Mode::Train);
        assert_eq!(Dropout { p: 0.25 }.build(&mut g, &[x], &[], Mode::Eval), x);
        g.outputs = vec![y];
        let plan = Plan::new(&g, 1000);
        let (mut states, mut work) = (States::new([&plan]), Workspace::new([&plan]));
        let bound = plan.bind(&states);
        let mut run = |seed| {
            plan.input_f32(&mut work, 0).fill(3.0);
            plan.run(&mut work, &mut states, &bound, Clock { seed, ..Clock::default() });
            plan.output_f32(&work, &states, 0).to_vec()
        };
        let y = run(1);
        assert!(y.iter().all(|&y| y == 0.0 || y == 4.0));
        let dropped = y.iter().filter(|&&y| y == 0.0).count() as f64 / y.len() as f64;
        assert!((dropped - 0.25).abs() < 0.005, "{dropped}");
        assert!(run(2) != y && run(1) == y);
    }
}
