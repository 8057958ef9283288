//! What a word is, where the pointer rests.

use super::Snapshot;
use super::calls;
use super::context::{Caret, Inside, floor};
use super::locals::{LocalKind, locals};
use super::words::{self, Callable, Parameter, Wants};
use super::{facts, places};
use dlm_base::diag::codes;
use dlm_check::consts::function;
use dlm_check::names::{Decl, Kind, ModuleId};
use dlm_grammar::lex::{TokenKind, tokens};
use dlm_vocab::settings::Takes;
use dlm_vocab::word::doc_text;
use std::ops::Range;

mod declared;
mod keywords;
mod network;
mod rule;
mod steps;

/// An explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// What it explains.
    pub range: Range<usize>,
    /// The text, in Markdown.
    pub markdown: String,
}

/// What stands at a byte.
pub fn hover(snapshot: &Snapshot, at: usize) -> Option<Hover> {
    let text = &snapshot.text;
    let at = floor(text, at);
    let (kind, range) = token_at(text, at)?;
    let caret = Caret::new(text, range.end);
    let markdown = match kind {
        TokenKind::Word => word(snapshot, &Caret::new(text, range.end))?,
        TokenKind::Number => keywords::number(text, &range)?,
        TokenKind::Str => string(snapshot, &Caret::new(text, range.start + 1))?,
        TokenKind::Arrow => steps::arrow(snapshot, &range)?,
        TokenKind::Operator => steps::sign(snapshot, &range)?,
        _ => return None,
    };
    (caret.inside != Inside::Comment).then_some(Hover { range, markdown })
}

