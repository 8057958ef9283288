//! A `quantize` verb from beginning to end.

use super::advise::{Patient, advise};
use super::calibrate::{self, Ranged, calibrate};
use super::compare::{Samples, alone, differing, input_noise, noise, ranges_for};
use super::deploy::answerer;
use super::folded::Folded;
use super::report::{self, DAMAGE, Report, WORST, by_damage, layers};
use super::round::{Warning, round};
use super::stored::Quantized;
use super::tune::tune;
use crate::data::Loaded;
use crate::evaluate::Answerer;
use crate::event::Event;
use crate::fit::{Job, Kept};
use crate::lesson::Lesson;
use crate::record::Epoch;
use crate::run::{RunError, World};
use crate::weights::Weights;
use dlm_base::diag::codes::runs;
use dlm_check::Program;
use dlm_check::program::{Flow, LossUse, Network, Split};
use dlm_check::quant::{Format, Quantization, Scheme, scheme};
use std::collections::BTreeMap;

/// Samples on which tensors are compared.
const COMPARED: usize = 128;

/// What a quantization needs.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The program.
    pub program: &'a Program,
    /// The verb.
    pub quantization: &'a Quantization,
    /// The weights of the float artifact.
    pub trained: &'a Weights,
    /// The data.
    pub data: &'a Loaded,
    /// Added to the seed of tuning.
    pub seed_offset: u64,
    /// Where tuning is kept while it goes on.
    pub kept: Kept<'a>,
}

/// What a quantization gives.
#[derive(Debug)]
pub struct Outcome {
    /// The scheme, layers given back included.
    pub scheme: Scheme,
    /// The integers.
    pub quantized: Quantized,
    /// What it did; sizes, latency and agreement are filled in by who knows them.
    pub report: Report,
    /// What was met on the way.
    pub warnings: Vec<Warning>,
    /// The passes of tuning.
    pub history: Vec<Epoch>,
    /// Whether tuning went on from a checkpoint.
    pub resumed: bool,
}

impl<'a> Source<'a> {
    /// The network.
    pub fn network(&self) -> &'a Network {
        &self.program.networks[self.quantization.network]
    }

    /// The loss with which it is evaluated.
    pub fn loss(&self) -> &'a [LossUse] {
        self.quantization.loss()
    }
}

