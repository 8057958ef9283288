//! The graph of a quantized network: integers wherever the scheme has them.

use super::round::weights_of;
use super::stored::{Bias, Codes, Quantized, Stored};
use crate::weights::Weights;
use dlm_check::lower::to_memory;
use dlm_check::program::{Flow, Network};
use dlm_check::quant::{Form, Scheme, Unit};
use dlm_graph::{Graph, Integer, Mode, Ty, ValueId};
use dlm_kernels::int8::{self, Grid};
use dlm_vocab::Args;
use dlm_vocab::codes::{self, Coded, Dequantize, Product, Quantize, RoundedProduct, Rows};
use dlm_vocab::ops::sign;
use std::sync::Arc;

/// Adds a quantized network to `g`, fed by `inputs`; returns its result as floats. The weights of
/// steps that stay float become states named `prefix` + path + name, which [`floats`] fills.
pub fn lower_quantized(
    net: &Network,
    scheme: &Scheme,
    quantized: &Quantized,
    g: &mut Graph,
    inputs: &[ValueId],
    prefix: &str,
) -> ValueId {
    let made = lower_units(net, scheme, quantized, g, inputs, prefix);
    made.float_at(scheme.output, g)
}

/// The values of a quantized network while its graph is built.
#[derive(Debug)]
pub struct Made<'a> {
    scheme: &'a Scheme,
    grids: &'a [Grid],
    inputs: Vec<ValueId>,
    /// For each layer that ends a unit its result: floats, or codes.
    results: Vec<Option<ValueId>>,
}

/// As [`lower_quantized`]; returns the results of all units.
pub fn lower_units<'a>(
    net: &Network,
    scheme: &'a Scheme,
    quantized: &'a Quantized,
    g: &mut Graph,
    inputs: &[ValueId],
    prefix: &str,
) -> Made<'a> {
    let results = vec![None; net.layers.len()];
    let grids = &quantized.grids;
    let mut made = Made { scheme, grids, inputs: inputs.to_vec(), results };
    for (unit, stored) in scheme.units.iter().zip(&quantized.units) {
        g.enter(net.layers[unit.main].path.clone());
        let result = match &unit.form {
            Form::Codes => on_codes(net, unit, stored.as_ref(), &made, g),
            Form::Dynamic => {
                let result = rounded(net, unit, stored.as_ref(), &made, g);
                cut(net, unit, result, g)
            }
            Form::Float(_) => {
                let flows: Vec<ValueId> =
                    unit.inputs.iter().map(|&flow| made.float_at(flow, g)).collect();
                let result = float(net, unit, stored.as_ref(), &flows, g, prefix);
                cut(net, unit, result, g)
            }
        };
        made.results[unit.output] = Some(result);
    }
    made
}

impl Made<'_> {
    fn at(&self, flow: Flow) -> ValueId {
        match flow {
            Flow::Input(i) => self.inputs[i],
            Flow::Layer(i) => {
                self.results[i].unwrap_or_else(|| panic!("layer {i} ends no unit before this one"))
            }
        }
    }

    fn grid(&self, flow: Flow) -> Grid {
        let point = self.scheme.point_of(flow);
        self.grids[point.unwrap_or_else(|| panic!("{flow:?} has no grid"))]
    }

    /// The floats at a flow.
    pub fn float_at(&self, flow: Flow, g: &mut Graph) -> ValueId {
        let value = self.at(flow);
        match g.ty(value).dtype {
            dlm_graph::DType::U8 => g.add(Dequantize(self.grid(flow)), &[value]),
            _ => value,
        }
    }

    /// The codes at a flow that has a grid.
    pub fn codes_at(&self, flow: Flow, g: &mut Graph) -> ValueId {
        let value = self.at(flow);
        match g.ty(value).dtype {
            dlm_graph::DType::F32 => g.add(Quantize(self.grid(flow)), &[value]),
            _ => value,
        }
    }
}

