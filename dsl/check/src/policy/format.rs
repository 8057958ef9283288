//! Number formats as a policy writes them.

use crate::args::{CallSite, match_args};
use crate::consts::Scope;
use crate::diags::Diags;
use crate::quant::{Activations, Per, Range, Weights};
use crate::settings::{argument, expect_call, find_word};
use dlm_base::Span;
use dlm_base::diag::codes::{lints, quant as codes, settings};
use dlm_grammar::tree::Expr;
use dlm_vocab::format::{self, FORMATS, FormatWord};
use dlm_vocab::{Arg, Args, Word};

/// The format of weights that an expression is; `None` when it is none, which has been reported.
pub(super) fn weights(expr: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<Weights> {
    let wanted = Side { setting: "weights", fits: |word| word.weights, foreign: "range" };
    let (word, call, args) = wanted.read(expr, scope, diags)?;
    let bits = match word.word.name {
        "int8" => 8,
        "int4" => 4,
        "float16" => return Some(Weights::Float16),
        _ => return Some(Weights::Float32),
    };
    let per = match args.get("per") {
        Some(Arg::Name(name)) if name == "tensor" => Per::Tensor,
        Some(Arg::Call(_, numbers)) => Per::Group(*numbers.first()? as usize),
        _ => Per::Channel,
    };
    let symmetric = !matches!(args.get("symmetric"), Some(Arg::Bool(false)));
    let may_shift = bits == 4 && matches!(per, Per::Group(_));
    if !symmetric && !may_shift {
        let at = place(&call, &word.word, "symmetric");
        let help = match bits {
            4 => "leave `symmetric` out, or write `int4(per = group(32), symmetric = false)`",
            _ => "leave `symmetric` out; activations may be asymmetric",
        };
        let message = "weights are symmetric: the code of 0 is 0";
        let label = "only `int4` in groups may have zero points";
        diags.push(codes::format_unfit(at, message, label, None, help));
        return None;
    }
    Some(Weights::Int { bits, per, symmetric })
}

/// The format of activations that an expression is; `None` when it is none, which has been reported.
/// Under `dynamic` there are no ranges to choose.
pub(super) fn activations(
    expr: &Expr,
    dynamic: bool,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Activations> {
    let wanted = Side { setting: "activations", fits: |word| word.activations, foreign: "per" };
    let (word, call, args) = wanted.read(expr, scope, diags)?;
    if word.word.name == "float32" {
        return Some(Activations::Float32);
    }
    for (param, given) in [("range", "the range"), ("symmetric", "`symmetric`")] {
        let at = argument(&call, &word.word, None, (param, 0)).map(|expr| expr.span);
        if let (true, Some(at)) = (dynamic, at) {
            let reason = "`dynamic` spans the codes from the smallest to the largest of each batch";
            let help = "leave it out, or write `method = static`";
            diags.push(lints::no_effect(at, given, reason, help));
        }
    }
    let number = |numbers: &[f64]| numbers.first().copied();
    let range = match args.get("range") {
        Some(Arg::Call(name, numbers)) if name == "moving" => Range::Moving(number(numbers)?),
        Some(Arg::Call(_, numbers)) => Range::Percentile(number(numbers)?),
        Some(Arg::Name(name)) if name == "mse" => Range::Mse,
        Some(Arg::Name(name)) if name == "entropy" => Range::Entropy,
        _ => Range::MinMax,
    };
    let symmetric = matches!(args.get("symmetric"), Some(Arg::Bool(true)));
    Some(Activations::Codes { symmetric, range })
}

/// The word without parameters that the value of a setting is.
pub(super) fn word_of(
    expr: &Expr,
    setting: &str,
    takes: &str,
    words: &[&'static Word],
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<&'static Word> {
    let (name, call) = expect_call(expr, setting, takes, diags)?;
    let word = find_word(name, &format!("value of `{setting}`"), words, |w| w, diags)?;
    match_args(word, &call, scope, diags)?;
    Some(word)
}

/// One of the two things that have formats.
struct Side {
    setting: &'static str,
    fits: fn(&FormatWord) -> bool,
    /// The parameter that only the other one has.
    foreign: &'static str,
}

impl Side {
    fn read<'t>(
        &self,
        expr: &'t Expr,
        scope: &Scope<'_>,
        diags: &mut Diags,
    ) -> Option<(&'static FormatWord, CallSite<'t>, Args)> {
        let fitting: Vec<&'static FormatWord> =
            FORMATS.iter().copied().filter(|word| (self.fits)(word)).collect();
        let known: Vec<&str> = fitting.iter().map(|word| word.word.name).collect();
        let takes = format!("a number format such as `{}`", known[known.len() - 1]);
        let (name, call) = expect_call(expr, self.setting, &takes, diags)?;
        if let Some(other) = format::find(&name.text).filter(|word| !(self.fits)(word)) {
            let (given, at) = (other.word.name, name.span);
            diags.push(settings::unknown_choice(at, self.setting, given, &known, None));
            return None;
        }
        let what = format!("format of {}", self.setting);
        let word = find_word(name, &what, &fitting, |word| &word.word, diags)?;
        let own = call.args.iter().find(|arg| match &arg.name {
            Some((name, _)) => name.text == self.foreign,
            // By place, the first is that of weights.
            None => self.foreign == "per" && word.word.params.iter().any(|p| p.name == "per"),
        });
        if let Some(arg) = own {
            let (message, help) = match self.foreign {
                "per" => (
                    "`per` is of weights: the numbers of one result share a scale",
                    "leave it out; a format of activations has `range` and `symmetric`",
                ),
                _ => (
                    "`range` is of activations: weights are known, and span all their codes",
                    "leave it out; a format of weights has `per` and `symmetric`",
                ),
            };
            diags.push(settings::unfit_value(
                arg.span,
                message,
                "does not belong here",
                Some(help),
            ));
            return None;
        }
        let args = match_args(&word.word, &call, scope, diags)?;
        Some((word, call, args))
    }
}

fn place(call: &CallSite<'_>, word: &Word, param: &str) -> Span {
    argument(call, word, None, (param, 0)).map_or(call.span, |expr| expr.span)
}
