//! What has been read, and what its names stand for.

use crate::consts::Const;
use crate::diags::Diags;
use crate::network::seen::{Notes, Seen};
use crate::session::Memo;
use dlm_base::{FileId, Files, Sources, Span};
use dlm_grammar::tree::{self, Item, ItemKind, Name, Tree};
use dlm_vocab::data::{DataError, Facts};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod declare;
mod resolve;
mod said;
pub mod unused;
mod walk;

pub(crate) use declare::Declared;
pub(crate) use resolve::unknown_value;
pub use resolve::{Callee, Wanted};
pub(crate) use said::Said;

/// The number of a module; the file that is checked is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

impl ModuleId {
    /// The file that is checked.
    pub const MAIN: ModuleId = ModuleId(0);
}

/// A declaration: an item of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decl {
    /// The module.
    pub module: ModuleId,
    /// The place of the item in [`Tree::items`].
    pub item: u32,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `width = 32`
    Const,
    /// `data`
    Data,
    /// `layer`
    Layer,
    /// `model`
    Model,
    /// `policy`
    Policy,
}

impl Kind {
    /// The kind with its article: "a constant".
    pub fn word(self) -> &'static str {
        match self {
            Kind::Const => "a constant",
            Kind::Data => "data",
            Kind::Layer => "a layer",
            Kind::Model => "a model",
            Kind::Policy => "a policy",
        }
    }

    /// Whether a step may apply it: a model in a body is a layer.
    pub fn is_step(self) -> bool {
        matches!(self, Kind::Layer | Kind::Model)
    }

    /// The kind without an article: "constant".
    pub fn bare(self) -> &'static str {
        match self {
            Kind::Const => "constant",
            Kind::Data => "data",
            Kind::Layer => "layer",
            Kind::Model => "model",
            Kind::Policy => "policy",
        }
    }
}

/// A name of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A declaration, of the module itself or imported.
    Known(Decl, Kind),
    /// Something that could not be read or imported, which has been reported: it fits everywhere.
    Broken,
}

/// A file that takes part in a check.
#[derive(Debug)]
pub struct Module {
    /// Its number among the sources.
    pub file: FileId,
    /// Its path, or `std/vision.dlm` for the library inside the binary.
    pub name: String,
    /// What stands in it.
    pub tree: Arc<Tree>,
    /// Whether it is of the library inside the binary.
    pub std: bool,
    /// What each name stands for, imports included.
    pub names: Arc<BTreeMap<String, Entry>>,
    /// The artifacts of the verbs: the item that gives each.
    pub artifacts: Arc<BTreeMap<String, u32>>,
}

/// A constant that the command line overrides.
#[derive(Debug)]
pub(crate) struct Override {
    pub(crate) name: String,
    pub(crate) value: Given,
}

/// The value that an override gives.
#[derive(Debug)]
pub(crate) enum Given {
    /// A string without quotes.
    Plain(String),
    /// `name = text`, parsed.
    Parsed(Arc<Item>),
    /// None: what is wrong has been reported.
    Broken,
}

/// How the facts of a `data` declaration are had; the caller has made sure that it is one.
pub type ReadFacts = fn(&World<'_>, Decl, &mut Diags) -> Option<Facts>;

/// Everything that was read for one check, with its names; values are computed when asked for.
pub struct World<'f> {
    /// Where files come from.
    pub files: &'f dyn Files,
    /// All texts.
    pub sources: Sources,
    /// The modules; the first is the file that is checked.
    pub modules: Vec<Module>,
    pub(crate) overrides: Vec<Override>,
    /// The layers that contain themselves.
    pub(crate) recursive: BTreeSet<Decl>,
    pub(crate) read_facts: ReadFacts,
    pub(crate) constants: RefCell<BTreeMap<Decl, Option<Const>>>,
    pub(crate) facts: RefCell<BTreeMap<Decl, Option<Arc<Facts>>>>,
    /// What the headers of a source's files tell, by the source and its arguments.
    pub(crate) headers: RefCell<BTreeMap<String, Result<Facts, DataError>>>,
    /// What earlier checks have found, if there were any to remember.
    pub(crate) memo: Option<RefCell<Memo>>,
    /// What is known of places in flows, by what is being checked.
    pub(crate) seen: RefCell<Seen>,
    /// The same, by what has been checked.
    pub(crate) notes: RefCell<Notes>,
    /// How many expressions are being computed within each other.
    pub(crate) depth: Cell<usize>,
    /// What is being computed, each with the place that asked for it.
    pub(crate) running: RefCell<Vec<(Decl, Span)>>,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("modules", &self.modules).finish_non_exhaustive()
    }
}

