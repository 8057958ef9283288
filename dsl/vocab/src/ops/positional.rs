//! Where in a sequence a moment stands.

use super::{Case, Flows, Operator};
use crate::common::declare::{args, param};
use crate::common::text::{need_floats, show};
use crate::word;
use crate::word::{Arg, Default, Type};
use dlm_graph::{
    Frame, Graph, Init, Integer, Layer, Mode, NodeId, Onnx, Op, Reject, Role, Ty, ValueId, Weight,
};
use dlm_kernels::elementwise::{self, Axis2};
use dlm_kernels::gemm::{column_sums, column_sums_scratch};
use std::sync::Arc;

word! {
    /// Adds to each moment of a sequence what tells its position.
    ///
    /// `y[t, d] = x[t, d] + p[t, d]`. `learned` positions are a weight; `sinusoidal` ones are fixed:
    /// `p[t, 2i] = sin(t / 10000^(2i / features))` and `p[t, 2i + 1] = cos` of the same. Attention sees no
    /// order without them.
    ///
    /// Takes `[time, features]` and gives the same.
    ///
    /// Weights: of `learned` positions `weight` `[time, features]`, which start normal with deviation 0.02.
    ///
    /// ```dlm
    /// model Net(x: [64, 16]) {
    ///     x -> dense(32) -> positional -> attention(4) -> mean(0) -> dense(10)
    /// }
    /// ```
    ///
    /// Gehring et al. 2017, arXiv 1705.03122 (learned); Vaswani et al. 2017, arXiv 1706.03762 (sinusoidal).
    pub(crate) static POSITIONAL: Operator = {
        name: "positional",
        params: &[param(
            "kind",
            Type::Choice(&["learned", "sinusoidal"]),
            Default::Name("learned"),
            "Whether positions are learned, or waves of many lengths.",
            &[],
        )],
        aliases: &["PositionalEncoding", "PositionalEmbedding", "position_embedding", "pos_embed"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Positional { learned: args.str("kind") == "learned" }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let case = |kind: &str, shape: [usize; 2]| Case {
        args: args(&[("kind", Arg::Name(kind.to_string()))]),
        flows: vec![Ty::flow(shape.to_vec())],
        tolerance: 2e-3,
    };
    vec![case("learned", [4, 6]), case("sinusoidal", [5, 4]), case("sinusoidal", [3, 5])]
}

#[derive(Clone, Copy, Debug)]
struct Positional {
    learned: bool,
}

impl Layer for Positional {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let flow = &flows[0];
        need_floats("positional", flow)?;
        match flow.shape.sizes() {
            [_, _] if flow.batched => Ok(flow.clone()),
            _ => Err(Reject::Shape {
                message: format!("`positional` takes a sequence, but its input is {}", show(flow)),
                expects: "expects [time, features]".to_string(),
                help: None,
                insert: None,
            }),
        }
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        let weight = Weight {
            name: "weight",
            shape: flows[0].shape.clone(),
            order: vec![0, 1],
            init: Init::Normal(0.02),
            trained: true,
            decays: false,
        };
        self.learned.then_some(weight).into_iter().collect()
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        Role::Other
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        Integer::Float("positions are constants, which have no codes")
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], weights: &[ValueId], _: Mode) -> ValueId {
        let ty = g.ty(flows[0]).clone();
        let table = (!self.learned).then(|| waves(&ty).into());
        let inputs: Vec<ValueId> = flows.iter().chain(weights).copied().collect();
        g.add(Placed { table }, &inputs)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        let (x, ty) = &flows[0];
        let table = match weights {
            [weight] => weight.clone(),
            _ => out.floats("positions", ty.shape.sizes(), &waves(ty)),
        };
        out.add("Add", &[x, &table], vec![])
    }
}

/// Sines and cosines of growing length, for each moment.
fn waves(ty: &Ty) -> Vec<f32> {
    let features = ty.shape.0[1];
    let wave = |i: usize| {
        let (t, d) = ((i / features) as f64, i % features);
        let angle = t / 10_000f64.powf((d / 2 * 2) as f64 / features as f64);
        (if d % 2 == 0 { angle.sin() } else { angle.cos() }) as f32
    };
    (0..ty.len()).map(wave).collect()
}

/// The sum of a flow and of positions that are the same for all samples; inputs: x, and the positions
/// where they are learned.
#[derive(Clone, Debug)]
struct Placed {
    table: Option<Arc<[f32]>>,
}

impl Op for Placed {
    fn name(&self) -> &'static str {
        "positional"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let y = frame.out(0);
        let x = (!frame.taken).then(|| frame.f32(0));
        let len = frame.tys[0].len();
        let outer = Axis2 { size: frame.batch, a: len, b: 0 };
        let axes = [Axis2 { size: len, a: 1, b: 1 }];
        let table = self.table.as_deref().unwrap_or_else(|| frame.f32(1));
        elementwise::broadcast(outer, &axes, x, table, y, |x, p| x + p);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let learned = g.node(node).inputs.get(1).copied();
        let of_weight = learned.map(|_| dys[0].map(|dy| g.add(PlacedGrad, &[dy])));
        [Some(dys[0]), of_weight].into_iter().flatten().collect()
    }

    fn in_place(&self) -> Option<usize> {
        Some(0)
    }
}

/// The gradient of learned positions: the sum over the samples.
#[derive(Clone, Debug)]
struct PlacedGrad;

impl Op for PlacedGrad {
    fn name(&self) -> &'static str {
        "positional.grad"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![Ty::fixed(ins[0].shape.clone())]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (sums, scratch) = (frame.out(0), frame.scratch());
        column_sums(frame.f32(0), sums, scratch);
    }

    /// Losses do not depend on gradients, so none is taken of this.
    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None]
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        4 * column_sums_scratch(ins[0].count(batch), ins[0].len())
    }
}
