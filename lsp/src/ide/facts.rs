//! Figures of steps and networks, in words.

use super::Snapshot;
use dlm_base::Span;
use dlm_check::budget::{self, Budget, bytes, grouped};
use dlm_check::network::seen::SeenStep;
use dlm_check::program::Network;
use dlm_check::quant::{self, Form, Format, Method, Scheme};
use dlm_grammar::tree::{Expr, ExprKind, Step, StepKind};
use dlm_graph::Ty;

/// The type as a program writes it: `[32, 8, 8]`, `int[64]`.
pub(crate) fn shape(ty: &Ty) -> String {
    ty.to_string()
}

/// Several types, without those of plain numbers beside flows.
pub(crate) fn shapes(types: &[Ty]) -> String {
    let flows = types.iter().filter(|ty| ty.shape.rank() > 0 || types.len() == 1);
    flows.map(shape).collect::<Vec<_>>().join(", ")
}

/// The place under which the checker keeps what it knows of a step: the call without `as`.
pub(crate) fn place(step: &Step) -> Option<Span> {
    match &step.kind {
        StepKind::Apply { name, args } => {
            Some(args.as_ref().map_or(name.span, |args| name.span.to(args.parens.close)))
        }
        StepKind::Repeat(it) => Some(it.keyword.to(it.block.braces.close)),
        StepKind::If(_) | StepKind::Missing | StepKind::Error => None,
    }
}

/// The same of an expression that is a call or joins flows.
pub(crate) fn place_of(expr: &Expr) -> Option<Span> {
    match &expr.kind {
        ExprKind::Call { base: None, name, args } => Some(name.span.to(args.parens.close)),
        ExprKind::Binary { .. } | ExprKind::Unary { .. } => Some(expr.span),
        _ => None,
    }
}

/// What a step gives.
pub(crate) fn gives(snapshot: &Snapshot, place: Span) -> Option<&Ty> {
    snapshot.checked.notes.result(place)
}

/// What is known of a step.
pub(crate) fn step(snapshot: &Snapshot, place: Span) -> Option<&SeenStep> {
    snapshot.checked.notes.step(place)
}

/// The figures of a step: `[1, 8, 8] → [32, 8, 8] · 320 parameters · 18,432 MACs`.
pub(crate) fn of_step(snapshot: &Snapshot, place: Span) -> Option<String> {
    let gives = gives(snapshot, place);
    let Some(seen) = step(snapshot, place) else {
        return gives.map(|ty| format!("`{}`", shape(ty)));
    };
    let mut text = match gives {
        Some(ty) => format!("`{} → {}`", shapes(&seen.enters), shape(ty)),
        None => format!("`{}` enters it, which it does not take", shapes(&seen.enters)),
    };
    if let Some(cost) = seen.cost {
        if cost.params > 0 {
            text += &format!(" · {}", plural(cost.params, "parameter"));
        }
        if cost.macs > 0 {
            text += &format!(" · {}", plural(cost.macs, "MAC"));
        }
    }
    Some(text)
}

/// What the defaults of a policy make of a network.
pub(crate) fn plain_scheme(net: &Network) -> Scheme {
    quant::scheme(net, Method::Static, &vec![Format::default(); net.layers.len()])
}

/// The cost under a scheme.
pub(crate) fn quantized(net: &Network, scheme: &Scheme) -> Budget {
    let (size, memory) = (quant::size(net, scheme), quant::memory(net, scheme));
    Budget { size, memory, ..budget::budget(net) }
}

/// `1,810 parameters · 1,776 MACs · 7.07 KiB → 2.01 KiB int8 · 512 B activations`
pub(crate) fn of_network(net: &Network) -> String {
    let cost = budget::budget(net);
    let less = quantized(net, &plain_scheme(net));
    let size = match less.size < cost.size {
        true => format!("{} → {} int8", bytes(cost.size), bytes(less.size)),
        false => bytes(cost.size),
    };
    let (params, macs) = (plural(cost.params, "parameter"), plural(cost.macs, "MAC"));
    format!("{params} · {macs} · {size} · {} activations", bytes(cost.memory))
}

/// How many layers of a scheme run in integers, of how many: `3 of 4 steps in integers`.
pub(crate) fn in_integers(scheme: &Scheme) -> String {
    let units = scheme.units.iter();
    let whole = units.filter(|unit| !matches!(unit.form, Form::Float(_))).count();
    let all = scheme.units.len();
    match whole == all {
        true => format!("all {} in integers", plural(all as u64, "step")),
        false => format!("{whole} of {} in integers", plural(all as u64, "step")),
    }
}

/// `1 parameter`, `1,810 parameters`.
pub(crate) fn plural(n: u64, word: &str) -> String {
    format!("{} {word}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// How many times as much: `12.3 ×`, `1.04 ×`, `120 ×`.
pub(crate) fn ratio(a: u64, b: u64) -> Option<String> {
    if a == 0 || b == 0 {
        return None;
    }
    let value = a as f64 / b as f64;
    Some(match value {
        100.0.. => grouped(value.round() as u64),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    })
}
