//! `expect` blocks: comparisons over metrics of artifacts.

use crate::diags::Diags;
use crate::names::World;
use crate::program::{Compare, Expectation, Program, Quantity};
use dlm_base::Span;
use dlm_base::diag::codes::settings;
use dlm_grammar::tree::{self, BinaryOp, Expr, ExprKind};

mod fixed;
mod measure;
mod place;

use measure::{Dim, Side, side};

/// Checks the rows of an `expect` block and adds them to the program.
pub(crate) fn expect(
    world: &World<'_>,
    verb: &tree::Expect,
    program: &mut Program,
    diags: &mut Diags,
) {
    for row in &verb.rows {
        let expectation = comparison(world, row, program, diags);
        if let Some(expectation) = expectation {
            fixed::judge(&expectation, program, diags);
            program.expectations.push(expectation);
        }
    }
}

fn comparison(
    world: &World<'_>,
    row: &Expr,
    program: &Program,
    diags: &mut Diags,
) -> Option<Expectation> {
    let (op, left, right) = match &row.unparen().kind {
        ExprKind::Binary { op, left, right, .. } if op.compares() => (*op, left, right),
        ExprKind::Missing | ExprKind::Error => return None,
        ExprKind::Binary { op: BinaryOp::And, left, right, .. } => {
            let message = "a row of `expect` is one comparison";
            let lines = format!("`{}`, then `{}`", world.text(left.span), world.text(right.span));
            let help = format!("write two rows: {lines}");
            diags.push(settings::unfit_value(row.span, message, "two of them", Some(&help)));
            return None;
        }
        _ => {
            let message = "a row of `expect` is a comparison";
            let help = Some("write a limit: `Net.accuracy >= 90%`");
            diags.push(settings::unfit_value(row.span, message, "not a comparison", help));
            return None;
        }
    };
    let sides = (side(world, left, program, diags), side(world, right, program, diags));
    let (left_side, right_side) = (sides.0?, sides.1?);
    if !left_side.measures && !right_side.measures {
        let message = "an expectation is about a metric of an artifact";
        let help = Some("write `ARTIFACT.METRIC`, such as `Net.accuracy`");
        diags.push(settings::unfit_value(row.span, message, "compares constants", help));
        return None;
    }
    let fits = fit(world, (left, &left_side), (right, &right_side), diags)
        && fit_bare(world, (left, &left_side), (right, &right_side), diags)
        && fit_bare(world, (right, &right_side), (left, &left_side), diags);
    let compare = match op {
        BinaryOp::Lt => Compare::Less,
        BinaryOp::Le => Compare::AtMost,
        BinaryOp::Gt => Compare::More,
        BinaryOp::Ge => Compare::AtLeast,
        BinaryOp::Eq => Compare::Equal,
        _ => Compare::Unequal,
    };
    let text = world.text(row.span).split_whitespace().collect::<Vec<_>>().join(" ");
    fits.then_some(Expectation {
        text,
        span: row.span,
        left: left_side.quantity,
        compare,
        right: right_side.quantity,
    })
}

/// Whether the units of two sides go together.
fn fit(
    world: &World<'_>,
    (left, a): (&Expr, &Side),
    (right, b): (&Expr, &Side),
    diags: &mut Diags,
) -> bool {
    if a.dim.meets(b.dim) {
        return true;
    }
    // What is written as a number is what has to change.
    let (at, is, other, other_is) = match a.measures && !b.measures {
        true => (right, b.dim, left, a.dim),
        false => (left, a.dim, right, b.dim),
    };
    let message = format!(
        "`{}` is {}, and `{}` is {}",
        world.text(at.span),
        is.words(),
        world.text(other.span),
        other_is.words()
    );
    let label = format!("must be {}", other_is.words());
    let help = other_is.example().map(|example| format!("write a limit such as `{example}`"));
    diags.push(settings::unfit_value(at.span, &message, &label, help.as_deref()));
    false
}

/// Whether a bare number means what it says beside a metric of a unit.
fn fit_bare(
    world: &World<'_>,
    (number, a): (&Expr, &Side),
    (metric, b): (&Expr, &Side),
    diags: &mut Diags,
) -> bool {
    let Quantity::Number(value) = a.quantity else { return true };
    let name = world.text(metric.span);
    match b.dim {
        Dim::Share if b.measures && value > 1.0 => {
            let text = world.text(number.span);
            let message = format!("`{name}` is a share, at most 100%, and {text} is more");
            let mut diag = settings::unfit_value(number.span, &message, "more than 100%", None);
            if a.dim == Dim::Plain && value <= 100.0 {
                diag = diag.help(format!("write `{text}%`")).fix(
                    format!("write `{text}%`"),
                    number.span,
                    format!("{text}%"),
                    true,
                );
            }
            diags.push(diag);
            false
        }
        Dim::Seconds if a.dim == Dim::Plain => {
            let message = format!("`{name}` is a time, and {value} has no unit");
            let help = Some("write a time such as `2 ms` or `50 us`");
            diags.push(settings::unfit_value(number.span, &message, "no unit", help));
            false
        }
        _ => true,
    }
}

/// The text of a place, for labels of other places.
pub(crate) fn quoted(world: &World<'_>, at: Span) -> String {
    format!("`{}`", world.text(at))
}
