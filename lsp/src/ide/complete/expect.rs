//! Comparisons of `expect`.

use super::names::{Able, ValueType};
use super::{Kind, Offers, args, names};
use crate::ide::calls;
use crate::ide::context::Caret;
use crate::ide::words;
use dlm_check::program::Made;
use dlm_grammar::lex::{Token, TokenKind};
use dlm_vocab::metric::{METRICS, Metric, MetricKind, MetricUnit};

/// A place in a row of `expect`.
pub(super) fn row(offers: &mut Offers<'_>) {
    let caret = offers.caret;
    if let Some(call) = calls::innermost(offers.snapshot, caret)
        && caret.bracket() == Some(call.bracket)
    {
        return args::arguments(offers, &call);
    }
    if let Some(base) = caret.base() {
        return metrics(offers, base);
    }
    match caret.last_text() {
        "{" | "<" | "<=" | ">" | ">=" | "==" | "!=" | "+" | "-" | "*" | "/" | "(" => value(offers),
        _ if caret.first_on_line() => value(offers),
        _ => {
            let row = row_of(caret);
            args::units(offers, units(row, caret.text));
            if row.iter().any(|token| SIGNS.contains(&token.text(caret.text))) {
                return;
            }
            for (i, sign) in SIGNS.iter().enumerate() {
                offers.push(Kind::Keyword, sign, "", "", 20 + i as u32);
            }
        }
    }
}

/// What compares.
const SIGNS: &[&str] = &[">=", "<=", ">", "<", "==", "!="];

/// The tokens of the comparison before the caret.
fn row_of<'c>(caret: &'c Caret<'_>) -> &'c [Token] {
    let line = caret.text[..caret.at].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let behind = |token: &Token| token.start as usize >= line && token.kind != TokenKind::Open;
    let first = caret.before.iter().position(behind).unwrap_or(caret.before.len());
    &caret.before[first..]
}

/// The metric that a row compares.
fn compared(row: &[Token], text: &str) -> Option<&'static Metric> {
    row.iter().find_map(|token| dlm_vocab::metric::find(token.text(text)))
}

/// The units of the metric in a row.
fn units(row: &[Token], text: &str) -> &'static [&'static str] {
    match compared(row, text).map(|metric| metric.unit) {
        Some(MetricUnit::Bytes) => &["KiB", "MiB", "B"],
        Some(MetricUnit::Seconds) => &["ms", "us"],
        _ => &[],
    }
}

fn value(offers: &mut Offers<'_>) {
    names::artifacts(offers, Able::Judged, 0);
    names::constants(offers, ValueType::Real, 100);
}

/// What is measured of an artifact, first what it has.
fn metrics(offers: &mut Offers<'_>, base: &str) {
    let (owner, split) = base.split_once('.').unwrap_or((base, ""));
    let program = &offers.snapshot.checked.program;
    let Some(artifact) = program.artifact(owner) else {
        return names::behind_dot(offers, ValueType::Real);
    };
    let target = artifact.dataset().map(|data| program.datasets[data].facts.target.clone());
    let size = artifact.network().is_some()
        && !matches!(artifact.made, Made::Loaded(it) if it.network().is_none());
    let cost = dlm_check::budget::of(program, artifact);
    let compared = compared(row_of(offers.caret), offers.caret.text);
    for &metric in METRICS {
        let fixed = matches!(metric.kind, MetricKind::Static | MetricKind::Timed);
        if fixed && !split.is_empty() {
            continue;
        }
        let fits = match metric.kind {
            MetricKind::Static | MetricKind::Timed => size,
            MetricKind::Answers => true,
            kind => target.as_ref().is_none_or(|target| kind.fits(target)),
        };
        let same = compared.is_none_or(|it| it.unit == metric.unit);
        let rank = if fits && same { 0 } else { 300 };
        push(offers, metric, cost, rank);
    }
    if split.is_empty() {
        for (part, says) in
            [("valid", "validation part"), ("train", "training part"), ("test", "test part")]
        {
            offers.push(Kind::Name, part, says, "", 100);
        }
    }
}

fn push(
    offers: &mut Offers<'_>,
    metric: &'static Metric,
    cost: Option<dlm_check::budget::Budget>,
    rank: u32,
) {
    use dlm_check::budget::{bytes, grouped};
    let name = metric.word.name;
    let detail = match (cost, name) {
        (Some(cost), "params") => grouped(cost.params),
        (Some(cost), "macs") => grouped(cost.macs),
        (Some(cost), "size") => bytes(cost.size),
        (Some(cost), "memory") => bytes(cost.memory),
        _ => words::summary(metric.word.doc),
    };
    let doc = dlm_vocab::word::doc_text(metric.word.doc);
    match metric.kind.compares() {
        true => {
            let text = format!("{name}(${{1:other}})$0");
            offers.snippet(Kind::Value, name, &detail, &doc, &text, rank);
        }
        false => offers.push(Kind::Value, name, &detail, &doc, rank),
    }
    offers.foreign(metric.word.aliases);
}
