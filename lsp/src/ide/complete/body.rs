//! The parameters and the body of a layer or a model.

use super::names::ValueType;
use super::{Kind, Offers, args, names, steps};
use crate::ide::calls;
use crate::ide::context::Caret;
use crate::ide::words;
use dlm_check::names::Entry;
use dlm_grammar::lex::TokenKind;
use dlm_vocab::data::Target;
use dlm_vocab::ops::OPERATORS;

/// The parameters of a declaration, and what stands between them and the body.
pub(super) fn header(offers: &mut Offers<'_>) {
    let caret = offers.caret;
    let model = caret.keyword() == "model";
    let Some(bracket) = caret.bracket() else {
        return match caret.last_text() {
            ")" => {
                offers.snippet(Kind::Keyword, "{ … }", "the body", "", "{\n    $1\n}$0", 0);
                offers.snippet(Kind::Keyword, "->", "the result's shape", "", "-> [${1:10}]", 1);
            }
            "->" => {
                for data in &offers.snapshot.checked.program.datasets {
                    if let Some(names) = data.facts.target.classes() {
                        let steps = data.facts.target.steps();
                        let label = match &data.facts.target {
                            Target::Sequence { .. } => format!("[{steps}, {}]", names.len()),
                            _ => format!("[{}]", names.len()),
                        };
                        let detail = &data.name;
                        let text = format!("classes of `{detail}`");
                        offers.push(Kind::Value, &label, &text, "", 0);
                    }
                }
                offers.snippet(Kind::Value, "[…]", "a shape", "", "[$1]$0", 1);
            }
            "]" => offers.snippet(Kind::Keyword, "{ … }", "the body", "", "{\n    $1\n}$0", 0),
            _ => {}
        };
    };
    match caret.last_text() {
        ":" => {
            if model {
                for data in &offers.snapshot.checked.program.datasets {
                    let (shape, says) = (data.facts.ty().to_string(), format!("`{}`", data.name));
                    offers.push(Kind::Value, &shape, &says, "The shape of a sample.", 0);
                }
            }
            let (text, doc) = ("[${1:C}, ${2:H}, ${3:W}]", "A flow; a name in it binds that size.");
            offers.snippet(Kind::Value, "[C, H, W]", "a feature map", doc, text, 1);
            offers.snippet(Kind::Value, "[features]", "a row of numbers", doc, "[${1:F}]", 2);
            let text = "int[${1:T}]";
            offers.snippet(Kind::Value, "int[T]", "whole numbers", "A flow of numbers.", text, 3);
            if !model {
                offers.push(Kind::Value, "[..]", "any shape", "A flow of any shape.", 4);
            }
            let says = ["a whole number", "a number", "true or false", "a string", "a list"];
            for (word, says) in dlm_grammar::words::TYPES.iter().zip(says) {
                offers.push(Kind::Keyword, word, says, "A setting.", 10);
            }
        }
        "=" => {
            let (name, ty) = being_declared(caret, bracket);
            args::values(offers, ValueType::of(ty), 0);
            offers.list.retain(|it| it.label != name);
        }
        "(" | "," if caret.text_of(bracket) == "(" => {
            let taken =
                |name: &&str| caret.before.iter().any(|token| token.text(caret.text) == *name);
            if let Some(name) = ["x", "y", "z"].into_iter().find(|name| !taken(name)) {
                let (label, text) =
                    (format!("{name}: [C, H, W]"), format!("{name}: [${{1:C, H, W}}]$0"));
                offers.snippet(Kind::Setting, name, &label, "A flow that enters.", &text, 0);
            }
            let text = "${1:name}: ${2:int} = ${3:1}$0";
            offers.snippet(Kind::Setting, "setting", "name: int = 1", "A setting.", text, 1);
        }
        "[" | "," | "+" | "-" | "*" | "/" => names::constants(offers, ValueType::Int, 0),
        _ => {}
    }
}

/// The name and the type of the parameter whose default is being written.
fn being_declared<'t>(caret: &Caret<'t>, bracket: usize) -> (&'t str, &'t str) {
    let pieces = caret.pieces(bracket);
    let last = pieces.last().copied().unwrap_or_default();
    match last {
        [name, colon, ty, ..] if colon.text(caret.text) == ":" => {
            (name.text(caret.text), ty.text(caret.text))
        }
        [name, ..] => (name.text(caret.text), ""),
        [] => ("", ""),
    }
}

