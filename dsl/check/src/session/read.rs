//! Reading the file, what it imports, and what the command line overrides.

use crate::diags::Diags;
use crate::names::{Declared, Entry, Given, Kind, Module, ModuleId, Override, ReadFacts, World};
use crate::stdlib;
use dlm_base::diag::codes::names::{self, Hint};
use dlm_base::diag::codes::syntax;
use dlm_base::files::tidy;
use dlm_base::suggest::nearest;
use dlm_base::{Files, Source, Sources, Span};
use dlm_grammar::Cache;
use dlm_grammar::tree::{ExprKind, ItemKind, Name, Tree, UseSource};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many files may import each other in a row.
const DEEPEST_IMPORT: usize = 64;

/// What was read for an earlier check.
#[derive(Debug, Default)]
pub(crate) struct Before {
    cache: Cache,
    declared: Declared,
}

/// Everything that takes part in the check of one text.
pub(crate) fn world<'f>(
    name: &str,
    text: &str,
    files: &'f dyn Files,
    overrides: &[(String, String)],
    read_facts: ReadFacts,
    before: Option<&mut Before>,
    diags: &mut Diags,
) -> World<'f> {
    let mut fresh = Declared::default();
    let (cache, declared) = match before {
        Some(Before { cache, declared }) => (Some(cache), declared),
        None => (None, &mut fresh),
    };
    let mut reader = Reader {
        files,
        cache,
        sources: Sources::default(),
        modules: Vec::new(),
        imports: BTreeMap::new(),
        way: Vec::new(),
        diags,
    };
    reader.module(name, text, false);
    let Reader { mut sources, mut modules, imports, .. } = reader;
    declared.declare(&mut modules, &imports, diags);
    let overrides = overrides
        .iter()
        .filter_map(|(name, raw)| set(name, raw, &modules[0], &mut sources, diags))
        .collect();
    World {
        files,
        sources,
        modules,
        overrides,
        recursive: BTreeSet::new(),
        read_facts,
        constants: RefCell::default(),
        facts: RefCell::default(),
        headers: RefCell::default(),
        memo: None,
        seen: RefCell::default(),
        notes: RefCell::default(),
        depth: Cell::new(0),
        running: RefCell::default(),
    }
}

struct Reader<'f, 'd> {
    files: &'f dyn Files,
    /// Items that have been parsed before.
    cache: Option<&'d mut Cache>,
    sources: Sources,
    modules: Vec<Module>,
    /// For each `use` the module that it names.
    imports: BTreeMap<(ModuleId, u32), ModuleId>,
    /// The modules that are being read, outermost first, each with the place that imports the next.
    way: Vec<(ModuleId, Span)>,
    diags: &'d mut Diags,
}

impl Reader<'_, '_> {
    /// Reads a text and what it imports.
    fn module(&mut self, name: &str, text: &str, std: bool) -> ModuleId {
        let file = self.sources.add(Source::new(name, text));
        let parsed = dlm_grammar::parse_with(file, text, self.cache.as_deref_mut());
        let tree = parsed.tree;
        self.diags.extend(parsed.diags);
        let id = ModuleId(self.modules.len() as u32);
        let tree = Arc::new(tree);
        self.modules.push(Module {
            file,
            name: name.to_string(),
            tree: tree.clone(),
            std,
            names: Arc::default(),
            artifacts: Arc::default(),
        });
        for (i, item) in tree.items.iter().enumerate() {
            let ItemKind::Use(it) = &item.kind else { continue };
            let found = match &it.source {
                UseSource::Std(path) => self.std(id, path),
                UseSource::File(text) if text.span.start == text.span.end => None,
                UseSource::File(text) => self.file(id, &text.value, text.span),
            };
            if let Some(found) = found {
                self.imports.insert((id, i as u32), found);
            }
        }
        id
    }

    /// `use std.vision: …`
    fn std(&mut self, id: ModuleId, path: &[Name]) -> Option<ModuleId> {
        let (first, last) = (path.first()?, path.last()?);
        if path.iter().any(Name::is_missing) {
            return None;
        }
        let at = first.span.to(last.span);
        let part = match path {
            [root, part] if root.text == "std" => stdlib::find(&part.text),
            _ => None,
        };
        let Some(part) = part else {
            let written: Vec<&str> = path.iter().map(|name| name.text.as_str()).collect();
            let parts: Vec<String> =
                stdlib::PARTS.iter().map(|part| format!("std.{}", part.name)).collect();
            let near = nearest(&last.text, stdlib::PARTS.iter().map(|part| part.name));
            let near = near.first().map(|name| format!("std.{name}"));
            let diag = names::no_std(at, &written.join("."), &parts, near.as_deref());
            self.diags.push(diag);
            return None;
        };
        self.known(part.path, id, at).unwrap_or_else(|| {
            self.way.push((id, at));
            let found = self.module(part.path, part.text, true);
            self.way.pop();
            Some(found)
        })
    }