/// A unit on codes.
fn on_codes(
    net: &Network,
    unit: &Unit,
    stored: Option<&Stored>,
    made: &Made<'_>,
    g: &mut Graph,
) -> ValueId {
    let layer = &net.layers[unit.main];
    let form = integer(net, unit.main);
    if matches!(form, Integer::Table) {
        let Some(Stored { weight: Codes::Int { codes, .. }, .. }) = stored else {
            panic!("the table of {} is no codes", layer.path);
        };
        let table = codes.iter().map(|&q| (i16::from(q) + 128) as u8).collect();
        let rows = Rows { table, shape: layer.ty.shape.clone() };
        return g.add(rows, &[made.at(unit.inputs[0])]);
    }
    let ins: Vec<ValueId> = unit.inputs.iter().map(|&flow| made.codes_at(flow, g)).collect();
    let grids: Vec<Grid> = unit.inputs.iter().map(|&flow| made.grid(flow)).collect();
    let out = made.grid(Flow::Layer(unit.output));
    let coded = |codes, g: &mut Graph| {
        g.add(Coded { codes, ins: grids.clone(), out, shape: layer.ty.shape.clone() }, &ins)
    };
    match form {
        Integer::Product(sizes) => {
            let stored = stored.unwrap_or_else(|| panic!("{} has no weights", layer.path));
            let (packed, scales) = packed(net, unit, sizes, stored);
            let mut mult = vec![0.0; scales.len()];
            int8::multipliers(grids[0].scale, &scales, out.scale, &mut mult);
            let bias: Arc<[i32]> = match &stored.bias {
                Some(Bias::Int(bias)) => bias.as_slice().into(),
                _ => Arc::from([]),
            };
            sequence(g, ins[0], sizes, |g, x, shape| {
                let (packed, mult, bias) = (packed.clone(), Arc::from(&*mult), bias.clone());
                let zero = grids[0].zero;
                g.add(Product { sizes, packed, bias, mult, zero, out, shape }, &[x])
            })
        }
        Integer::Move => layer.layer.build(g, &ins, &[], Mode::Eval),
        Integer::Select(codes) | Integer::Compute(codes) => coded(codes, g),
        Integer::Cut(most) => coded(codes::cut(most), g),
        other => panic!("{} runs on codes, and is {other:?}", layer.path),
    }
}

/// A product whose input is rounded as it comes.
fn rounded(
    net: &Network,
    unit: &Unit,
    stored: Option<&Stored>,
    made: &Made<'_>,
    g: &mut Graph,
) -> ValueId {
    let x = made.float_at(unit.inputs[0], g);
    let path = &net.layers[unit.main].path;
    let (Integer::Product(sizes), Some(stored)) = (integer(net, unit.main), stored) else {
        panic!("{path} is no product");
    };
    let (packed, scales) = packed(net, unit, sizes, stored);
    let bias: Option<Arc<[f32]>> = match &stored.bias {
        Some(Bias::Float(bias)) => Some(bias.as_slice().into()),
        _ => None,
    };
    let scales: Arc<[f32]> = scales.into();
    sequence(g, x, sizes, |g, x, shape| {
        let (packed, scales, bias) = (packed.clone(), scales.clone(), bias.clone());
        g.add(RoundedProduct { sizes, packed, scales, bias, shape }, &[x])
    })
}

/// A unit in float; weights that are stored in fewer bits are taken for what they stand for.
fn float(
    net: &Network,
    unit: &Unit,
    stored: Option<&Stored>,
    flows: &[ValueId],
    g: &mut Graph,
    prefix: &str,
) -> ValueId {
    let layer = &net.layers[unit.main];
    let mut weights: Vec<ValueId> = layer
        .takes()
        .map(|(name, weight)| g.state(&format!("{prefix}{name}"), weight.ty()))
        .collect();
    let result = layer.layer.build(g, flows, &weights, Mode::Eval);
    // A folded normalisation adds, even where the layer itself does not.
    match stored.is_some_and(|stored| stored.bias.is_some()) && weights.len() == 1 {
        false => result,
        true => {
            let channels = layer.weights[0].shape.0[0];
            let shape: Vec<usize> = match g.ty(result).shape.rank() {
                3 => vec![channels, 1, 1],
                2 => vec![channels, 1],
                _ => vec![channels],
            };
            weights.push(g.state(&format!("{prefix}{}.bias", layer.path), Ty::fixed(shape)));
            let add = (sign("add").make)(&Args::default());
            add.build(g, &[result, weights[1]], &[], Mode::Eval)
        }
    }
}

