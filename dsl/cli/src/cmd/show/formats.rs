//! How the layers of a quantized artifact are stored and run.

use dlm_check::program::Network;
use dlm_check::quant::scheme::Why;
use dlm_check::quant::{Form, Method, Per, Quantization, Unit, Weights, unit_size};
use serde_json::{Value, json};

/// What the columns of one layer say; empty where the layer has nothing of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cells {
    /// The format of its weights: `int8`, `int4 group(32)`.
    pub(super) format: String,
    /// How it runs: `integers`, `float32`, `in stem`.
    pub(super) runs: String,
    /// Bytes of its weights with scales, and of the bias of what is folded into it.
    pub(super) bytes: Option<u64>,
}

/// The columns of a layer.
pub(super) fn cells(net: &Network, quantization: &Quantization, layer: usize) -> Cells {
    let scheme = &quantization.scheme;
    let Some(unit) = scheme.unit_of[layer].map(|unit| &scheme.units[unit]) else {
        return Cells { runs: "passes".into(), ..Cells::default() };
    };
    if unit.main != layer {
        let runs = format!("in {}", net.layers[unit.main].path);
        return Cells { runs, ..Cells::default() };
    }
    let weighs = !net.layers[layer].weights.is_empty();
    Cells {
        format: if weighs { format(unit) } else { String::new() },
        runs: match unit.form {
            Form::Codes => "integers".into(),
            Form::Dynamic => "integers, float out".into(),
            Form::Float(_) => runs(unit).into(),
        },
        bytes: weighs.then(|| unit_size(net, unit)),
    }
}

/// The lines under the table that say why layers run in float32: a reason and the paths of its layers.
pub(super) fn reasons(net: &Network, quantization: &Quantization) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for unit in &quantization.scheme.units {
        let Form::Float(why) = &unit.form else { continue };
        let reason = reason(unit, why, quantization);
        let path = net.layers[unit.main].path.to_string();
        match found.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, paths)) => paths.push(path),
            None => found.push((reason, vec![path])),
        }
    }
    found
}

/// The same of one layer as data.
pub(super) fn object(net: &Network, quantization: &Quantization, layer: usize) -> Value {
    let scheme = &quantization.scheme;
    let Some(unit) = scheme.unit_of[layer].map(|unit| &scheme.units[unit]) else {
        return json!({ "runs": "passes" });
    };
    if unit.main != layer {
        return json!({ "runs": "folded", "into": &*net.layers[unit.main].path });
    }
    let why = match &unit.form {
        Form::Float(why) => Some(reason(unit, why, quantization)),
        Form::Codes | Form::Dynamic => None,
    };
    let weighs = !net.layers[layer].weights.is_empty();
    json!({
        "format": weighs.then(|| bits(unit)),
        "per": unit.weights.and_then(per),
        "runs": runs(unit),
        "why": why,
        "bytes": unit_size(net, unit),
    })
}

fn runs(unit: &Unit) -> &'static str {
    match unit.form {
        Form::Codes => "codes",
        Form::Dynamic => "dynamic",
        Form::Float(_) => "float32",
    }
}

fn reason(unit: &Unit, why: &Why, quantization: &Quantization) -> String {
    match why {
        Why::Kept => "`keep` names them".into(),
        Why::Groups => "their weights are in groups".into(),
        Why::Operator(reason) => reason.clone(),
        Why::Drop => "accuracy dropped too far".into(),
        Why::Policy => match unit.weights {
            Some(Weights::Int { .. } | Weights::Float16) => "weights alone are rounded".into(),
            Some(Weights::Float32) => "the policy says so".into(),
            None if quantization.method == Method::Dynamic => {
                "`dynamic` rounds what enters products, and nothing else".into()
            }
            None => "nothing around them runs on codes".into(),
        },
    }
}

fn format(unit: &Unit) -> String {
    match unit.weights.and_then(per).filter(|per| per != "channel") {
        Some(per) => format!("{} {per}", bits(unit)),
        None => bits(unit).into(),
    }
}

fn bits(unit: &Unit) -> &'static str {
    match unit.weights {
        Some(Weights::Int { bits: 4, .. }) => "int4",
        Some(Weights::Int { .. }) => "int8",
        Some(Weights::Float16) => "float16",
        Some(Weights::Float32) | None => "float32",
    }
}

fn per(weights: Weights) -> Option<String> {
    match weights {
        Weights::Int { per: Per::Tensor, .. } => Some("tensor".into()),
        Weights::Int { per: Per::Channel, .. } => Some("channel".into()),
        Weights::Int { per: Per::Group(size), .. } => Some(format!("group({size})")),
        Weights::Float32 | Weights::Float16 => None,
    }
}
