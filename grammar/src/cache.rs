//! Items that have been parsed before, by their text: of a text that is typed into, one item is new.

use crate::items::{Slice, SliceKind};
use crate::lex::Token;
use crate::shift::{Move, Shift};
use crate::tree::Item;
use dlm_base::FileId;
use std::collections::HashMap;
use std::sync::Arc;

/// Items without mistakes, by their text.
#[derive(Debug, Default)]
pub struct Cache {
    items: HashMap<Box<str>, Known>,
    /// Counts the texts that were parsed.
    turn: u64,
}

#[derive(Debug)]
struct Known {
    kind: SliceKind,
    /// As it stood in the last text, documentation included.
    item: Arc<Item>,
    /// The text that it was last found in.
    seen: u64,
}

impl Cache {
    /// The item that the tokens make up, if it is known; its documentation is that of another text.
    pub(crate) fn find(
        &mut self,
        file: FileId,
        text: &str,
        slice: &Slice,
        tokens: &[Token],
    ) -> Option<Arc<Item>> {
        let (first, last) = (tokens.first()?, tokens.last()?);
        let start = first.start as usize;
        let known = self.items.get_mut(&text[start..last.end as usize])?;
        if slice.indented || known.kind != slice.kind {
            return None;
        }
        known.seen = self.turn;
        let by = start as i64 - i64::from(known.item.span.start);
        if by != 0 || known.item.span.file != file {
            let mut item = Item::clone(&known.item);
            item.shift(Move { file, by });
            return Some(Arc::new(item));
        }
        Some(known.item.clone())
    }

    /// Remembers an item without mistakes, as the tree has it.
    pub(crate) fn keep(&mut self, text: &str, slice: &Slice, item: &Arc<Item>) {
        if slice.indented {
            return;
        }
        match self.items.get_mut(&text[item.span.range()]) {
            Some(known) => known.item = item.clone(),
            None => {
                let known = Known { kind: slice.kind, item: item.clone(), seen: self.turn };
                self.items.insert(text[item.span.range()].into(), known);
            }
        }
    }

    /// Ends a text of so many items: what has not been seen for long goes when there is much of it.
    pub(crate) fn forget(&mut self, items: usize) {
        self.turn += 1;
        if self.items.len() > 4 * items + 1_000 {
            let oldest = self.turn.saturating_sub(20);
            self.items.retain(|_, known| known.seen >= oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{parse, parse_with};

    #[test]
    fn what_comes_from_the_cache_is_what_parsing_gives() {
        let folders = ["/../examples", "/../stdlib", "/../tests/fixtures"];
        let mut cache = Cache::default();
        let mut found = 0;
        for folder in folders {
            let folder = format!("{}{folder}", env!("CARGO_MANIFEST_DIR"));
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                let Ok(text) = std::fs::read_to_string(&path) else { continue };
                if path.extension().is_none_or(|it| it != "dlm") {
                    continue;
                }
                parse_with(FileId(0), &text, Some(&mut cache));
                let moved = format!("moved = 1 // é\n/// A doc.\n{text}");
                let known = parse_with(FileId(3), &moved, Some(&mut cache));
                let fresh = parse(FileId(3), &moved);
                assert_eq!(known.tree, fresh.tree, "{path:?}");
                assert_eq!(known.diags, fresh.diags);
                found += known.tree.items.len();
            }
        }
        assert!(found > 50);
    }

    #[test]
    fn every_kind_of_item_moves() {
        let text = "allow W1001\ndata D {\n    train = csv(\"a\", target = \"y\")\n    valid = -10%\n}\n\
            layer L(x: int[C, 2], r: real = (1.5), b: bool = not true) -> [..] {\n    \
            y = if C == 1 { x } else { x -> repeat i in 0..3 { relu as r } }\n    \
            assert C > 0, \"{C} is\"\n    y -> if b { tanh } -> concat(x, axis = l[0])\n}\n\
            policy P {\n    keep = [a[*].*]\n    override kind(dense) { weights = int4 }\n}\n\
            load M(d = 1) from \"w\" as A { input = unit }\nload \"o\" as O\n\
            load answers(\"f\") on D as F\ntrain M on D as T { lr = 2 epochs }\n\
            distill M from [0.5 * A, T] on D as S\nquantize S with P from T on D as Q { epochs = 3 }\n\
            export Q to \"q\"\nexpect {\n    Q.accuracy >= 3 KiB\n}\nuse std.vision: B\nuse \"f\": G\n";
        let mut cache = Cache::default();
        parse_with(FileId(0), text, Some(&mut cache));
        let moved = format!("// one more line\n{text}");
        let known = parse_with(FileId(1), &moved, Some(&mut cache)).tree;
        assert_eq!(known, parse(FileId(1), &moved).tree);
    }
}
