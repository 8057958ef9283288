//! Arguments of calls: names not given yet, and values.

use super::names::{Able, ValueType};
use super::{Kind, Offers, body, names};
use crate::ide::calls::{self, Call};
use crate::ide::places;
use crate::ide::words::{self, Parameter, Wants};
use dlm_grammar::lex::TokenKind;
use dlm_graph::Ty;
use dlm_vocab::metric::METRICS;
use dlm_vocab::metric::MetricKind;
use dlm_vocab::settings::Takes;
use dlm_vocab::{Type, Word};
use std::collections::BTreeSet;

/// What may stand in the parentheses of a call.
pub(super) fn arguments(offers: &mut Offers<'_>, call: &Call) {
    let caret = offers.caret;
    if caret.base().is_some() {
        if let Some(Wants::Value(Type::Path)) = active(call).map(|param| &param.wants) {
            return paths(offers, false, 0);
        }
        if let Some(Wants::Value(Type::Metric)) = active(call).map(|param| &param.wants) {
            return metrics(offers, "", 0);
        }
        let wanted = active(call).map_or(ValueType::Any, |param| value_type(&param.wants));
        return names::behind_dot(offers, within(offers, wanted));
    }
    let begins = matches!(caret.last_text(), "(" | ",") && caret.bracket() == Some(call.bracket);
    if begins {
        names_left(offers, call);
    }
    let param = active(call);
    if !begins && !caret.wants_value() {
        return units(offers, param.map_or(&[][..], |param| units_of(&param.wants)));
    }
    // What stands by its place does not repeat what has been given by its name.
    let again = begins && call.active.is_some_and(|it| call.given.contains(&it));
    if let Some(param) = param.filter(|param| !again || param.repeats) {
        // Values are offered for what has no name of its own yet, and behind the name.
        value(offers, &param.wants, if begins { 100 } else { 0 });
    }
}

/// Whether a number format's parameter is of the other kind of numbers: scales are of weights, ranges of
/// activations.
fn is_foreign(offers: &Offers<'_>, call: &Call, param: &str) -> bool {
    let caret = offers.caret;
    let brace = caret.open.iter().copied().rev().find(|&it| caret.text_of(it) == "{");
    let setting = brace.and_then(|brace| calls::setting(caret, brace));
    call.callable.what == "number format"
        && setting.is_some_and(|setting| match setting.takes {
            Takes::Weights => param == "range",
            Takes::Activations => param == "per",
            _ => false,
        })
}

fn active(call: &Call) -> Option<&Parameter> {
    call.callable.params.get(call.active?)
}

/// `stride = …`, for each parameter that is not given.
fn names_left(offers: &mut Offers<'_>, call: &Call) {
    for (i, param) in call.callable.params.iter().enumerate() {
        if param.is_flow() || call.given.contains(&i) || is_foreign(offers, call, &param.name) {
            continue;
        }
        let label = format!("{} = ", param.name);
        let default = param.label.split_once(" = ").map_or("", |(_, default)| default);
        let default = if default.starts_with('…') { "" } else { default };
        let text = format!("{label}${{1:{}}}", default.replace('}', "\\}"));
        let rank = if Some(i) == call.active { 0 } else { 10 + i as u32 };
        offers.snippet(Kind::Setting, &label, &param.label, &param.doc, &text, rank);
        offers.foreign(aliases(&call.callable.name, &param.name));
    }
}

/// The names by which other systems know a parameter of a word.
fn aliases(word: &str, param: &str) -> &'static [&'static str] {
    let words = dlm_vocab::ops::OPERATORS.iter().map(|it| &it.word);
    let words = words
        .chain(dlm_vocab::optim::OPTIMIZERS.iter().map(|it| &it.word))
        .chain(dlm_vocab::schedule::SCHEDULES.iter().map(|it| &it.word))
        .chain(dlm_vocab::loss::LOSSES.iter().map(|it| &it.word))
        .chain(dlm_vocab::data::SOURCES.iter().map(|it| &it.word))
        .chain(dlm_vocab::format::FORMATS.iter().map(|it| &it.word));
    let mut params = words.filter(|it| it.name == word).flat_map(|it| it.params);
    params.find(|it| it.name == param).map_or(&[], |it| it.aliases)
}

/// The values that a parameter takes.
pub(super) fn value(offers: &mut Offers<'_>, wants: &Wants, rank: u32) {
    match wants {
        Wants::Flow => names::flows(offers, rank),
        Wants::Value(ty) => typed(offers, *ty, rank),
        Wants::Declared(ty) if ty == "artifact" => names::artifacts(offers, Able::Judged, rank),
        Wants::Declared(ty) => values(offers, within(offers, ValueType::of(ty)), rank),
    }
}

