//! A check from beginning to end: texts in, a program and its diagnostics out.

use crate::consts::Const;
use crate::data;
use crate::diags::Diags;
use crate::lints_net;
use crate::names::{Decl, Entry, Kind, Module, ModuleId, World, unused};
use crate::network::seen::{Notes, Where};
use crate::network::{self, check_declarations};
use crate::order::{check_verbs, declared_data};
use crate::program::Program;
use crate::sequence;
use dlm_base::{Diag, Files, Severity, Source, Sources, Span};
use dlm_grammar::tree::ItemKind;
use dlm_vocab::data::Facts;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

pub(crate) mod allow;
mod memo;
mod read;
mod recorder;
mod room;

pub(crate) use memo::Memo;
pub use recorder::Recorder;
pub use room::Room;

/// What a check gives, whatever was wrong.
#[derive(Debug)]
pub struct Checked {
    /// What is known of the program; complete when there is no error.
    pub program: Program,
    /// All texts that were read; the file that was checked is the first.
    pub sources: Sources,
    /// What there is to say, by file and place, one mistake once.
    pub diags: Vec<Diag>,
    /// The trees of all files with what their names stand for; the file that was checked is the first.
    pub modules: Vec<Module>,
    /// The values of the constants.
    pub constants: BTreeMap<Decl, Const>,
    /// What is known of the data.
    pub facts: BTreeMap<Decl, Arc<Facts>>,
    /// What is known of places in flows.
    pub notes: Notes,
}

impl Checked {
    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.diags.iter().filter(|diag| diag.severity() == Severity::Error).count()
    }

    /// How many warnings there are.
    pub fn warnings(&self) -> usize {
        self.diags.len() - self.errors()
    }
}

/// Checks a file. `overrides` are constants with their values as `--set` gives them.
pub fn check_file(path: &str, files: &dyn Files, overrides: &[(String, String)]) -> Checked {
    match files.text(path) {
        Ok(text) => check(path, &text, files, overrides),
        Err(why) => {
            let mut sources = Sources::default();
            let file = sources.add(Source::new(path, ""));
            let at = Span::new(file, 0, 0);
            let diag = dlm_base::diag::codes::names::unreadable(at, path, &why.to_string());
            Checked {
                program: Program::default(),
                sources,
                diags: vec![diag],
                modules: Vec::new(),
                constants: BTreeMap::new(),
                facts: BTreeMap::new(),
                notes: Notes::default(),
            }
        }
    }
}

/// Checks a text that need not be in any file yet; `name` is its path, from which other files are
/// found.
pub fn check_text(name: &str, text: &str, files: &dyn Files) -> Checked {
    check(name, text, files, &[])
}

/// What outlives a check, so that the next one of nearly the same text is quick.
#[derive(Debug, Default)]
pub struct Session {
    text: String,
    room: Room,
    before: read::Before,
    memo: Memo,
}

impl Session {
    /// Checks a text as [`check_text`] does, and gives it room behind some lines: what is found is that of the
    /// text with its room, which is the first source.
    pub fn check(&mut self, name: &str, text: &str, files: &dyn Files) -> (Checked, Room) {
        self.room.after(&self.text, text);
        self.text.clear();
        self.text.push_str(text);
        let wide = self.room.widen(text);
        let mut diags = Diags::new();
        let before = Some(&mut self.before);
        let mut world = read::world(name, &wide, files, &[], data::facts, before, &mut diags);
        self.memo.begin();
        world.memo = Some(RefCell::new(std::mem::take(&mut self.memo)));
        let (checked, memo) = check_world(world, diags);
        self.memo = memo.unwrap_or_default();
        self.memo.end(checked.modules.iter().map(|module| module.tree.items.len()).sum());
        (checked, self.room.clone())
    }
}

fn check(name: &str, text: &str, files: &dyn Files, overrides: &[(String, String)]) -> Checked {
    let mut diags = Diags::new();
    let world = read::world(name, text, files, overrides, data::facts, None, &mut diags);
    check_world(world, diags).0
}

