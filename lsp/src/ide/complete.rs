//! What may stand at a place.

use super::Snapshot;
use super::context::{Caret, Inside};
use super::words::Callable;
use super::{Edit, calls};
use std::collections::BTreeSet;
use std::ops::Range;

mod args;
mod body;
mod expect;
mod files;
mod items;
mod names;
mod settings;
mod steps;

/// A word that may stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The word.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// Beside it: a signature, a type, a shape.
    pub detail: String,
    /// Its documentation, in Markdown.
    pub doc: String,
    /// The text that replaces `replace`.
    pub insert: String,
    /// Whether `insert` has places to fill: `dense(${1:units})$0`.
    pub snippet: bool,
    /// The bytes that it replaces.
    pub replace: Range<usize>,
    /// The order: smaller first.
    pub rank: u32,
    /// What an editor compares with what is typed, where it is not the label: the name of another system.
    pub filter: Option<String>,
    /// What changes elsewhere: the import of the name.
    pub also: Vec<Edit>,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An operator, a layer, a model.
    Layer,
    /// A setting or an argument.
    Setting,
    /// A value of a setting, a loss term, an optimiser, a source.
    Value,
    /// A constant, an artifact, a binding.
    Name,
    /// A keyword.
    Keyword,
    /// A file or a folder.
    File,
    /// A layer path.
    Path,
}

/// What may stand at a byte, best first. `files` lists folders for strings that name files.
pub fn complete(snapshot: &Snapshot, at: usize, files: &dyn dlm_base::Files) -> Vec<Completion> {
    let caret = Caret::new(&snapshot.text, at);
    let replace = caret.word.clone();
    let mut offers = Offers { snapshot, caret: &caret, replace, list: Vec::new() };
    match &caret.inside {
        Inside::Comment | Inside::Number => {}
        Inside::Str(content) => files::string(&mut offers, content.clone(), files),
        Inside::Code => code(&mut offers),
    }
    offers.finish()
}

/// The words for what stands in no string and no comment.
fn code(offers: &mut Offers<'_>) {
    let caret = offers.caret;
    if caret.before.is_empty() || (caret.open.is_empty() && caret.at_line_start()) {
        return items::start(offers, 0);
    }
    let brace = caret.open.iter().copied().rev().find(|&it| caret.text_of(it) == "{");
    if caret.at_line_start() && !caret.word.is_empty() {
        items::start(offers, 500);
    }
    match (caret.keyword(), brace) {
        ("use", _) => files::imports(offers),
        ("allow", _) => items::codes(offers),
        ("layer" | "model", None) => body::header(offers),
        ("layer" | "model", Some(brace)) => body::body(offers, brace),
        ("expect", Some(_)) => expect::row(offers),
        ("expect", None) => {}
        ("data" | "load" | "train" | "distill" | "policy" | "quantize", Some(brace)) => {
            settings::block(offers, brace);
        }
        ("data" | "load" | "train" | "distill" | "policy" | "quantize" | "export", None) => {
            items::verb(offers);
        }
        _ if caret.key(None).is_some() => match calls::innermost(offers.snapshot, caret) {
            Some(call) => args::arguments(offers, &call),
            None if matches!(caret.last_text(), "+" | "-" | "*" | "/") => {
                names::constants(offers, names::ValueType::Real, 0);
            }
            None => names::constants(offers, names::ValueType::Any, 0),
        },
        _ => {}
    }
}

/// The words that may stand at a caret.
struct Offers<'s> {
    snapshot: &'s Snapshot,
    caret: &'s Caret<'s>,
    /// What they replace.
    replace: Range<usize>,
    list: Vec<Completion>,
}

impl Offers<'_> {
    /// Adds a word that stands for itself.
    fn push(&mut self, kind: Kind, label: &str, detail: &str, doc: &str, rank: u32) {
        self.list.push(Completion {
            label: label.to_string(),
            kind,
            detail: detail.to_string(),
            doc: doc.to_string(),
            insert: label.to_string(),
            snippet: false,
            replace: self.replace.clone(),
            rank,
            filter: None,
            also: Vec::new(),
        });
    }

    /// Adds a word that writes a text with places to fill.
    fn snippet(&mut self, kind: Kind, label: &str, detail: &str, doc: &str, text: &str, rank: u32) {
        self.push(kind, label, detail, doc, rank);
        if let Some(last) = self.list.last_mut() {
            last.insert = text.to_string();
            last.snippet = true;
        }
    }

    /// Adds something that is called; with the names by which other systems know it.
    fn callable(
        &mut self,
        kind: Kind,
        found: &Callable,
        aliases: &[&str],
        detail: &str,
        rank: u32,
    ) {
        let signature = found.signature();
        let detail = if detail.is_empty() { &signature } else { detail };
        // Parentheses that stand there already are kept.
        let called = self.snapshot.text[self.replace.end..].starts_with('(');
        match found.snippet().filter(|_| !called) {
            Some(text) => self.snippet(kind, &found.name, detail, &found.doc, &text, rank),
            None => self.push(kind, &found.name, detail, &found.doc, rank),
        }
        self.foreign(aliases);
    }

    /// Lets the last word be found by a name of another system, where that is being typed.
    fn foreign(&mut self, aliases: &[&str]) {
        let typed = self.caret.prefix().to_lowercase();
        let Some(last) = self.list.last_mut() else { return };
        if typed.is_empty() || last.label.to_lowercase().starts_with(&typed) {
            return;
        }
        let meant = aliases.iter().find(|alias| alias.to_lowercase().starts_with(&typed));
        if let Some(alias) = meant {
            // Our own names come before those of others.
            last.rank += 50;
            last.detail = format!("{} ({alias})", last.detail);
            last.filter = Some(alias.to_string());
        }
    }

    /// Those that fit what is typed, best first.
    fn finish(self) -> Vec<Completion> {
        let text = &self.snapshot.text;
        let at = self.caret.at;
        let mut list = self.list;
        list.retain_mut(|it| {
            let typed = text.get(it.replace.start..at.max(it.replace.start)).unwrap_or_default();
            let typed = typed.to_lowercase();
            let label = it.filter.as_ref().unwrap_or(&it.label).to_lowercase();
            let begins = label.starts_with(&typed);
            if !begins {
                it.rank += 1000;
            }
            begins || is_within(&typed, &label)
        });
        list.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
        let mut seen = BTreeSet::new();
        list.retain(|it| seen.insert((it.label.clone(), it.kind)));
        list
    }
}

/// Whether the letters of a word stand in another in this order, the first of them at the start of a part.
fn is_within(typed: &str, label: &str) -> bool {
    let Some(first) = typed.chars().next() else { return true };
    let starts = label
        .match_indices(first)
        .filter(|(i, _)| *i == 0 || !label[..*i].ends_with(|c: char| c.is_alphanumeric()));
    starts.map(|(i, _)| &label[i..]).any(|rest| {
        let mut letters = rest.chars();
        typed.chars().all(|wanted| letters.any(|c| c == wanted))
    })
}

#[cfg(test)]
mod tests;