/// Names and words of what is wanted.
pub(super) fn values(offers: &mut Offers<'_>, wanted: ValueType, rank: u32) {
    match wanted {
        ValueType::Bool => body::truth(offers, rank),
        ValueType::Text => offers.snippet(Kind::Value, "\"…\"", "a string", "", "\"$1\"$0", rank),
        ValueType::List => offers.snippet(Kind::Value, "[…]", "a list", "", "[$1]$0", rank),
        _ => {}
    }
    names::constants(offers, wanted, rank + 50);
}

fn value_type(wants: &Wants) -> ValueType {
    match wants {
        Wants::Flow => ValueType::Any,
        Wants::Declared(ty) => ValueType::of(ty),
        Wants::Value(ty) => match ty {
            Type::Int { .. } => ValueType::Int,
            Type::Pair { .. } | Type::Padding => ValueType::Pair,
            Type::Real { .. } => ValueType::Real,
            Type::Bool => ValueType::Bool,
            Type::Str | Type::File => ValueType::Text,
            Type::Ints { .. } | Type::Sizes | Type::Reals | Type::Strs => ValueType::List,
            _ => ValueType::Any,
        },
    }
}

/// The same for an element, where the caret stands in a list.
fn within(offers: &Offers<'_>, wanted: ValueType) -> ValueType {
    let caret = offers.caret;
    let Some(bracket) = caret.bracket().filter(|&it| caret.text_of(it) == "[") else {
        return wanted;
    };
    let indexes = bracket.checked_sub(1).is_some_and(|before| {
        caret.kind_of(before) == Some(TokenKind::Word)
            && caret.before[before].end == caret.before[bracket].start
    });
    match wanted {
        _ if indexes => ValueType::Int,
        ValueType::Pair => ValueType::Int,
        _ => ValueType::Any,
    }
}

/// The values of a type.
pub(super) fn typed(offers: &mut Offers<'_>, ty: Type, rank: u32) {
    let in_list = offers.caret.bracket().is_some_and(|it| offers.caret.text_of(it) == "[");
    let value = within(offers, value_type(&Wants::Value(ty)));
    let mut plain = |values: &[&str]| {
        for (i, value) in values.iter().enumerate() {
            offers.push(Kind::Value, value, "", "", rank + i as u32);
        }
    };
    match ty {
        Type::Choice(values) => plain(values),
        Type::Padding => {
            if !in_list {
                plain(&["same", "valid"]);
            }
            values(offers, value, rank);
        }
        Type::Init | Type::Per | Type::Range | Type::Tokens => {
            let (list, what) = words::of_type(ty);
            words_of(offers, &list, what, rank);
        }
        Type::Path => paths(offers, false, rank),
        Type::Metric => metrics(offers, "valid.", rank),
        Type::Shared => shared(offers, rank),
        Type::Flow => names::flows(offers, rank),
        Type::Duration => {
            plain(&["1 epoch", "5 epochs", "200 steps"]);
            names::constants(offers, ValueType::Quantity, rank + 50);
        }
        Type::Part => plain(&["10%", "500 samples"]),
        Type::Strs if in_list => values(offers, ValueType::Text, rank),
        Type::Strs => offers.snippet(Kind::Value, "[\"…\"]", "strings", "", "[\"$1\"]$0", rank),
        Type::Ints { .. } | Type::Sizes if in_list => values(offers, ValueType::Int, rank),
        Type::Reals if in_list => values(offers, ValueType::Real, rank),
        Type::Bool
        | Type::Str
        | Type::File
        | Type::Int { .. }
        | Type::Pair { .. }
        | Type::Real { .. }
        | Type::Ints { .. }
        | Type::Reals
        | Type::Sizes => values(offers, value, rank),
    }
}

