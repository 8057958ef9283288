//! `embedding`

use crate::common::declare::args;
use crate::common::text::show;
use crate::ops::dense::{IN_COMMON, SHARED};
use crate::ops::window::{INIT, MOST_NUMBERS, affordable};
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default, Param, Type};
use dlm_base::Shape;
use dlm_graph::{
    Attr, DType, Frame, Graph, Init, Integer, Layer, Mode, NodeId, Onnx, Op, Reject, Role, Ty,
    ValueId, Weight,
};
use dlm_kernels::{arena, lookup};
use std::sync::Arc;

word! {
    /// A learned vector for each token: turns whole numbers into features.
    ///
    /// `y[t] = weight[x[t]]`. Takes `int[time]` and gives `[time, size]`; tokens are numbers from 0 to
    /// `vocabulary - 1`.
    ///
    /// Weights: `weight` `[vocabulary, size]`, which starts normally distributed with the deviation `1 / √size`. Steps that
    /// give the same name as `shared` have one `weight` together: here the layer that says which token follows looks
    /// at the same vectors (Press and Wolf 2017, arXiv 1608.05859).
    ///
    /// ```dlm
    /// model Next(tokens: int[64]) {
    ///     tokens -> embedding(256, 32, shared = table) -> layer_norm -> dense(256, shared = table)
    /// }
    /// ```
    ///
    /// Bengio et al. 2003, *A neural probabilistic language model*.
    pub(crate) static EMBEDDING: Operator = {
        name: "embedding",
        params: &[
            Param {
                name: "vocabulary",
                ty: Type::Int { min: 1 },
                default: Default::Required,
                doc: "How many different tokens there are.",
                aliases: &["num_embeddings", "input_dim", "vocab_size", "vocab"],
            },
            Param {
                name: "size",
                ty: Type::Int { min: 1 },
                default: Default::Required,
                doc: "Features of each token.",
                aliases: &["embedding_dim", "output_dim", "dim", "features"],
            },
            Param { doc: "How the weight starts: `normal(0.02)`; by default with the deviation `1 / √size`.", ..INIT },
            SHARED,
        ],
        aliases: &["Embedding", "nn.Embedding", "lookup"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Embedding {
        vocabulary: args.size("vocabulary"),
        size: args.size("size"),
        shared: args.get("shared").is_some(),
    }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let case = |time, vocabulary, size| Case {
        args: args(&[("vocabulary", Arg::Int(vocabulary)), ("size", Arg::Int(size))]),
        flows: vec![Ty::tokens(vec![time])],
        tolerance: 1e-3,
    };
    vec![case(5, 2, 3), case(1, 7, 1), case(9, 3, 16)]
}

#[derive(Clone, Copy, Debug)]
struct Embedding {
    vocabulary: usize,
    size: usize,
    /// Whether other steps have the same weight.
    shared: bool,
}

impl Layer for Embedding {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let flow = &flows[0];
        let reject = |help: &str| Reject::Shape {
            message: format!("`embedding` takes tokens, but its input is {}", show(flow)),
            expects: "expects int[time]".to_string(),
            help: Some(help.to_string()),
            insert: None,
        };
        match (flow.dtype, flow.shape.sizes()) {
            (DType::I32, &[time]) => {
                affordable("size", &[self.vocabulary, self.size], MOST_NUMBERS)?;
                affordable("size", &[time, self.size], MOST_NUMBERS)?;
                Ok(Ty::flow(vec![time, self.size]))
            }
            (DType::I32, _) => Err(reject("give one row of tokens a sample: `tokens: int[64]`")),
            _ => Err(reject("declare the model's input as whole numbers: `tokens: int[64]`")),
        }
    }

    fn weights(&self, _: &[Ty]) -> Vec<Weight> {
        vec![Weight {
            name: "weight",
            shape: Shape(vec![self.vocabulary, self.size]),
            order: vec![0, 1],
            init: Init::Normal(1.0 / (self.size as f32).sqrt()),
            trained: true,
            decays: true,
        }]
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        Role::Other
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        match self.shared {
            true => IN_COMMON,
            false => Integer::Table,
        }
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], weights: &[ValueId], _: Mode) -> ValueId {
        g.add(Lookup(*self), &[flows[0], weights[0]])
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        out.add("Gather", &[&weights[0], &flows[0].0], vec![("axis", Attr::Int(0))])
    }
}

/// Inputs: tokens, the table `[vocabulary, size]`.
#[derive(Clone, Copy, Debug)]
struct Lookup(Embedding);

impl Op for Lookup {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![Ty::flow(vec![ins[0].len(), self.0.size])]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let y = frame.out(0);
        lookup::lookup(frame.f32(1), self.0.size, frame.i32(0), y);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let tokens = g.node(node).inputs[0];
        vec![None, dys[0].map(|dy| g.add(TableGrad(self.0), &[tokens, dy]))]
    }
}

/// Inputs: tokens, the gradient of their vectors.
#[derive(Clone, Copy, Debug)]
struct TableGrad(Embedding);

impl Op for TableGrad {
    fn name(&self) -> &'static str {
        "embedding.weight_grad"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        vec![Ty::fixed(vec![self.0.vocabulary, self.0.size])]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let (d, scratch) = (frame.out(0), std::mem::take(&mut frame.scratch));
        let scratch: &mut [u32] = arena::cast_mut(scratch);
        lookup::gradient(frame.i32(0), frame.f32(1), self.0.size, d, scratch);
    }

    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None, None]
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        4 * lookup::scratch_len(self.0.vocabulary, ins[0].count(batch))
    }
}