/// The relu behind a unit whose result is float.
fn cut(net: &Network, unit: &Unit, result: ValueId, g: &mut Graph) -> ValueId {
    match unit.cut {
        Some(cut) => net.layers[cut.layer].layer.build(g, &[result], &[], Mode::Eval),
        None => result,
    }
}

/// The states of the steps that stay float.
pub fn floats(net: &Network, scheme: &Scheme, quantized: &Quantized) -> Weights {
    let mut numbers = Weights::default();
    for (unit, stored) in scheme.units.iter().zip(&quantized.units) {
        let layer = &net.layers[unit.main];
        match stored {
            Some(stored) if matches!(unit.form, Form::Float(_)) => {
                let weight = &layer.weights[0];
                let values = to_memory(&weights_of(stored), &weight.shape, &weight.order);
                numbers.0.insert(format!("{}.{}", layer.path, weight.name), values);
                if let Some(Bias::Float(bias)) = &stored.bias {
                    numbers.0.insert(format!("{}.bias", layer.path), bias.clone());
                }
            }
            Some(_) => {}
            None => {
                for weight in &layer.weights {
                    let name = format!("{}.{}", layer.path, weight.name);
                    if let Some(values) = quantized.floats.get(&name) {
                        let values = to_memory(values, &weight.shape, &weight.order);
                        numbers.0.insert(name, values);
                    }
                }
            }
        }
    }
    numbers
}

/// The integer form of a layer.
pub(super) fn integer(net: &Network, layer: usize) -> Integer {
    let layer = &net.layers[layer];
    let flows: Vec<Ty> = layer.inputs.iter().map(|&flow| net.ty(flow).clone()).collect();
    layer.layer.integer(&flows)
}

/// The codes of a unit's weights as the kernels read them, and a scale for each channel.
fn packed(
    net: &Network,
    unit: &Unit,
    sizes: int8::Product,
    stored: &Stored,
) -> (Arc<[u8]>, Vec<f32>) {
    let weight = &net.layers[unit.main].weights[0];
    let Codes::Int { codes, scales, .. } = &stored.weight else {
        panic!("the weights of {} are no codes", net.layers[unit.main].path);
    };
    let floats: Vec<f32> = codes.iter().map(|&q| f32::from(q)).collect();
    let codes: Vec<i8> =
        to_memory(&floats, &weight.shape, &weight.order).into_iter().map(|q| q as i8).collect();
    let mut packed = vec![0; int8::packed_len(&sizes)];
    int8::pack(&sizes, &codes, &mut packed);
    let channels = weight.shape.0[0];
    let scale = |c: usize| scales[c.min(scales.len() - 1)];
    (packed.into(), (0..channels).map(scale).collect())
}

/// A product over what it takes: a convolution over a sequence sees it as a map of one row.
pub(super) fn sequence(
    g: &mut Graph,
    x: ValueId,
    sizes: int8::Product,
    product: impl FnOnce(&mut Graph, ValueId, dlm_base::Shape) -> ValueId,
) -> ValueId {
    let from = g.ty(x).shape.clone();
    match sizes {
        int8::Product::Dense { units, .. } => {
            let mut shape = from;
            shape.0.iter_mut().last().into_iter().for_each(|last| *last = units);
            product(g, x, shape)
        }
        int8::Product::Conv(conv) => {
            let [h, w, c] = conv.output;
            let shape = dlm_base::Shape(vec![c, h, w]);
            if from.rank() == 3 {
                return product(g, x, shape);
            }
            let row = codes::to_row(g, x);
            let row = product(g, row, shape);
            codes::from_row(g, row)
        }
    }
}
