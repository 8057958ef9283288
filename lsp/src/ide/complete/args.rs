//! Arguments of calls: names not given yet, and values.

use super::{Kind, Offers, body, names};
use crate::ide::calls::Call;
use crate::ide::places;
use crate::ide::words::{self, Parameter, Wants};
use dlm_grammar::lex::TokenKind;
use dlm_vocab::metric::METRICS;
use dlm_vocab::metric::MetricKind;
use dlm_vocab::{Type, Word};

/// What may stand in the parentheses of a call.
pub(super) fn arguments(offers: &mut Offers<'_>, call: &Call) {
    let caret = offers.caret;
    if caret.base().is_some() {
        if let Some(Wants::Value(Type::Path)) = active(call).map(|param| &param.wants) {
            return paths(offers, 0);
        }
        if let Some(Wants::Value(Type::Metric)) = active(call).map(|param| &param.wants) {
            return metrics(offers, "", 0);
        }
        return names::behind_dot(offers);
    }
    let begins = matches!(caret.last_text(), "(" | ",") && caret.bracket() == Some(call.bracket);
    if begins {
        names_left(offers, call);
    }
    if !begins && !caret.wants_value() {
        return units(offers);
    }
    if let Some(param) = active(call) {
        // Values are offered for what has no name of its own yet, and behind the name.
        value(offers, &param.wants, if begins { 100 } else { 0 });
    }
}

fn active(call: &Call) -> Option<&Parameter> {
    call.callable.params.get(call.active?)
}

/// `stride = …`, for each parameter that is not given.
fn names_left(offers: &mut Offers<'_>, call: &Call) {
    for (i, param) in call.callable.params.iter().enumerate() {
        if param.is_flow() || call.given.contains(&i) {
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
        Wants::Declared(ty) if ty == "artifact" => names::artifacts(offers, true, rank),
        Wants::Declared(ty) => {
            if ty == "bool" {
                body::truth(offers, rank);
            }
            names::constants(offers, rank + 50);
        }
    }
}

/// The values of a type.
pub(super) fn typed(offers: &mut Offers<'_>, ty: Type, rank: u32) {
    let mut plain = |values: &[&str]| {
        for (i, value) in values.iter().enumerate() {
            offers.push(Kind::Value, value, "", "", rank + i as u32);
        }
    };
    match ty {
        Type::Choice(values) => plain(values),
        Type::Padding => {
            plain(&["same", "valid"]);
            names::constants(offers, rank + 50);
        }
        Type::Bool => {
            plain(&["true", "false"]);
            names::constants(offers, rank + 50);
        }
        Type::Init | Type::Per | Type::Range => {
            let (list, what) = words::of_type(ty);
            words_of(offers, &list, what, rank);
        }
        Type::Path => paths(offers, rank),
        Type::Metric => metrics(offers, "valid.", rank),
        Type::Duration => {
            for text in ["1 epoch", "5 epochs", "200 steps"] {
                offers.push(Kind::Value, text, "", "", rank);
            }
        }
        Type::Part => {
            for text in ["10%", "500 samples"] {
                offers.push(Kind::Value, text, "", "", rank);
            }
        }
        Type::Str | Type::File => {
            offers.snippet(Kind::Value, "\"…\"", "a string", "", "\"$1\"$0", rank);
        }
        Type::Strs => offers.snippet(Kind::Value, "[\"…\"]", "strings", "", "[\"$1\"]$0", rank),
        Type::Int { .. } | Type::Pair { .. } | Type::Real { .. } | Type::Ints { .. } => {
            names::constants(offers, rank);
        }
        Type::Reals | Type::Sizes => names::constants(offers, rank),
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

/// The layers of the networks that a path may speak of.
pub(super) fn paths(offers: &mut Offers<'_>, rank: u32) {
    let written = offers.caret.base().map_or(0, |base| base.len() + 1);
    let kept = offers.replace.clone();
    offers.replace.start = offers.replace.start.saturating_sub(written);
    for net in places::networks(offers.snapshot, offers.caret) {
        for (i, (path, what)) in places::paths(net).into_iter().enumerate() {
            let detail = format!("{what} · {}", net.title);
            offers.push(Kind::Path, &path, detail.trim(), "", rank + (i as u32).min(90));
        }
    }
    offers.replace = kept;
}

/// What is measured of the validation part.
fn metrics(offers: &mut Offers<'_>, prefix: &str, rank: u32) {
    for metric in METRICS {
        if matches!(metric.kind, MetricKind::Classes | MetricKind::Values | MetricKind::Answers) {
            let label = format!("{prefix}{}", metric.word.name);
            let doc = words::summary(metric.word.doc);
            offers.push(Kind::Value, &label, "metric of the validation part", &doc, rank);
        }
    }
}

/// The units behind a number.
pub(super) fn units(offers: &mut Offers<'_>) {
    let caret = offers.caret;
    let number = caret.last().filter(|&it| caret.kind_of(it) == Some(TokenKind::Number));
    let Some(number) = number else { return };
    let between = &caret.text[caret.before[number].end as usize..caret.word.start];
    if between != " " {
        return;
    }
    let one = caret.text_of(number) == "1";
    let many: &[&str] = match one {
        true => &["epoch", "step", "sample", "B", "KiB", "MiB", "ms", "us"],
        false => &["epochs", "steps", "samples", "B", "KiB", "MiB", "ms", "us"],
    };
    for (i, unit) in many.iter().enumerate() {
        offers.push(Kind::Keyword, unit, "unit", "", i as u32);
    }
}
