//! What would help a layer that rounding damages: each remedy is tried.

use super::calibrate::calibrate;
use super::compare::{Samples, only, sqnr_of};
use super::folded::Folded;
use super::report::DAMAGE;
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

/// The first remedy after which the layer does no damage worth a line, single ones before pairs; or else
/// the one with the largest gain; or else `keep`.
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
    let stored = full.units[patient.unit].weights;
    for (line, own, all) in remedies(path, &formats[main], stored) {
        let mut formats = only(full, formats, patient.unit);
        formats[main] = own;
        // A range for all results holds for what enters the layer, too.
        if let Some(activations) = all {
            formats.iter_mut().for_each(|format| format.activations = activations);
        }
        let own = scheme(net, full.method, &formats);
        let ranges = calibrate(net, &own, float, samples.data, patient.seen, &mut |_| ())?;
        let sqnr = sqnr_of(net, &own, folded, &ranges, float, samples);
        let advice = || Advice { line: line.clone(), sqnr: Some(sqnr) };
        if sqnr >= DAMAGE {
            return Ok(advice());
        }
        if sqnr >= least {
            least = sqnr;
            best = advice();
        }
    }
    Ok(best)
}

/// Lines that could help, each with the layer's format and, where the line is the policy's own, the
/// activations of all layers; those that change one thing come first.
fn remedies(
    path: &str,
    now: &Format,
    stored: Option<Weights>,
) -> Vec<(String, Format, Option<Activations>)> {
    let mut weights: Vec<(String, Weights)> = Vec::new();
    if let Some(Weights::Int { bits, per, symmetric }) = stored {
        let int = |bits| Weights::Int { bits, per: Per::Channel, symmetric };
        if per == Per::Tensor {
            weights.push((format!("weights = int{bits}(per = channel)"), int(bits)));
        }
        if bits < 8 && !matches!(per, Per::Group(_)) {
            weights.push(("weights = int8(per = channel)".to_string(), int(8)));
        }
    }
    let mut ranges: Vec<(String, Activations)> = Vec::new();
    if let Activations::Codes { symmetric, range: now } = now.activations {
        let others = [
            ("minmax", Range::MinMax),
            ("percentile(99.99)", Range::Percentile(99.99)),
            ("mse", Range::Mse),
        ];
        for (text, range) in others.into_iter().filter(|(_, range)| *range != now) {
            let text = format!("activations = uint8(range = {text})");
            ranges.push((text, Activations::Codes { symmetric, range }));
        }
    }
    let line = |text: &str| format!("override {path} {{ {text} }}");
    let mut found = Vec::new();
    for (text, weights) in &weights {
        found.push((line(text), Format { weights: *weights, ..*now }, None));
    }
    for (text, activations) in &ranges {
        found.push((line(text), Format { activations: *activations, ..*now }, None));
    }
    for (text, activations) in &ranges {
        found.push((text.clone(), *now, Some(*activations)));
    }
    for (one, weights) in &weights {
        let format = Format { weights: *weights, ..*now };
        for (other, activations) in &ranges {
            let both = Format { activations: *activations, ..format };
            found.push((line(&format!("{one}   {other}")), both, None));
        }
        for (other, activations) in &ranges {
            found.push((format!("{other}   {}", line(one)), format, Some(*activations)));
        }
    }
    found
}
