//! The calls around a byte: what is called, and which parameter is being written.

use super::Snapshot;
use super::context::Caret;
use super::locals::{LocalKind, locals};
use super::words::{self, Callable, Wants};
use dlm_check::names::Kind;
use dlm_grammar::lex::{Token, TokenKind};
use dlm_vocab::Type;
use dlm_vocab::settings::{ANSWERS, Setting};

/// A call whose parentheses are open.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The place of its opening parenthesis.
    pub(crate) bracket: usize,
    /// What is called, without what comes along the arrow.
    pub(crate) callable: Callable,
    /// The parameter that is being written.
    pub(crate) active: Option<usize>,
    /// Whether its name has been written: `stride = `.
    pub(crate) named: bool,
    /// The parameters that are given already.
    pub(crate) given: Vec<usize>,
}

/// The innermost open call, unless a block is between.
pub(crate) fn innermost(snapshot: &Snapshot, caret: &Caret<'_>) -> Option<Call> {
    for (i, &bracket) in caret.open.iter().enumerate().rev() {
        match caret.text_of(bracket) {
            "(" if caret.called(bracket).is_some() => return call(snapshot, caret, i),
            "{" => return None,
            _ => {}
        }
    }
    None
}

/// The call whose parenthesis is the one at `depth` of the open brackets.
fn call(snapshot: &Snapshot, caret: &Caret<'_>, depth: usize) -> Option<Call> {
    let bracket = caret.open[depth];
    let callable = callable(snapshot, caret, depth)?;
    let pieces = caret.pieces(bracket);
    let (last, before) = pieces.split_last()?;
    let flows = flow_names(snapshot, caret);
    let mut given = Vec::new();
    let mut next = 0;
    let mut place = |piece: &[Token], given: &mut Vec<usize>| {
        if let Some(name) = name_of(caret, piece) {
            let found = callable.params.iter().position(|param| param.name == name);
            given.extend(found);
            return (found, true);
        }
        if callable.many && next == 0 {
            if piece.is_empty() || is_flow(caret, piece, &flows) {
                return (Some(0), false);
            }
            next = 1;
        }
        let repeated = callable.params.iter().position(|param| param.repeats);
        let found = match repeated.filter(|&repeated| repeated < next) {
            Some(repeated) => Some(repeated),
            None => callable.params.get(next).map(|_| next),
        };
        next += 1;
        given.extend(found);
        (found, false)
    };
    for piece in before {
        place(piece, &mut given);
    }
    let (active, named) = place(last, &mut Vec::new());
    Some(Call { bracket, callable, active, named, given })
}

/// What is called by the word before the parenthesis at `depth` of the open brackets.
fn callable(snapshot: &Snapshot, caret: &Caret<'_>, depth: usize) -> Option<Callable> {
    let word = caret.called(caret.open[depth])?;
    let name = caret.text_of(word);
    if let Some(ty) = outer_type(snapshot, caret, depth) {
        let (list, what) = words::of_type(ty);
        if let Some(found) = list.into_iter().find(|it| it.name == name) {
            return Some(words::word(found, what));
        }
    }
    let inside = caret.open[..depth].iter().rposition(|&it| caret.text_of(it) == "{");
    match (caret.keyword(), inside) {
        ("layer" | "model", None) => None,
        ("layer" | "model", Some(_)) => {
            let found = words::step(snapshot, name)?;
            Some(if is_step(caret, word) { found.piped() } else { found })
        }
        ("load", None) if name == "answers" => {
            ANSWERS.iter().find(|it| it.name == name).map(|it| words::word(it, "answers"))
        }
        ("train" | "distill" | "load", None) => {
            let (decl, kind) = words::lookup(snapshot, name)?;
            let mut found = words::network(snapshot, decl).filter(|_| kind == Kind::Model)?;
            found.params.retain(|param| !param.is_flow());
            Some(found)
        }
        ("expect", Some(_)) => {
            let metric = dlm_vocab::metric::find(name)?;
            let mut found = words::word(&metric.word, "metric");
            if metric.kind.compares() && found.params.is_empty() {
                found.params.push(words::Parameter {
                    name: "other".to_string(),
                    label: "other".to_string(),
                    doc: "The artifact to compare with.".to_string(),
                    wants: Wants::Declared("artifact".to_string()),
                    required: true,
                    repeats: false,
                });
            }
            Some(found)
        }
        (_, Some(brace)) => {
            let setting = setting(caret, caret.open[brace])?;
            let (list, what) = words::of_setting(setting.takes);
            list.into_iter().find(|it| it.name == name).map(|it| words::word(it, what))
        }
        _ => None,
    }
}

