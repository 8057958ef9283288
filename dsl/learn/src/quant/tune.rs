//! Quantization-aware training: the network trains on with the numbers that it will have as integers.
//!
//! Forward, every tensor with a grid lies on it and every product is the integer one; backward, rounding
//! counts as the identity where nothing is cut off. Normalisation is folded before, and dropout is off:
//! what is tuned is the network that answers.

use super::calibrate::Ranged;
use super::folded::{Folded, Product};
use super::network::{integer, sequence};
use super::round;
use crate::compile::{AVERAGE, Forward, TargetForm, answers, update_graph};
use crate::fit::{Fitted, Job, Recipe, fit_recipe, span, update_form};
use crate::lesson::Lesson;
use crate::record::Epoch;
use crate::run::{RunError, World};
use crate::weights::Weights;
use dlm_base::Shape;
use dlm_check::lower::{WeightInfo, from_memory, to_memory, weights};
use dlm_check::program::{Flow, Network};
use dlm_check::quant::{
    Activations, Form, Per, Quantization, Range, Scheme, Tail, Unit, Weights as Format,
};
use dlm_graph::pass::{Folded as Graphs, remove_dead};
use dlm_graph::{Frame, Graph, Init, Integer, Mode, NodeId, Op, Role, Ty, ValueId};
use dlm_kernels::int8;
use dlm_vocab::Args;
use dlm_vocab::codes::{self, Follow, RANGE, Recoded, RoundWeights, Rounded, TrainedProduct};
use dlm_vocab::ops::sign;
use std::sync::Arc;

/// What quantization-aware training gives.
#[derive(Debug)]
pub struct Tuned {
    /// The float weights behind the integers.
    pub folded: Folded,
    /// The ranges as they are in the end.
    pub ranges: Vec<Ranged>,
    /// All that was trained, as it lies in memory.
    pub weights: Weights,
    /// The passes of the training.
    pub history: Vec<Epoch>,
    /// Whether it went on from a checkpoint.
    pub resumed: bool,
}

/// Trains the folded network on with rounded numbers, from the ranges that samples gave.
///
/// # Errors
/// When the loss becomes NaN or infinite, or a teacher cannot answer.
pub fn tune(
    job: Job<'_>,
    lesson: Lesson,
    quantization: &Quantization,
    scheme: &Scheme,
    folded: &Folded,
    ranges: &[Ranged],
    world: &mut dyn World,
) -> Result<Tuned, RunError> {
    let Job { network: net, training, data, .. } = job;
    let owned = owned(net, scheme, folded);
    let start = start(&owned, folded, ranges);
    let form = update_form(data);
    let update = |follow: bool| {
        update_graph(net, training, &owned, form, &lesson.signals, |g, inputs| {
            lower_trained(net, scheme, folded, g, inputs, follow, "")
        })
    };
    let steps = span(training, data);
    let tail = quantization.tuning.as_ref().map_or(Tail::Share(1.0), |it| it.freeze_ranges);
    let tail = match tail {
        Tail::Share(share) => share * steps.steps as f64,
        Tail::Epochs(epochs) => epochs * steps.steps_per_epoch as f64,
        Tail::Steps(steps) => steps,
    };
    let frozen_from = steps.steps.saturating_sub(tail.round() as u64);
    let updates = match frozen_from {
        0 => vec![(0, update(false))],
        from => vec![(0, update(true)), (from, update(false))],
    };
    let prefix = if training.average.is_some() { AVERAGE } else { "" };
    let plain = TargetForm::of(&data.facts.target, false);
    let answer = answers(net, &training.judged, plain, |g, inputs| {
        lower_trained(net, scheme, folded, g, inputs, false, prefix).output
    });
    let answer = Graphs { prepare: Graph::new(), answer: remove_dead(answer) };
    let recipe = Recipe { updates, answer, owned: owned.clone(), start, lesson };
    let Fitted { weights, history, resumed, .. } = fit_recipe(job, recipe, world)?;
    let ranges = (0..ranges.len()).map(|point| {
        let state = &weights.0[&range_name(point)];
        let grid = codes::grid_of(state);
        Ranged { lo: state[0], hi: state[1], grid, seen: ranges[point].seen }
    });
    let ranges = ranges.collect();
    let folded = tuned(net, scheme, folded, &owned, &weights);
    Ok(Tuned { folded, ranges, weights, history, resumed })
}

