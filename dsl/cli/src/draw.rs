//! Networks as pictures and as text for Graphviz.

mod dot;
mod layout;
mod svg;

#[cfg(test)]
mod tests;

pub(crate) use dot::dot;
pub(crate) use svg::svg;

use dlm_check::program::NetLayer;
use dlm_vocab::{Arg, Args, Default, Param, Unit};

/// The step as a program would have it, without what is default: `conv(32, 3, stride = 2)`.
pub(crate) fn call(layer: &NetLayer) -> String {
    let word = &layer.operator.word;
    let mut parts = Vec::new();
    for param in word.params {
        let Some(arg) = layer.args.get(param.name) else { continue };
        if param.default == Default::Required {
            parts.push(value(arg));
        } else if !is_default(param, arg, &layer.args) {
            parts.push(format!("{} = {}", param.name, value(arg)));
        }
    }
    let name = sign(word.name).unwrap_or(word.name);
    if parts.is_empty() { name.into() } else { format!("{name}({})", parts.join(", ")) }
}

/// The sign of the language that an operator stands for.
fn sign(name: &str) -> Option<&'static str> {
    if dlm_vocab::ops::find(name).is_some() {
        return None;
    }
    match name {
        "add" => Some("+"),
        "sub" => Some("−"),
        "mul" => Some("×"),
        "div" => Some("÷"),
        _ => None,
    }
}

fn is_default(param: &Param, arg: &Arg, args: &Args) -> bool {
    match (&param.default, arg) {
        (Default::Int(d), Arg::Int(v)) => d == v,
        (Default::Int(d), Arg::Ints(v)) => v.iter().all(|x| x == d),
        (Default::Int(d), Arg::Real(v)) => *d as f64 == *v,
        (Default::Real(d), Arg::Real(v)) => d == v,
        (Default::Real(d), Arg::Int(v)) => *d == *v as f64,
        (Default::Bool(d), Arg::Bool(v)) => d == v,
        (Default::Name(d), Arg::Name(v)) | (Default::Str(d), Arg::Str(v)) => d == v,
        (Default::Quantity(d, unit), Arg::Quantity(v, u)) => d == v && unit == u,
        (Default::Same(other), arg) => args.get(other) == Some(arg),
        _ => false,
    }
}

/// An argument as a program would have it.
fn value(arg: &Arg) -> String {
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    match arg {
        Arg::Int(v) => v.to_string(),
        Arg::Real(v) => v.to_string(),
        Arg::Bool(v) => v.to_string(),
        Arg::Str(v) => format!("{v:?}"),
        Arg::Name(v) => v.clone(),
        Arg::Ints(v) if v.len() == 2 && v[0] == v[1] => v[0].to_string(),
        Arg::Ints(v) => list(v.iter().map(i64::to_string).collect()),
        Arg::Reals(v) => list(v.iter().map(f64::to_string).collect()),
        Arg::Strs(v) => list(v.iter().map(|s| format!("{s:?}")).collect()),
        Arg::Quantity(v, unit) => format!("{v} {}", unit_name(*unit)),
        Arg::Call(name, v) => {
            let numbers: Vec<String> = v.iter().map(f64::to_string).collect();
            format!("{name}({})", numbers.join(", "))
        }
    }
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Epochs => "epochs",
        Unit::Steps => "steps",
        Unit::Samples => "samples",
        Unit::Bytes => "B",
        Unit::Seconds => "s",
    }
}