/// The type of the parameter of a surrounding call that the call at `depth` is a value of.
fn outer_type(snapshot: &Snapshot, caret: &Caret<'_>, depth: usize) -> Option<Type> {
    let outer = depth.checked_sub(1)?;
    caret.called(caret.open[outer])?;
    let call = call(snapshot, caret, outer)?;
    match call.callable.params.get(call.active?)?.wants {
        Wants::Value(ty) => Some(ty),
        _ => None,
    }
}

/// The setting whose value is being written in the block at `brace`.
pub(crate) fn setting(caret: &Caret<'_>, brace: usize) -> Option<&'static Setting> {
    let key = caret.key(Some(brace))?;
    words::setting(block(caret, brace), caret.text_of(key))
}

/// The word of the block of settings at `brace`: `train`, or `override` inside a policy.
pub(crate) fn block<'t>(caret: &Caret<'t>, brace: usize) -> &'t str {
    for place in (0..brace).rev() {
        match caret.text_of(place) {
            word @ "override" => return word,
            "{" | "}" | "=" => break,
            _ => {}
        }
    }
    caret.keyword()
}

/// Whether the word at a place stands where a step belongs.
pub(crate) fn is_step(caret: &Caret<'_>, place: usize) -> bool {
    let Some(before) = place.checked_sub(1) else { return false };
    match caret.kind_of(before) {
        Some(TokenKind::Arrow) => true,
        Some(TokenKind::Open) if caret.text_of(before) == "{" => is_block_of_steps(caret, before),
        _ => false,
    }
}

/// Whether the block at `brace` holds steps: of a `repeat`, or of an `if` that is a step.
pub(crate) fn is_block_of_steps(caret: &Caret<'_>, brace: usize) -> bool {
    match head(caret, brace) {
        Some(word) if caret.text_of(word) == "repeat" => true,
        Some(word) => is_step(caret, word),
        None => false,
    }
}

/// The place of the `repeat` or `if` whose block begins at `brace`.
pub(crate) fn head(caret: &Caret<'_>, brace: usize) -> Option<usize> {
    let mut depth = 0usize;
    for place in (0..brace).rev() {
        match (caret.kind_of(place)?, caret.text_of(place)) {
            (TokenKind::Close, "}") if depth == 0 => return None,
            (TokenKind::Close, _) => depth += 1,
            (TokenKind::Open, _) if depth == 0 => return None,
            (TokenKind::Open, _) => depth -= 1,
            (TokenKind::Word, "repeat" | "if") if depth == 0 => return Some(place),
            (TokenKind::Word, "else") if depth == 0 => {
                let close = place.checked_sub(1).filter(|&it| caret.text_of(it) == "}")?;
                return head(caret, opening(caret, close)?);
            }
            (TokenKind::Arrow | TokenKind::Equals, _) if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The bracket that the one at `close` closes.
pub(crate) fn opening(caret: &Caret<'_>, close: usize) -> Option<usize> {
    let mut depth = 0usize;
    for place in (0..close).rev() {
        match caret.kind_of(place)? {
            TokenKind::Close => depth += 1,
            TokenKind::Open if depth == 0 => return Some(place),
            TokenKind::Open => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The name of `name = value`.
fn name_of<'t>(caret: &Caret<'t>, piece: &[Token]) -> Option<&'t str> {
    match piece {
        [name, equals, ..] if name.kind == TokenKind::Word && equals.kind == TokenKind::Equals => {
            Some(name.text(caret.text))
        }
        _ => None,
    }
}

fn flow_names(snapshot: &Snapshot, caret: &Caret<'_>) -> Vec<String> {
    let known = locals(snapshot, caret.at).into_iter();
    known
        .filter(|it| matches!(it.kind, LocalKind::Input(_) | LocalKind::Binding(_)))
        .map(|it| it.name)
        .collect()
}

/// Whether an argument is a flow, as far as its form and the names of the body tell.
fn is_flow(caret: &Caret<'_>, piece: &[Token], flows: &[String]) -> bool {
    piece.iter().any(|token| token.kind == TokenKind::Arrow)
        || piece.iter().any(|token| flows.iter().any(|it| it == token.text(caret.text)))
}