fn range_name(point: usize) -> String {
    format!("range/{point}")
}

/// Everything that the training changes: folded weights, other weights, and ranges.
fn owned(net: &Network, scheme: &Scheme, folded: &Folded) -> Vec<WeightInfo> {
    let all = weights(net);
    let mut owned: Vec<WeightInfo> = Vec::new();
    for (unit, product) in scheme.units.iter().zip(&folded.products) {
        let mut own: Vec<WeightInfo> =
            all.iter().filter(|info| info.layer == unit.main).cloned().collect();
        if let Some(Product { bias: Some(bias), .. }) = product
            && own.len() == 1
        {
            own.push(WeightInfo {
                name: format!("{}.bias", net.layers[unit.main].path),
                shape: Shape(vec![bias.len()]),
                order: vec![0],
                init: Init::Constant(0.0),
                trained: true,
                decays: false,
                layer: unit.main,
            });
        }
        owned.extend(own);
    }
    owned.extend((0..scheme.points.len()).map(|point| WeightInfo {
        name: range_name(point),
        shape: Shape(vec![RANGE]),
        order: vec![0],
        init: Init::Constant(0.0),
        trained: false,
        decays: false,
        layer: 0,
    }));
    owned
}

fn start(owned: &[WeightInfo], folded: &Folded, ranges: &[Ranged]) -> Weights {
    let mut start = Weights::default();
    let mut products = folded.products.iter().flatten();
    let mut current: Option<&Product> = None;
    for info in owned {
        let numbers = if let Some(numbers) = folded.floats.get(&info.name) {
            numbers.clone()
        } else if let Some(point) = info.name.strip_prefix("range/") {
            let Ranged { lo, hi, grid, .. } = ranges[point.parse().unwrap_or(0)];
            codes::range_of(lo, hi, grid).to_vec()
        } else if info.name.ends_with(".weight") {
            current = products.next();
            current.map(|product| product.weight.clone()).unwrap_or_default()
        } else {
            current.and_then(|product| product.bias.clone()).unwrap_or_default()
        };
        start.0.insert(info.name.clone(), to_memory(&numbers, &info.shape, &info.order));
    }
    start
}

/// The folded weights as they are after the training.
fn tuned(
    net: &Network,
    scheme: &Scheme,
    before: &Folded,
    owned: &[WeightInfo],
    weights: &Weights,
) -> Folded {
    let read = |name: &str| {
        let info = owned.iter().find(|info| info.name == name)?;
        Some(from_memory(weights.0.get(name)?, &info.shape, &info.order))
    };
    let products = scheme.units.iter().zip(&before.products).map(|(unit, product)| {
        let path = &net.layers[unit.main].path;
        product.as_ref().map(|_| Product {
            weight: read(&format!("{path}.weight")).unwrap_or_default(),
            bias: read(&format!("{path}.bias")),
        })
    });
    let floats = before.floats.keys().filter_map(|name| Some((name.clone(), read(name)?)));
    Folded { products: products.collect(), floats: floats.collect() }
}

/// Adds a network with rounded numbers to `g`: what [`super::network::lower_quantized`] computes, as floats
/// on their grids. With `follow`, ranges follow what is seen. Layers that end a unit have
/// a result of their own.
pub fn lower_trained(
    net: &Network,
    scheme: &Scheme,
    folded: &Folded,
    g: &mut Graph,
    inputs: &[ValueId],
    follow: bool,
    prefix: &str,
) -> Forward {
    let results = vec![None; net.layers.len()];
    let rounded = vec![None; scheme.points.len()];
    let inputs = inputs.to_vec();
    let mut build = Build { net, scheme, inputs, results, rounded, follow, prefix };
    for (unit, product) in scheme.units.iter().zip(&folded.products) {
        g.enter(net.layers[unit.main].path.clone());
        let biased = product.as_ref().is_some_and(|product| product.bias.is_some());
        let result = match unit.form {
            Form::Codes => build.on_codes(unit, biased, g),
            _ => build.float(unit, biased, g),
        };
        build.results[unit.output] = Some(result);
    }
    let output = build.at(scheme.output);
    Forward { output, layers: build.results }
}

