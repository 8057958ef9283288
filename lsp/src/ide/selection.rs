//! What selecting more means.

use super::Snapshot;
use dlm_grammar::lex::{TokenKind, tokens};
use dlm_grammar::walk::nodes_at;
use std::ops::Range;

/// The ranges around a byte, from the innermost outwards, each within the next.
pub fn selection(snapshot: &Snapshot, offset: usize) -> Vec<Range<usize>> {
    let text: &str = &snapshot.text;
    let mut around: Vec<Range<usize>> = Vec::new();
    let mut open: Vec<(Range<usize>, usize)> = Vec::new();
    for token in tokens(text) {
        let range = token.start as usize..token.end as usize;
        match token.kind {
            TokenKind::Word if token.first && token.column() == 0 => open.clear(),
            TokenKind::Open => open.push((range.clone(), range.end)),
            // An argument, an element.
            TokenKind::Comma => {
                if let Some((_, from)) = open.last_mut() {
                    add(&mut around, text, *from..range.start);
                    *from = range.end;
                }
            }
            TokenKind::Close => {
                if let Some((begin, from)) = open.pop() {
                    add(&mut around, text, from..range.start);
                    // What stands between the brackets, then with them.
                    add(&mut around, text, begin.end..range.start);
                    around.push(begin.start..range.end);
                }
            }
            TokenKind::Str => around.push(range.start + 1..range.end - 1),
            _ => {}
        }
        // Signs are no words: where one touches a word, the word is meant.
        if matches!(token.kind, TokenKind::Word | TokenKind::Number | TokenKind::Str)
            || matches!(token.kind, TokenKind::Comment | TokenKind::OpenStr)
        {
            around.push(range);
        }
    }
    if let Some(module) = snapshot.checked.modules.first() {
        around.extend(nodes_at(&module.tree, offset).iter().map(|node| node.span().range()));
        around.extend(module.tree.items.iter().filter_map(|item| {
            let doc = item.doc.as_ref()?;
            Some(doc.span.to(item.span).range())
        }));
    }
    around.push(0..text.len());
    around.retain(|range| range.start <= offset && offset <= range.end && !range.is_empty());
    // Of two that only meet at the byte, the one that begins there is meant.
    around.sort_by_key(|range| (range.len(), std::cmp::Reverse(range.start)));
    let mut chain: Vec<Range<usize>> = Vec::new();
    for range in around {
        match chain.last() {
            Some(inner) if *inner == range => {}
            Some(inner) if range.start > inner.start || inner.end > range.end => {}
            _ => chain.push(range),
        }
    }
    chain
}

/// Adds what stands in a range, without the blanks around it.
fn add(around: &mut Vec<Range<usize>>, text: &str, range: Range<usize>) {
    let inside = &text[range.clone()];
    let from = range.start + (inside.len() - inside.trim_start().len());
    if !inside.trim().is_empty() {
        around.push(from..from + inside.trim().len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::tests::caret;

    #[test]
    fn selections_grow_from_the_word_to_the_file() {
        let (it, at) = caret("model Net(x: [4]) {\n    x -> dense(un$0its = 3) -> relu\n}\n");
        let ranges = selection(&it, at);
        let shown: Vec<&str> = ranges.iter().map(|range| &it.text[range.clone()]).collect();
        let expected = [
            "units",
            "units = 3",
            "(units = 3)",
            "dense(units = 3)",
            "x -> dense(units = 3) -> relu",
            "{\n    x -> dense(units = 3) -> relu\n}",
            "model Net(x: [4]) {\n    x -> dense(units = 3) -> relu\n}",
            &it.text,
        ];
        assert_eq!(shown, expected);
    }
}
