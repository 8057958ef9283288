//! `attention`

mod node;
mod onnx;

use super::window::{INIT, floats};
use super::{Case, Flows, Operator};
use crate::common::declare::{args, param};
use crate::common::layout::{Move, Piece};
use crate::common::sequence::{MASK, check_mask};
use crate::common::text::show;
use crate::ops::dense::node::Product;
use crate::word;
use crate::word::{Arg, Args, Default, Type};
use dlm_base::Shape;
use dlm_graph::{Graph, Init, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use dlm_kernels::attention::Attention as Sizes;
use node::Attend;
use std::sync::Arc;

word! {
    /// Multi-head attention: every moment of a sequence looks at all moments and takes from those that fit.
    ///
    /// For each head, `y = softmax(q · kᵀ / √d) · v` with d = features / heads, where
    /// `q = x · Wq + bq`, `k = memory · Wk + bk` and `v = memory · Wv + bv`; the heads side by side go
    /// through one more product.
    ///
    /// Takes `[time, features]` and gives the same. Without `memory` the sequence looks at itself; with
    /// it, at `memory` `[moments, features]`, as a decoder looks at what it has been told. `mask`
    /// `int[moments]` hides the moments whose number is 0, which is what padding is; who may look
    /// nowhere gets 0 from the heads. `causal = true` hides what comes later.
    ///
    /// Weights: `in_proj_weight` `[3 · features, features]` (q, k, v), `in_proj_bias` `[3 · features]`,
    /// `out_proj.weight` `[features, features]`, `out_proj.bias` `[features]`, as in PyTorch.
    ///
    /// ```dlm
    /// layer EncoderBlock(x: [T, D]) {
    ///     h = x + (x -> layer_norm -> attention(4))
    ///     h + (h -> layer_norm -> dense(4 * D) -> gelu -> dense(D))
    /// }
    /// model Net(x: [64, 32]) { x -> EncoderBlock -> mean(0) -> dense(10) }
    /// ```
    ///
    /// Vaswani et al. 2017, *Attention is all you need*, arXiv 1706.03762.
    pub(crate) static ATTENTION: Operator = {
        name: "attention",
        params: &[
            param(
                "heads",
                Type::Int { min: 1 },
                Default::Required,
                "Parts of the features that look on their own; a divisor of the features.",
                &["num_heads", "nhead", "n_heads"],
            ),
            param(
                "causal",
                Type::Bool,
                Default::Bool(false),
                "Whether a moment sees only itself and what was before.",
                &["is_causal", "use_causal_mask"],
            ),
            param(
                "memory",
                Type::Flow,
                Default::Absent,
                "What is looked at, `[moments, features]`; by default the sequence itself.",
                &["context", "encoder_hidden_states"],
            ),
            MASK,
            param(
                "bias",
                Type::Bool,
                Default::Bool(true),
                "Whether the projections have a learned number for each feature.",
                &["use_bias", "with_bias"],
            ),
            INIT,
        ],
        aliases: &["MultiheadAttention", "MultiHeadAttention", "SelfAttention"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Attention::of(args)),
    cases: cases,
}

const EXPECTS: &str = "expects [time, features]";

/// The operator with its arguments.
#[derive(Clone, Debug)]
struct Attention {
    heads: usize,
    causal: bool,
    bias: bool,
    memory: Option<usize>,
    mask: Option<usize>,
}

impl Attention {
    fn of(args: &Args) -> Attention {
        Attention {
            heads: args.size("heads"),
            causal: args.bool("causal"),
            bias: args.bool("bias"),
            memory: args.flow("memory"),
            mask: args.flow("mask"),
        }
    }

    /// The sizes for flows that [`Layer::infer`] has accepted.
    fn known(&self, flows: &[Ty]) -> Sizes {
        self.sizes(flows).unwrap_or_else(|reject| panic!("not accepted before: {reject:?}"))
    }

    fn sizes(&self, flows: &[Ty]) -> Result<Sizes, Reject> {
        let (queries, width) = sequence(&flows[0])?;
        let keys = match self.memory.map(|place| &flows[place]) {
            None => queries,
            Some(memory) => moments(memory, width)?,
        };
        if let Some(mask) = self.mask {
            check_mask(&flows[mask], keys)?;
        }
        if !width.is_multiple_of(self.heads) {
            let heads = self.heads;
            return Err(Reject::Value {
                param: "heads",
                message: format!("heads = {heads} does not divide the {width} features"),
                help: Some(near(heads, width)),
            });
        }
        Ok(Sizes { heads: self.heads, queries, keys, width, causal: self.causal })
    }
}

/// Moments and features of the flow.
fn sequence(flow: &Ty) -> Result<(usize, usize), Reject> {
    floats(flow, "attention", EXPECTS)?;
    if let [time, features] = *flow.shape.sizes() {
        return Ok((time, features));
    }
    Err(Reject::Shape {
        message: format!("`attention` takes a sequence, but its input is {}", show(flow)),
        expects: EXPECTS.to_string(),
        help: Some("give it the shape [time, features] with `reshape` or `transpose`".to_string()),
        insert: None,
    })
}

/// The moments of what is looked at, which must have as many features as the flow.
fn moments(memory: &Ty, width: usize) -> Result<usize, Reject> {
    let reject = |message, help| Err(Reject::Value { param: "memory", message, help });
    match *memory.shape.sizes() {
        _ if floats(memory, "attention", EXPECTS).is_err() => {
            let message =
                format!("`memory` takes floats, but it is whole numbers, {}", show(memory));
            let help = "turn the numbers into vectors first: `-> embedding(vocabulary, size)`";
            reject(message, Some(help.to_string()))
        }
        [moments, features] if features == width => Ok(moments),
        [_, features] => reject(
            format!("`memory` has {features} features, but the flow has {width}"),
            Some(format!("bring it to as many: `-> dense({width})`")),
        ),
        _ => {
            reject(format!("`memory` takes [moments, features], but it is {}", show(memory)), None)
        }
    }
}

/// The numbers of heads next to the one that does not divide.
fn near(heads: usize, width: usize) -> String {
    let below = (1..heads.min(width)).rev().find(|n| width.is_multiple_of(*n));
    let above = (heads..=width).find(|n| width.is_multiple_of(*n));
    let all: Vec<String> =
        below.into_iter().chain(above).map(|n| format!("`heads = {n}`")).collect();
    format!("write {}", all.join(" or "))
}

impl Layer for Attention {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        self.sizes(flows)?;
        Ok(flows[0].clone())
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        let d = self.known(flows).width;
        let weight = |name, outs, bound: f32| Weight {
            name,
            shape: Shape(vec![outs, d]),
            order: vec![1, 0],
            init: Init::Uniform(bound),
            trained: true,
            decays: true,
        };
        let bias = |name, outs| Weight {
            name,
            shape: Shape(vec![outs]),
            order: vec![0],
            init: Init::Constant(0.0),
            trained: true,
            decays: false,
        };
        let of = d as f32;
        let mut weights = vec![
            weight("in_proj_weight", 3 * d, (6.0 / (4.0 * of)).sqrt()),
            bias("in_proj_bias", 3 * d),
            weight("out_proj.weight", d, 1.0 / of.sqrt()),
            bias("out_proj.bias", d),
        ];
        weights.retain(|weight| self.bias || weight.decays);
        weights
    }

    fn macs(&self, flows: &[Ty]) -> u64 {
        let it = self.known(flows);
        let projected = 2 * (it.queries + it.keys) * it.width * it.width;
        (projected + it.macs()) as u64
    }

    fn role(&self) -> Role {
        Role::Other
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        Integer::Float("it multiplies flows with each other, which codes do with weights alone")
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], weights: &[ValueId], _: Mode) -> ValueId {
        let tys: Vec<Ty> = flows.iter().map(|&flow| g.ty(flow).clone()).collect();
        let sizes = self.known(&tys);
        let d = sizes.width;
        let product = |g: &mut Graph, x, w: &[ValueId], units| {
            let inputs: Vec<ValueId> = [x].iter().chain(w).copied().collect();
            g.add(
                Product {
                    features: d,
                    units,
                    bias: self.bias,
                    activation: None,
                    transposed: false,
                },
                &inputs,
            )
        };
        let (ins, outs) = weights.split_at(weights.len() / 2);
        let mut inputs = match self.memory {
            None => vec![product(g, flows[0], ins, 3 * d)],
            Some(memory) => {
                let of_q: Vec<ValueId> = ins.iter().map(|&w| columns(g, w, 0, d)).collect();
                let of_kv: Vec<ValueId> = ins.iter().map(|&w| columns(g, w, d, 2 * d)).collect();
                vec![product(g, flows[0], &of_q, d), product(g, flows[memory], &of_kv, 2 * d)]
            }
        };
        inputs.extend(self.mask.map(|mask| flows[mask]));
        let attend = Attend { sizes, apart: self.memory.is_some(), masked: self.mask.is_some() };
        let y = g.add_all(Arc::new(attend), &inputs)[0];
        product(g, y, outs, d)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        let tys: Vec<Ty> = flows.iter().map(|(_, ty)| ty.clone()).collect();
        let values: Vec<&str> = flows.iter().map(|(value, _)| value.as_str()).collect();
        let memory = self.memory.map(|place| values[place]);
        let mask = self.mask.map(|place| values[place]);
        onnx::attention(out, &self.known(&tys), [Some(values[0]), memory, mask], weights)
    }
}