/// A place in the body that begins at `brace`.
pub(super) fn body(offers: &mut Offers<'_>, brace: usize) {
    let caret = offers.caret;
    let Some(last) = caret.last() else { return };
    let steps_here = match caret.kind_of(last) {
        Some(TokenKind::Arrow) => true,
        Some(TokenKind::Open) if caret.text_of(last) == "{" => {
            calls::is_block_of_steps(caret, last)
        }
        _ => false,
    };
    if steps_here {
        return steps::steps(offers);
    }
    if let Some(call) = calls::innermost(offers.snapshot, caret)
        && caret.bracket() >= Some(call.bracket)
    {
        return args::arguments(offers, &call);
    }
    if caret.base().is_some() {
        return names::behind_dot(offers, ValueType::Any);
    }
    let before = caret.text_of(last.wrapping_sub(1));
    match caret.last_text() {
        "as" => {}
        "repeat" => {
            names::constants(offers, ValueType::Int, 0);
            let text = "${1:c} in ${2:[16, 32]}";
            offers.snippet(Kind::Keyword, "c in […]", "once for each element", "", text, 50);
        }
        _ if before == "repeat" && caret.last_kind() == Some(TokenKind::Word) => {
            offers.push(Kind::Keyword, "in", "once for each element", "", 0);
            offers.snippet(Kind::Keyword, "{ … }", "steps", "", "{ $1 }$0", 1);
        }
        "in" => {
            names::constants(offers, ValueType::List, 0);
            offers.snippet(Kind::Value, "[…]", "a list", "", "[$1]$0", 50);
            offers.snippet(Kind::Value, "0..n", "0, 1, … n − 1", "", "0..${1:n}$0", 51);
        }
        "else" => {
            offers.snippet(Kind::Keyword, "{ … }", "steps", "", "{ $1 }$0", 0);
            let text = "if ${1:condition} { $2 }$0";
            offers.snippet(Kind::Keyword, "if", "if c { … }", "", text, 1);
        }
        "," if in_assert(caret) => {
            offers.snippet(Kind::Value, "\"…\"", "what it says", "", "\"$1\"$0", 0);
        }
        "assert" | "if" | "and" | "or" | "not" => condition(offers),
        _ if in_assert(caret) && caret.wants_value() => {
            names::constants(offers, ValueType::Any, 0);
        }
        _ if caret.bracket().is_some_and(|it| caret.text_of(it) == "[") => {
            names::constants(offers, ValueType::Int, 0);
        }
        _ if last == brace || caret.wants_value() => flow(offers, last == brace),
        // The block of a `repeat` or an `if` is still to come.
        _ if let Some(head) = calls::head(caret, caret.before.len()) => {
            offers.snippet(Kind::Keyword, "{ … }", "steps", "", "{ $1 }$0", 0);
            if caret.text_of(head) == "if" {
                joins(offers);
            }
        }
        _ if in_assert(caret) => {
            offers.snippet(Kind::Keyword, ", \"…\"", "what it says", "", ", \"$1\"$0", 0);
            joins(offers);
        }
        _ => {
            let begins = caret.first_on_line();
            if begins {
                flow(offers, true);
            }
            behind(offers, if begins { 50 } else { 0 });
        }
    }
}

/// Whether the caret stands in the row of an `assert`.
fn in_assert(caret: &Caret<'_>) -> bool {
    let begins = caret.before.iter().rposition(|token| token.first);
    begins.is_some_and(|at| caret.text_of(at) == "assert") && !caret.first_on_line()
}

/// What is true or false first, then what can be compared.
fn condition(offers: &mut Offers<'_>) {
    names::constants(offers, ValueType::Any, 20);
    let first = offers.list.len();
    names::constants(offers, ValueType::Bool, 0);
    let known: Vec<String> = offers.list.drain(first..).map(|it| it.label).collect();
    for it in offers.list.iter_mut().filter(|it| known.contains(&it.label)) {
        it.rank -= 20;
    }
    truth(offers, 90);
}

/// What joins conditions.
fn joins(offers: &mut Offers<'_>) {
    offers.push(Kind::Keyword, "and", "both hold", "", 10);
    offers.push(Kind::Keyword, "or", "one of both holds", "", 11);
}

/// What may stand behind a flow or a step that is whole.
fn behind(offers: &mut Offers<'_>, rank: u32) {
    let caret = offers.caret;
    let Some(last) = caret.last() else { return };
    offers.push(Kind::Keyword, "->", "the next step", "", rank);
    let block = (caret.text_of(last) == "}").then(|| calls::opening(caret, last)).flatten();
    let head = block.and_then(|open| calls::head(caret, open));
    if head.is_some_and(|head| caret.text_of(head) == "if")
        && block.is_none_or(|open| caret.text_of(open.wrapping_sub(1)) != "else")
    {
        offers.snippet(Kind::Keyword, "else", "else { … }", "", "else { $1 }$0", rank);
    }
    // A step may be named once.
    let step = match caret.kind_of(last) {
        Some(TokenKind::Close) if caret.text_of(last) == ")" => {
            calls::opening(caret, last).and_then(|open| caret.called(open))
        }
        Some(TokenKind::Close) => head,
        _ => Some(last),
    };
    if step.is_some_and(|step| calls::is_step(caret, step)) {
        offers.push(Kind::Keyword, "as", "as name", "Names the step: its path.", rank + 1);
    }
}

/// `true` and `false`.
pub(super) fn truth(offers: &mut Offers<'_>, rank: u32) {
    offers.push(Kind::Value, "true", "", "", rank);
    offers.push(Kind::Value, "false", "", "", rank + 1);
}

/// A flow; where a row begins, also `assert`.
fn flow(offers: &mut Offers<'_>, begins: bool) {
    names::flows(offers, 0);
    let number = if offers.caret.wants_value() && !begins { 100 } else { 250 };
    names::constants(offers, ValueType::Real, number);
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
    let main = words::main(offers.snapshot);
    for entry in main.iter().flat_map(|main| main.names.values()) {
        if let Entry::Known(decl, kind) = entry
            && kind.is_step()
            && let Some(found) = words::network(offers.snapshot, *decl)
        {
            offers.callable(Kind::Layer, &found, &[], "", 300);
        }
    }
}
