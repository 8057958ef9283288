//! The `loss` of a training: a sum of weighted terms.

use crate::args::{CallSite, match_args};
use crate::consts::{Scope, eval};
use crate::diags::Diags;
use crate::names::{Entry, Kind};
use crate::program::LossUse;
use crate::settings::{find_word, kind};
use dlm_base::Span;
use dlm_base::diag::codes::{lints, settings};
use dlm_grammar::tree::{BinaryOp, Expr, ExprKind, Name, UnaryOp};
use dlm_vocab::data::Target;
use dlm_vocab::loss::{self, LOSSES, Loss};

/// Terms that compare with a teacher.
const WITH_TEACHER: &[&str] = &[
    "attention_transfer",
    "decoupled",
    "hint",
    "logits",
    "relational",
    "similarity",
    "soft_targets",
];

/// A term with its place.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    /// What it is.
    pub(crate) used: LossUse,
    /// The place of its word with the arguments.
    pub(crate) span: Span,
}

/// The terms of a sum; `None` when one of them is wrong, which has been reported.
pub(crate) fn terms(expr: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<Vec<Term>> {
    let mut found = Vec::new();
    let good = collect(expr, Factor { value: 1.0, at: None }, scope, diags, &mut found);
    good.then_some(found)
}

/// The loss that is taken for these targets when none is named.
pub(crate) fn default(target: &Target, at: Span, scope: &Scope<'_>) -> Option<Term> {
    let loss = match target {
        Target::Classes(_) => loss::find("cross_entropy")?,
        Target::Values(_) => loss::find("mse")?,
        Target::None => return None,
    };
    let call = CallSite::new(at, None);
    let args = match_args(&loss.word, &call, scope, &mut Diags::new())?;
    Some(Term { used: LossUse { weight: 1.0, loss, args }, span: at })
}

/// The losses that fit such targets and need them.
pub(crate) fn fitting(target: &Target) -> Vec<&'static str> {
    let fits =
        |loss: &&&Loss| !loss.has_teacher() && (loss.fits)(target) && !(loss.fits)(&Target::None);
    LOSSES.iter().filter(fits).map(|loss| loss.word.name).collect()
}

/// What a term is multiplied with, and where that stands.
#[derive(Clone, Copy)]
struct Factor {
    value: f64,
    at: Option<Span>,
}

fn collect(
    expr: &Expr,
    factor: Factor,
    scope: &Scope<'_>,
    diags: &mut Diags,
    found: &mut Vec<Term>,
) -> bool {
    let expr = expr.unparen();
    match &expr.kind {
        ExprKind::Missing | ExprKind::Error => false,
        ExprKind::Name(_) | ExprKind::Call { base: None, .. } => {
            match term(expr, factor, scope, diags) {
                Some(term) => {
                    found.push(term);
                    true
                }
                None => false,
            }
        }
        ExprKind::Binary { op: BinaryOp::Add, left, right, .. } => {
            let left = collect(left, factor, scope, diags, found);
            collect(right, factor, scope, diags, found) && left
        }
        ExprKind::Binary { op: op @ (BinaryOp::Mul | BinaryOp::Div), left, right, .. } => {
            let (inner, number) = match (names_term(left, scope), names_term(right, scope)) {
                (true, false) => (left, right),
                (false, true) if *op == BinaryOp::Mul => (right, left),
                (true, true) => {
                    let unknown = [left, right].into_iter().find(|side| is_unknown(side));
                    if let Some(unknown) = unknown {
                        // Reports that nothing has this name.
                        return eval(unknown, scope, diags).is_some();
                    }
                    let message = "loss terms are added, not multiplied";
                    let help = "write `0.9 * cross_entropy + 0.1 * mae`";
                    diags.push(settings::unfit_value(expr.span, message, "two terms", Some(help)));
                    return false;
                }
                _ => return no_term(expr, scope, diags),
            };
            match times(factor, *op, number, scope, diags) {
                Some(factor) => collect(inner, factor, scope, diags, found),
                None => false,
            }
        }
        ExprKind::Unary { op: UnaryOp::Neg, operand, .. } if names_term(operand, scope) => {
            negative(expr.span, "-1", diags)
        }
        ExprKind::Binary { op: BinaryOp::Sub, left, right, .. }
            if names_term(left, scope) || names_term(right, scope) =>
        {
            negative(expr.span, "-1", diags)
        }
        _ => no_term(expr, scope, diags),
    }
}

