//! Layers with a state that goes from moment to moment.

use super::declare::{args, param};
use super::layout::{Move, Piece};
use super::sequence::{MASK, check_mask};
use super::text::show;
use crate::ops::Case;
use crate::ops::conv::node::BiasGrad;
use crate::ops::dense::node::{Product, WeightGrad};
use crate::ops::window::{MOST_NUMBERS, affordable, floats};
use crate::word::{Arg, Args, Default, Param, Type};
use dlm_base::Shape;
use dlm_graph::{
    Attr, Frame, Graph, Init, Integer, Layer, Mode, NodeId, Onnx, Op, Reject, Role, Ty, ValueId,
    Weight,
};
use dlm_kernels::recurrent::{Cell, Inputs, Recurrent, Results, Slopes};
use std::sync::Arc;

/// The parameters of a recurrent layer.
pub(crate) static PARAMS: &[Param] = &[
    param(
        "units",
        Type::Int { min: 1 },
        Default::Required,
        "Numbers of the state.",
        &["hidden_size", "num_units"],
    ),
    param(
        "sequence",
        Type::Bool,
        Default::Bool(false),
        "Whether the states of all moments are the result, or the last one alone.",
        &["return_sequences"],
    ),
    param(
        "reverse",
        Type::Bool,
        Default::Bool(false),
        "Whether it runs from the end to the beginning; results stay in the order of time.",
        &["go_backwards"],
    ),
    MASK,
];

/// A recurrent layer with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Layered {
    cell: Cell,
    units: usize,
    sequence: bool,
    reverse: bool,
    mask: Option<usize>,
}

const EXPECTS: &str = "expects [time, features]";

impl Layered {
    /// The layer of this cell.
    pub(crate) fn of(cell: Cell, args: &Args) -> Layered {
        Layered {
            cell,
            units: args.size("units"),
            sequence: args.bool("sequence"),
            reverse: args.bool("reverse"),
            mask: args.flow("mask"),
        }
    }

    fn word(&self) -> &'static str {
        match self.cell {
            Cell::Lstm => "lstm",
            Cell::Gru => "gru",
        }
    }

    /// Moments and features of the flow.
    fn flow(&self, flows: &[Ty]) -> Result<(usize, usize), Reject> {
        let flow = &flows[0];
        floats(flow, self.word(), EXPECTS)?;
        let [time, features] = *flow.shape.sizes() else {
            let help = "give it the shape [time, features] with `reshape` or `transpose`";
            return Err(Reject::Shape {
                message: format!(
                    "`{}` takes a sequence, but its input is {}",
                    self.word(),
                    show(flow)
                ),
                expects: EXPECTS.to_string(),
                help: Some(help.to_string()),
                insert: None,
            });
        };
        affordable("units", &[4 * self.units, features.max(self.units)], MOST_NUMBERS)?;
        affordable("units", &[5 * self.units, time], MOST_NUMBERS)?;
        if let Some(mask) = self.mask {
            check_mask(&flows[mask], time)?;
        }
        Ok((time, features))
    }

    fn known(&self, flows: &[Ty]) -> (Recurrent, usize) {
        let found = self.flow(flows);
        let (time, features) = found.unwrap_or_else(|it| panic!("not accepted before: {it:?}"));
        let (cell, units, reverse) = (self.cell, self.units, self.reverse);
        (Recurrent { cell, time, units, reverse }, features)
    }
}