struct Build<'a> {
    net: &'a Network,
    scheme: &'a Scheme,
    inputs: Vec<ValueId>,
    results: Vec<Option<ValueId>>,
    /// For each point that a float enters at, the rounded number.
    rounded: Vec<Option<ValueId>>,
    follow: bool,
    prefix: &'a str,
}

impl Build<'_> {
    fn at(&self, flow: Flow) -> ValueId {
        match flow {
            Flow::Input(i) => self.inputs[i],
            Flow::Layer(i) => {
                self.results[i].unwrap_or_else(|| panic!("layer {i} ends no unit before this one"))
            }
        }
    }

    fn state(&self, name: &str, ty: Ty, g: &mut Graph) -> ValueId {
        g.state(&format!("{}{name}", self.prefix), ty)
    }

    fn point(&self, flow: Flow) -> usize {
        let point = self.scheme.point_of(flow);
        point.unwrap_or_else(|| panic!("{flow:?} has no grid"))
    }

    fn range(&self, flow: Flow, g: &mut Graph) -> ValueId {
        self.state(&range_name(self.point(flow)), Ty::fixed(vec![RANGE]), g)
    }

    /// How the range of a point follows what is seen.
    fn follow(&self, flow: Flow) -> Option<Follow> {
        let point = &self.scheme.points[self.point(flow)];
        let Activations::Codes { symmetric, range } = point.activations else { return None };
        let keep = match range {
            Range::MinMax => 0.99,
            Range::Moving(keep) => keep as f32,
            Range::Percentile(_) | Range::Mse | Range::Entropy => return None,
        };
        let held = point.cut.is_some_and(f32::is_finite);
        (self.follow && !held).then_some(Follow { keep, symmetric, cut: point.cut })
    }

    /// The numbers at a flow, on its grid.
    fn on_grid(&mut self, flow: Flow, g: &mut Graph) -> ValueId {
        let made_on_grid = matches!(flow, Flow::Layer(i) if self.scheme.unit_of[i]
            .is_some_and(|unit| self.scheme.units[unit].form == Form::Codes));
        if made_on_grid {
            return self.at(flow);
        }
        let point = self.point(flow);
        if let Some(value) = self.rounded[point] {
            return value;
        }
        let op = Rounded { follow: self.follow(flow) };
        let ins = [self.at(flow), self.range(flow, g)];
        let value = g.add(op, &ins);
        self.rounded[point] = Some(value);
        value
    }

    fn on_codes(&mut self, unit: &Unit, biased: bool, g: &mut Graph) -> ValueId {
        let layer = &self.net.layers[unit.main];
        let (form, made) = (integer(self.net, unit.main), Flow::Layer(unit.output));
        if matches!(form, Integer::Table) {
            // The whole table is rounded, to the grid of what is read from it.
            let weight = &layer.weights[0];
            let table = self.state(&format!("{}.{}", layer.path, weight.name), weight.ty(), g);
            let ins = [table, self.range(made, g)];
            let table = g.add(Rounded { follow: self.follow(made) }, &ins);
            return layer.layer.build(g, &[self.at(unit.inputs[0])], &[table], Mode::Train);
        }
        let ins: Vec<ValueId> = unit.inputs.iter().map(|&flow| self.on_grid(flow, g)).collect();
        let relu = unit.cut.is_some();
        let recoded = |build: &Self, codes, float: ValueId, relu: bool, g: &mut Graph| {
            let mut all = vec![float, build.range(made, g)];
            for (&flow, &x) in unit.inputs.iter().zip(&ins) {
                all.extend([x, build.range(flow, g)]);
            }
            g.add(Recoded { codes, relu, follow: build.follow(made) }, &all)
        };
        match form {
            Integer::Product(sizes) => self.product(unit, sizes, ins[0], biased, relu, g),
            Integer::Move | Integer::Select(_) => layer.layer.build(g, &ins, &[], Mode::Train),
            Integer::Compute(codes) => {
                let float = layer.layer.build(g, &ins, &[], Mode::Train);
                recoded(self, codes, float, relu, g)
            }
            Integer::Cut(most) => {
                let float = layer.layer.build(g, &ins, &[], Mode::Train);
                recoded(self, codes::cut(most), float, true, g)
            }
            other => panic!("{} runs on codes, and is {other:?}", layer.path),
        }
    }

    fn product(
        &self,
        unit: &Unit,
        sizes: int8::Product,
        x: ValueId,
        biased: bool,
        relu: bool,
        g: &mut Graph,
    ) -> ValueId {
        let layer = &self.net.layers[unit.main];
        let Some(Format::Int { bits, per, .. }) = unit.weights else {
            panic!("the weights of {} are no codes", layer.path);
        };
        let w = self.state(&format!("{}.weight", layer.path), layer.weights[0].ty(), g);
        let per_channel = per == Per::Channel;
        let most = i8::MAX >> (8 - bits);
        let rounding = RoundWeights { sizes, per_channel, most };
        let weights = g.add_all(Arc::new(rounding), &[w]);
        let ranges = [self.range(unit.inputs[0], g), self.range(Flow::Layer(unit.output), g)];
        let bias = biased.then(|| {
            let ty = Ty::fixed(vec![sizes.channels()]);
            self.state(&format!("{}.bias", layer.path), ty, g)
        });
        let follow = self.follow(Flow::Layer(unit.output));
        sequence(g, x, sizes, |g, x, _| {
            let mut all = vec![x];
            all.extend(weights);
            all.extend(ranges);
            all.extend(bias);
            g.add(TrainedProduct { sizes, bias: biased, relu, follow }, &all)
        })
    }

    /// A unit in float; weights that will be stored in fewer bits are rounded.
    fn float(&mut self, unit: &Unit, biased: bool, g: &mut Graph) -> ValueId {
        let layer = &self.net.layers[unit.main];
        let flows: Vec<ValueId> = unit.inputs.iter().map(|&flow| self.at(flow)).collect();
        let mut own: Vec<ValueId> =
            layer.takes().map(|(name, weight)| self.state(&name, weight.ty(), g)).collect();
        if let Some(format @ (Format::Float16 | Format::Int { .. })) = unit.weights {
            let weight = &layer.weights[0];
            let (shape, order) = (weight.shape.clone(), weight.order.clone());
            own[0] = g.add(RoundStored { format, shape, order }, &[own[0]]);
        }
        let mode = match layer.layer.role() {
            Role::Norm { .. } => Mode::Eval,
            _ => Mode::Train,
        };
        let mut result = layer.layer.build(g, &flows, &own, mode);
        if biased && own.len() == 1 {
            let channels = layer.weights[0].shape.0[0];
            let mut shape = vec![1; g.ty(result).shape.rank()];
            shape[0] = channels;
            let bias = self.state(&format!("{}.bias", layer.path), Ty::fixed(vec![channels]), g);
            let bias = g.add(Shaped(Shape(shape)), &[bias]);
            let add = (sign("add").make)(&Args::default());
            result = add.build(g, &[result, bias], &[], Mode::Train);
        }
        match unit.cut {
            Some(cut) => self.net.layers[cut.layer].layer.build(g, &[result], &[], Mode::Train),
            None => result,
        }
    }
}

/// Rounds weights to the format in which they are stored. Input: w.
#[derive(Clone, Debug)]
struct RoundStored {
    format: Format,
    shape: Shape,
    order: Vec<usize>,
}

impl Op for RoundStored {
    fn name(&self) -> &'static str {
        "round_stored"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![ins[0].clone()]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let numbers = from_memory(frame.f32(0), &self.shape, &self.order);
        let rounded = round::rounded(&numbers, self.shape.0[0], self.format);
        frame.out(0).copy_from_slice(&to_memory(&rounded, &self.shape, &self.order));
    }

    fn grad(&self, _: &mut Graph, _: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![dys[0]]
    }
}

/// The same numbers in another shape.
#[derive(Clone, Debug)]
struct Shaped(Shape);

impl Op for Shaped {
    fn name(&self) -> &'static str {
        "shaped"
    }

    fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
        vec![Ty { shape: self.0.clone(), ..ins[0].clone() }]
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let x = frame.f32(0);
        frame.out(0).copy_from_slice(x);
    }

    fn grad(&self, g: &mut Graph, node: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        let back = g.ty(g.node(node).inputs[0]).shape.clone();
        vec![dys[0].map(|dy| g.add(Shaped(back), &[dy]))]
    }
}
