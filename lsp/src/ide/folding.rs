//! What can be folded.

use super::Snapshot;
use dlm_grammar::lex::{Foreign, Token, TokenKind, tokens};
use std::collections::BTreeMap;
use std::ops::Range;

/// Bytes that fold to their first line, and whether they are a comment: from there to the end of the last
/// line that disappears.
pub fn folding(snapshot: &Snapshot) -> Vec<(Range<usize>, bool)> {
    let text: &str = &snapshot.text;
    let tokens = tokens(text);
    // For each line on which something begins, what reaches furthest.
    let mut found: BTreeMap<u32, (Range<usize>, bool)> = BTreeMap::new();
    let mut add = |line: u32, range: Range<usize>, comment: bool| {
        if !text[range.clone()].contains(['\n', '\r']) {
            return;
        }
        let entry = found.entry(line).or_insert((range.clone(), comment));
        if entry.0.end < range.end {
            *entry = (range, comment);
        }
    };
    let mut open: Vec<Token> = Vec::new();
    for token in &tokens {
        match token.kind {
            // An item begins: what is open before it is never closed.
            TokenKind::Word if token.first && token.column() == 0 => open.clear(),
            TokenKind::Open => open.push(*token),
            TokenKind::Close => {
                if let Some(begin) = open.pop() {
                    add(begin.line, begin.start as usize..end(text, token), false);
                }
            }
            TokenKind::Foreign(Foreign::Block) => {
                let line = text[..token.start as usize].rfind(['\n', '\r']).map_or(0, |at| at + 1);
                add(line as u32, token.start as usize..token.end as usize, true);
            }
            _ => {}
        }
    }
    let alone = |token: &Token| token.kind == TokenKind::Comment && token.first;
    runs(text, &tokens, alone, |line, range| add(line, range, true));
    let items = snapshot.checked.modules.first().map_or(&[][..], |module| &module.tree.items);
    let mut imports = items
        .iter()
        .map(|item| (matches!(item.kind, dlm_grammar::tree::ItemKind::Use(_)), item.span.range()))
        .peekable();
    while let Some((import, mut range)) = imports.next() {
        while import && let Some((_, next)) = imports.next_if(|(import, _)| *import) {
            range.end = next.end;
        }
        if import && let Some(first) = text.get(..range.start) {
            let line = first.rfind(['\n', '\r']).map_or(0, |at| at + 1);
            add(line as u32, range, false);
        }
    }
    found.into_values().collect()
}

/// Where a fold ends: before the line of a closing bracket that is the first of its line.
fn end(text: &str, close: &Token) -> usize {
    match close.first {
        true => text[..close.line as usize].trim_end_matches(['\n', '\r']).len(),
        false => close.end as usize,
    }
}

/// Rows of tokens that fit, with nothing between, not even an empty line.
fn runs(
    text: &str,
    tokens: &[Token],
    fits: impl Fn(&Token) -> bool,
    mut add: impl FnMut(u32, Range<usize>),
) {
    let mut tokens = tokens.iter().peekable();
    while let Some(first) = tokens.next() {
        if !fits(first) {
            continue;
        }
        let mut end = first.end as usize;
        let next_line = |end: usize, start: u32| {
            let between = text.get(end..start as usize).unwrap_or_default();
            between.replace("\r\n", "\n").matches(['\n', '\r']).count() == 1
        };
        while let Some(next) = tokens.next_if(|next| fits(next) && next_line(end, next.start)) {
            end = next.end as usize;
        }
        add(first.line, first.start as usize..end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::tests::snapshot;

    #[test]
    fn blocks_comments_and_imports_fold() {
        let text = "// one\n// two\n\nuse std.vision: ConvBlock\nuse std.mlp: Mlp\n\n\
                    model Net(\n    x: [4],\n) {\n    x -> dense(\n        3,\n    )\n}\n";
        let found = folding(&snapshot(text));
        let shown: Vec<(&str, bool)> =
            found.iter().map(|(range, comment)| (&text[range.clone()], *comment)).collect();
        let expected = vec![
            ("// one\n// two", true),
            ("use std.vision: ConvBlock\nuse std.mlp: Mlp", false),
            ("(\n    x: [4],", false),
            ("{\n    x -> dense(\n        3,\n    )", false),
            ("(\n        3,", false),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn an_open_bracket_takes_no_other_item() {
        let text = "data A {\n    seed = 1\n\ndata B {\n    seed = 2\n}\n";
        let found = folding(&snapshot(text));
        let shown: Vec<&str> = found.iter().map(|(range, _)| &text[range.clone()]).collect();
        assert_eq!(shown, ["{\n    seed = 2"]);
    }
}