impl Layer for Layered {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let (time, _) = self.flow(flows)?;
        Ok(Ty::flow(match self.sequence {
            true => vec![time, self.units],
            false => vec![self.units],
        }))
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        let (it, features) = self.known(flows);
        let names = match self.reverse {
            false => ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"],
            true => [
                "weight_ih_l0_reverse",
                "weight_hh_l0_reverse",
                "bias_ih_l0_reverse",
                "bias_hh_l0_reverse",
            ],
        };
        let columns = [Some(features), Some(self.units), None, None];
        let each = names.into_iter().zip(columns).map(|(name, columns)| {
            let shape: Vec<usize> = [it.gates()].into_iter().chain(columns).collect();
            Weight {
                name,
                order: (0..shape.len()).rev().collect(),
                shape: Shape(shape),
                init: Init::Uniform(1.0 / (self.units as f32).sqrt()),
                trained: true,
                decays: columns.is_some(),
            }
        });
        each.collect()
    }

    fn macs(&self, flows: &[Ty]) -> u64 {
        let (it, features) = self.known(flows);
        (it.time * features * it.gates() + it.macs()) as u64
    }

    fn role(&self) -> Role {
        Role::Other
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        Integer::Float("ONNX Runtime runs recurrent layers of fixed grids in float alone")
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], weights: &[ValueId], _: Mode) -> ValueId {
        let tys: Vec<Ty> = flows.iter().map(|&flow| g.ty(flow).clone()).collect();
        let (sizes, features) = self.known(&tys);
        let [w_x, w_h, b_x, b_h] = *weights else { panic!("four weights") };
        let of_x = Product {
            features,
            units: sizes.gates(),
            bias: true,
            activation: None,
            transposed: false,
        };
        let x = g.add(of_x, &[flows[0], w_x, b_x]);
        let inputs = [Some(x), Some(w_h), Some(b_h), self.mask.map(|mask| flows[mask])];
        let inputs: Vec<ValueId> = inputs.into_iter().flatten().collect();
        let run = Run { sizes, all: self.sequence, masked: self.mask.is_some() };
        g.add_all(Arc::new(run), &inputs)[0]
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        let tys: Vec<Ty> = flows.iter().map(|(_, ty)| ty.clone()).collect();
        let (it, _) = self.known(&tys);
        let units = self.units as i64;
        let turned = vec![("perm", Attr::sizes([1, 0, 2]))];
        let x = out.part("moments", "Transpose", &[&flows[0].0], turned);
        // The gates in the order of ONNX: i, o, f, g, and z, r, n.
        let (op, order): (_, &[i64]) = match self.cell {
            Cell::Lstm => ("LSTM", &[0, 3, 1, 2]),
            Cell::Gru => ("GRU", &[1, 0, 2]),
        };
        let rows: Vec<i64> =
            order.iter().flat_map(|gate| gate * units..(gate + 1) * units).collect();
        let rows = out.whole("gates", &rows);
        let first = out.whole("direction", &[0]);
        let names = ["w", "r", "wb", "rb"];
        let [w, r, wb, rb] = std::array::from_fn(|i| {
            let sorted =
                out.part(&format!("{}_sorted", names[i]), "Gather", &[&weights[i], &rows], vec![]);
            out.part(names[i], "Unsqueeze", &[&sorted, &first], vec![])
        });
        let b = out.part("b", "Concat", &[wb, rb], vec![("axis", Attr::Int(1))]);
        let lengths = self.mask.map(|mask| lengths(out, &flows[mask].0, it.time));
        let direction = if self.reverse { "reverse" } else { "forward" };
        let mut attrs =
            vec![("hidden_size", Attr::Int(units)), ("direction", Attr::Text(direction))];
        if self.cell == Cell::Gru {
            attrs.push(("linear_before_reset", Attr::Int(1)));
        }
        let inputs = [x, w, r, b].into_iter().chain(lengths);
        let inputs: Vec<String> = inputs.collect();
        let y = out.part("run", op, &inputs, attrs);
        if self.sequence {
            let axis = out.whole("directions", &[1]);
            let y = out.part("one", "Squeeze", &[y, axis], vec![]);
            return out.add("Transpose", &[y], vec![("perm", Attr::sizes([1, 0, 2]))]);
        }
        // The last states are the second result.
        if let Some(node) = out.nodes.last_mut() {
            node.outputs.insert(0, String::new());
        }
        out.add("Squeeze", &[y, first], vec![])
    }
}

/// How many moments each sample has: the last place, counted from 1, whose mask is not 0.
fn lengths(out: &mut Onnx, mask: &str, time: usize) -> String {
    let there = out.part("there", "Cast", &[mask], vec![("to", Attr::Int(9))]);
    let there = out.part("counted", "Cast", &[there], vec![("to", Attr::Int(6))]);
    let places: Vec<i64> = (1..=time as i64).collect();
    let places = out.whole("places", &places);
    let places = out.part("small_places", "Cast", &[places], vec![("to", Attr::Int(6))]);
    let ends = out.part("ends", "Mul", &[there, places], vec![]);
    let attrs = vec![("axes", Attr::Ints(vec![1])), ("keepdims", Attr::Int(0))];
    out.part("lengths", "ReduceMax", &[ends], attrs)
}

/// The steps; inputs: the products of all moments' inputs, the weights and the bias of the state, and the
/// mask if there is one. The first output is the result, the next, unless it is the first, all states, and
/// the last what the gradient needs.
#[derive(Clone, Debug)]
struct Run {
    sizes: Recurrent,
    /// Whether the result is the states of all moments.
    all: bool,
    masked: bool,
}

impl Run {
    fn words(&self) -> [&'static str; 3] {
        match self.sizes.cell {
            Cell::Lstm => ["lstm", "lstm.grad", "lstm.before"],
            Cell::Gru => ["gru", "gru.grad", "gru.before"],
        }
    }
}

