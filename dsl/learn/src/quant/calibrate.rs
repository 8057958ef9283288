//! Ranges from samples: the float network answers, and every tensor that will have a grid is looked at.

use super::observe::Observer;
use super::runs::Runs;
use crate::compile::enter_inputs;
use crate::data::Loaded;
use crate::run::RunError;
use crate::weights::Weights;
use dlm_check::lower::lower_layers;
use dlm_check::program::{Flow, Network, Split};
use dlm_check::quant::{Activations, Method, Point, Range, Scheme};
use dlm_graph::{Graph, Mode};
use dlm_kernels::int8::Grid;
use dlm_kernels::rng;

/// Samples that are answered at once.
const BATCH: usize = 32;

/// The range of a point, and its grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranged {
    /// The smallest number that a code stands for before rounding.
    pub lo: f32,
    /// The largest.
    pub hi: f32,
    /// The smallest and largest number seen.
    pub seen: (f32, f32),
    /// The grid.
    pub grid: Grid,
}

/// The places of the samples that are looked at: drawn from the training part, in its order.
pub fn samples(data: &Loaded, count: usize) -> Vec<u32> {
    let mut places = data.order(rng::key_of(0, "calibrate"), 0);
    places.truncate(count);
    places.sort_unstable();
    places
}

/// The range of each point of a scheme over these samples of the training part. Augmentations are not
/// applied. `heard` hears how many samples have been looked at.
///
/// # Errors
/// When there is no sample, or a number is NaN or infinite: in the data, or made by a layer.
pub fn calibrate(
    net: &Network,
    scheme: &Scheme,
    trained: &Weights,
    data: &Loaded,
    places: &[u32],
    heard: &mut dyn FnMut(usize),
) -> Result<Vec<Ranged>, RunError> {
    if scheme.points.is_empty() {
        return Ok(Vec::new());
    }
    if places.is_empty() {
        return Err(RunError::plain(format!(
            "the training part of `{}` has no sample to find ranges on",
            data.name
        )));
    }
    let flows: Vec<Flow> = scheme.points.iter().map(|point| point.flow).collect();
    let mut floats = Floats::new(net, trained, &flows);
    let mut observers: Vec<Observer> = scheme
        .points
        .iter()
        .map(|point| match (point.activations, scheme.method) {
            // Ranges that follow the training begin where the samples say.
            (Activations::Codes { range, .. }, _) => Observer::new(range),
            (Activations::Float32, Method::Static | Method::Qat | Method::Dynamic) => {
                Observer::new(Range::MinMax)
            }
        })
        .collect();
    for (number, batch) in places.chunks(BATCH).enumerate() {
        heard(number * BATCH);
        floats.run(data, Split::Train, batch);
        for (number, observer) in observers.iter_mut().enumerate() {
            let seen = floats.output(number);
            let (lo, hi) = dlm_kernels::int8::extent(seen);
            if !(lo.is_finite() && hi.is_finite()) {
                return Err(broken(net, flows[number], data, batch, seen));
            }
            observer.see(seen);
        }
    }
    Ok(scheme.points.iter().zip(&observers).map(|(point, seen)| ranged(point, seen)).collect())
}

fn ranged(point: &Point, observer: &Observer) -> Ranged {
    let symmetric = matches!(point.activations, Activations::Codes { symmetric: true, .. });
    let (lo, hi) = observer.range(symmetric).unwrap_or((0.0, 0.0));
    let (lo, hi) = match point.cut {
        // relu6 ends at 6 whatever was seen: its grid does the cutting.
        Some(most) if most.is_finite() => (0.0, most),
        Some(_) => (0.0, hi),
        None => (lo, hi),
    };
    // What is never negative keeps all codes for itself, and its zero at the lowest: relu then needs
    // no step of its own.
    let grid = if symmetric && lo < 0.0 { Grid::symmetric(lo, hi) } else { Grid::of(lo, hi) };
    Ranged { lo, hi, seen: observer.seen().unwrap_or((0.0, 0.0)), grid }
}

/// Whose number is NaN or infinite, and for which sample.
fn broken(net: &Network, flow: Flow, data: &Loaded, batch: &[u32], seen: &[f32]) -> RunError {
    let at = seen.iter().position(|x| !x.is_finite()).unwrap_or(0);
    let sample = batch.get(at / (seen.len() / batch.len()).max(1)).copied().unwrap_or(0);
    let what = if seen[at].is_nan() { "NaN" } else { "infinite" };
    let name = &data.name;
    let (message, help) = match flow {
        Flow::Input(_) => (
            format!("training sample {sample} of `{name}` holds a number that is {what}"),
            "ranges cannot be found on it: mend the data, or leave the sample out",
        ),
        Flow::Layer(layer) => (
            format!(
                "`{}` gives {what} for training sample {sample} of `{name}`",
                net.layers[layer].path
            ),
            "the weights are broken, or the sample is far from all others: look at both",
        ),
    };
    RunError { message, help: Some(help.to_string()), span: None }
}

/// The float network, answering with the tensors at some of its flows.
pub(super) struct Floats(Runs);

impl Floats {
    /// The network with these weights.
    pub(super) fn new(net: &Network, trained: &Weights, flows: &[Flow]) -> Floats {
        let mut g = Graph::new();
        let inputs = enter_inputs(&mut g, net);
        let made = lower_layers(net, &mut g, &inputs, &|_| Mode::Eval, "");
        let value = |flow: &Flow| match *flow {
            Flow::Input(i) => inputs[i],
            Flow::Layer(i) => made[i],
        };
        g.outputs = flows.iter().map(value).collect();
        Floats(Runs::new(g, trained))
    }

    /// Answers samples at these places of a part.
    pub(super) fn run(&mut self, data: &Loaded, split: Split, places: &[u32]) {
        self.0.run(data, split, places);
    }

    /// The tensor at the flow of that place, for the samples answered last.
    pub(super) fn output(&self, number: usize) -> &[f32] {
        self.0.output(number)
    }
}