/// Columns of a weight, or numbers of a bias.
fn columns(g: &mut Graph, weight: ValueId, from: usize, count: usize) -> ValueId {
    let ty = g.ty(weight).clone();
    let mut shape = ty.shape.clone();
    if let Some(last) = shape.0.last_mut() {
        *last = count;
    }
    let out = Ty::fixed(shape);
    let mut piece = Piece::new(0, out.shape.sizes(), &ty.strides(), &out.strides());
    piece.from = from;
    g.add(Move::new(["attention.part", "attention.part_grad"], out, [piece]), &[weight])
}

fn cases() -> Vec<Case> {
    let case = |heads, causal, bias, flows: &[&[usize]], mask: Option<usize>| {
        let mut args = args(&[
            ("heads", Arg::Int(heads)),
            ("causal", Arg::Bool(causal)),
            ("bias", Arg::Bool(bias)),
        ]);
        let mut flows: Vec<Ty> = flows.iter().map(|shape| Ty::flow(shape.to_vec())).collect();
        if flows.len() > 1 {
            args.set("memory", Arg::Flow(1));
        }
        if let Some(moments) = mask {
            args.set("mask", Arg::Flow(flows.len()));
            flows.push(Ty::tokens(vec![moments]));
        }
        Case { args, flows, tolerance: 2e-2 }
    };
    vec![
        case(1, false, true, &[&[3, 4]], None),
        case(2, true, true, &[&[5, 6]], None),
        case(3, false, false, &[&[4, 6], &[5, 6]], None),
        case(2, false, true, &[&[3, 4], &[6, 4]], Some(6)),
        case(2, true, false, &[&[4, 4]], Some(4)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reject(it: &Attention, flows: &[Ty]) -> (String, Option<String>) {
        match it.infer(flows).unwrap_err() {
            Reject::Value { message, help, .. } => (message, help),
            Reject::Shape { message, help, .. } => (message, help),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_does_not_fit_is_said_with_numbers() {
        let it = |heads, memory| Attention { heads, causal: false, bias: true, memory, mask: None };
        let flow = |sizes: &[usize]| Ty::flow(sizes.to_vec());
        let (message, help) = reject(&it(6, None), &[flow(&[64, 128])]);
        assert_eq!(message, "heads = 6 does not divide the 128 features");
        assert_eq!(help.unwrap(), "write `heads = 4` or `heads = 8`");
        let (message, help) = reject(&it(200, None), &[flow(&[64, 128])]);
        assert_eq!(message, "heads = 200 does not divide the 128 features");
        assert_eq!(help.unwrap(), "write `heads = 64`");
        let (message, help) = reject(&it(4, Some(1)), &[flow(&[64, 128]), flow(&[20, 96])]);
        assert_eq!(message, "`memory` has 96 features, but the flow has 128");
        assert_eq!(help.unwrap(), "bring it to as many: `-> dense(128)`");
        let (message, _) = reject(&it(4, None), &[flow(&[3, 8, 8])]);
        assert_eq!(message, "`attention` takes a sequence, but its input is [3, 8, 8]");
        let mask = Attention { mask: Some(1), ..it(4, None) };
        let (message, _) = reject(&mask, &[flow(&[64, 128]), Ty::tokens(vec![60])]);
        assert_eq!(message, "`mask` has 60 numbers, but there are 64 moments");
        let (message, _) = reject(&mask, &[flow(&[64, 128]), flow(&[64])]);
        assert_eq!(message, "`mask` takes whole numbers, `int[64]`, but it is [64]");
    }

    #[test]
    fn products_are_counted() {
        let it = Attention { heads: 4, causal: false, bias: true, memory: None, mask: None };
        let flow = [Ty::flow(vec![64, 128])];
        assert_eq!(it.macs(&flow), 4 * 64 * 128 * 128 + 2 * 64 * 64 * 128);
    }
}
