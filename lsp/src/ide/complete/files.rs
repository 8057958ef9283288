//! Files in strings, and imports.

use super::{Kind, Offers, names};
use crate::ide::calls;
use crate::ide::locals::locals;
use crate::ide::words::{self, Wants};
use dlm_base::Files;
use dlm_check::args::defaults;
use dlm_check::names::{Entry, Kind as DeclKind, ModuleId};
use dlm_check::stdlib;
use dlm_grammar::lex::TokenKind;
use dlm_grammar::tree::ItemKind;
use dlm_vocab::data::{self, Facts, Target};
use dlm_vocab::{Arg, Type};
use std::ops::Range;

/// The names of data inside the binary.
const BUILTIN: &[&str] = &["digits", "iris", "spirals"];

/// What may stand in a string whose content is `content`.
pub(super) fn string(offers: &mut Offers<'_>, content: Range<usize>, files: &dyn Files) {
    let caret = offers.caret;
    let call = calls::innermost(offers.snapshot, caret);
    let wants = call.as_ref().and_then(|call| {
        let param = call.callable.params.get(call.active?)?;
        Some((call.callable.name.clone(), param.name.clone(), param.wants.clone()))
    });
    offers.replace = content.clone();
    match (caret.keyword(), wants) {
        ("layer" | "model", _) => named(offers, content),
        ("use", _) => listed(offers, content, files, &[".dlm"]),
        ("load", None) => listed(offers, content, files, &[".onnx", ".safetensors", ".pt", ".pth"]),
        ("export", _) => export(offers, ""),
        (_, Some((word, _, Wants::Value(Type::Str)))) if word == "builtin" => {
            BUILTIN
                .iter()
                .for_each(|name| offers.push(Kind::Value, name, "inside the binary", "", 0));
        }
        (
            _,
            Some((_, name, Wants::Value(Type::Str | Type::Strs | Type::Texts | Type::Columns))),
        ) => columns(offers, &name, files),
        (_, Some((word, _, Wants::Value(Type::File)))) => {
            let endings: &[&str] = match word.as_str() {
                "csv" => &[".csv", ".tsv", ".txt", ".data", ".gz"],
                "npy" | "answers" => &[".npy"],
                "npz" => &[".npz"],
                "parquet" => &[".parquet"],
                "lines" | "text" => &[".txt", ".tsv", ".gz"],
                "cifar" => &[".bin", ".gz"],
                _ => &[],
            };
            listed(offers, content, files, endings);
        }
        _ => {}
    }
}

/// The values that the text of an `assert` can name: `{ratio}`.
fn named(offers: &mut Offers<'_>, content: Range<usize>) {
    let text = offers.snapshot.text.clone();
    let written = text.get(content.start..offers.caret.at).unwrap_or_default();
    let Some(open) = written.rfind('{').filter(|open| !written[*open..].contains('}')) else {
        return;
    };
    let from = content.start + open + 1;
    let rest = text.get(from..content.end).unwrap_or_default();
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    offers.replace = from..from + end;
    for local in locals(offers.snapshot, offers.caret.at) {
        if !local.kind.is_flow() {
            offers.push(Kind::Name, &local.name, "a value", "", 0);
        }
    }
    let constants = names::known(offers, DeclKind::Const);
    constants.iter().for_each(|(name, _)| offers.push(Kind::Name, name, "constant", "", 10));
}

/// The files of the folder that is written so far; those with one of the endings first.
fn listed(offers: &mut Offers<'_>, content: Range<usize>, files: &dyn Files, endings: &[&str]) {
    let text = offers.snapshot.text.clone();
    let written = text.get(content.start..offers.caret.at).unwrap_or_default();
    let folder = written.rfind('/').map_or("", |cut| &written[..=cut]);
    offers.replace = content.start + folder.len()..content.end;
    let probe = files.resolve(&offers.snapshot.name, &format!("{folder}x"));
    let path = probe.strip_suffix("/x").unwrap_or(".");
    let path = if path.is_empty() { "/" } else { path };
    let known = files.list(path).unwrap_or_default();
    let own = offers.snapshot.name.rsplit('/').next().unwrap_or_default().to_string();
    for name in known.iter().filter(|name| !name.starts_with('.') && **name != own) {
        let is_folder = name.ends_with('/');
        let fits = endings.is_empty() || endings.iter().any(|it| name.ends_with(it));
        let rank = match (fits, is_folder) {
            (true, false) => 0,
            (_, true) => 10,
            (false, false) => 300,
        };
        offers.push(Kind::File, name, if is_folder { "folder" } else { "file" }, "", rank);
    }
}

/// The columns of the table that the data read.
fn columns(offers: &mut Offers<'_>, param: &str, files: &dyn Files) {
    if !matches!(param, "target" | "features") {
        return;
    }
    let facts = match words::lookup(offers.snapshot, offers.caret.text_of(1)) {
        Some((decl, _)) => offers.snapshot.checked.facts.get(&decl).cloned(),
        None => None,
    };
    let Some(facts) = facts.map(|it| Facts::clone(&it)).or_else(|| table(offers, files)) else {
        return;
    };
    for (i, column) in facts.columns.iter().enumerate() {
        offers.push(Kind::Value, &column.name, "column", "", i as u32);
    }
    if let Target::Values(names) = &facts.target {
        names.iter().for_each(|name| offers.push(Kind::Value, name, "column", "", 1000));
    }
}

