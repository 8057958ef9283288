//! Functions of values: `floor(width * 0.5)`, `max(8, n)`, `len(depths)`.

use super::{Const, eval};
use crate::consts::Scope;
use crate::diags::Diags;
use dlm_base::Span;
use dlm_base::diag::codes::settings;
use dlm_grammar::tree::{Args, Name};

/// A function of values.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is called: `floor(x)`.
    pub call: &'static str,
    /// Values that it takes: `1.5`.
    pub example: &'static str,
    /// What it gives, in one sentence.
    pub doc: &'static str,
    /// The fewest and the most values that it takes.
    takes: (usize, usize),
    /// What it takes, in words.
    wanted: &'static str,
    of: fn(&[Const]) -> Option<Const>,
}

/// All functions, by name.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "ceil",
        call: "ceil(x)",
        example: "1.5",
        doc: "The smallest whole number that is not below x.",
        takes: (1, 1),
        wanted: "a number",
        of: |values| rounded(values, f64::ceil),
    },
    Function {
        name: "floor",
        call: "floor(x)",
        example: "1.5",
        doc: "The largest whole number that is not above x.",
        takes: (1, 1),
        wanted: "a number",
        of: |values| rounded(values, f64::floor),
    },
    Function {
        name: "len",
        call: "len(list)",
        example: "[1, 2]",
        doc: "How many elements a list has.",
        takes: (1, 1),
        wanted: "a list",
        of: |values| match values {
            [Const::List(items)] => Some(Const::Int(items.len() as i64)),
            _ => None,
        },
    },
    Function {
        name: "max",
        call: "max(a, b)",
        example: "1, 2",
        doc: "The largest of some numbers.",
        takes: (2, usize::MAX),
        wanted: "numbers",
        of: |values| picked(values, i64::max, f64::max),
    },
    Function {
        name: "min",
        call: "min(a, b)",
        example: "1, 2",
        doc: "The smallest of some numbers.",
        takes: (2, usize::MAX),
        wanted: "numbers",
        of: |values| picked(values, i64::min, f64::min),
    },
];

/// The function of that name.
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

impl Function {
    /// The value of a call at `at`; `None` when an error has been reported, or an argument is not known.
    pub(super) fn value(
        &self,
        at: Span,
        name: &Name,
        args: &Args,
        scope: &Scope<'_>,
        diags: &mut Diags,
    ) -> Option<Const> {
        let mut report = |at: Span, message: &str| {
            let help = format!("write `{}`", self.call);
            diags.push(settings::unfit_value(at, message, "a value is needed here", Some(&help)));
        };
        let (least, most) = self.takes;
        if !(least..=most).contains(&args.list.len()) {
            let count = if most == 1 { "one value" } else { "two values or more" };
            report(at, &format!("`{}` takes {count}, not {}", self.name, args.list.len()));
            return None;
        }
        if let Some(arg) = args.list.iter().find(|arg| arg.name.is_some()) {
            report(arg.span, &format!("the values of `{}` have no names", self.name));
            return None;
        }
        let values: Vec<Option<Const>> =
            args.list.iter().map(|arg| eval(&arg.value, scope, diags)).collect();
        let values = values.into_iter().collect::<Option<Vec<Const>>>()?;
        let value = (self.of)(&values);
        if value.is_none() {
            let given: Vec<String> = values.iter().map(Const::describe).collect();
            let given = given.join(" and ");
            let message = format!("`{}` takes {}, not {given}", self.name, self.wanted);
            let help = format!("`{}`: {}", self.call, self.doc);
            diags.push(settings::unfit_value(name.span, &message, "does not take it", Some(&help)));
        }
        value
    }
}

fn rounded(values: &[Const], round: fn(f64) -> f64) -> Option<Const> {
    match values {
        [whole @ Const::Int(_)] => Some(whole.clone()),
        // Beyond these a real is a whole number, and may be none of 64 bits.
        [Const::Real(real)] if real.abs() < 9e15 => Some(Const::Int(round(*real) as i64)),
        _ => None,
    }
}

/// One of several numbers: whole where all are.
fn picked(
    values: &[Const],
    whole: fn(i64, i64) -> i64,
    real: fn(f64, f64) -> f64,
) -> Option<Const> {
    let wholes: Option<Vec<i64>> = values
        .iter()
        .map(|value| match value {
            Const::Int(value) => Some(*value),
            _ => None,
        })
        .collect();
    if let Some(wholes) = wholes {
        return wholes.into_iter().reduce(whole).map(Const::Int);
    }
    let reals: Option<Vec<f64>> = values.iter().map(Const::number).collect();
    reals?.into_iter().reduce(real).map(Const::Real)
}
