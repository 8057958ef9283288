//! A quantized network beside the float one, tensor by tensor.

use super::calibrate::{Floats, Ranged};
use super::folded::Folded;
use super::network::{floats, lower_units};
use super::round::round;
use super::runs::Runs;
use super::stored::Quantized;
use super::tune::lower_trained;
use crate::compile::enter_inputs;
use crate::data::Loaded;
use crate::weights::Weights as Numbers;
use dlm_check::program::{Flow, Network, Split};
use dlm_check::quant::{Form, Format, Scheme, Weights, scheme};
use dlm_graph::Graph;

/// Samples that are answered at once.
const BATCH: usize = 32;

/// Samples on which networks are compared.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    /// The data.
    pub data: &'a Loaded,
    /// The part.
    pub split: Split,
    /// The places in it.
    pub places: &'a [u32],
}

/// What rounding did to a tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Noise {
    /// The sum of squares of the float numbers.
    signal: f64,
    /// The sum of squares of the differences.
    noise: f64,
    /// Numbers beyond the grid.
    clipped: u64,
    /// Numbers in all.
    count: u64,
}

impl Noise {
    /// The ratio of signal to rounding noise, in decibels; infinite where nothing differs.
    pub fn sqnr(&self) -> f64 {
        match (self.signal, self.noise) {
            (_, 0.0) => f64::INFINITY,
            (0.0, _) => f64::NEG_INFINITY,
            (signal, noise) => 10.0 * (signal / noise).log10(),
        }
    }

    /// The share of numbers that lie beyond the grid.
    pub fn clipped(&self) -> f64 {
        self.clipped as f64 / self.count.max(1) as f64
    }

    fn add(&mut self, float: &[f32], other: &[f32], range: Option<&Ranged>) {
        let limits = range.map(|range| {
            let half = range.grid.scale / 2.0;
            (range.grid.value(0) - half, range.grid.value(255) + half)
        });
        for (&x, &y) in float.iter().zip(other) {
            let (x64, difference) = (f64::from(x), f64::from(x) - f64::from(y));
            self.signal += x64 * x64;
            self.noise += difference * difference;
            self.clipped += u64::from(limits.is_some_and(|(lo, hi)| x < lo || x > hi));
        }
        self.count += float.len() as u64;
    }
}

/// For each unit what rounding did to its result, over samples of a part.
pub fn noise(
    net: &Network,
    scheme: &Scheme,
    quantized: &Quantized,
    ranges: &[Ranged],
    trained: &Numbers,
    samples: Samples<'_>,
) -> Vec<Noise> {
    let flows: Vec<Flow> = scheme.units.iter().map(|unit| Flow::Layer(unit.output)).collect();
    let mut float = Floats::new(net, trained, &flows);
    let mut other = Deployed::new(net, scheme, quantized, &flows);
    let mut found = vec![Noise::default(); flows.len()];
    for places in samples.places.chunks(BATCH) {
        float.run(samples.data, samples.split, places);
        other.run(samples.data, samples.split, places);
        for (number, noise) in found.iter_mut().enumerate() {
            let range = scheme.point_of(flows[number]).map(|point| &ranges[point]);
            noise.add(float.output(number), other.output(number), range);
        }
    }
    found
}

/// What rounding to its grid did to an input.
pub fn input_noise(net: &Network, number: usize, range: &Ranged, samples: Samples<'_>) -> Noise {
    let mut noise = Noise::default();
    let sizes: Vec<usize> = net.inputs.iter().map(|(_, ty)| ty.shape.len()).collect();
    let start: usize = sizes[..number].iter().sum();
    let mut row = vec![0.0; sizes.iter().sum()];
    for place in samples.places {
        samples.data.fill_places(samples.split, &[*place], &mut row);
        let x = &row[start..start + sizes[number]];
        let rounded: Vec<f32> = x.iter().map(|&x| range.grid.value(range.grid.code(x))).collect();
        noise.add(x, &rounded, Some(range));
    }
    noise
}