fn check_world(mut world: World<'_>, mut diags: Diags) -> (Checked, Option<Memo>) {
    constants(&world, &mut diags);
    // What is kept of networks is kept under the facts that they name: these come first.
    let data = declared_data(&world);
    for decl in &data {
        world.facts(*decl, world.name(*decl).span, &mut diags);
    }
    Memo::compare(&world, &data);
    world.recursive = check_declarations(&world, &mut diags);
    let mut program = Program::default();
    check_verbs(&world, &mut program, &mut diags);
    networks(&world, &mut program, &mut diags);
    network::unused_inside(&world, &mut diags);
    lints_net::networks(&world, &program, &mut diags);
    sequence::check(&world, &mut program, &mut diags);
    unused::declarations(&world, &mut diags);
    let diags = allow::filter(&world, diags);
    let memo = world.memo.take().map(RefCell::into_inner);
    (finish(world, program, diags), memo)
}

/// Computes every constant, so that each mistake is found, used or not. What a constant needs is
/// computed before it, so that a long row of them is no deep one.
fn constants(world: &World<'_>, diags: &mut Diags) {
    let mut seen: BTreeSet<Decl> = BTreeSet::new();
    for (module, tree) in world.modules().filter(|(_, module)| !module.std) {
        for (i, item) in tree.tree.items.iter().enumerate() {
            let (ItemKind::Const(_), Some(_)) = (&item.kind, item.declared()) else { continue };
            let mut way = vec![(Decl { module, item: i as u32 }, false)];
            while let Some((decl, ready)) = way.pop() {
                if ready {
                    world.constant(decl, world.name(decl).span, diags);
                } else if seen.insert(decl) {
                    way.push((decl, true));
                    way.extend(needed(world, decl).into_iter().map(|decl| (decl, false)));
                }
            }
        }
    }
}

/// The constants that the value of a constant names.
fn needed(world: &World<'_>, decl: Decl) -> Vec<Decl> {
    let said = world.said(decl);
    let known = said.names.iter().filter_map(|name| match world.lookup(decl.module, name) {
        Some(Entry::Known(decl, Kind::Const)) => Some(decl),
        _ => None,
    });
    known.collect()
}

/// Expands each model of the file with its default settings, and each layer of which all is known:
/// the models join the program.
fn networks(world: &World<'_>, program: &mut Program, diags: &mut Diags) {
    let main = world.main();
    let mut titles: HashSet<String> =
        program.networks.iter().map(|net| net.title.clone()).collect();
    for (i, item) in main.tree.items.iter().enumerate() {
        let kind = match &item.kind {
            ItemKind::Model(_) => Kind::Model,
            ItemKind::Layer(_) => Kind::Layer,
            _ => continue,
        };
        if item.declared().is_none() {
            continue;
        }
        let decl = Decl { module: ModuleId::MAIN, item: i as u32 };
        // A verb without settings has expanded the same network.
        if titles.contains(&world.name(decl).text) {
            continue;
        }
        let built = network::build(world, decl, &[], None, None, diags);
        if let (Kind::Model, Ok(built)) = (kind, built) {
            titles.insert(built.network.title.clone());
            program.networks.push(built.network);
        }
    }
}

fn finish(world: World<'_>, program: Program, diags: Vec<Diag>) -> Checked {
    let constants = world.constants.into_inner();
    let facts = world.facts.into_inner();
    let mut notes = world.notes.into_inner();
    notes.add(Arc::new(world.seen.into_inner()), Where::Anywhere);
    Checked {
        program,
        sources: world.sources,
        diags,
        modules: world.modules,
        constants: constants.into_iter().filter_map(|(k, v)| Some((k, v?))).collect(),
        facts: facts.into_iter().filter_map(|(k, v)| Some((k, v?))).collect(),
        notes,
    }
}