/// What is known of the table that is being described, when nothing but its file counts.
fn table(offers: &Offers<'_>, files: &dyn Files) -> Option<Facts> {
    let caret = offers.caret;
    let bracket = caret.open.iter().copied().rev().find(|&it| caret.text_of(it) == "(")?;
    let source = data::find(caret.text_of(caret.called(bracket)?))?;
    let mut args = defaults(&source.word);
    for (i, piece) in caret.pieces(bracket).into_iter().enumerate() {
        let (name, value) = match piece {
            [name, _, value] => (name.text(caret.text), value),
            [value] if i == 0 => ("file", value),
            _ => continue,
        };
        let text = value.text(caret.text);
        let name = source.word.params.iter().find(|it| it.name == name)?.name;
        let arg = match (name, value.kind) {
            ("file", TokenKind::Str) => {
                Arg::Str(files.resolve(&offers.snapshot.name, text.trim_matches('"')))
            }
            ("separator", TokenKind::Str) => Arg::Str(text.trim_matches('"').to_string()),
            ("skip", TokenKind::Number) => Arg::Int(text.parse().ok()?),
            ("header", TokenKind::Word) => Arg::Bool(text == "true"),
            _ => continue,
        };
        args.set(name, arg);
    }
    args.get("file")?;
    (source.facts)(&args, files).ok()
}

/// A name for what an `export` writes, between quotes.
pub(super) fn export(offers: &mut Offers<'_>, quote: &str) {
    let artifact = offers.caret.text_of(1).to_string();
    let stem: String = artifact
        .chars()
        .enumerate()
        .flat_map(|(i, c)| {
            let dash = (i > 0 && c.is_uppercase()).then_some('-');
            dash.into_iter().chain(c.to_lowercase())
        })
        .collect();
    for (i, (ending, says)) in
        [("onnx", "the network"), ("safetensors", "its weights")].iter().enumerate()
    {
        let label = format!("{quote}{stem}.{ending}{quote}");
        offers.push(Kind::File, &label, says, "", i as u32);
    }
}

/// What may stand in a `use`.
pub(super) fn imports(offers: &mut Offers<'_>) {
    let caret = offers.caret;
    match caret.last_text() {
        "use" => {
            for part in stdlib::PARTS {
                let names: Vec<&str> = part.names().collect();
                let label = format!("std.{}", part.name);
                let text = format!("{label}: ${{1:{}}}$0", names.first().unwrap_or(&"Name"));
                offers.snippet(Kind::Name, &label, &names.join(", "), "", &text, 0);
            }
            let doc = "Declarations of another file, relative to this one.";
            offers.snippet(Kind::Value, "\"file.dlm\"", "a file", doc, "\"$1\": $0", 10);
        }
        "." => {
            for part in stdlib::PARTS {
                let names: Vec<&str> = part.names().collect();
                offers.push(Kind::Name, part.name, &names.join(", "), "", 0);
            }
        }
        ":" | "," => imported(offers),
        _ => {}
    }
}

/// The names that the file or the part of the library declares.
fn imported(offers: &mut Offers<'_>) {
    let caret = offers.caret;
    let mut given: Vec<&str> = (0..caret.before.len()).map(|it| caret.text_of(it)).collect();
    // What another import brings is there already; so is what the file declares.
    let known = words::main(offers.snapshot).map(|main| &main.names);
    let word = &caret.text[caret.word.clone()];
    given.extend(
        known
            .into_iter()
            .flat_map(|names| names.iter())
            .map(|(name, _)| name.as_str())
            .filter(|it| *it != word),
    );
    if given.get(1) == Some(&"std") {
        let Some(part) = given.get(3).and_then(|name| stdlib::find(name)) else { return };
        for name in part.names().filter(|name| !given.contains(name)) {
            offers.push(Kind::Layer, name, &format!("std.{}", part.name), "", 0);
        }
        return;
    }
    let Some(main) = words::main(offers.snapshot) else { return };
    let path = given.get(1).map_or("", |text| text.trim_matches('"'));
    let wanted = main
        .name
        .rsplit_once('/')
        .map_or(path.to_string(), |(folder, _)| format!("{folder}/{path}"));
    let modules = &offers.snapshot.checked.modules;
    let Some(place) = modules.iter().position(|it| it.name == wanted) else { return };
    for (name, entry) in modules[place].names.iter() {
        if let Entry::Known(decl, kind) = entry
            && decl.module == ModuleId(place as u32)
            && !given.contains(&name.as_str())
        {
            let item = &modules[place].tree.items[decl.item as usize];
            let doc = item.doc.as_ref().map_or("", |doc| doc.text.as_str());
            let layer = matches!(item.kind, ItemKind::Layer(_) | ItemKind::Model(_));
            let as_what = if layer { Kind::Layer } else { Kind::Name };
            offers.push(as_what, name, kind.bare(), doc, 0);
        }
    }
}
