//! What a quantization did, layer by layer.

use super::advise::Advice;
use super::calibrate::Ranged;
use super::compare::Noise;
use super::network::integer;
use dlm_check::program::{Flow, Network};
use dlm_check::quant::{Form, Method, Per, Scheme, Unit, Weights as WeightFormat, Why};
use dlm_graph::Integer;
use dlm_kernels::int8::Grid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a quantization did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The steps of the network, in the order in which they run.
    pub layers: Vec<LayerReport>,
    /// Bytes of the weights before and after.
    pub size: [u64; 2],
    /// Seconds for one sample before and after; absent where none can be answered.
    pub latency: [Option<f64>; 2],
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
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
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
    pub runs: String,
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
    /// What `alone` would be with that line; absent where the line leaves the layer in float.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_line: Option<f64>,
}

/// For how many layers a line that would help is sought.
pub const WORST: usize = 3;

/// Below this, a layer does damage worth a line, in decibels.
pub const DAMAGE: f64 = 30.0;

/// The units by damage, the worst first: number and ratio alone.
pub fn by_damage(alone: &[Option<f64>]) -> Vec<(usize, f64)> {
    let each = alone.iter().enumerate();
    let mut order: Vec<(usize, f64)> =
        each.filter_map(|(number, sqnr)| Some((number, (*sqnr)?))).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    order
}

/// The report of each step.
pub fn layers(
    net: &Network,
    scheme: &Scheme,
    ranges: &[Ranged],
    noise: &[Noise],
    alone: &[Option<f64>],
    advice: &BTreeMap<usize, Advice>,
) -> Vec<LayerReport> {
    let finite = |x: f64| x.is_finite().then_some(x);
    let order = by_damage(alone);
    let rank = |number: usize| order.iter().position(|(other, _)| *other == number);
    let each = scheme.units.iter().enumerate().map(|(number, unit)| {
        let layer = &net.layers[unit.main];
        let with = [unit.fold, unit.cut.map(|cut| cut.layer)].into_iter().flatten();
        let own = Flow::Layer(unit.output);
        let point = scheme.point_of(own).filter(|&point| scheme.points[point].flow == own);
        let advice = advice.get(&number);
        LayerReport {
            path: layer.path.to_string(),
            with: with.map(|layer| net.layers[layer].path.to_string()).collect(),
            operator: layer.operator.word.name.to_string(),
            weights: unit.weights.map(format_words),
            runs: match unit.form {
                Form::Codes => "codes",
                Form::Dynamic => "dynamic",
                Form::Float(_) => "float32",
            }
            .to_string(),
            why: match &unit.form {
                Form::Float(why) if computes(net, unit) => Some(why_words(why, scheme.method)),
                _ => None,
            },
            range: point.map(|point| ends(ranges[point].grid)),
            clipped: point.map(|_| noise[number].clipped()),
            sqnr: finite(noise[number].sqnr()),
            alone: alone[number].and_then(finite),
            rank: rank(number).map(|rank| rank + 1),
            line: advice.map(|advice| advice.line.clone()),
            with_line: advice.and_then(|advice| advice.sqnr).and_then(finite),
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
            Per::Group(n) => format!("int{bits} per group of {n}"),
        },
    }
}

/// The smallest and largest number of a grid.
fn ends(grid: Grid) -> [f32; 2] {
    [grid.value(0), grid.value(255)]
}

/// What rounding did to an input.
pub fn input(net: &Network, number: usize, grid: Grid, noise: &Noise) -> LayerReport {
    LayerReport {
        path: net.inputs[number].0.clone(),
        operator: "input".to_string(),
        runs: "codes".to_string(),
        range: Some(ends(grid)),
        clipped: Some(noise.clipped()),
        sqnr: Some(noise.sqnr()).filter(|db| db.is_finite()),
        ..LayerReport::default()
    }
}

/// Whether a step computes, so that there is a reason to be given for floats.
fn computes(net: &Network, unit: &Unit) -> bool {
    !matches!(integer(net, unit.main), Integer::Move | Integer::Select(_))
}

/// Why a step stays float, in words.
pub fn why_words(why: &Why, method: Method) -> String {
    match why {
        Why::Kept => "`keep` names it".to_string(),
        Why::Policy if method == Method::Dynamic => "`dynamic` rounds products alone".to_string(),
        Why::Groups => "weights in groups are multiplied in float32".to_string(),
        Why::Policy => "its activations stay float".to_string(),
        Why::Operator(why) => why.clone(),
        Why::Drop => "given back: accuracy dropped".to_string(),
    }
}