impl Op for Run {
    fn name(&self) -> &'static str {
        self.words()[0]
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        let it = self.sizes;
        let last = (!self.all).then(|| Ty::flow(vec![it.units]));
        let kept = [it.units, it.kept()].map(|n| Ty::flow(vec![it.time, n]));
        last.into_iter().chain(kept).collect()
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let mask = self.masked.then(|| frame.i32(3));
        let inputs = Inputs { x: frame.f32(0), w: frame.f32(1), b: frame.f32(2), mask };
        let last = (!self.all).then(|| frame.out(0));
        let states = usize::from(!self.all);
        let results = Results { states: frame.out(states), last, kept: frame.out(states + 1) };
        let scratch = std::mem::take(&mut frame.scratch);
        self.sizes.forward(frame.batch, &inputs, results, scratch);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let node = g.node(node);
        let (inputs, outputs) = (node.inputs.clone(), node.outputs.clone());
        let Some(dy) = dys[0] else { return vec![None; inputs.len()] };
        let (states, kept) = (outputs[outputs.len() - 2], outputs[outputs.len() - 1]);
        let mask = inputs.get(3).copied();
        let all = [Some(dy), Some(states), Some(kept), Some(inputs[1]), mask];
        let all: Vec<ValueId> = all.into_iter().flatten().collect();
        let slopes = g.add_all(Arc::new(RunGrad(self.clone())), &all);
        let (dx, dh) = (slopes[0], slopes[slopes.len() - 1]);
        let before = self.before(g, states);
        let (features, units) = (self.sizes.units, self.sizes.gates());
        let dw = g.add(WeightGrad { features, units, transposed: false }, &[before, dh]);
        let db = g.add(BiasGrad { units }, &[dh]);
        let grads = [Some(dx), Some(dw), Some(db), None];
        grads.into_iter().take(inputs.len()).collect()
    }

    fn scratch(&self, _: &[Ty], batch: usize) -> usize {
        self.sizes.scratch(batch)
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        self.sizes.macs() as u64
    }
}

impl Run {
    /// The state before each step, in the order of time. Behind the end of a sample it does not matter.
    fn before(&self, g: &mut Graph, states: ValueId) -> ValueId {
        let it = self.sizes;
        let steps = [it.units, 1];
        let piece = (it.time > 1).then(|| {
            let mut piece = Piece::new(0, &[it.time - 1, it.units], &steps, &steps);
            *(if it.reverse { &mut piece.from } else { &mut piece.to }) = it.units;
            piece
        });
        let out = Ty::flow(vec![it.time, it.units]);
        let name = self.words()[2];
        g.add(Move::new([name, name], out, piece), &[states])
    }
}

/// The gradients of the products; inputs: dy, all states, what was kept, the weights of the state, and the
/// mask if there is one. A GRU has those of the products of the state as a second output.
#[derive(Clone, Debug)]
struct RunGrad(Run);

impl Op for RunGrad {
    fn name(&self) -> &'static str {
        self.0.words()[1]
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        let it = self.0.sizes;
        let count = if it.cell == Cell::Gru { 2 } else { 1 };
        vec![Ty::flow(vec![it.time, it.gates()]); count]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let Run { sizes, all, masked } = self.0;
        let dy = frame.f32(0);
        let slopes = Slopes {
            states: all.then_some(dy),
            last: (!all).then_some(dy),
            made: frame.f32(1),
            kept: frame.f32(2),
        };
        let mask = masked.then(|| frame.i32(4));
        let dx = frame.out(0);
        let dh = (sizes.cell == Cell::Gru).then(|| frame.out(1));
        let scratch = std::mem::take(&mut frame.scratch);
        sizes.backward(frame.batch, (frame.f32(3), mask), &slopes, (dx, dh), scratch);
    }

    /// Losses do not depend on gradients, so none is taken of this.
    fn grad(&self, g: &mut Graph, id: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None; g.node(id).inputs.len()]
    }

    fn scratch(&self, _: &[Ty], batch: usize) -> usize {
        self.0.sizes.scratch(batch)
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        self.0.sizes.macs() as u64
    }
}

/// What a recurrent layer is tried on.
pub(crate) fn cases() -> Vec<Case> {
    let case = |units, sequence, reverse, [time, features]: [usize; 2], masked| {
        let mut args = args(&[
            ("units", Arg::Int(units)),
            ("sequence", Arg::Bool(sequence)),
            ("reverse", Arg::Bool(reverse)),
        ]);
        let mut flows = vec![Ty::flow(vec![time, features])];
        if masked {
            args.set("mask", Arg::Flow(1));
            flows.push(Ty::tokens(vec![time]));
        }
        Case { args, flows, tolerance: 1e-2 }
    };
    vec![
        case(3, false, false, [4, 2], false),
        case(2, true, false, [3, 3], false),
        case(1, true, true, [1, 2], false),
        case(4, false, true, [5, 1], true),
        case(3, true, false, [6, 2], true),
        case(2, true, true, [4, 3], true),
    ]
}
