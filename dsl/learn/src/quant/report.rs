//! What a quantization did, layer by layer.

use super::calibrate::Ranged;
use super::compare::Noise;
use dlm_check::program::{Flow, Network};
use dlm_check::quant::{
    Activations, Form, Format, Per, Range, Scheme, Unit, Weights as WeightFormat, Why,
};
use serde::Serialize;

/// What a quantization did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The steps of the network, in the order in which they run.
    pub layers: Vec<LayerReport>,
    /// Bytes of the weights before and after.
    pub size: [u64; 2],
    /// Seconds for one sample before and after.
    pub latency: [f64; 2],
    /// The share of test samples with the same class before and after, where there are classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<f64>,
    /// After quantization-aware training: numbers that differ between the network as trained and as
    /// deployed, and numbers compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differing: Option<[u64; 2]>,
    /// The layers that were given back to float32 so that accuracy dropped by no more than allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub given_back: Vec<String>,
}

/// What a quantization did to one step.
#[derive(Clone, Debug, Serialize)]
pub struct LayerReport {
    /// The layer that computes.
    pub path: String,
    /// The layers that are folded into it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
    /// The operator.
    pub operator: String,
    /// The format of its weights: `int8`, `int4`, `float16`, `float32`; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// How it runs: `codes`, `dynamic` or `float32`.
    pub runs: &'static str,
    /// Why it runs in float, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The range of its result, where it has a grid of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<[f32; 2]>,
    /// The share of its results beyond the range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clipped: Option<f64>,
    /// Signal to rounding noise of its result in the quantized network, in decibels; absent where
    /// nothing differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqnr: Option<f64>,
    /// Signal to rounding noise of the network's result when this step alone is rounded, in decibels:
    /// the lower, the more damage it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alone: Option<f64>,
    /// Its place by damage, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<usize>,
    /// The line of dlm that would help, for those that do most damage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
}

/// For how many layers a line that would help is given.
const WORST: usize = 3;

/// Below this, a layer does damage worth a line, in decibels.
const DAMAGE: f64 = 30.0;

/// The report of each step.
pub fn layers(
    net: &Network,
    scheme: &Scheme,
    formats: &[Format],
    ranges: &[Ranged],
    noise: &[Noise],
    alone: &[Option<Noise>],
) -> Vec<LayerReport> {
    let finite = |x: f64| x.is_finite().then_some(x);
    let mut order: Vec<(usize, f64)> = (alone.iter().enumerate())
        .filter_map(|(number, noise)| Some((number, noise.as_ref()?.sqnr())))
        .collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let rank = |number: usize| order.iter().position(|(other, _)| *other == number);
    let each = scheme.units.iter().enumerate().map(|(number, unit)| {
        let layer = &net.layers[unit.main];
        let with = [unit.fold, unit.cut.map(|cut| cut.layer)].into_iter().flatten();
        let own = Flow::Layer(unit.output);
        let point = scheme.point_of(own).filter(|&point| scheme.points[point].flow == own);
        let alone = alone[number].map(|noise| noise.sqnr());
        let rank = rank(number);
        let worst = rank.is_some_and(|rank| rank < WORST) && alone.is_some_and(|a| a < DAMAGE);
        LayerReport {
            path: layer.path.to_string(),
            with: with.map(|layer| net.layers[layer].path.to_string()).collect(),
            operator: layer.operator.word.name.to_string(),
            weights: unit.weights.map(format_words),
            runs: match unit.form {
                Form::Codes => "codes",
                Form::Dynamic => "dynamic",
                Form::Float(_) => "float32",
            },
            why: match &unit.form {
                Form::Float(why) => Some(why_words(why)),
                _ => None,
            },
            range: point.map(|point| [ranges[point].lo, ranges[point].hi]),
            clipped: point.map(|_| noise[number].clipped()),
            sqnr: finite(noise[number].sqnr()),
            alone: alone.and_then(finite),
            rank: rank.map(|rank| rank + 1),
            line: worst.then(|| line(net, unit, &formats[unit.main], &noise[number])),
        }
    });
    each.collect()
}

/// `int8 per channel`, `float16`.
pub fn format_words(format: WeightFormat) -> String {
    match format {
        WeightFormat::Float32 => "float32".to_string(),
        WeightFormat::Float16 => "float16".to_string(),
        WeightFormat::Int { bits, per, .. } => match per {
            Per::Tensor => format!("int{bits} per tensor"),
            Per::Channel => format!("int{bits} per channel"),
            Per::Group(n) => format!("int{bits} per {n}"),
        },
    }
}

/// Why a step stays float, in words.
pub fn why_words(why: &Why) -> String {
    match why {
        Why::Kept => "`keep` names it".to_string(),
        Why::Policy => "the policy rounds nothing here but weights".to_string(),
        Why::Operator(why) => why.clone(),
        Why::Drop => "given back: accuracy dropped".to_string(),
    }
}

/// The line of a policy that would help a layer.
fn line(net: &Network, unit: &Unit, format: &Format, noise: &Noise) -> String {
    let path = &net.layers[unit.main].path;
    match (unit.weights, format.activations) {
        (Some(WeightFormat::Int { bits, per: Per::Tensor, .. }), _) => {
            format!("override {path} {{ weights = int{bits}(per = channel) }}")
        }
        (Some(WeightFormat::Int { bits: 4, .. }), _) => {
            format!("override {path} {{ weights = int8(per = channel) }}")
        }
        (_, Activations::Codes { range, .. })
            if !matches!(range, Range::MinMax) && noise.clipped() > 1e-3 =>
        {
            format!("override {path} {{ activations = uint8(range = minmax) }}")
        }
        _ => format!("keep = [{path}]"),
    }
}
