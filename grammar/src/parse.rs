//! From text to tree: cut into items, mend each, parse it with pest, build its tree.

use crate::build::{Builder, Grammar};
use crate::cache::Cache;
use crate::items::{self, Slice, SliceKind};
use crate::lex::{self, Token, TokenKind};
use crate::repair;
use crate::tree::{Comment, Doc, ErrorItem, Item, ItemKind, Name, Tree};
use dlm_base::diag::codes::syntax;
use dlm_base::{Diag, FileId, Span};
use pest::Parser;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

/// A longer text is refused.
pub const MAX_BYTES: usize = dlm_base::files::MAX_TEXT;

/// A declaration of more tokens is refused.
const MAX_TOKENS: usize = 400_000;

/// One declaration reports no more mistakes than this, and a file ten times as many.
pub(crate) const MAX_DIAGS: usize = 100;

/// A text and all that the parser has to say of it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree, whatever the text.
    pub tree: Tree,
    /// Mistakes of form, in the order of the text.
    pub diags: Vec<Diag>,
}

/// Parses a text. Every text has a tree, and each mistake of form one diagnostic.
pub fn parse(file: FileId, text: &str) -> Parsed {
    parse_with(file, text, None)
}

/// The same; items whose text the cache knows are taken from it. What comes out is the same.
pub fn parse_with(file: FileId, text: &str, mut cache: Option<&mut Cache>) -> Parsed {
    let span = Span::new(file, 0, text.len().min(u32::MAX as usize));
    if text.len() > MAX_BYTES {
        let diag = too_large(span, text.len());
        let tree = Tree { file, items: Vec::new(), comments: Vec::new(), broken: true, span };
        return Parsed { tree, diags: vec![diag] };
    }
    let all = lex::tokens(text);
    let (tokens, comments) = split(file, text, all);
    let mut items: Vec<Arc<Item>> = Vec::new();
    let mut slices = Vec::new();
    let mut diags = Vec::new();
    for slice in items::cut(text, &tokens) {
        let slice_tokens = &tokens[slice.tokens.clone()];
        let mut found = Vec::new();
        if slice.kind == SliceKind::Trivia {
            found = repair::trivia(file, text, slice_tokens);
        } else if let Some(cache) = &mut cache
            && let Some(known) = cache.find(file, text, &slice, slice_tokens)
        {
            items.push(known);
            slices.push(slice);
        } else {
            let mut item = parse_item(file, text, &slice, slice_tokens, &mut found);
            item.broken = !found.is_empty();
            found.sort_by_key(|diag| diag.primary.span.start);
            items.push(Arc::new(item));
            slices.push(slice);
        }
        if diags.len() < 10 * MAX_DIAGS {
            diags.append(&mut found);
        }
    }
    document(text, &comments, &mut items);
    if let Some(cache) = cache {
        for (slice, item) in slices.iter().zip(&items).filter(|(_, item)| !item.broken) {
            cache.keep(text, slice, item);
        }
        cache.forget(items.len());
    }
    let broken = !diags.is_empty();
    Parsed { tree: Tree { file, items, comments, broken, span }, diags }
}

fn too_large(span: Span, bytes: usize) -> Diag {
    let message = format!("the file has {bytes} bytes; at most {MAX_BYTES} are read");
    syntax::mistake(span.at_start(), message, "too large")
        .help("split the program, or keep data in data files")
}

/// Comments apart from the other tokens.
fn split(file: FileId, text: &str, all: Vec<Token>) -> (Vec<Token>, Vec<Comment>) {
    let mut comments = Vec::new();
    let mut tokens = all;
    tokens.retain(|token| {
        if token.kind != TokenKind::Comment {
            return true;
        }
        let written = token.text(text);
        comments.push(Comment {
            span: Span::new(file, token.start as usize, token.end as usize),
            doc: written.starts_with("///") && !written.starts_with("////"),
            alone: token.first,
        });
        false
    });
    // A comment before a token on its line can only be a foreign one.
    (tokens, comments)
}

fn parse_item(
    file: FileId,
    text: &str,
    slice: &Slice,
    tokens: &[Token],
    diags: &mut Vec<Diag>,
) -> Item {
    let (first, last) = (tokens[0], tokens[tokens.len() - 1]);
    let (start, end) = (first.start as usize, last.end as usize);
    let span = Span::new(file, start, end);
    let keyword = Span::new(file, start, first.end as usize);
    let item = |kind| Item { span, doc: None, broken: false, kind };
    if slice.indented {
        diags.push(indented(keyword, &first, first.text(text)));
    }
    let head = match slice.kind {
        SliceKind::Item(head) => head,
        SliceKind::Misspelt(head, meant) => {
            diags.push(misspelt(keyword, first.text(text), meant));
            head
        }
        SliceKind::Unknown | SliceKind::Trivia => {
            diags.push(no_item(file, text, tokens));
            return item(ItemKind::Error(ErrorItem { declares: bound(file, text, tokens) }));
        }
    };
    if tokens.len() > MAX_TOKENS {
        diags.push(too_long(keyword, tokens.len()));
        return item(ItemKind::Error(ErrorItem { declares: declared(file, text, tokens) }));
    }
    let mended = repair::mend(file, text, tokens, head);
    if mended.too_deep {
        diags.push(too_deep(span));
        return item(ItemKind::Error(ErrorItem { declares: declared(file, text, tokens) }));
    }
    diags.extend(mended.diags);
    let original = &text[start..end];
    let input = mended.text.as_deref().unwrap_or(original);
    allow_calls(input.len());
    let mut builder = Builder::new(file, start, original, mended.grave);
    let pair = Grammar::parse(head.rule(), input).ok().and_then(|mut pairs| pairs.next());
    let Some(pair) = pair else {
        // The grammar accepts every text; only its limits end up here.
        diags.push(too_deep(span));
        return item(ItemKind::Error(ErrorItem { declares: declared(file, text, tokens) }));
    };
    let kind = builder.item(head, pair);
    diags.extend(builder.diags);
    item(kind)
}

