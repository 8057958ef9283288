//! The parameters of declared layers and models, and the arguments for them.

use super::Given;
use crate::args::CallSite;
use crate::consts::{Const, Local, Scope, eval};
use crate::diags::Diags;
use crate::names::{Decl, ModuleId, World};
use dlm_base::Span;
use dlm_base::diag::codes::settings;
use dlm_base::suggest::nearest;
use dlm_grammar::tree::{self, Arg, Expr, ModelUse, TypeKind};
use dlm_graph::DType;
use dlm_vocab::ops::OPERATORS;

/// The types of settings, with what they take in words.
pub(crate) static TYPES: &[(&str, &str)] = &[
    ("int", "a whole number"),
    ("real", "a number"),
    ("bool", "`true` or `false`"),
    ("string", "a string"),
    ("list", "a list"),
];

/// Whether a parameter is a flow.
pub(crate) fn is_flow(param: &tree::Param) -> bool {
    matches!(param.ty.kind, TypeKind::Tensor { .. })
}

/// Whether a flow need not be given: `mask: int[T] = none`.
pub(crate) fn is_optional(param: &tree::Param) -> bool {
    let default = param.default.as_ref().and_then(|(_, default)| default.as_name());
    is_flow(param) && default.is_some_and(|name| name.text == "none")
}

/// What the numbers of a flow parameter are.
pub(crate) fn dtype(param: &tree::Param) -> DType {
    match param.ty.kind {
        TypeKind::Tensor { int: Some(_), .. } => DType::I32,
        _ => DType::F32,
    }
}

/// The parameter of that name, with its place.
pub(crate) fn find<'t>(network: &'t tree::Network, name: &str) -> Option<(usize, &'t tree::Param)> {
    network.params.iter().enumerate().find(|(_, param)| param.name.text == name)
}

/// The layer with its parameters as one writes it: `x -> ResidualBlock(channels = C, stride = 1)`; of a
/// model only its settings, `ResNet(depth = 3)`.
fn signature(world: &World<'_>, network: &tree::Network, flows: bool) -> String {
    let first = network.params.iter().position(is_flow);
    let params: Vec<String> = network
        .params
        .iter()
        .enumerate()
        .filter(|(i, param)| Some(*i) != first && (flows || !is_flow(param)))
        .map(|(_, param)| match &param.default {
            Some((_, value)) => format!("{} = {}", param.name.text, world.text(value.span)),
            None => param.name.text.clone(),
        })
        .collect();
    let name = &network.name.text;
    let call = match params.is_empty() {
        true => name.clone(),
        false => format!("{name}({})", params.join(", ")),
    };
    match first.filter(|_| flows) {
        Some(first) => format!("{} -> {call}", network.params[first].name.text),
        None => call,
    }
}

/// Which argument goes to which parameter of a declared layer or model.
pub(crate) struct Assigned<'t> {
    /// For each parameter its argument.
    pub(crate) args: Vec<Option<&'t Arg>>,
    /// Whether nothing was wrong.
    pub(crate) good: bool,
}

/// Assigns arguments to parameters; `takes` tells which parameters the call can give at all, and
/// `piped` which one is given already.
pub(crate) fn assign<'t>(
    world: &World<'_>,
    network: &tree::Network,
    call: &CallSite<'t>,
    piped: Option<usize>,
    takes: impl Fn(&tree::Param) -> bool,
    diags: &mut Diags,
) -> Assigned<'t> {
    let name = network.name.text.as_str();
    let mut args: Vec<Option<&'t Arg>> = vec![None; network.params.len()];
    let mut excused = vec![false; network.params.len()];
    let mut good = true;
    let open = |args: &[Option<&Arg>], i: usize| {
        Some(i) != piped && args[i].is_none() && takes(&network.params[i])
    };
    let flows = network.params.iter().any(|param| is_flow(param) && takes(param));
    let mut crowded = false;
    for arg in &call.args {
        let place = match &arg.name {
            Some((given, _)) if given.is_missing() => None,
            Some((given, _)) => match find(network, &given.text).filter(|(_, p)| takes(p)) {
                Some((place, _)) => Some(place),
                None => {
                    let known: Vec<&str> = network
                        .params
                        .iter()
                        .enumerate()
                        .filter(|(i, param)| takes(param) && Some(*i) != piped)
                        .map(|(_, param)| param.name.text.as_str())
                        .collect();
                    let foreign = foreign(&given.text, &known);
                    diags.push(settings::unknown_param(
                        given.span,
                        name,
                        &given.text,
                        &known,
                        foreign,
                    ));
                    let near = nearest(&given.text, known.iter().copied());
                    let meant = foreign.or_else(|| near.first().copied());
                    for (excused, param) in excused.iter_mut().zip(&network.params) {
                        *excused |= meant.is_none_or(|meant| meant == param.name.text);
                    }
                    None
                }
            },
            None => match (0..args.len()).find(|&i| open(&args, i)) {
                Some(place) => Some(place),
                None => {
                    if !crowded && !arg.value.is_broken() {
                        let most = network
                            .params
                            .iter()
                            .enumerate()
                            .filter(|(i, param)| takes(param) && Some(*i) != piped)
                            .count();
                        let signature = signature(world, network, flows);
                        diags.push(settings::too_many(arg.span, name, most, &signature));
                    }
                    crowded = true;
                    None
                }
            },
        };
        match place {
            None => good = false,
            Some(place) if Some(place) == piped => {
                let param = &network.params[place].name.text;
                diags.push(settings::given_twice(arg.span, call.name.at_start(), param));
                good = false;
            }
            Some(place) => match args[place] {
                Some(first) => {
                    let param = &network.params[place].name.text;
                    diags.push(settings::given_twice(arg.span, first.span, param));
                    good = false;
                }
                None => args[place] = Some(arg),
            },
        }
    }
    for (i, param) in network.params.iter().enumerate() {
        let needed = open(&args, i) && param.default.is_none() && !param.name.is_missing();
        if needed && matches!(param.ty.kind, TypeKind::Missing) {
            good = false;
        } else if needed {
            good = false;
            if !excused[i] {
                let signature = signature(world, network, flows);
                diags.push(settings::missing_param(call.span, name, &param.name.text, &signature));
            }
        }
    }
    Assigned { args, good }
}

