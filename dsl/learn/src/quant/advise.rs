//! What would help a layer that rounding damages: each remedy is tried.

use super::calibrate::calibrate;
use super::compare::{Samples, only, sqnr_of};
use super::folded::Folded;
use crate::run::RunError;
use crate::weights::Weights as Numbers;
use dlm_check::program::Network;
use dlm_check::quant::{Activations, Format, Per, Range, Scheme, Weights, scheme};

/// A line of dlm, and the signal-to-noise ratio that the layer alone then has, in decibels.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// `override stem { weights = int8(per = channel) }`.
    pub line: String,
    /// What the network's result has when this layer alone is rounded so; absent where nothing is rounded.
    pub sqnr: Option<f64>,
}

/// A remedy must gain so many decibels to be better than leaving the layer in float.
const GAIN: f64 = 6.0;

/// What a unit alone costs now, in decibels, and where to look.
#[derive(Clone, Copy, Debug)]
pub struct Patient<'a> {
    /// The unit.
    pub unit: usize,
    /// Its ratio now.
    pub sqnr: f64,
    /// The samples on which ranges are found.
    pub seen: &'a [u32],
}

/// The remedy with the largest gain: other weights or another range for the layer, or else `keep`.
///
/// # Errors
/// When ranges cannot be found.
pub fn advise(
    net: &Network,
    full: &Scheme,
    formats: &[Format],
    folded: &Folded,
    float: &Numbers,
    samples: Samples<'_>,
    patient: Patient<'_>,
) -> Result<Advice, RunError> {
    let main = full.units[patient.unit].main;
    let path = &net.layers[main].path;
    let mut best = Advice { line: format!("keep = [{path}]"), sqnr: None };
    let mut least = patient.sqnr + GAIN;
    for (text, format) in remedies(&formats[main], full.units[patient.unit].weights) {
        let mut formats = only(full, formats, patient.unit);
        formats[main] = format;
        let own = scheme(net, full.method, &formats);
        let ranges = calibrate(net, &own, float, samples.data, patient.seen)?;
        let sqnr = sqnr_of(net, &own, folded, &ranges, float, samples);
        if sqnr >= least {
            least = sqnr;
            best = Advice { line: format!("override {path} {{ {text} }}"), sqnr: Some(sqnr) };
        }
    }
    Ok(best)
}

/// Formats that a layer could have instead, each with how one writes it.
fn remedies(now: &Format, stored: Option<Weights>) -> Vec<(String, Format)> {
    let mut found = Vec::new();
    if let Some(Weights::Int { bits, per, symmetric }) = stored {
        let weights = |bits, per| Format { weights: Weights::Int { bits, per, symmetric }, ..*now };
        if per == Per::Tensor {
            let text = format!("weights = int{bits}(per = channel)");
            found.push((text, weights(bits, Per::Channel)));
        }
        if bits < 8 && !matches!(per, Per::Group(_)) {
            found.push(("weights = int8(per = channel)".into(), weights(8, Per::Channel)));
        }
    }
    if let Activations::Codes { symmetric, range } = now.activations {
        let others = [
            ("minmax", Range::MinMax),
            ("percentile(99.99)", Range::Percentile(99.99)),
            ("mse", Range::Mse),
        ];
        for (text, other) in others.into_iter().filter(|(_, other)| *other != range) {
            let activations = Activations::Codes { symmetric, range: other };
            let text = format!("activations = uint8(range = {text})");
            found.push((text, Format { activations, ..*now }));
        }
    }
    found
}
