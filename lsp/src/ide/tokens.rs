//! What each word is, for colours.

use super::Snapshot;
use super::navigate::names::{Names, Role};
use dlm_check::names::ModuleId;
use dlm_grammar::lex::{self, Foreign, TokenKind};
use dlm_grammar::words;
use dlm_vocab::ops;
use std::ops::Range;

/// What a word is. The order is that of the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A word of the language.
    Keyword,
    /// An operator of a network: `conv`.
    Function,
    /// A layer declared in the language.
    Class,
    /// A model, an artifact, data, a policy.
    Type,
    /// A setting, an argument name.
    Property,
    /// A parameter of a layer.
    Parameter,
    /// A constant, a binding, a named step.
    Variable,
    /// A value of a list: `static`, `adamw`.
    EnumMember,
    /// A number.
    Number,
    /// A string.
    String,
    /// A comment.
    Comment,
}

/// A word with what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its bytes, within one line.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Kind,
    /// Whether this is its declaration.
    pub declares: bool,
}

/// The words in a part of the text, by place.
pub fn tokens(snapshot: &Snapshot, part: Range<usize>) -> Vec<Token> {
    let text: &str = &snapshot.text;
    let names = Names::of(&snapshot.checked, ModuleId::MAIN);
    let mut found = Vec::new();
    let all = lex::tokens(text);
    for (i, token) in all.iter().enumerate() {
        let range = token.start as usize..token.end as usize;
        if range.end <= part.start || range.start >= part.end {
            continue;
        }
        let (kind, declares) = match token.kind {
            TokenKind::Word | TokenKind::Foreign(Foreign::Word) => {
                let place = names.uses.binary_search_by_key(&token.start, |it| it.span.start);
                match place.ok().and_then(|place| names.uses.get(place)) {
                    Some(it) if it.role != Role::Unknown => (kind_of(it.role), it.declares),
                    _ => (guess(text, &all, i), false),
                }
            }
            TokenKind::Number => (Kind::Number, false),
            TokenKind::Str | TokenKind::OpenStr | TokenKind::Foreign(Foreign::Quotes) => {
                (Kind::String, false)
            }
            TokenKind::Comment | TokenKind::Foreign(Foreign::Hash | Foreign::Block) => {
                (Kind::Comment, false)
            }
            _ => continue,
        };
        lines(text, range, |range| found.push(Token { range, kind, declares }));
    }
    found
}

fn kind_of(role: Role) -> Kind {
    match role {
        Role::Layer => Kind::Class,
        Role::Data | Role::Model | Role::Policy | Role::Artifact | Role::Library => Kind::Type,
        Role::Param | Role::Size => Kind::Parameter,
        Role::Const | Role::Binding | Role::Turn | Role::Step | Role::Unknown => Kind::Variable,
        Role::Operator => Kind::Function,
        Role::Setting => Kind::Property,
        Role::Value => Kind::EnumMember,
        Role::Keyword => Kind::Keyword,
    }
}

/// What a word is that the tree does not hold, or whose name nothing has.
fn guess(text: &str, all: &[lex::Token], i: usize) -> Kind {
    let token = &all[i];
    let word = token.text(text);
    let next = all.get(i + 1).map(|next| next.kind);
    let before = i.checked_sub(1).and_then(|i| all.get(i)).map(|before| before.kind);
    let begins = token.first && token.column() == 0 && words::is_item(word);
    let clause = words::CLAUSES.contains(&word) || word == "override" || word == "answers";
    match next {
        _ if begins || words::is_reserved(word) => Kind::Keyword,
        Some(TokenKind::Equals) => Kind::Property,
        _ if clause && before != Some(TokenKind::Dot) => Kind::Keyword,
        _ if before == Some(TokenKind::Arrow) => Kind::Function,
        Some(TokenKind::Open) if ops::find(word).is_some() => Kind::Function,
        _ => Kind::Variable,
    }
}

