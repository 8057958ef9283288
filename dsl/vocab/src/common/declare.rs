//! Parameters and cases in one line each.

use crate::ops::Case;
use crate::word::{Arg, Args, Default, Param, Type};
use dlm_graph::Ty;

/// A parameter.
pub(crate) const fn param(
    name: &'static str,
    ty: Type,
    default: Default,
    doc: &'static str,
    aliases: &'static [&'static str],
) -> Param {
    Param { name, ty, default, doc, aliases }
}

/// Any real.
pub(crate) const REAL: Type = real(f64::NEG_INFINITY, f64::INFINITY);

/// Reals above 0.
pub(crate) const POSITIVE: Type =
    Type::Real { min: 0.0, max: f64::INFINITY, open_min: true, open_max: true };

/// Reals from 0.
pub(crate) const NOT_NEGATIVE: Type =
    Type::Real { min: 0.0, max: f64::INFINITY, open_min: false, open_max: true };

/// Reals from 0, below 1.
pub(crate) const DECAY: Type = Type::Real { min: 0.0, max: 1.0, open_min: false, open_max: true };

/// Any whole number; negative ones count from the end.
pub(crate) const AXIS: Type = Type::Int { min: i64::MIN };

/// Reals between two, both included.
pub(crate) const fn real(min: f64, max: f64) -> Type {
    Type::Real { min, max, open_min: false, open_max: false }
}

/// Arguments of a case.
pub(crate) fn args(values: &[(&'static str, Arg)]) -> Args {
    let mut args = Args::default();
    values.iter().for_each(|(name, value)| args.set(name, value.clone()));
    args
}

/// A case: arguments, shapes of the flows, tolerance.
pub(crate) fn case(values: &[(&'static str, Arg)], flows: &[&[usize]], tolerance: f64) -> Case {
    let flows = flows.iter().map(|shape| Ty::flow(shape.to_vec())).collect();
    Case { args: args(values), flows, tolerance }
}
