//! The parameters and the body of a layer or a model.

use super::{Kind, Offers, args, names, steps};
use crate::ide::calls;
use crate::ide::words;
use dlm_check::names::{Entry, Kind as DeclKind};
use dlm_grammar::lex::TokenKind;
use dlm_vocab::ops::OPERATORS;

/// The parameters of a declaration.
pub(super) fn header(offers: &mut Offers<'_>) {
    let caret = offers.caret;
    if caret.bracket().is_none() {
        return;
    }
    match caret.last_text() {
        ":" => {
            let (text, doc) = ("[${1:C}, ${2:H}, ${3:W}]", "A flow; a name in it binds that size.");
            offers.snippet(Kind::Value, "[C, H, W]", "a feature map", doc, text, 0);
            offers.snippet(Kind::Value, "[features]", "a row of numbers", doc, "[${1:F}]", 1);
            offers.push(Kind::Value, "[..]", "any shape", "A flow of any shape.", 2);
            let says = ["a whole number", "a number", "true or false", "a string", "a list"];
            for (word, says) in dlm_grammar::words::TYPES.iter().zip(says) {
                offers.push(Kind::Keyword, word, says, "A setting.", 10);
            }
        }
        "=" => {
            names::constants(offers, 0);
            truth(offers, 50);
        }
        "(" | "," if caret.text_of(caret.bracket().unwrap_or(0)) == "(" => {
            let doc = "A flow that enters.";
            offers.snippet(Kind::Setting, "x", "x: [C, H, W]", doc, "x: [${1:C, H, W}]$0", 0);
            let text = "${1:name}: ${2:int} = ${3:1}$0";
            offers.snippet(Kind::Setting, "setting", "name: int = 1", "A setting.", text, 1);
        }
        "[" | "+" | "-" | "*" | "/" => names::constants(offers, 0),
        _ => {}
    }
}

/// A place in the body that begins at `brace`.
pub(super) fn body(offers: &mut Offers<'_>, brace: usize) {
    let caret = offers.caret;
    let Some(last) = caret.last() else { return };
    if caret.base().is_some() {
        return names::behind_dot(offers);
    }
    let behind = caret.before.len();
    let steps_here = match caret.kind_of(last) {
        Some(TokenKind::Arrow) => true,
        Some(TokenKind::Open) if caret.text_of(last) == "{" => {
            calls::is_block_of_steps(caret, last)
        }
        _ => false,
    };
    if steps_here && behind > 0 {
        return steps::steps(offers);
    }
    if let Some(call) = calls::innermost(offers.snapshot, caret)
        && caret.bracket() == Some(call.bracket)
    {
        return args::arguments(offers, &call);
    }
    match caret.last_text() {
        "as" => {}
        "repeat" => {
            names::constants(offers, 0);
            offers.snippet(Kind::Keyword, "in", "c in [16, 32]", "", "${1:c} in ${2:[16, 32]}", 50);
        }
        "in" | "assert" | "if" | "and" | "or" | "not" => {
            names::constants(offers, 0);
            truth(offers, 90);
        }
        _ if caret.bracket().is_some_and(|it| caret.text_of(it) == "[") => {
            names::constants(offers, 0);
        }
        _ if last == brace || caret.wants_value() => flow(offers, last == brace),
        "}" => {
            flow(offers, true);
            let text = "else { $1 }$0";
            offers.snippet(Kind::Keyword, "else", "else { … }", "", text, 50);
            offers.push(Kind::Keyword, "as", "as name", "Names the step.", 51);
        }
        _ if caret.first_on_line() => flow(offers, true),
        _ => {
            offers.push(Kind::Keyword, "as", "as name", "Names the step: its path.", 0);
            offers.push(Kind::Keyword, "in", "c in list", "", 10);
        }
    }
}

/// `true` and `false`.
pub(super) fn truth(offers: &mut Offers<'_>, rank: u32) {
    offers.push(Kind::Value, "true", "", "", rank);
    offers.push(Kind::Value, "false", "", "", rank);
}

/// A flow; where a row begins, also `assert`.
fn flow(offers: &mut Offers<'_>, begins: bool) {
    names::flows(offers, 0);
    names::constants(offers, 100);
    let branch = "if ${1:condition} { $2 } else { $3 }$0";
    offers.snippet(Kind::Keyword, "if", "if c { … } else { … }", "One of two flows.", branch, 200);
    if begins {
        let text = "assert ${1:condition}, \"${2:says {name\\}}\"$0";
        let doc = "What must hold of sizes and settings; the error stands where the layer is used.";
        offers.snippet(Kind::Keyword, "assert", "assert condition, \"text\"", doc, text, 201);
    }
    for &op in OPERATORS {
        let found = words::operator(op);
        offers.callable(Kind::Layer, &found, op.word.aliases, "", 300);
    }
    let known = words::main(offers.snapshot).map(|main| main.names.clone()).unwrap_or_default();
    for entry in known.values() {
        if let Entry::Known(decl, DeclKind::Layer) = entry
            && let Some(found) = words::network(offers.snapshot, *decl)
        {
            offers.callable(Kind::Layer, &found, &[], "", 300);
        }
    }
}