/// The token that touches a byte; a word before anything else.
fn token_at(text: &str, at: usize) -> Option<(TokenKind, Range<usize>)> {
    let start = text[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let end = text[at..].find(['\n', '\r']).map_or(text.len(), |end| at + end);
    let found = tokens(&text[start..end])
        .into_iter()
        .map(|token| (token.kind, start + token.start as usize..start + token.end as usize));
    let touching: Vec<_> =
        found.filter(|(_, range)| range.start <= at && at <= range.end).collect();
    let is_word = |kind: TokenKind| matches!(kind, TokenKind::Word | TokenKind::Number);
    let word = touching.iter().find(|(kind, _)| is_word(*kind));
    word.or_else(|| touching.iter().find(|(_, range)| range.contains(&at))).cloned()
}

/// A word: of the language, or a name.
fn word(snapshot: &Snapshot, caret: &Caret<'_>) -> Option<String> {
    let text = caret.text;
    let name = &text[caret.word.clone()];
    let rest = text[caret.word.end..].trim_start_matches([' ', '\t']);
    let binds = rest.starts_with('=') && !rest.starts_with("==");
    if caret.before.is_empty() {
        return match binds {
            true => declared::of_name(snapshot, name),
            false => keywords::item(name),
        };
    }
    if caret.last_kind() == Some(TokenKind::Dot) {
        return behind_dot(snapshot, caret, name);
    }
    if rest.starts_with('(')
        && words::step(snapshot, name).is_none()
        && let Some(function) = function(name)
    {
        return Some(format!("{}\n\n{}", fence(function.call), function.doc));
    }
    let keyword = caret.keyword();
    let inside = caret.open.iter().rposition(|&it| caret.text_of(it) == "{");
    if binds && let Some(call) = calls::innermost(snapshot, caret) {
        return parameter(&call.callable, name);
    }
    match (keyword, inside) {
        ("layer" | "model", None) => header(snapshot, caret, name),
        ("layer" | "model", Some(_)) => in_body(snapshot, caret, name),
        ("expect", _) => in_expect(snapshot, name),
        ("allow", _) => codes::find(name).map(code),
        ("use", _) => declared::imported(snapshot, caret, name),
        (_, None) => in_verb(snapshot, caret, name),
        (_, Some(brace)) => in_settings(snapshot, caret, caret.open[brace], name, binds),
    }
}

/// The name or the parameters of a layer or a model.
fn header(snapshot: &Snapshot, caret: &Caret<'_>, name: &str) -> Option<String> {
    if caret.before.len() == 1 {
        return declared::of_name(snapshot, name);
    }
    if caret.last_text() == ":"
        || dlm_grammar::words::TYPES.contains(&name) && rest_is_tensor(caret)
    {
        return keywords::ty(name);
    }
    local(snapshot, caret, name).or_else(|| declared::of_name(snapshot, name))
}

fn rest_is_tensor(caret: &Caret<'_>) -> bool {
    caret.text[caret.word.end..].starts_with('[')
}

/// A word in the body of a layer or model.
fn in_body(snapshot: &Snapshot, caret: &Caret<'_>, name: &str) -> Option<String> {
    if let Some(call) = calls::innermost(snapshot, caret) {
        let value = call.active.and_then(|active| call.callable.params.get(active));
        if let Some(Wants::Value(ty)) = value.map(|param| &param.wants) {
            if let Some(text) = choice(*ty, name) {
                return Some(text);
            }
            let (list, what) = words::of_type(*ty);
            if let Some(word) = list.into_iter().find(|word| word.name == name) {
                return Some(callable(&words::word(word, what)));
            }
        }
    }
    if caret.last_text() == "as" {
        return steps::named(snapshot, caret.word.clone());
    }
    let called = caret.text[caret.word.end..].starts_with('(');
    let place = caret.before.len();
    let is_step = {
        let mut whole = Caret::new(caret.text, caret.word.end);
        whole.before.push(token(caret));
        calls::is_step(&whole, place)
    };
    if is_step || called {
        return steps::step(snapshot, caret.word.clone(), name).or_else(|| keywords::in_flow(name));
    }
    local(snapshot, caret, name)
        .or_else(|| keywords::in_flow(name))
        .or_else(|| declared::of_name(snapshot, name))
        .or_else(|| steps::step(snapshot, caret.word.clone(), name))
}

/// The word of a caret as a token.
fn token(caret: &Caret<'_>) -> dlm_grammar::lex::Token {
    dlm_grammar::lex::Token {
        kind: TokenKind::Word,
        start: caret.word.start as u32,
        end: caret.word.end as u32,
        line: caret.word.start as u32,
        first: false,
    }
}

/// A name of a body.
fn local(snapshot: &Snapshot, caret: &Caret<'_>, name: &str) -> Option<String> {
    let known = locals(snapshot, caret.word.end + 1);
    let found = known.into_iter().rev().find(|it| it.name == name)?;
    let here = dlm_base::Span::new(dlm_base::FileId(0), caret.word.start, caret.word.end);
    let seen = snapshot.checked.notes.name(here).cloned();
    let shape = |ty: Option<dlm_graph::Ty>| match seen.or(ty) {
        Some(ty) => format!(": {}", facts::shape(&ty)),
        None => String::new(),
    };
    let value = || match declared::value_of(snapshot, caret.at, name) {
        Some((value, why)) => format!("\n\n`{name} = {value}`{why}"),
        None => String::new(),
    };
    Some(match found.kind {
        LocalKind::Input(ty) => {
            format!("{}\n\nA flow that enters.", fence(&format!("{name}{}", shape(ty))))
        }
        LocalKind::Binding(ty) => {
            format!("{}\n\nA flow of this body.", fence(&format!("{name}{}", shape(ty))))
        }
        LocalKind::Size => {
            format!("{}\n\nA size, bound by the shape that enters.{}", fence(name), value())
        }
        LocalKind::Setting(ty) => {
            let param = words::setting_label(snapshot, caret.at, name);
            let label = param.unwrap_or_else(|| format!("{name}: {ty}"));
            format!("{}\n\nA setting.{}", fence(&label), value())
        }
        LocalKind::Variable => {
            format!("{}\n\nAnother value in each turn of the `repeat`.", fence(name))
        }
    })
}

/// A word behind a dot: a fact of data, a metric, a part of the validation, a path.
fn behind_dot(snapshot: &Snapshot, caret: &Caret<'_>, name: &str) -> Option<String> {
    let base = caret.base()?;
    if let Some((decl, Kind::Data)) = words::lookup(snapshot, base) {
        return declared::fact(snapshot, decl, base, name);
    }
    let split = |name: &str| matches!(name, "train" | "valid" | "test");
    if split(name) && !base.contains('.') {
        return keywords::split(name);
    }
    let owner = base.split('.').next().unwrap_or(base);
    let is_artifact = snapshot.checked.program.artifact(owner).is_some();
    if (is_artifact || split(base))
        && let Some(metric) = dlm_vocab::metric::find(name)
    {
        let value = declared::metric(snapshot, owner, metric);
        return Some(callable(&words::word(&metric.word, "metric")) + &value);
    }
    if caret.keyword() == "use" {
        return declared::imported(snapshot, caret, name);
    }
    places::hover(snapshot, caret, &format!("{base}.{name}"))
}

/// A word of an `expect` block: an artifact, a constant.
fn in_expect(snapshot: &Snapshot, name: &str) -> Option<String> {
    declared::of_artifact(snapshot, name)
        .or_else(|| declared::of_name(snapshot, name))
        .or_else(|| keywords::in_flow(name))
        .or_else(|| keywords::unit(name))
}

/// A word of a verb outside of its block, of a constant, or the name of a declaration.
fn in_verb(snapshot: &Snapshot, caret: &Caret<'_>, name: &str) -> Option<String> {
    let artifact = || declared::of_artifact(snapshot, name);
    let declared = || declared::of_name(snapshot, name);
    let clauses = dlm_grammar::words::CLAUSES.contains(&name);
    match (caret.keyword(), caret.last_text()) {
        (_, "as") => artifact().or_else(declared),
        _ if clauses => keywords::clause(caret.keyword(), name),
        ("quantize" | "export", "quantize" | "export") => artifact(),
        ("distill" | "quantize", "from" | "[" | "*" | ",") => artifact().or_else(declared),
        ("load", "load") if name == "answers" => {
            let list = dlm_vocab::settings::ANSWERS.iter();
            let found = list.into_iter().find(|it| it.name == name)?;
            Some(callable(&words::word(found, "recorded answers")))
        }
        ("load", _) if caret.bracket().is_some() => {
            let call = calls::innermost(snapshot, caret)?;
            match call.callable.params.get(call.active?)?.wants {
                Wants::Value(ty) => choice(ty, name),
                _ => None,
            }
        }
        ("train" | "distill" | "quantize" | "load" | "data" | "policy", _) => {
            declared().or_else(artifact)
        }
        _ => declared().or_else(|| keywords::in_flow(name)).or_else(|| keywords::unit(name)),
    }
}

/// A word in a block of settings.
fn in_settings(
    snapshot: &Snapshot,
    caret: &Caret<'_>,
    brace: usize,
    name: &str,
    binds: bool,
) -> Option<String> {
    let block = calls::block(caret, brace);
    let in_block = caret.bracket() == Some(brace);
    if binds && in_block {
        return words::setting(block, name).map(|setting| {
            let takes = setting.takes.words();
            let doc = doc_text(setting.doc);
            let known = format!("Takes {takes}. Default: {}.", setting.default);
            format!("{}\n\nA setting of `{block}`. {known}\n\n{doc}", fence(name))
        });
    }
    if name == "override" && in_block {
        return keywords::in_flow(name);
    }
    if let Some(call) = calls::innermost(snapshot, caret)
        && let Some(param) = call.active.and_then(|active| call.callable.params.get(active))
        && let Wants::Value(ty) = param.wants
    {
        let (list, what) = words::of_type(ty);
        let word = list.into_iter().find(|word| word.name == name);
        let known = word.map(|word| callable(&words::word(word, what)));
        let known = known.or_else(|| choice(ty, name));
        return known
            .or_else(|| places::hover(snapshot, caret, name))
            .or_else(|| declared::of_name(snapshot, name))
            .or_else(|| keywords::in_flow(name))
            .or_else(|| keywords::unit(name));
    }
    let setting = calls::setting(caret, brace);
    if let Some(setting) = setting {
        let (list, what) = words::of_setting(setting.takes);
        if let Some(word) = list.into_iter().find(|word| word.name == name) {
            return Some(callable(&words::word(word, what)));
        }
        if setting.takes == Takes::Artifact {
            return declared::of_artifact(snapshot, name);
        }
    }
    // An operator in `override kind(dense)`.
    if caret.bracket().and_then(|it| caret.called(it)).is_some_and(|it| caret.text_of(it) == "kind")
    {
        return words::step(snapshot, name).map(|found| callable(&found));
    }
    places::hover(snapshot, caret, name)
        .or_else(|| declared::of_name(snapshot, name))
        .or_else(|| keywords::in_flow(name))
        .or_else(|| keywords::unit(name))
}

/// A string: the data that it names.
fn string(snapshot: &Snapshot, caret: &Caret<'_>) -> Option<String> {
    let bracket = caret.bracket().filter(|&it| caret.text_of(it) == "(");
    let source = bracket.and_then(|it| caret.called(it)).map(|it| caret.text_of(it))?;
    dlm_vocab::data::find(source)?;
    if caret.keyword() != "data" {
        return None;
    }
    declared::of_name(snapshot, caret.text_of(1))
}

/// A parameter by its name.
fn parameter(callable: &Callable, name: &str) -> Option<String> {
    let param = callable.params.iter().find(|param| param.name == name)?;
    let what = format!("A parameter of `{}`.", callable.name);
    Some(format!("{}\n\n{what} {}", fence(&param.label), param.doc).trim_end().to_string())
}

/// One of the names that an argument takes: `same`, `horizontal`.
fn choice(ty: dlm_vocab::Type, name: &str) -> Option<String> {
    use dlm_vocab::Type;
    let known = match ty {
        Type::Choice(names) => names.contains(&name),
        Type::Padding => matches!(name, "same" | "valid"),
        Type::Bool => matches!(name, "true" | "false"),
        _ => false,
    };
    let says = match (ty, name) {
        (Type::Padding, "same") => "\n\nSo much that the result has `ceil(size / stride)`.",
        (Type::Padding, "valid") => {
            "\n\nNothing is added: the result has `(size − kernel) / stride + 1`."
        }
        _ => "",
    };
    let all = dlm_check::args::type_words(ty);
    known.then(|| format!("{}\n\nOne of {all}.{says}", fence(name)))
}

/// A word with its documentation.
fn callable(callable: &Callable) -> String {
    let article = match callable.what.starts_with(['a', 'e', 'i', 'o']) {
        _ if callable.what.starts_with("what") || callable.what == "recorded answers" => "",
        true => "An ",
        false => "A ",
    };
    let what = words::capital(&format!("{article}{}", callable.what));
    format!("{}\n\n{what}.\n\n{}{}", fence(&callable.signature()), callable.doc, table(callable))
}

/// The parameters with their documentation.
fn table(callable: &Callable) -> String {
    // A declared parameter has no more to say than its signature.
    let says = |param: &&Parameter| matches!(param.wants, Wants::Value(_));
    let rows = callable.params.iter().filter(says);
    let rows: Vec<String> = rows
        .map(|param| format!("- `{}`: {}", param.label, param.doc.replace("\n\n", " ")))
        .collect();
    match rows.is_empty() {
        true => String::new(),
        false => format!("\n\n{}", rows.join("\n")),
    }
}

/// A code of a diagnostic.
fn code(code: &dlm_base::Code) -> String {
    format!("**{}**: {}\n\n{}", code.id, code.title, doc_text(code.doc))
}

/// A line of the language.
fn fence(text: &str) -> String {
    format!("```dlm\n{text}\n```")
}

/// The declaration of that place in the items of the checked file.
fn decl(item: usize) -> Decl {
    Decl { module: ModuleId::MAIN, item: item as u32 }
}

#[cfg(test)]
mod tests;