    /// `use "blocks.dlm": …`
    fn file(&mut self, id: ModuleId, relative: &str, at: Span) -> Option<ModuleId> {
        let from = self.modules[id.0 as usize].name.clone();
        let path = tidy(&self.files.resolve(&from, relative));
        if let Some(found) = self.known(&path, id, at) {
            return found;
        }
        if self.way.len() >= DEEPEST_IMPORT {
            let why = format!("more than {DEEPEST_IMPORT} files import each other in a row");
            self.diags.push(names::no_file(at, relative, &why));
            return None;
        }
        match self.files.text(&path) {
            Ok(text) => {
                self.way.push((id, at));
                let found = self.module(&path, &text, false);
                self.way.pop();
                Some(found)
            }
            Err(why) => {
                self.diags.push(names::no_file(at, relative, &why.to_string()));
                None
            }
        }
    }

    /// The module of that path, if it has been read; one that is still being read is a circle, which
    /// is reported.
    fn known(&mut self, path: &str, id: ModuleId, at: Span) -> Option<Option<ModuleId>> {
        let found = self.modules.iter().position(|module| tidy(&module.name) == path)?;
        let found = ModuleId(found as u32);
        let way: Vec<(ModuleId, Span)> = self.way.iter().copied().chain([(id, at)]).collect();
        let Some(start) = way.iter().position(|(module, _)| *module == found) else {
            return Some(Some(found));
        };
        let name = |id: ModuleId| self.modules[id.0 as usize].name.clone();
        let needs: Vec<(String, Span)> =
            way[start..].iter().map(|(module, at)| (name(*module), *at)).collect();
        self.diags.push(names::circle("import", &needs));
        Some(None)
    }
}

/// The tree of a text, and the mistakes of its syntax.
fn parse(file: dlm_base::FileId, text: &str) -> (Tree, Vec<dlm_base::Diag>) {
    let parsed = dlm_grammar::parse(file, text);
    (parsed.tree, parsed.diags)
}

/// `--set name=raw`
fn set(
    name: &str,
    raw: &str,
    main: &Module,
    sources: &mut Sources,
    diags: &mut Diags,
) -> Option<Override> {
    let text = format!("{name} = {raw}");
    let file = sources.add(Source::new("--set", text.as_str()));
    let span = Span::new(file, 0, name.len());
    let known: Vec<&str> = main
        .names
        .iter()
        .filter(|(_, entry)| matches!(entry, Entry::Known(_, Kind::Const)))
        .map(|(name, _)| name.as_str())
        .collect();
    let declared = main.tree.items.iter().find_map(|item| match &item.kind {
        ItemKind::Const(it) if it.name.text == name => Some(it),
        _ => None,
    });
    let Some(declared) = declared else {
        let near = nearest(name, known.iter().copied());
        let hint = match (near.is_empty(), known.is_empty()) {
            (false, _) => Hint::Say(format!("did you mean `{}`?", near.join("`, `"))),
            (true, false) => Hint::Say(format!("the file has `{}`", known.join("`, `"))),
            (true, true) => Hint::Say("the file has no constants".to_string()),
        };
        diags.push(names::unknown(span, "constant", name, "not a constant of the file", hint));
        return None;
    };
    let plain = matches!(declared.value.kind, ExprKind::Str(_)) && !raw.starts_with('"');
    if plain {
        let value = Given::Plain(raw.to_string());
        return Some(Override { name: name.to_string(), value });
    }
    let (tree, found) = parse(file, &text);
    let one = match tree.items.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    };
    let extra = || {
        let at = tree.items.get(1).map_or(span, |item| Span { file, ..item.span });
        syntax::mistake(at, "`--set` takes one value", "not part of the value")
            .help("give each constant its own `--set`")
    };
    // What follows from a mistake in a line that short is no other mistake.
    let mistake = found.into_iter().next().or_else(|| one.is_none().then(extra));
    let value = match (mistake, one) {
        (None, Some(one)) => Given::Parsed(one),
        (mistake, _) => {
            diags.extend(mistake);
            Given::Broken
        }
    };
    Some(Override { name: name.to_string(), value })
}
