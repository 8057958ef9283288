//! Settings of blocks: those not given yet, and their values.

use super::names::Able;
use super::{Kind, Offers, args, names};
use crate::ide::calls;
use crate::ide::{places, words};
use dlm_grammar::lex::TokenKind;
use dlm_vocab::data::Target;
use dlm_vocab::ops::OPERATORS;
use dlm_vocab::settings::{self, Setting, Takes};
use dlm_vocab::word::doc_text;
use dlm_vocab::{Type, loss};

/// A place in the block of settings that begins at `brace`.
pub(super) fn block(offers: &mut Offers<'_>, brace: usize) {
    let caret = offers.caret;
    let word = calls::block(caret, brace);
    if let Some(bracket) = caret.bracket()
        && caret.called(bracket).is_some_and(|it| caret.text_of(it) == "kind")
    {
        for op in OPERATORS {
            let found = words::operator(op);
            offers.push(Kind::Layer, op.word.name, "operator", &found.doc, 0);
        }
        return;
    }
    if let Some(call) = calls::innermost(offers.snapshot, caret)
        && (caret.bracket() == Some(call.bracket) || caret.bracket() > Some(call.bracket))
    {
        return args::arguments(offers, &call);
    }
    if in_target(offers, brace) {
        return targets(offers);
    }
    let setting = calls::setting(caret, brace);
    let in_block = caret.bracket() == Some(brace);
    let wants = caret.wants_value() && caret.last() != Some(brace);
    let dotted = caret.last_kind() == Some(TokenKind::Dot);
    match setting {
        Some(setting) if wants || dotted || !in_block => value(offers, setting, word),
        _ if !in_block => {}
        _ => {
            if let Some(setting) = setting.filter(|_| !caret.first_on_line()) {
                args::units(offers, units_of(setting.takes));
            }
            keys(offers, brace, word);
        }
    }
}

/// The units that a setting's value may have.
fn units_of(takes: Takes) -> &'static [&'static str] {
    match takes {
        Takes::Samples | Takes::SourceOrPart | Takes::Value(Type::Part) => &["samples"],
        Takes::Tail | Takes::Value(Type::Duration) => args::TIMES,
        _ => &[],
    }
}

/// Whether the caret stands between `override` and its block.
fn in_target(offers: &Offers<'_>, brace: usize) -> bool {
    let caret = offers.caret;
    let mut depth = 0usize;
    for place in (brace + 1..caret.before.len()).rev() {
        match (caret.kind_of(place), caret.text_of(place)) {
            (_, "override") if depth == 0 => return true,
            (Some(TokenKind::Close), "}") => return false,
            (Some(TokenKind::Close), _) => depth += 1,
            (Some(TokenKind::Open), _) => depth = depth.saturating_sub(1),
            (Some(TokenKind::Equals), _) => return false,
            _ => {}
        }
    }
    false
}

/// The settings that are not given yet.
fn keys(offers: &mut Offers<'_>, brace: usize, word: &str) {
    if word == "quantize" && !trains(offers) {
        return;
    }
    let given = given(offers, brace);
    for (i, setting) in settings::block(word).into_iter().enumerate() {
        if given.iter().any(|name| name == setting.name) {
            continue;
        }
        let label = setting.name;
        let detail = format!("default: {}", setting.default);
        let text = format!("{label} = $0");
        let doc = doc_text(setting.doc);
        // What excludes each other sinks.
        let other = match label {
            "steps" => "epochs",
            "epochs" => "steps",
            "source" => "train",
            "train" => "source",
            _ => "",
        };
        let rank = match given.iter().any(|name| name == other) {
            true => 200,
            false if label == "loss" => 0,
            false => i as u32 + 1,
        };
        offers.snippet(Kind::Setting, label, &detail, &doc, &text, rank);
        offers.foreign(setting.aliases);
    }
    if word == "policy" {
        let text = "override ${1:kind(dense)} { ${2:weights = int8(per = tensor)} }$0";
        let doc = "Other formats for some layers.";
        offers.snippet(Kind::Keyword, "override", "override target { … }", doc, text, 100);
    }
}

/// The names of the settings of a block, before the caret and behind it.
fn given(offers: &Offers<'_>, brace: usize) -> Vec<String> {
    let caret = offers.caret;
    let mut names = Vec::new();
    let mut depth = 0usize;
    for place in brace + 1..caret.before.len() {
        match caret.before[place].kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Equals if depth == 0 => names.push(caret.text_of(place - 1).to_string()),
            _ => {}
        }
    }
    if let Some(item) = crate::ide::locals::item_at(offers.snapshot, caret.at)
        && calls::block(caret, brace) != "override"
        && let Some(block) = item.settings()
    {
        let behind = block.settings().filter(|it| it.key.span.start as usize > caret.word.end);
        names.extend(behind.map(|it| it.key.text.clone()));
    }
    names
}