/// For each unit that is rounded the noise at the network's result when it alone is; `None` for the
/// others.
pub fn alone(
    net: &Network,
    full: &Scheme,
    formats: &[Format],
    folded: &Folded,
    ranges: &[Ranged],
    trained: &Numbers,
    samples: Samples<'_>,
) -> Vec<Option<f64>> {
    let each = full.units.iter().enumerate().map(|(number, unit)| {
        // Moves and selections round nothing themselves.
        let computed = full.points.iter().any(|point| point.flow == Flow::Layer(unit.output));
        let stored = matches!(unit.weights, Some(Weights::Float16 | Weights::Int { .. }));
        if !(computed && unit.form == Form::Codes || stored) {
            return None;
        }
        let own = scheme(net, full.method, &only(full, formats, number));
        let ranges = ranges_for(full, ranges, &own);
        Some(sqnr_of(net, &own, folded, &ranges, trained, samples))
    });
    each.collect()
}

/// The formats under which one unit alone is rounded.
pub(super) fn only(full: &Scheme, formats: &[Format], unit: usize) -> Vec<Format> {
    let own = |layer: usize| full.unit_of[layer] == Some(unit);
    let each = formats.iter().enumerate();
    each.map(|(layer, format)| Format { keep: format.keep || !own(layer), ..*format }).collect()
}

/// Signal to noise of the network's result under a scheme, in decibels.
pub(super) fn sqnr_of(
    net: &Network,
    scheme: &Scheme,
    folded: &Folded,
    ranges: &[Ranged],
    trained: &Numbers,
    samples: Samples<'_>,
) -> f64 {
    let quantized = round(net, scheme, folded, ranges, &mut Vec::new());
    let mut float = Floats::new(net, trained, &[scheme.output]);
    let mut other = Deployed::new(net, scheme, &quantized, &[scheme.output]);
    let mut noise = Noise::default();
    for places in samples.places.chunks(BATCH) {
        float.run(samples.data, samples.split, places);
        other.run(samples.data, samples.split, places);
        noise.add(float.output(0), other.output(0), None);
    }
    noise.sqnr()
}

/// The ranges of the points of another scheme of the same network, with no unit on codes that is not
/// on codes in the first.
pub fn ranges_for(full: &Scheme, ranges: &[Ranged], other: &Scheme) -> Vec<Ranged> {
    let range = |flow| {
        let point = full.point_of(flow);
        ranges[point.unwrap_or_else(|| panic!("{flow:?} has no range"))]
    };
    other.points.iter().map(|point| range(point.flow)).collect()
}

/// How many numbers differ between the network as it was trained with rounded numbers and as it is
/// deployed, in the results of all units, and how many were compared.
pub fn differing(
    net: &Network,
    scheme: &Scheme,
    folded: &Folded,
    tuned: &Numbers,
    quantized: &Quantized,
    samples: Samples<'_>,
) -> (u64, u64) {
    let flows: Vec<Flow> = scheme.units.iter().map(|unit| Flow::Layer(unit.output)).collect();
    let mut g = Graph::new();
    let inputs = enter_inputs(&mut g, net);
    let lowered = lower_trained(net, scheme, folded, &mut g, &inputs, false, "");
    g.outputs = scheme.units.iter().filter_map(|unit| lowered.layers[unit.output]).collect();
    let mut trained = Runs::new(g, tuned);
    let mut deployed = Deployed::new(net, scheme, quantized, &flows);
    let (mut differ, mut count) = (0, 0);
    for places in samples.places.chunks(BATCH) {
        trained.run(samples.data, samples.split, places);
        deployed.run(samples.data, samples.split, places);
        for number in 0..flows.len() {
            let (a, b) = (trained.output(number), deployed.output(number));
            differ += a.iter().zip(b).filter(|(a, b)| a != b).count() as u64;
            count += a.len() as u64;
        }
    }
    (differ, count)
}

/// The deployed network, answering with the floats at some of its flows.
struct Deployed(Runs);

impl Deployed {
    fn new(net: &Network, scheme: &Scheme, quantized: &Quantized, flows: &[Flow]) -> Deployed {
        let mut g = Graph::new();
        let inputs = enter_inputs(&mut g, net);
        let made = lower_units(net, scheme, quantized, &mut g, &inputs, "");
        g.outputs = flows.iter().map(|&flow| made.float_at(flow, &mut g)).collect();
        Deployed(Runs::new(g, &floats(net, scheme, quantized)))
    }

    fn run(&mut self, data: &Loaded, split: Split, places: &[u32]) {
        self.0.run(data, split, places);
    }

    fn output(&self, number: usize) -> &[f32] {
        self.0.output(number)
    }
}