impl<'f> World<'f> {
    /// The file that is checked.
    pub fn main(&self) -> &Module {
        self.module(ModuleId::MAIN)
    }

    /// A module.
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// The modules with their numbers.
    pub fn modules(&self) -> impl Iterator<Item = (ModuleId, &Module)> {
        self.modules.iter().enumerate().map(|(i, module)| (ModuleId(i as u32), module))
    }

    /// The item of a declaration.
    pub fn item(&self, decl: Decl) -> &Arc<Item> {
        &self.module(decl.module).tree.items[decl.item as usize]
    }

    /// The declared name of a declaration.
    ///
    /// # Panics
    /// When the item declares nothing; declarations in [`Module::names`] do.
    pub fn name(&self, decl: Decl) -> &Name {
        match self.item(decl).declared() {
            Some(name) => name,
            None => panic!("item {} declares nothing", decl.item),
        }
    }

    /// The tree of a `layer` or `model` declaration.
    ///
    /// # Panics
    /// When the declaration is of another kind.
    pub fn network(&self, decl: Decl) -> &tree::Network {
        match &self.item(decl).kind {
            ItemKind::Layer(network) | ItemKind::Model(network) => network,
            _ => panic!("`{}` is neither layer nor model", self.name(decl).text),
        }
    }

    /// The tree of a `data` declaration.
    ///
    /// # Panics
    /// When the declaration is of another kind.
    pub fn data(&self, decl: Decl) -> &tree::Data {
        match &self.item(decl).kind {
            ItemKind::Data(data) => data,
            _ => panic!("`{}` is not data", self.name(decl).text),
        }
    }

    /// What a name of a module stands for.
    pub fn lookup(&self, module: ModuleId, name: &str) -> Option<Entry> {
        self.module(module).names.get(name).copied()
    }

    /// The text at a place.
    pub fn text(&self, span: Span) -> &str {
        self.sources.slice(span)
    }

    /// Whether a place lies in the library inside the binary.
    pub fn in_std(&self, span: Span) -> bool {
        self.modules.iter().any(|module| module.std && module.file == span.file)
    }

    /// Whether a place lies in the file that is checked.
    pub fn in_main(&self, span: Span) -> bool {
        self.main().file == span.file
    }

    /// Whether a layer contains itself, which has been reported: it cannot be expanded.
    pub(crate) fn is_recursive(&self, decl: Decl) -> bool {
        self.recursive.contains(&decl)
    }

    /// The facts of the data declared as `decl`, which is needed at `at`; `None` when an error about
    /// them has been reported.
    pub fn facts(&self, decl: Decl, at: Span, diags: &mut Diags) -> Option<Arc<Facts>> {
        if let Some(known) = self.facts.borrow().get(&decl) {
            return known.clone();
        }
        if !self.enter(decl, at, diags) {
            return None;
        }
        let facts = (self.read_facts)(self, decl, diags).map(Arc::new);
        self.leave(decl);
        self.facts.borrow_mut().insert(decl, facts.clone());
        facts
    }

    /// Begins to compute a value; `false` when that is under way already, which is reported.
    pub(crate) fn enter(&self, decl: Decl, at: Span, diags: &mut Diags) -> bool {
        let mut running = self.running.borrow_mut();
        let Some(first) = running.iter().position(|(other, _)| *other == decl) else {
            running.push((decl, at));
            return true;
        };
        let round = &running[first..];
        // Each place says who needs the declaration it belongs to: shift it to the one that needs.
        let places = round.iter().skip(1).map(|(_, at)| *at).chain([at]);
        let mut needs: Vec<(Decl, Span)> =
            round.iter().map(|(decl, _)| *decl).zip(places).collect();
        // Whatever asked first, the circle begins where the text does.
        let begin = (0..needs.len()).min_by_key(|&i| needs[i].0).unwrap_or(0);
        needs.rotate_left(begin);
        let needs: Vec<(String, Span)> =
            needs.iter().map(|(decl, at)| (self.name(*decl).text.clone(), *at)).collect();
        diags.push(dlm_base::diag::codes::names::circle("constant", &needs));
        false
    }

    pub(crate) fn leave(&self, decl: Decl) {
        let left = self.running.borrow_mut().pop();
        debug_assert_eq!(left.map(|(decl, _)| decl), Some(decl));
    }
}