/// Words with what must be given to them.
pub(super) fn words_of(
    offers: &mut Offers<'_>,
    list: &[&'static Word],
    what: &'static str,
    rank: u32,
) {
    for word in list {
        let found = words::word(word, what);
        offers.callable(Kind::Value, &found, word.aliases, "", rank);
    }
}

/// The layers of the networks that a path may speak of, first those that fit; `many` says whether it may be a
/// pattern.
pub(super) fn paths(offers: &mut Offers<'_>, many: bool, rank: u32) {
    let caret = offers.caret;
    let written = caret.base().map_or(0, |base| base.len() + 1);
    let kept = offers.replace.clone();
    offers.replace.start = offers.replace.start.saturating_sub(written);
    let given = given(offers);
    let mut count = 0;
    for (prefix, net) in places::networks(offers.snapshot, caret) {
        for (path, what) in places::paths(net) {
            let flow = net.at(&path).filter(|_| !many);
            let fits = flow.is_none_or(|flow| is_partner(offers, net.ty(flow)));
            let path = format!("{prefix}{path}");
            let rank = rank + count + if fits { 0 } else { 300 };
            count = (count + 1).min(90);
            let detail = format!("{what} · {}", net.title);
            if let Some(block) = path.strip_suffix("[0]").filter(|_| many) {
                let doc = "Every turn of the `repeat`.";
                offers.push(Kind::Path, &format!("{block}[*]"), detail.trim(), doc, rank);
            }
            if !given.contains(&path) {
                offers.push(Kind::Path, &path, detail.trim(), "", rank);
            }
        }
    }
    offers.replace = kept;
}

/// The names under which weights are shared already.
fn shared(offers: &mut Offers<'_>, rank: u32) {
    let text = offers.caret.text;
    let words: Vec<&str> =
        dlm_grammar::lex::tokens(text).iter().map(|token| token.text(text)).collect();
    let names = words.windows(3).filter(|it| (it[0], it[1]) == ("shared", "=") && it[2] != ")");
    let names: BTreeSet<&str> = names.map(|it| it[2]).collect();
    for name in names {
        offers.push(Kind::Name, name, "a shared weight", "", rank);
    }
}

/// Whether what a path gives goes with what the other path of a loss term gives, as far as that is written.
fn is_partner(offers: &Offers<'_>, ty: &Ty) -> bool {
    let caret = offers.caret;
    let Some(call) = calls::innermost(offers.snapshot, caret) else { return true };
    let Some(term) = dlm_vocab::loss::find(&call.callable.name) else { return true };
    let teachers = active(&call).is_some_and(|param| param.name == "teacher");
    let other = if teachers { "student" } else { "teacher" };
    let pieces = caret.pieces(call.bracket);
    let piece = pieces.iter().find(|it| it.first().is_some_and(|it| it.text(caret.text) == other));
    let path: String = piece
        .map_or(&[][..], |it| it.get(2..).unwrap_or_default())
        .iter()
        .map(|token| token.text(caret.text))
        .collect();
    let Some(other) = places::gives(offers.snapshot, caret, !teachers, &path) else { return true };
    let (teacher, student) = if teachers { (ty, other) } else { (other, ty) };
    (term.fits_features)(teacher, student).is_ok()
}

/// The elements of the list around the caret that are written already.
pub(super) fn given(offers: &Offers<'_>) -> Vec<String> {
    let caret = offers.caret;
    let Some(bracket) = caret.bracket().filter(|&it| caret.text_of(it) == "[") else {
        return Vec::new();
    };
    let pieces = caret.pieces(bracket);
    let before = pieces.iter().take(pieces.len().saturating_sub(1));
    before.map(|piece| piece.iter().map(|token| token.text(caret.text)).collect()).collect()
}

/// What is measured of the validation part.
fn metrics(offers: &mut Offers<'_>, prefix: &str, rank: u32) {
    for metric in METRICS {
        if matches!(
            metric.kind,
            MetricKind::Classes | MetricKind::Sequence | MetricKind::Values | MetricKind::Answers
        ) {
            let label = format!("{prefix}{}", metric.word.name);
            let doc = words::summary(metric.word.doc);
            offers.push(Kind::Value, &label, "metric of the validation part", &doc, rank);
        }
    }
}

/// The units of durations.
pub(super) const TIMES: &[&str] = &["epochs", "steps"];

/// The units that an argument takes.
fn units_of(wants: &Wants) -> &'static [&'static str] {
    match wants {
        Wants::Value(Type::Duration) => TIMES,
        Wants::Value(Type::Part) => &["samples"],
        _ => &[],
    }
}

/// The units behind a number.
pub(super) fn units(offers: &mut Offers<'_>, units: &[&str]) {
    let caret = offers.caret;
    let number = caret.last().filter(|&it| caret.kind_of(it) == Some(TokenKind::Number));
    let Some(number) = number else { return };
    let between = &caret.text[caret.before[number].end as usize..caret.word.start];
    if between != " " {
        return;
    }
    let one = caret.text_of(number) == "1";
    for (i, unit) in units.iter().enumerate() {
        // `us` has no plural.
        let word = unit.strip_suffix('s').filter(|word| one && word.len() > 2).unwrap_or(unit);
        offers.push(Kind::Keyword, word, "unit", "", i as u32);
    }
}