/// The parameter among `known` that other systems call `given`.
fn foreign<'k>(given: &str, known: &[&'k str]) -> Option<&'k str> {
    let params = OPERATORS.iter().flat_map(|op| op.word.params);
    let mut meant =
        params.filter(|p| p.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(given)));
    meant.find_map(|param| known.iter().copied().find(|known| *known == param.name))
}

/// The value of an argument or default of a setting; `None` when it is wrong, which has been
/// reported, or not known.
pub(crate) fn setting(
    param: &tree::Param,
    value: &Expr,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Const> {
    let found = eval(value, scope, diags)?;
    let TypeKind::Word(word) = &param.ty.kind else { return None };
    match (word.text.as_str(), found) {
        ("real", Const::Int(v)) => Some(Const::Real(v as f64)),
        ("int", v @ Const::Int(_))
        | ("real", v @ Const::Real(_))
        | ("bool", v @ Const::Bool(_))
        | ("string", v @ Const::Str(_))
        | ("list", v @ Const::List(_)) => Some(v),
        (word, other) => {
            // An unknown type has been reported where it stands.
            if let Some((_, words)) = TYPES.iter().find(|(known, _)| *known == word) {
                let name = &param.name.text;
                diags.push(settings::wrong_type(value.span, name, words, &other.describe()));
            }
            None
        }
    }
}

/// The settings that a verb gives to a model; `None` when something is wrong, which has been reported.
pub(crate) fn settings_of(
    world: &World<'_>,
    decl: Decl,
    model: &ModelUse,
    diags: &mut Diags,
) -> Option<Vec<Given>> {
    let network = world.network(decl);
    let call = CallSite::new(model.name.span, model.args.as_ref());
    let assigned = assign(world, network, &call, None, |param| !is_flow(param), diags);
    let scope = Scope::of(world, ModuleId::MAIN);
    let mut good = assigned.good;
    let mut given = Vec::new();
    for (i, (param, arg)) in network.params.iter().zip(&assigned.args).enumerate() {
        let Some(arg) = arg else { continue };
        match setting(param, &arg.value, &scope, diags) {
            Some(value) => given.push(Given { param: i, value }),
            None => good = false,
        }
    }
    good.then_some(given)
}

/// Why a setting has no value.
pub(crate) enum NoValue {
    /// It has no default, and nobody gave one.
    Required,
    /// An error has been reported.
    Reported,
}

/// Adds to `scope` the defaults of the settings that are not among its names.
pub(crate) fn fill_defaults<'w>(
    network: &'w tree::Network,
    scope: &mut Scope<'w>,
    diags: &mut Diags,
) -> Result<(), NoValue> {
    for param in network.params.iter().filter(|param| !is_flow(param)) {
        if scope.local(&param.name.text).is_some() {
            continue;
        }
        let Some((_, default)) = &param.default else { return Err(NoValue::Required) };
        let value = setting(param, default, scope, diags).ok_or(NoValue::Reported)?;
        scope.locals.push((&param.name.text, Local::Const(value)));
    }
    Ok(())
}

/// The names with values, for messages, sizes first: `C = 64`, `channels = 32`.
pub(crate) fn known<'w>(network: &tree::Network, scope: &Scope<'w>) -> Vec<(&'w str, Const)> {
    let values = scope.locals.iter().filter_map(|(name, local)| match local {
        Local::Const(value) => Some((*name, value.clone())),
        _ => None,
    });
    let (settings, mut known): (Vec<_>, Vec<_>) =
        values.partition(|(name, _)| find(network, name).is_some());
    known.extend(settings);
    known
}

/// The place of a call's argument for a parameter, or of the call.
pub(crate) fn place(args: &[&Arg], params: &[dlm_vocab::Param], name: &str, call: Span) -> Span {
    let named = args.iter().find(|arg| arg.name.as_ref().is_some_and(|(n, _)| n.text == name));
    let by_place = || {
        let place = params.iter().position(|param| param.name == name)?;
        args.iter().filter(|arg| arg.name.is_none()).nth(place)
    };
    named.or_else(by_place).map_or(call, |arg| arg.value.span)
}