/// Quantizes an artifact; `lesson` is what teachers tell it while it is tuned.
///
/// # Errors
/// When data hold NaN, or the loss of tuning becomes NaN.
pub fn quantize(
    source: Source<'_>,
    lesson: Lesson,
    world: &mut dyn World,
) -> Result<Outcome, RunError> {
    let Source { quantization, trained, data, .. } = source;
    let net = source.network();
    let mut warnings = Vec::new();
    let mut formats = quantization.formats.clone();
    let full = quantization.scheme.clone();
    let mut folded = Folded::new(net, &full, trained);
    let seen = calibrate::samples(data, quantization.calibrate);
    let mut heard = |done: usize| {
        let name = quantization.artifact.clone();
        let (done, of) = (done as u64, seen.len() as u64);
        world.tell(Event::Working { what: "calibrating", name, done, of });
    };
    let mut ranges = calibrate(net, &full, trained, data, &seen, &mut heard)
        .map_err(|error| RunError { span: Some(quantization.span), ..error })?;
    degenerate(net, &full, &ranges, &mut warnings);
    let (mut tuned, mut history, mut resumed) = (None, Vec::new(), false);
    if let Some(tuning) = &quantization.tuning {
        let seed = tuning.training.seed.wrapping_add(source.seed_offset);
        let training = &tuning.training;
        let job = Job { network: net, training, data, seed, from: None, kept: source.kept };
        let found = tune(job, lesson, quantization, &full, &folded, &ranges, world)?;
        (folded, ranges) = (found.folded, found.ranges);
        (history, resumed) = (found.history, found.resumed);
        tuned = Some(found.weights);
    }
    let mut scheme_now = full.clone();
    let mut ranges_now = ranges.clone();
    let mut quantized = round(net, &full, &folded, &ranges, &mut warnings);

    // What rounding does is measured against the float numbers that are rounded.
    let float = folded.unfolded(net, &full);
    let float = if tuned.is_some() { &float } else { trained };
    let split = if data.len(Split::Valid) > 0 { Split::Valid } else { Split::Train };
    let places: Vec<u32> = (0..data.len(split).min(COMPARED) as u32).collect();
    let samples = Samples { data, split, places: &places };
    let damage = alone(net, &full, &formats, &folded, &ranges, float, samples);
    let mut given_back = Vec::new();
    if let Some(most) = quantization.max_drop {
        let before = accuracy(&mut float_answerer(source), Split::Valid);
        let mut order = by_damage(&damage).into_iter();
        loop {
            let mut answers = answerer(net, &scheme_now, &quantized, source.loss(), data);
            let drop = before - accuracy(&mut answers, Split::Valid);
            if drop <= most + 1e-9 {
                break;
            }
            let Some((worst, _)) = order.next() else { break };
            given_back.push(worst);
            (scheme_now, ranges_now, quantized) =
                give_back(source, &mut formats, &full, &ranges, &folded, &given_back);
        }
    }
    let found = noise(net, &scheme_now, &quantized, &ranges_now, float, samples);
    let differing = tuned.map(|weights| {
        // Ranges and weights of what was trained; what was given back afterwards runs in float.
        let whole = round(net, &full, &folded, &ranges, &mut Vec::new());
        let (differ, count) = differing(net, &full, &folded, &weights, &whole, samples);
        [differ, count]
    });
    let mut damage = damage;
    given_back.iter().for_each(|&unit| damage[unit] = None);
    let mut advice = BTreeMap::new();
    // After training with rounded numbers, float numbers are no longer what is aimed at.
    let worst = by_damage(&damage).into_iter().take(WORST).filter(|it| it.1 < DAMAGE);
    for (unit, sqnr) in worst.filter(|_| quantization.tuning.is_none()) {
        let patient = Patient { unit, sqnr, seen: &seen };
        let found = advise(net, &full, &formats, &folded, float, samples, patient)?;
        advice.insert(unit, found);
    }
    let mut rows = Vec::new();
    for (point, range) in scheme_now.points.iter().zip(&ranges_now) {
        if let Flow::Input(number) = point.flow {
            let noise = input_noise(net, number, range, samples);
            rows.push(report::input(net, number, range.grid, &noise));
        }
    }
    rows.extend(layers(net, &scheme_now, &ranges_now, &found, &damage, &advice));
    let report = Report {
        layers: rows,
        differing,
        given_back: given_back
            .iter()
            .map(|&unit| net.layers[full.units[unit].main].path.to_string())
            .collect(),
        ..Report::default()
    };
    Ok(Outcome { scheme: scheme_now, quantized, report, warnings, history, resumed })
}

/// The network with some units back in float.
fn give_back(
    source: Source<'_>,
    formats: &mut [Format],
    full: &Scheme,
    ranges: &[Ranged],
    folded: &Folded,
    units: &[usize],
) -> (Scheme, Vec<Ranged>, Quantized) {
    let net = source.network();
    for &unit in units {
        formats[full.units[unit].main].keep = true;
    }
    let mut now = scheme(net, full.method, formats);
    units.iter().for_each(|&unit| now.give_back(unit));
    let ranges = ranges_for(full, ranges, &now);
    let quantized = round(net, &now, folded, &ranges, &mut Vec::new());
    (now, ranges, quantized)
}

fn float_answerer<'a>(source: Source<'a>) -> Answerer<'a> {
    Answerer::new(source.network(), source.loss(), source.data, source.trained)
}

fn accuracy(answers: &mut Answerer<'_>, split: Split) -> f64 {
    answers.run(split, &mut |_| ()).1.and_then(|scores| scores.accuracy).unwrap_or(0.0)
}

/// Ranges of a single value.
fn degenerate(net: &Network, scheme: &Scheme, ranges: &[Ranged], warnings: &mut Vec<Warning>) {
    for (point, range) in scheme.points.iter().zip(ranges) {
        let what = match point.flow {
            Flow::Input(i) => format!("the input `{}`", net.inputs[i].0),
            Flow::Layer(i) => format!("the result of `{}`", net.layers[i].path),
        };
        let (lo, hi) = range.seen;
        if lo == hi {
            let message = format!(
                "{what} was {lo} in every sample that was looked at: its range is {} to {}, and \
                 other numbers will be cut off",
                range.grid.value(0),
                range.grid.value(255)
            );
            warnings.push(Warning { code: &runs::W1012, message });
        }
    }
}