/// The values of a setting.
fn value(offers: &mut Offers<'_>, setting: &'static Setting, block: &str) {
    let in_list = offers.caret.bracket().is_some_and(|it| offers.caret.text_of(it) == "[");
    match setting.takes {
        Takes::Paths if in_list => return args::paths(offers, true, 0),
        Takes::Paths => {
            return offers.snippet(Kind::Value, "[…]", "layer paths", "", "[$1]$0", 0);
        }
        Takes::Augments if !in_list => {
            return offers.snippet(Kind::Value, "[…]", "augmentations", "", "[$1]$0", 0);
        }
        Takes::Loss => return losses(offers, block),
        Takes::Artifact => return names::artifacts(offers, Able::Trained, 0),
        Takes::Value(ty) => {
            args::typed(offers, ty, 0);
            if matches!(ty, Type::Int { .. } | Type::Real { .. }) {
                default(offers, setting);
            }
            return;
        }
        Takes::Samples => default(offers, setting),
        Takes::Tail => {
            for (i, text) in ["30%", "1 epoch", "200 steps"].into_iter().enumerate() {
                offers.push(Kind::Value, text, "", "", i as u32);
            }
        }
        _ => {}
    }
    let (list, what) = words::of_setting(setting.takes);
    args::words_of(offers, &list, what, 0);
    if setting.takes == Takes::SourceOrPart {
        offers.push(Kind::Value, "10%", "a share", "", 0);
        offers.push(Kind::Value, "500 samples", "a count", "", 0);
    }
}

/// The default of a setting, where it is a plain value.
fn default(offers: &mut Offers<'_>, setting: &Setting) {
    if setting.default.starts_with(|c: char| c.is_ascii_digit()) {
        offers.push(Kind::Value, setting.default, "default", "", 20);
    }
}

/// Loss terms: those that fit the targets of the data first.
fn losses(offers: &mut Offers<'_>, block: &str) {
    let caret = offers.caret;
    let on = (0..caret.before.len()).find(|&it| caret.text_of(it) == "on");
    let data = on.map_or("", |it| caret.text_of(it + 1));
    let decl = words::lookup(offers.snapshot, data).map(|(decl, _)| decl);
    let facts = decl.and_then(|decl| offers.snapshot.checked.facts.get(&decl).cloned());
    let target: Option<Target> = facts.map(|facts| facts.target.clone());
    let taught = block == "distill" || (block == "quantize" && has_teacher(offers));
    // A closed teacher has no layers to look at.
    let closed = taught && !places::has_teachers(offers.snapshot, caret);
    for &it in loss::LOSSES {
        if it.has_teacher() && !taught {
            continue;
        }
        let fits = target.as_ref().is_none_or(|target| (it.fits)(target));
        let fits = fits && !(closed && it.of == loss::Of::Features);
        let rank = match (fits, it.has_teacher()) {
            (true, true) => 0,
            (true, false) if it.of == loss::Of::Weights => 60,
            (true, false) => 50,
            (false, _) => 300,
        };
        args::words_of(offers, &[&it.word], "loss term", rank);
        // Terms that compare features may name layers.
        if it.of == loss::Of::Features
            && let Some(last) = offers.list.last_mut()
        {
            let name = it.word.name;
            last.insert = format!("{name}(teacher = ${{1:path}}, student = ${{2:path}})$0");
            last.snippet = true;
        }
    }
    if caret.last_text() != "*" {
        names::weights(offers, 200);
    }
}

fn has_teacher(offers: &Offers<'_>) -> bool {
    (0..offers.caret.before.len()).any(|it| offers.caret.text_of(it) == "from")
}

/// Whether the policy of a `quantize` trains, as far as is known.
pub(super) fn trains(offers: &Offers<'_>) -> bool {
    let caret = offers.caret;
    let with = (0..caret.before.len()).find(|&it| caret.text_of(it) == "with");
    let policy = with.map_or("", |it| caret.text_of(it + 1));
    let known = words::lookup(offers.snapshot, policy);
    let item = known.and_then(|(decl, _)| words::item(offers.snapshot, decl));
    let Some(block) = item.and_then(|item| item.settings()) else { return known.is_none() };
    let method = block.settings().find(|it| it.key.text == "method");
    method.is_some_and(|it| it.value.as_name().is_none_or(|name| name.text == "qat"))
}

/// What an `override` may be of, then its block.
fn targets(offers: &mut Offers<'_>) {
    let caret = offers.caret;
    if !matches!(caret.last_text(), "override" | ".") {
        let text = "{ ${1:weights = int8(per = tensor)} }$0";
        return offers.snippet(Kind::Keyword, "{ … }", "other formats", "", text, 0);
    }
    if caret.last_text() == "." {
        return args::paths(offers, true, 0);
    }
    offers.snippet(
        Kind::Keyword,
        "kind",
        "kind(OPERATOR)",
        "All layers of an operator.",
        "kind(${1:dense})$0",
        0,
    );
    args::paths(offers, true, 10);
}
