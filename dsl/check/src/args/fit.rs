//! One value against one parameter.

use super::match_args;
use crate::consts::{Const, Scope, eval, plain};
use crate::diags::Diags;
use crate::paths::Target;
use crate::settings::kind;
use crate::settings::{expect_call, find_word};
use dlm_base::diag::codes::settings;
use dlm_base::{Diag, Span};
use dlm_grammar::tree::{Expr, ExprKind, Name};
use dlm_vocab::metric::{METRICS, MetricKind};
use dlm_vocab::range::RANGES;
use dlm_vocab::settings::{PER, TOKENS};
use dlm_vocab::{Arg, Param, Type, Unit, Word};

/// The value of `expr` as an argument of `param`; `None` when it does not fit, which has been
/// reported. `owner` is the word or block that has the parameter.
pub fn fit(
    expr: &Expr,
    param: &Param,
    owner: &str,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Arg> {
    if expr.is_broken() {
        return None;
    }
    let name = expr.unparen().as_name();
    match param.ty {
        Type::Choice(known) => return choice(expr, name, param, known, scope, diags),
        Type::Padding => {
            if let Some(name) = name.filter(|name| scope_lacks(scope, name)) {
                return word(expr.span, &name.text, param, &["same", "valid"], diags);
            }
        }
        Type::Init => return init(expr, param, owner, scope, diags),
        Type::Metric => return metric(expr, param, diags),
        Type::Shared => return shared(expr, name, param, diags),
        // What flow it is, the network under construction knows.
        Type::Flow => return Some(Arg::Flow(0)),
        Type::Path => return Target::path(expr, scope, diags)?.one(diags).map(Arg::Name),
        Type::Per => return call(expr, param, &PER.iter().collect::<Vec<_>>(), scope, diags),
        Type::Tokens => {
            return call(expr, param, &TOKENS.iter().collect::<Vec<_>>(), scope, diags);
        }
        Type::Range => {
            let words: Vec<&'static Word> = RANGES.iter().map(|range| &range.word).collect();
            return call(expr, param, &words, scope, diags);
        }
        _ => {}
    }
    let value = eval(expr, scope, diags)?;
    let mut report = |diag: Diag| {
        diags.push(diag);
        None
    };
    match value_of(&value, param, scope) {
        Ok(arg) => Some(arg),
        Err(Unfit::Kind) => report(settings::wrong_type(
            expr.span,
            param.name,
            &type_words(param.ty),
            &value.describe(),
        )),
        Err(Unfit::Range) => report(settings::out_of_range(
            expr.span,
            param.name,
            &value.to_string(),
            &bounds(param.ty),
        )),
    }
}

/// A bare name of the program's own making.
fn shared(expr: &Expr, name: Option<&Name>, param: &Param, diags: &mut Diags) -> Option<Arg> {
    if let Some(name) = name {
        return Some(Arg::Name(name.text.clone()));
    }
    let mut diag = settings::wrong_type(expr.span, param.name, &type_words(param.ty), kind(expr));
    if let ExprKind::Str(text) = &expr.unparen().kind
        && is_name(text)
    {
        diag = diag.help(format!("write `{text}`, without quotes")).fix(
            format!("write `{text}`"),
            expr.span,
            text.clone(),
            true,
        );
    }
    diags.push(diag);
    None
}

/// Whether a text could be a name.
fn is_name(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(|c: char| word(c) && !c.is_ascii_digit()) && text.chars().all(word)
}

/// Why a value does not fit.
enum Unfit {
    Kind,
    Range,
}

fn value_of(value: &Const, param: &Param, scope: &Scope<'_>) -> Result<Arg, Unfit> {
    match (param.ty, value) {
        (Type::Int { min }, Const::Int(v)) => {
            if *v >= min {
                Ok(Arg::Int(*v))
            } else {
                Err(Unfit::Range)
            }
        }
        (Type::Pair { min }, Const::Int(v)) => {
            if *v >= min {
                Ok(Arg::Ints(vec![*v; 2]))
            } else {
                Err(Unfit::Range)
            }
        }
        (Type::Pair { min }, Const::List(items)) if items.len() == 2 => {
            ints(items, min).map(Arg::Ints)
        }
        (Type::Padding, Const::Int(v)) => {
            if *v >= 0 {
                Ok(Arg::Ints(vec![*v; 2]))
            } else {
                Err(Unfit::Range)
            }
        }
        (Type::Padding, Const::List(items)) if items.len() == 2 => ints(items, 0).map(Arg::Ints),
        (Type::Padding, Const::Str(v)) if v == "same" || v == "valid" => Ok(Arg::Name(v.clone())),
        (Type::Real { min, max, open_min, open_max }, Const::Int(_) | Const::Real(_)) => {
            let v = value.number().ok_or(Unfit::Kind)?;
            let low = if open_min { v > min } else { v >= min };
            let high = if open_max { v < max } else { v <= max };
            if low && high { Ok(Arg::Real(v)) } else { Err(Unfit::Range) }
        }
        (Type::Bool, Const::Bool(v)) => Ok(Arg::Bool(*v)),
        (Type::Str, Const::Str(v)) => Ok(Arg::Str(v.clone())),
        (Type::File, Const::Str(v)) => {
            let from = &scope.world.module(scope.module).name;
            Ok(Arg::Str(scope.world.files.resolve(from, v)))
        }
        (Type::Ints { min }, Const::List(items)) => ints(items, min).map(Arg::Ints),
        (Type::Sizes, Const::List(items)) => ints(items, 1).map(Arg::Ints),
        (Type::Reals, Const::List(items)) => {
            let reals: Option<Vec<f64>> = items.iter().map(Const::number).collect();
            reals.map(Arg::Reals).ok_or(Unfit::Kind)
        }
        (Type::Strs, Const::List(items)) => strings(items).map(Arg::Strs),
        (Type::Texts, Const::Str(v)) => Ok(Arg::Str(v.clone())),
        (Type::Texts, Const::List(items)) => strings(items).map(Arg::Strs),
        (Type::Columns, Const::List(items)) => {
            let list = |item: &Const| match item {
                Const::List(names) => strings(names),
                _ => Err(Unfit::Kind),
            };
            match items.first() {
                Some(Const::List(_)) => {
                    items.iter().map(list).collect::<Result<_, _>>().map(Arg::Groups)
                }
                _ => strings(items).map(Arg::Strs),
            }
        }
        (Type::Duration, Const::Quantity(v, unit @ (Unit::Epochs | Unit::Steps))) => {
            if *v >= 0.0 {
                Ok(Arg::Quantity(*v, *unit))
            } else {
                Err(Unfit::Range)
            }
        }
        (Type::Part, Const::Real(v)) => {
            if *v > 0.0 && *v < 1.0 {
                Ok(Arg::Real(*v))
            } else {
                Err(Unfit::Range)
            }
        }
        (Type::Part, Const::Quantity(v, Unit::Samples)) => {
            let whole = *v >= 1.0 && v.fract() == 0.0;
            if whole { Ok(Arg::Quantity(*v, Unit::Samples)) } else { Err(Unfit::Range) }
        }
        _ => Err(Unfit::Kind),
    }
}

fn strings(items: &[Const]) -> Result<Vec<String>, Unfit> {
    let texts = items.iter().map(|item| match item {
        Const::Str(v) => Ok(v.clone()),
        _ => Err(Unfit::Kind),
    });
    texts.collect()
}

fn ints(items: &[Const], min: i64) -> Result<Vec<i64>, Unfit> {
    let whole = items.iter().map(|item| match item {
        Const::Int(v) => Some(*v),
        _ => None,
    });
    let values: Vec<i64> = whole.collect::<Option<_>>().ok_or(Unfit::Kind)?;
    if values.iter().all(|&v| v >= min) { Ok(values) } else { Err(Unfit::Range) }
}

/// Whether a name is neither a local one nor one of the file's.
fn scope_lacks(scope: &Scope<'_>, name: &Name) -> bool {
    scope.local(&name.text).is_none() && scope.world.lookup(scope.module, &name.text).is_none()
}

fn choice(
    expr: &Expr,
    name: Option<&Name>,
    param: &Param,
    known: &'static [&'static str],
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Arg> {
    if let Some(name) = name
        && (known.contains(&name.text.as_str()) || scope_lacks(scope, name))
    {
        return word(expr.span, &name.text, param, known, diags);
    }
    match eval(expr, scope, diags)? {
        Const::Str(text) => word(expr.span, &text, param, known, diags),
        other => {
            let expected = type_words(param.ty);
            diags.push(settings::wrong_type(expr.span, param.name, &expected, &other.describe()));
            None
        }
    }
}

fn word(
    at: Span,
    given: &str,
    param: &Param,
    known: &[&'static str],
    diags: &mut Diags,
) -> Option<Arg> {
    if known.contains(&given) {
        return Some(Arg::Name(given.to_string()));
    }
    diags.push(settings::unknown_choice(at, param.name, given, known, None));
    None
}

fn init(
    expr: &Expr,
    param: &Param,
    owner: &str,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Arg> {
    let expected = "an initialiser such as `normal(0.02)`";
    let (name, args) = match &expr.unparen().kind {
        ExprKind::Call { base: None, name, args } => (name, args.list.as_slice()),
        ExprKind::Name(name) => (name, &[][..]),
        _ => {
            let found = eval(expr, scope, diags)?;
            diags.push(settings::wrong_type(expr.span, param.name, expected, &found.describe()));
            return None;
        }
    };
    if name.text != "normal" {
        diags.push(settings::unknown_choice(name.span, param.name, &name.text, &["normal"], None));
        return None;
    }
    let deviation = match args {
        [one] if one.name.as_ref().is_none_or(|(name, _)| name.text == "std") => {
            eval(&one.value, scope, diags)?
        }
        _ => {
            let message = format!("`normal` takes the deviation alone, in `{owner}`");
            let help = "write `normal(0.02)`";
            diags.push(settings::unfit_value(expr.span, &message, "one number", Some(help)));
            return None;
        }
    };
    match deviation.number() {
        Some(v) if v >= 0.0 => Some(Arg::Call("normal".to_string(), vec![v])),
        Some(_) => {
            let value = deviation.to_string();
            diags.push(settings::out_of_range(expr.span, "normal", &value, "at least 0"));
            None
        }
        None => {
            let found = deviation.describe();
            diags.push(settings::wrong_type(expr.span, "normal", "a number", &found));
            None
        }
    }
}

/// A word of `known` with numbers.
fn call(
    expr: &Expr,
    param: &Param,
    known: &[&'static Word],
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Arg> {
    if let (Type::Per, ExprKind::Int(size)) = (param.ty, &expr.unparen().kind) {
        let (takes, text) = (type_words(param.ty), format!("group({size})"));
        let diag = settings::wrong_type(expr.span, param.name, &takes, &format!("{size}"));
        let help = format!("write `{text}`");
        diags.push(diag.help(help.clone()).fix(help, expr.span, text, true));
        return None;
    }
    let (name, site) = expect_call(expr, param.name, &type_words(param.ty), diags)?;
    let what = format!("value of `{}`", param.name);
    let word = find_word(name, &what, known, |word| word, diags)?;
    if let [only] = site.args.as_slice()
        && let ExprKind::Percent(share) = only.value.unparen().kind
        && word.name == "percentile"
    {
        let percent = plain((share * 1e8).round() / 1e6);
        let message = "`percentile` takes a number from 50 to 100, not a share";
        let help = format!("write `percentile({percent})`");
        diags.push(settings::unfit_value(only.span, message, "is a share", Some(&help)).fix(
            help.clone(),
            only.span,
            percent,
            true,
        ));
        return None;
    }
    let args = match_args(word, &site, scope, diags)?;
    let numbers: Vec<f64> = word.params.iter().map(|param| args.real(param.name)).collect();
    Some(match numbers.is_empty() {
        true => Arg::Name(word.name.to_string()),
        false => Arg::Call(word.name.to_string(), numbers),
    })
}

fn metric(expr: &Expr, param: &Param, diags: &mut Diags) -> Option<Arg> {
    let measured = |kind| {
        use MetricKind::{Answers, Classes, Sequence, Values};
        matches!(kind, Classes | Sequence | Values | Answers)
    };
    let known: Vec<String> = METRICS
        .iter()
        .filter(|metric| measured(metric.kind))
        .map(|metric| format!("valid.{}", metric.word.name))
        .collect();
    let text = match &expr.unparen().kind {
        ExprKind::Name(name) => name.text.clone(),
        ExprKind::Field { base, name } => match &base.kind {
            ExprKind::Name(base) => format!("{}.{}", base.text, name.text),
            _ => name.text.clone(),
        },
        _ => {
            let message = format!("`{}` takes a metric of the validation", param.name);
            let help = Some("write `valid.loss`");
            diags.push(settings::unfit_value(expr.span, &message, "a metric is needed", help));
            return None;
        }
    };
    if known.contains(&text) {
        return Some(Arg::Name(text));
    }
    let meant = format!("valid.{}", text.rsplit('.').next().unwrap_or_default());
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let mut diag = settings::unknown_choice(expr.span, param.name, &text, &known, None);
    if known.contains(&meant.as_str()) {
        diag.help = Some(format!("the metric is looked at on the validation part: `{meant}`"));
        diag.fixes.clear();
        diag = diag.fix(format!("write `{meant}`"), expr.span, meant, true);
    }
    diags.push(diag);
    None
}

/// What values a type takes, in words: "a whole number", "`same` or `valid`".
pub fn type_words(ty: Type) -> String {
    let words = match ty {
        Type::Int { .. } => "a whole number",
        Type::Pair { .. } => "a whole number or a pair `[height, width]`",
        Type::Padding => "`same`, `valid`, a whole number or a pair `[height, width]`",
        Type::Real { .. } => "a number",
        Type::Bool => "`true` or `false`",
        Type::Str => "a string",
        Type::File => "a path in quotes",
        Type::Choice(known) => {
            let quoted: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            return match quoted.as_slice() {
                [first @ .., last] if !first.is_empty() => {
                    format!("{} or {last}", first.join(", "))
                }
                _ => quoted.concat(),
            };
        }
        Type::Ints { .. } => "a list of whole numbers",
        Type::Reals => "a list of numbers",
        Type::Strs => "a list of strings",
        Type::Texts => "a string or a list of strings",
        Type::Columns => "a list of strings, or a list of such lists",
        Type::Sizes => "a shape, such as `[16, 7, 7]`",
        Type::Duration => "a duration, such as `5 epochs` or `200 steps`",
        Type::Part => "a share or a count, such as `10%` or `500 samples`",
        Type::Init => "an initialiser such as `normal(0.02)`",
        Type::Path => "the path of a layer, such as `stage[0].conv1`",
        Type::Shared => "a name, such as `table`",
        Type::Metric => "a metric of the validation, such as `valid.loss`",
        Type::Per => "`channel`, `tensor` or `group(32)`",
        Type::Range => "a range such as `minmax` or `percentile(99.99)`",
        Type::Tokens => "`char`, `byte` or `word(vocabulary = 4000)`",
        Type::Flow => "a flow",
    };
    words.to_string()
}

/// The range of a type, in words that fit behind "must be": "at least 1", "above 0 and at most 1".
pub fn bounds(ty: Type) -> String {
    match ty {
        Type::Int { min } | Type::Pair { min } | Type::Ints { min } => format!("at least {min}"),
        Type::Padding | Type::Duration => "at least 0".to_string(),
        Type::Sizes => "made of sizes from 1".to_string(),
        Type::Part => "between 0% and 100%, or a whole number of samples".to_string(),
        Type::Real { min, max, open_min, open_max } => {
            let low = match (min.is_finite(), open_min) {
                (false, _) => None,
                (true, true) => Some(format!("above {}", plain(min))),
                (true, false) => Some(format!("at least {}", plain(min))),
            };
            let high = match (max.is_finite(), open_max) {
                (false, _) => None,
                (true, true) => Some(format!("under {}", plain(max))),
                (true, false) => Some(format!("at most {}", plain(max))),
            };
            let both: Vec<String> = low.into_iter().chain(high).collect();
            if both.is_empty() { "a finite number".to_string() } else { both.join(" and ") }
        }
        other => type_words(other),
    }
}