/// pest counts the calls of its rules, in one number for the whole process: it only ever grows.
fn allow_calls(bytes: usize) {
    static GRANTED: Mutex<usize> = Mutex::new(0);
    let needed = 100_000 + 400 * bytes;
    let mut granted = GRANTED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if needed > *granted {
        *granted = needed;
        pest::set_call_limit(NonZeroUsize::new(needed));
    }
}

fn indented(keyword: Span, token: &Token, word: &str) -> Diag {
    let indent = Span { start: token.line, end: keyword.start, ..keyword };
    syntax::mistake(
        keyword,
        format!("`{word}` does not begin at the start of its line"),
        "indented",
    )
    .help("a declaration begins at the start of a line: remove the white space before it")
    .fix("remove the white space", indent, "", true)
}

fn misspelt(keyword: Span, word: &str, meant: &str) -> Diag {
    let message = format!("`{word}` begins no declaration");
    syntax::mistake(keyword, message, "unknown keyword")
        .help(format!("did you mean `{meant}`?"))
        .fix(format!("replace by `{meant}`"), keyword, meant, false)
}

fn too_long(keyword: Span, tokens: usize) -> Diag {
    let message =
        format!("the declaration has {tokens} words and signs; at most {MAX_TOKENS} are read");
    syntax::mistake(keyword, message, "too long").help("keep data in data files")
}

fn too_deep(span: Span) -> Diag {
    let message = format!("brackets are nested deeper than {}", repair::MAX_DEPTH);
    let at = Span { end: span.end.min(span.start + 1), ..span };
    syntax::mistake(at, message, "nested too deeply").help("give parts of it a name")
}

/// `let y = 3` binds `y`.
fn bound(file: FileId, text: &str, tokens: &[Token]) -> Option<Name> {
    let (token, equals) = (tokens.get(1)?, tokens.get(2)?);
    let binds = token.kind == TokenKind::Word && equals.kind == TokenKind::Equals;
    let span = Span::new(file, token.start as usize, token.end as usize);
    binds.then(|| Name { text: token.text(text).to_owned(), span })
}

/// Nothing that an item could be begins with these tokens.
fn no_item(file: FileId, text: &str, tokens: &[Token]) -> Diag {
    let first = tokens[0];
    let at = Span::new(file, first.start as usize, first.end as usize);
    let word = crate::build::shorten(first.text(text));
    if let Some(name) = bound(file, text, tokens) {
        let surplus = Span { end: name.span.start, ..at };
        return syntax::mistake(at, format!("`{word}` begins no declaration"), "not needed")
            .help(format!("a constant is bound by `=` alone: `{} = …`", name.text))
            .fix("remove it", surplus, "", true);
    }
    let diag =
        syntax::mistake(at, format!("`{word}` begins no declaration"), "expected a declaration");
    let flows = tokens.iter().take(3).any(|token| token.kind == TokenKind::Arrow);
    let near = items::misspelt(first.text(text)).filter(|_| first.kind == TokenKind::Word);
    match (flows, near) {
        (true, _) => diag.help("flows stand in the body of a `layer` or a `model`"),
        (false, Some(meant)) => diag.help(format!("did you mean `{meant}`?")).fix(
            format!("replace by `{meant}`"),
            at,
            meant,
            false,
        ),
        (false, None) => diag.help(
            "a file holds constants `name = value`, `data`, `layer`, `model`, `policy`, `load`, \
             `train`, `distill`, `quantize`, `export`, `expect` and `use`",
        ),
    }
}

/// The name that an item declares which cannot be parsed: its second word.
fn declared(file: FileId, text: &str, tokens: &[Token]) -> Option<Name> {
    let is_const = tokens.get(1)?.kind == TokenKind::Equals;
    let token = if is_const { tokens.first()? } else { tokens.get(1)? };
    let span = Span::new(file, token.start as usize, token.end as usize);
    let text = token.text(text).to_owned();
    (token.kind == TokenKind::Word).then_some(Name { text, span })
}

/// Gives each item the `///` lines before it; they reach over `allow`.
fn document(text: &str, comments: &[Comment], items: &mut [Arc<Item>]) {
    let mut next = 0;
    let mut waiting: Option<Doc> = None;
    for item in items {
        let mut doc: Option<Doc> = None;
        while let Some(comment) = comments.get(next).filter(|it| it.span.start < item.span.end) {
            next += 1;
            if comment.span.start > item.span.start || !comment.alone {
                continue;
            }
            if !comment.doc {
                // An ordinary comment between does not part the two.
                continue;
            }
            let line = text[comment.span.range()].trim_start_matches('/');
            let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
            match &mut doc {
                None => doc = Some(Doc { span: comment.span, text: line.to_owned() }),
                Some(doc) => {
                    doc.span = doc.span.to(comment.span);
                    doc.text.push('\n');
                    doc.text.push_str(line);
                }
            }
        }
        let doc = doc.or_else(|| waiting.take());
        waiting = match &item.kind {
            ItemKind::Allow(_) => doc.clone(),
            _ => None,
        };
        if item.doc != doc {
            Arc::make_mut(item).doc = doc;
        }
    }
}