/// The parts of a range that lie on one line each.
fn lines(text: &str, range: Range<usize>, mut add: impl FnMut(Range<usize>)) {
    let mut at = range.start;
    for line in text[range].split(['\n', '\r']) {
        if !line.is_empty() {
            add(at..at + line.len());
        }
        at += line.len() + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::tests::snapshot;

    fn shown(text: &str) -> Vec<(String, Kind, bool)> {
        let all = tokens(&snapshot(text), 0..text.len());
        all.into_iter().map(|it| (text[it.range].to_string(), it.kind, it.declares)).collect()
    }

    #[test]
    fn every_word_has_a_kind() {
        let text = "// c\nwidth = 3\nlayer L(x: [C], n: int = C) {\n    y = x -> dense(n, bias = false) as d\n    y\n}\n";
        use Kind::*;
        let expected = [
            ("// c", Comment, false),
            ("width", Variable, true),
            ("3", Number, false),
            ("layer", Keyword, false),
            ("L", Class, true),
            ("x", Parameter, true),
            ("C", Parameter, true),
            ("n", Parameter, true),
            ("int", Keyword, false),
            ("C", Parameter, false),
            ("y", Variable, true),
            ("x", Parameter, false),
            ("dense", Function, false),
            ("n", Parameter, false),
            ("bias", Property, false),
            ("false", Keyword, false),
            ("as", Keyword, false),
            ("d", Variable, true),
            ("y", Variable, false),
        ];
        let found = shown(text);
        let found: Vec<(&str, Kind, bool)> =
            found.iter().map(|(text, kind, declares)| (text.as_str(), *kind, *declares)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn settings_values_units_and_artifacts_differ() {
        let text = "data D { source = builtin(\"iris\") }\nmodel M(x: [4]) { x -> dense(3) }\n\
                    train M on D as A { epochs = 3 epochs   optimizer = adam(lr = 1e-3) }\n\
                    expect { A.accuracy > 10% }\n";
        let found = shown(text);
        let kind = |word: &str| found.iter().filter(|it| it.0 == word).map(|it| it.1).next_back();
        assert_eq!(kind("source"), Some(Kind::Property));
        assert_eq!(kind("builtin"), Some(Kind::EnumMember));
        assert_eq!(kind("M"), Some(Kind::Type));
        assert_eq!(kind("A"), Some(Kind::Type));
        assert_eq!(kind("on"), Some(Kind::Keyword));
        assert_eq!(kind("adam"), Some(Kind::EnumMember));
        assert_eq!(kind("lr"), Some(Kind::Property));
        assert_eq!(kind("accuracy"), Some(Kind::Property));
        assert_eq!(kind("10%"), Some(Kind::Number));
    }

    #[test]
    fn words_that_an_operator_takes_are_values_unless_a_name_hides_them() {
        let of = |text: &str, word: &str| {
            let found = shown(text).into_iter().filter(|it| it.0 == word);
            found.map(|it| it.1).next_back()
        };
        let text =
            "model M(x: [1, 8, 8]) { x -> conv(4, 3, padding = valid, init = normal(0.1)) }\n";
        assert_eq!(of(text, "valid"), Some(Kind::EnumMember));
        assert_eq!(of(text, "normal"), Some(Kind::EnumMember));
        assert_eq!(of(text, "padding"), Some(Kind::Property));
        let hidden = format!("valid = 2\n{text}");
        assert_eq!(of(&hidden, "valid"), Some(Kind::Variable));
        assert_eq!(of(&text.replace("valid", "width"), "width"), Some(Kind::EnumMember));
    }

    #[test]
    fn a_flow_of_whole_numbers_and_its_default_are_words() {
        let text = "layer L(x: [T, D], mask: int[T] = none) { x -> repeat i in 1..max(2, D) { identity } }\n";
        let found = shown(text);
        let kind = |word: &str| found.iter().find(|it| it.0 == word).map(|it| it.1);
        assert_eq!(kind("int"), Some(Kind::Keyword));
        assert_eq!(kind("none"), Some(Kind::EnumMember));
        assert_eq!(kind("max"), Some(Kind::Function));
    }

    #[test]
    fn the_name_of_shared_weights_is_the_programs_own() {
        let text = "model M(t: int[8]) { t -> embedding(9, 4, shared = table) -> dense(9, shared = table) }\n";
        let found = shown(text);
        assert!(found.iter().filter(|it| it.0 == "table").all(|it| it.1 == Kind::Variable));
    }

    #[test]
    fn a_block_comment_is_cut_into_lines() {
        let text = "/* a\n b */\nn = 1\n";
        let found = shown(text);
        assert_eq!(found[0], ("/* a".to_string(), Kind::Comment, false));
        assert_eq!(found[1], (" b */".to_string(), Kind::Comment, false));
    }
}
