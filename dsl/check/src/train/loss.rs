//! The `loss` of a training: a sum of weighted terms.

use super::Case;
use crate::args::{CallSite, match_args};
use crate::consts::{Scope, eval};
use crate::diags::Diags;
use crate::names::{Entry, Kind};
use crate::program::{LossUse, Made};
use crate::settings::{argument, find_word, kind};
use dlm_base::Span;
use dlm_base::diag::codes::{lints, settings};
use dlm_grammar::tree::{BinaryOp, Expr, ExprKind, Name, UnaryOp};
use dlm_vocab::data::Target;
use dlm_vocab::loss::{self, LOSSES, Loss};
use dlm_vocab::{Args, Default};

/// A term with its place.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    /// What it is.
    pub(crate) used: LossUse,
    /// The place of its word with the arguments.
    pub(crate) span: Span,
    /// Whether it compares with a teacher.
    pub(crate) teacher: bool,
    /// Where its arguments name layers: those of the teacher and of the student.
    pub(crate) paths: [Option<Span>; 2],
}

impl Term {
    fn new(weight: f64, loss: &'static Loss, args: Args, span: Span) -> Term {
        let used = LossUse { weight, loss, args, features: None };
        Term { used, span, teacher: loss.has_teacher(), paths: [None; 2] }
    }

    /// Whether it goes with such targets; what compares with a teacher may need none.
    pub(crate) fn fits(&self, target: &Target) -> bool {
        (self.used.loss.fits)(target)
    }
}

/// The terms of a sum; `None` when one of them is wrong, which has been reported.
pub(crate) fn terms(expr: &Expr, case: &Case<'_>, diags: &mut Diags) -> Option<Vec<Term>> {
    let mut found = Vec::new();
    let good = collect(expr, Factor { value: 1.0, at: None }, case.scope, diags, &mut found);
    let mut taught = true;
    if case.teachers.is_none() {
        for term in found.iter().filter(|term| term.teacher) {
            let (name, word) = (term.used.loss.word.name, case.word);
            let message = format!("`{name}` compares with a teacher, and `{word}` has none");
            let help = match word {
                "quantize" => "name a teacher: `quantize NET with POLICY from TEACHER on DATA`",
                _ => "terms with a teacher belong to `distill`",
            };
            diags.push(settings::unfit_value(term.span, &message, "needs a teacher", Some(help)));
            taught = false;
        }
    }
    (good && taught).then_some(found)
}

/// The terms that are taken when none are named; none where there is nothing to learn from.
pub(crate) fn defaults(case: &Case<'_>, target: &Target) -> Vec<Term> {
    let at = case.keyword;
    let named = |name: &str| {
        let loss = loss::find(name)?;
        let args = match_args(&loss.word, &CallSite::new(at, None), case.scope, &mut Diags::new())?;
        Some(Term::new(1.0, loss, args, at))
    };
    let weighted = |name: &str, weight: f64| {
        named(name).map(|term| Term { used: LossUse { weight, ..term.used }, ..term })
    };
    let Some(teachers) = case.teachers else {
        return match case.goes_on {
            Some(loss) => {
                let term = |it: &LossUse| Term::new(it.weight, it.loss, it.args.clone(), at);
                loss.iter().map(term).collect()
            }
            None => default(target, at, case.scope).into_iter().collect(),
        };
    };
    let values = |target: &Target| matches!(target, Target::Values(_));
    let learnt = |made| match made {
        Made::Trained(it) => values(&case.program.datasets[it.dataset].facts.target),
        Made::Loaded(_) => false,
    };
    let mut taught = teachers.list.iter().map(|teacher| teacher.made.made);
    let values = values(&case.data.facts.target) || taught.any(learnt);
    let terms = match target {
        Target::Classes(_) | Target::Sequence { .. } => {
            vec![weighted("soft_targets", 0.9), weighted("cross_entropy", 0.1)]
        }
        Target::Values(_) => vec![weighted("logits", 0.9), weighted("mse", 0.1)],
        Target::None if values => vec![named("logits")],
        Target::None => vec![named("soft_targets")],
    };
    terms.into_iter().flatten().collect()
}

/// The loss that is taken for these targets when none is named.
pub(crate) fn default(target: &Target, at: Span, scope: &Scope<'_>) -> Option<Term> {
    let loss = match target {
        Target::Classes(_) | Target::Sequence { .. } => loss::find("cross_entropy")?,
        Target::Values(_) => loss::find("mse")?,
        Target::None => return None,
    };
    let call = CallSite::new(at, None);
    let args = match_args(&loss.word, &call, scope, &mut Diags::new())?;
    Some(Term::new(1.0, loss, args, at))
}

/// The losses that fit such targets and look at them, and with a teacher those that compare answers.
pub(crate) fn fitting(target: &Target, taught: bool) -> Vec<&'static str> {
    let fits = |loss: &&&Loss| {
        let looks = match loss.has_teacher() {
            true => {
                taught && loss.word.params.iter().all(|param| param.default != Default::Required)
            }
            false => !(loss.fits)(&Target::None),
        };
        looks && (loss.fits)(target)
    };
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
    let loss = find_word(name, "loss term", LOSSES, |l| &l.word, diags)?;
    let args = match_args(&loss.word, &call, scope, diags)?;
    if let (true, Some(at)) = (factor.value == 0.0, factor.at) {
        let reason = "its weight is 0";
        diags.push(
            lints::no_effect(call.span, &format!("`{}`", name.text), reason, "leave the term out")
                .because(at, "multiplied with 0 here"),
        );
    }
    let place = |param| argument(&call, &loss.word, None, (param, 0)).map(|expr| expr.span);
    let paths = ["teacher", "student"].map(place);
    Some(Term { paths, ..Term::new(factor.value, loss, args, call.span) })
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
    expr.unparen().as_name().is_some_and(|name| loss::find(&name.text).is_none())
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
    let help = Some("write a weight such as 0.1, or leave the term out");
    diags.push(settings::unfit_value(at, &message, "must be at least 0", help));
    false
}
