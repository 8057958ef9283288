//! Arithmetic, comparisons and logic on values.

use super::{Const, unit_word};
use crate::diags::Diags;
use dlm_base::diag::codes::settings;
use dlm_base::{Diag, Span};
use dlm_grammar::tree::{BinaryOp, Expr, UnaryOp};

/// `-a`, `not a`
pub(crate) fn unary(op: UnaryOp, at: Span, a: &Const, diags: &mut Diags) -> Option<Const> {
    match (op, a) {
        (UnaryOp::Neg, Const::Int(v)) => match v.checked_neg() {
            Some(v) => Some(Const::Int(v)),
            None => too_large(at, format!("-({v})"), diags),
        },
        (UnaryOp::Neg, Const::Real(v)) => Some(Const::Real(-v)),
        (UnaryOp::Neg, Const::Quantity(v, unit)) => Some(Const::Quantity(-v, *unit)),
        (UnaryOp::Not, Const::Bool(v)) => Some(Const::Bool(!v)),
        (UnaryOp::Neg, other) => {
            report(at, format!("there is no `-` of {}", other.describe()), "numbers only", diags)
        }
        (UnaryOp::Not, other) => report(
            at,
            format!("there is no `not` of {}", other.describe()),
            "`true` and `false` only",
            diags,
        ),
    }
}

/// `a op b`; `exprs` are the whole, the left and the right.
pub(crate) fn binary(
    op: BinaryOp,
    at: Span,
    exprs: (&Expr, &Expr, &Expr),
    a: &Const,
    b: &Const,
    diags: &mut Diags,
) -> Option<Const> {
    use BinaryOp::*;
    match op {
        Add | Sub | Mul | Div => arithmetic(op, exprs.0.span, a, b, diags),
        Eq | Ne => match equal(a, b) {
            Some(same) => Some(Const::Bool(same == (op == Eq))),
            None => unlike(op, at, a, b, diags),
        },
        Lt | Le | Gt | Ge => match order(a, b) {
            Some((a, b)) => Some(Const::Bool(match op {
                Lt => a < b,
                Le => a <= b,
                Gt => a > b,
                _ => a >= b,
            })),
            None => unlike(op, at, a, b, diags),
        },
        And | Or => match (a, b) {
            (Const::Bool(a), Const::Bool(b)) => {
                Some(Const::Bool(if op == And { *a && *b } else { *a || *b }))
            }
            (Const::Bool(_), other) => {
                diags.push(super::unlike(exprs.2.span, "`true` or `false`", other));
                None
            }
            (other, _) => {
                diags.push(super::unlike(exprs.1.span, "`true` or `false`", other));
                None
            }
        },
    }
}

fn arithmetic(op: BinaryOp, at: Span, a: &Const, b: &Const, diags: &mut Diags) -> Option<Const> {
    use BinaryOp::*;
    use Const::*;
    match (a, b) {
        (Int(x), Int(y)) => whole(op, at, *x, *y, diags),
        (Int(_) | Real(_), Int(_) | Real(_)) => {
            let (x, y) = (a.number()?, b.number()?);
            if op == Div && y == 0.0 {
                return report(at, format!("{a} / {b} has no value"), "divides by 0", diags);
            }
            finite(op, at, x, y, diags).map(Real)
        }
        (Quantity(x, unit), Quantity(y, other)) if unit == other => match op {
            Add | Sub => finite(op, at, *x, *y, diags).map(|v| Quantity(v, *unit)),
            Div if *y != 0.0 => finite(op, at, *x, *y, diags).map(Real),
            _ => unlike(op, at, a, b, diags),
        },
        (Quantity(x, unit), Int(_) | Real(_)) if op == Mul || op == Div => {
            let y = b.number()?;
            if op == Div && y == 0.0 {
                return report(at, format!("{a} / {b} has no value"), "divides by 0", diags);
            }
            finite(op, at, *x, y, diags).map(|v| Quantity(v, *unit))
        }
        (Int(_) | Real(_), Quantity(y, unit)) if op == Mul => {
            finite(op, at, a.number()?, *y, diags).map(|v| Quantity(v, *unit))
        }
        (List(x), List(y)) if op == Add => Some(List(x.iter().chain(y).cloned().collect())),
        (Str(x), Str(y)) if op == Add => Some(Str(format!("{x}{y}"))),
        _ => unlike(op, at, a, b, diags),
    }
}

fn whole(op: BinaryOp, at: Span, a: i64, b: i64, diags: &mut Diags) -> Option<Const> {
    let value = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        _ if b == 0 || a.checked_rem(b).is_some_and(|rest| rest != 0) => {
            diags.push(settings::inexact_division(at, a, b));
            return None;
        }
        _ => a.checked_div(b),
    };
    match value {
        Some(value) => Some(Const::Int(value)),
        None => too_large(at, format!("{a} {} {b}", op.word()), diags),
    }
}

fn finite(op: BinaryOp, at: Span, a: f64, b: f64, diags: &mut Diags) -> Option<f64> {
    let value = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        _ => a / b,
    };
    if !value.is_finite() {
        too_large(at, format!("{a:?} {} {b:?}", op.word()), diags)?;
    }
    Some(value)
}

/// Whether two values are equal; `None` when they cannot be compared.
fn equal(a: &Const, b: &Const) -> Option<bool> {
    match (a, b) {
        (Const::Int(a), Const::Int(b)) => Some(a == b),
        (Const::Bool(a), Const::Bool(b)) => Some(a == b),
        (Const::Str(a), Const::Str(b)) => Some(a == b),
        (Const::List(a), Const::List(b)) => {
            let mut same = a.len() == b.len();
            for (a, b) in a.iter().zip(b) {
                same &= equal(a, b)?;
            }
            Some(same)
        }
        _ => order(a, b).map(|(a, b)| a == b),
    }
}

/// Two numbers, or two quantities of one unit, that can be put in order.
fn order(a: &Const, b: &Const) -> Option<(f64, f64)> {
    match (a, b) {
        (Const::Quantity(a, unit), Const::Quantity(b, other)) if unit == other => Some((*a, *b)),
        _ => Some((a.number()?, b.number()?)),
    }
}

fn unlike(op: BinaryOp, at: Span, a: &Const, b: &Const, diags: &mut Diags) -> Option<Const> {
    let label = match (a, b) {
        (Const::Quantity(_, a), Const::Quantity(_, b)) if a != b => {
            format!("one side counts {}, the other {}", unit_word(*a), unit_word(*b))
        }
        _ => format!("`{}` does not join these", op.word()),
    };
    let message = format!("there is no `{}` of {} and {}", op.word(), a.describe(), b.describe());
    report(at, message, &label, diags)
}

fn too_large<T>(at: Span, what: String, diags: &mut Diags) -> Option<T> {
    report(at, format!("{what} is too large a number"), "does not fit into 64 bits", diags)
}

fn report<T>(at: Span, message: String, label: &str, diags: &mut Diags) -> Option<T> {
    let diag: Diag = settings::unfit_value(at, &message, label, None);
    diags.push(diag);
    None
}