fn times(
    factor: Factor,
    op: BinaryOp,
    number: &Expr,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Factor> {
    let value = eval(number, scope, diags)?;
    let Some(weight) = value.number() else {
        let message = format!("a weight is a number, not {}", value.describe());
        diags.push(settings::unfit_value(number.span, &message, "must be a number", None));
        return None;
    };
    if weight < 0.0 {
        negative(number.span, &value.to_string(), diags);
        return None;
    }
    if op == BinaryOp::Div && weight == 0.0 {
        diags.push(settings::unfit_value(number.span, "division by 0", "is 0", None));
        return None;
    }
    let value = if op == BinaryOp::Div { factor.value / weight } else { factor.value * weight };
    Some(Factor { value, at: Some(number.span) })
}

fn term(expr: &Expr, factor: Factor, scope: &Scope<'_>, diags: &mut Diags) -> Option<Term> {
    let (name, call) = CallSite::of(expr)?;
    if name.is_missing() {
        return None;
    }
    if WITH_TEACHER.contains(&name.text.as_str()) {
        let message = format!("`{}` compares with a teacher, and `train` has none", name.text);
        let help = "terms with a teacher belong to `distill`";
        diags.push(settings::unfit_value(call.span, &message, "needs a teacher", Some(help)));
        return None;
    }
    let loss = find_word(name, "loss term", LOSSES, |l| &l.word, &[], diags)?;
    let args = match_args(&loss.word, &call, scope, diags)?;
    if let (true, Some(at)) = (factor.value == 0.0, factor.at) {
        let reason = "its weight is 0";
        diags.push(
            lints::no_effect(call.span, &format!("`{}`", name.text), reason, "leave the term out")
                .because(at, "multiplied with 0 here"),
        );
    }
    Some(Term { used: LossUse { weight: factor.value, loss, args }, span: call.span })
}

/// Whether a loss term stands somewhere in an expression; a number does not.
fn names_term(expr: &Expr, scope: &Scope<'_>) -> bool {
    match &expr.unparen().kind {
        ExprKind::Name(name) => !is_value(name, scope),
        ExprKind::Call { .. } => true,
        ExprKind::Binary { left, right, .. } => names_term(left, scope) || names_term(right, scope),
        ExprKind::Unary { operand, .. } => names_term(operand, scope),
        _ => false,
    }
}

/// Whether a name stands for a constant of the file. A loss term of the same name goes first.
fn is_value(name: &Name, scope: &Scope<'_>) -> bool {
    let entry = scope.world.lookup(scope.module, &name.text);
    loss::find(&name.text).is_none()
        && matches!(entry, Some(Entry::Known(_, Kind::Const) | Entry::Broken))
}

/// Whether an expression is a name that no loss term has.
fn is_unknown(expr: &Expr) -> bool {
    expr.unparen().as_name().is_some_and(|name| {
        loss::find(&name.text).is_none() && !WITH_TEACHER.contains(&name.text.as_str())
    })
}

fn no_term(expr: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> bool {
    let diag = settings::wrong_type(expr.span, "loss", "a sum of weighted terms", kind(expr));
    diags.push(match &expr.kind {
        ExprKind::List(items) if !items.is_empty() => {
            let terms: Vec<&str> = items.iter().map(|item| scope.world.text(item.span)).collect();
            let sum = terms.join(" + ");
            diag.help(format!("write `{sum}`")).fix("add the terms", expr.span, sum, true)
        }
        _ => diag,
    });
    false
}

fn negative(at: Span, value: &str, diags: &mut Diags) -> bool {
    let message = format!("a loss term has the weight {value}, and must have one of at least 0");
    diags.push(settings::unfit_value(at, &message, "must be at least 0", None));
    false
}
