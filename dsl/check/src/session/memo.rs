//! What outlives a check: networks as they were built, facts of data as they were
//! read. Only what was found without anything to say is kept, so that nothing that should be said goes
//! unsaid, and each is kept under all that it came from.

use crate::diags::Diags;
use crate::lints_net::Lints;
use crate::names::{Decl, Entry, Kind, ModuleId, Said, World};
use crate::network::seen::{Seen, Where};
use crate::network::{Built, Unbuilt};
use crate::program::Network;
use crate::session::recorder::Recorder;
use dlm_base::{Files, Span};
use dlm_grammar::tree::Item;
use dlm_vocab::data::{DataError, Facts};
use std::cell::RefCell;
use std::collections::hash_map::{DefaultHasher, HashMap};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// It all.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    networks: Found<Expanded>,
    declarations: Found<Uses>,
    /// By the source and its arguments: what its files' headers tell, and the stamps of these files.
    headers: BTreeMap<String, Header>,
    /// By the address of an item what it says by itself.
    said: RefCell<HashMap<usize, (Arc<Said>, u64)>>,
    /// What each declaration used in the last check, where none contained itself.
    uses: BTreeMap<Decl, Uses>,
    /// By the address of a network what there is to say of it.
    lints: HashMap<usize, Linted>,
    /// The names of each module in the last check, and the facts of its data.
    last: Vec<Arc<BTreeMap<String, Entry>>>,
    last_facts: BTreeMap<Decl, u64>,
    /// Of this check: whether names and facts are as they were in the last.
    steady: bool,
    /// Of this check: what each declaration came from.
    keys: RefCell<BTreeMap<Decl, Option<Key>>>,
    facts: RefCell<BTreeMap<Decl, u64>>,
    abouts: RefCell<BTreeMap<Decl, Arc<About>>>,
    turn: u64,
}

#[derive(Debug)]
struct Header {
    stamps: Vec<(String, u64)>,
    found: Result<Facts, DataError>,
}

#[derive(Debug)]
struct Linted {
    /// The network, which is kept so that no other takes its address.
    _net: Arc<Network>,
    lints: Arc<Lints>,
    turn: u64,
}

/// What was found of declarations.
#[derive(Debug)]
struct Found<T> {
    /// By all that it came from.
    kept: HashMap<u64, Kept<T>>,
    /// By the declaration, and what else was asked, that which was found last.
    last: HashMap<(Decl, u64), u64>,
}

/// Something that was found, with the items that it came from as they stood then.
#[derive(Debug)]
struct Kept<T> {
    items: Items,
    what: T,
    seen: Arc<Seen>,
    turn: u64,
}

/// The network of a model; `None` while sizes are open.
type Expanded = Option<Arc<Network>>;
/// The layers that a declaration uses, and where.
pub(crate) type Uses = Arc<Vec<(Decl, Span)>>;
type Items = Arc<[(Decl, Arc<Item>)]>;

/// All that a declaration came from.
#[derive(Clone, Debug)]
struct Key {
    hash: u64,
    /// The items, each once, in an order that depends on the texts alone.
    items: Items,
}

/// What a declaration says by itself, and what its names stand for.
#[derive(Debug)]
struct About {
    /// Of its text and of what its names stand for, as far as these are no declarations.
    hash: u64,
    /// The declarations that it names, in a fixed order.
    names: Vec<Decl>,
    /// Whether it and all that it names is without mistakes and known.
    whole: bool,
}

/// How items have moved.
struct Moves<'a> {
    from: &'a [(Decl, Arc<Item>)],
    to: &'a [(Decl, Arc<Item>)],
}

impl Moves<'_> {
    fn is_none(&self) -> bool {
        let mut pairs = self.from.iter().zip(self.to);
        self.from.len() == self.to.len()
            && pairs.all(|(from, to)| from.0 == to.0 && from.1.span == to.1.span)
    }

    fn span(&self, span: Span) -> Option<Span> {
        let place = self.from.iter().position(|(_, item)| contains(item, span))?;
        let (from, to) = (self.from[place].1.span, self.to[place].1.span);
        Some(Span {
            file: to.file,
            start: span.start - from.start + to.start,
            end: span.end - from.start + to.start,
        })
    }

    fn decl(&self, decl: Decl) -> Option<Decl> {
        let place = self.from.iter().position(|(known, _)| *known == decl)?;
        Some(self.to[place].0)
    }
}

fn contains(item: &Item, span: Span) -> bool {
    let own = item.span;
    own.file == span.file && own.start <= span.start && span.end <= own.end
}

/// What has places in the text.
trait Moving: Clone {
    /// The same with its places moved; `None` when one of them is in none of the items.
    fn moved(&self, moves: &Moves<'_>) -> Option<Self>;

    /// Whether each of its places is in one of the items.
    fn lies(&self, items: &[(Decl, Arc<Item>)]) -> bool;
}

impl Moving for Expanded {
    fn moved(&self, moves: &Moves<'_>) -> Option<Expanded> {
        let Some(net) = self else { return Some(None) };
        let mut moved = Network::clone(net);
        moved.span = moves.span(net.span)?;
        for layer in &mut moved.layers {
            layer.span = moves.span(layer.span)?;
        }
        Some(Some(Arc::new(moved)))
    }

    fn lies(&self, items: &[(Decl, Arc<Item>)]) -> bool {
        let inside = |span| items.iter().any(|(_, item)| contains(item, span));
        self.as_ref()
            .is_none_or(|net| inside(net.span) && net.layers.iter().all(|layer| inside(layer.span)))
    }
}

impl Moving for Uses {
    fn moved(&self, moves: &Moves<'_>) -> Option<Uses> {
        let one = |(decl, span): &(Decl, Span)| Some((moves.decl(*decl)?, moves.span(*span)?));
        self.iter().map(one).collect::<Option<Vec<_>>>().map(Arc::new)
    }

    fn lies(&self, items: &[(Decl, Arc<Item>)]) -> bool {
        self.iter().all(|(decl, span)| {
            items.iter().any(|(known, _)| known == decl)
                && items.iter().any(|(_, item)| contains(item, *span))
        })
    }
}

impl<T> Default for Found<T> {
    fn default() -> Found<T> {
        Found { kept: HashMap::new(), last: HashMap::new() }
    }
}

impl<T: Moving> Found<T> {
    /// What was found of a declaration in the last check, of the very same items.
    fn again(&mut self, world: &World<'_>, slot: (Decl, u64), turn: u64) -> Option<&Kept<T>> {
        let kept = self.kept.get_mut(self.last.get(&slot)?)?;
        let same = |(decl, item): &(Decl, Arc<Item>)| {
            let module = world.modules.get(decl.module.0 as usize);
            let now = module.and_then(|module| module.tree.items.get(decl.item as usize));
            now.is_some_and(|now| Arc::ptr_eq(now, item))
        };
        kept.items.iter().all(same).then(|| {
            kept.turn = turn;
            &*kept
        })
    }

    /// What was found of the same texts, where its items stand now.
    fn at(&mut self, hash: u64, slot: (Decl, u64), items: &Items, turn: u64) -> Option<&Kept<T>> {
        let kept = self.kept.get_mut(&hash)?;
        kept.turn = turn;
        let moves = Moves { from: &kept.items, to: items };
        if !moves.is_none() {
            let what = kept.what.moved(&moves)?;
            let seen = kept.seen.moved(|at| moves.span(at), |decl| moves.decl(decl))?;
            (kept.what, kept.seen) = (what, Arc::new(seen));
        }
        kept.items = items.clone();
        self.last.insert(slot, hash);
        Some(kept)
    }

    /// Keeps something, unless a place of it is in none of its items.
    fn keep(&mut self, hash: u64, slot: (Decl, u64), kept: Kept<T>) {
        let Kept { items, what, seen, .. } = &kept;
        let inside = |span| items.iter().any(|(_, item)| contains(item, span));
        if what.lies(items) && seen.lies(inside) {
            self.kept.insert(hash, kept);
            self.last.insert(slot, hash);
        }
    }

    fn forget(&mut self, declarations: usize, oldest: u64) {
        if self.kept.len() > 2 * declarations + 100 {
            self.kept.retain(|_, kept| kept.turn >= oldest);
        }
        if self.last.len() > 4 * declarations + 100 {
            self.last.clear();
        }
    }
}

impl Memo {
    /// Begins a check of what has been read.
    pub(crate) fn begin(&mut self) {
        self.turn += 1;
        self.keys.borrow_mut().clear();
        self.facts.borrow_mut().clear();
        self.abouts.borrow_mut().clear();
    }

    /// Compares with the last check, once the facts of the data are known.
    pub(crate) fn compare(world: &World<'_>, data: &[Decl]) {
        let Some(memo) = &world.memo else { return };
        let facts = {
            let memo = memo.borrow();
            data.iter().filter_map(|decl| Some((*decl, memo.facts_hash(world, *decl)?))).collect()
        };
        let names: Vec<_> = world.modules.iter().map(|module| module.names.clone()).collect();
        let mut memo = memo.borrow_mut();
        memo.steady = memo.last_facts == facts && memo.last == names;
        (memo.last_facts, memo.last) = (facts, names);
    }

    /// Ends a check that met so many declarations: what has not been of use for long goes.
    pub(crate) fn end(&mut self, declarations: usize) {
        let oldest = self.turn.saturating_sub(20);
        self.networks.forget(declarations, oldest);
        self.declarations.forget(declarations, oldest);
        if self.headers.len() > 100 {
            self.headers.clear();
        }
        if self.lints.len() > 2 * declarations + 100 {
            self.lints.retain(|_, it| it.turn >= oldest);
        }
        let said = self.said.get_mut();
        if said.len() > 2 * declarations + 100 {
            said.retain(|_, (_, turn)| *turn >= oldest);
        }
    }

    /// What `declaration` finds, or found of the same texts.
    pub(crate) fn declaration(
        world: &World<'_>,
        decl: Decl,
        diags: &mut Diags,
        find: impl FnOnce(&mut Diags) -> Vec<(Decl, Span)>,
    ) -> Uses {
        Memo::find(
            world,
            decl,
            0,
            diags,
            |memo| &mut memo.declarations,
            |diags| Ok::<_, std::convert::Infallible>(Arc::new(find(diags))),
        )
        .unwrap_or_else(|never| match never {})
    }

    /// What `find` finds of declarations that contain themselves; nothing where there was nothing in the last
    /// check, and all use what they used then.
    pub(crate) fn rounds(
        world: &World<'_>,
        uses: BTreeMap<Decl, Uses>,
        diags: &mut Diags,
        find: impl FnOnce(&BTreeMap<Decl, Uses>, &mut Diags) -> BTreeSet<Decl>,
    ) -> BTreeSet<Decl> {
        let Some(memo) = &world.memo else { return find(&uses, diags) };
        let same = |((a, one), (b, other)): ((&Decl, &Uses), (&Decl, &Uses))| {
            a == b && Arc::ptr_eq(one, other)
        };
        let last = std::mem::take(&mut memo.borrow_mut().uses);
        let known = last.len() == uses.len() && last.iter().zip(&uses).all(same);
        let found = if known { BTreeSet::new() } else { find(&uses, diags) };
        if found.is_empty() {
            memo.borrow_mut().uses = uses;
        }
        found
    }

    /// What `build` gives of a model with settings and data, in words `with`; or gave of the same texts.
    pub(crate) fn network(
        world: &World<'_>,
        decl: Decl,
        with: &dyn Fn() -> String,
        diags: &mut Diags,
        build: impl FnOnce(&mut Diags) -> Result<Built, Unbuilt>,
    ) -> Result<Built, Unbuilt> {
        let with = if world.memo.is_some() { hash_of(&with()) } else { 0 };
        let build = |diags: &mut Diags| match build(diags) {
            Ok(built) => Ok(Some(built.network)),
            Err(Unbuilt::Open) => Ok(None),
            Err(why) => Err(why),
        };
        let found = Memo::find(world, decl, with, diags, |memo| &mut memo.networks, build)?;
        found.map(|network| Built { network }).ok_or(Unbuilt::Open)
    }

    fn find<T: Moving, E>(
        world: &World<'_>,
        decl: Decl,
        with: u64,
        diags: &mut Diags,
        part: impl Fn(&mut Memo) -> &mut Found<T>,
        find: impl FnOnce(&mut Diags) -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(memo) = &world.memo else { return find(diags) };
        let slot = (decl, with);
        let give = |kept: &Kept<T>| {
            world.note(kept.seen.clone(), Where::Items(kept.items.clone()));
            Ok(kept.what.clone())
        };
        {
            let mut memo = memo.borrow_mut();
            let (steady, turn) = (memo.steady, memo.turn);
            if let Some(kept) = part(&mut memo).again(world, slot, turn).filter(|_| steady) {
                return give(kept);
            }
        }
        let key = memo.borrow().key(world, decl);
        let Some(Key { hash, items }) = key else { return find(diags) };
        let hash = hash_of(&(hash, with));
        {
            let mut memo = memo.borrow_mut();
            let turn = memo.turn;
            if let Some(kept) = part(&mut memo).at(hash, slot, &items, turn) {
                return give(kept);
            }
        }
        let before = world.seen.take();
        let mut said = Diags::new();
        let found = find(&mut said);
        let seen = Arc::new(world.seen.replace(before));
        world.note(seen.clone(), Where::Anywhere);
        if let (Ok(what), true) = (&found, said.is_empty()) {
            let mut memo = memo.borrow_mut();
            let kept = Kept { items, what: what.clone(), seen, turn: memo.turn };
            part(&mut memo).keep(hash, slot, kept);
        }
        diags.extend(said.into_vec());
        found
    }

    /// What there is to say of a network.
    pub(crate) fn lints(world: &World<'_>, net: &Arc<Network>) -> Arc<Lints> {
        let Some(memo) = &world.memo else { return Arc::new(Lints::of(world, net)) };
        let mut memo = memo.borrow_mut();
        let turn = memo.turn;
        let address = Arc::as_ptr(net) as usize;
        let known = memo.lints.entry(address).or_insert_with(|| Linted {
            _net: net.clone(),
            lints: Arc::new(Lints::of(world, net)),
            turn,
        });
        known.turn = turn;
        known.lints.clone()
    }

    /// What an item says by itself.
    pub(crate) fn said(world: &World<'_>, decl: Decl) -> Arc<Said> {
        let item = world.item(decl);
        let Some(memo) = &world.memo else { return Arc::new(Said::of(world, item)) };
        let memo = memo.borrow();
        memo.said_of(world, item)
    }

    fn said_of(&self, world: &World<'_>, item: &Arc<Item>) -> Arc<Said> {
        let address = Arc::as_ptr(item) as usize;
        let mut said = self.said.borrow_mut();
        if let Some((known, turn)) = said.get_mut(&address) {
            *turn = self.turn;
            return known.clone();
        }
        let found = Arc::new(Said::of(world, item));
        said.insert(address, (found.clone(), self.turn));
        found
    }

    /// What the headers of a source's files tell, read anew when one of the files has changed.
    pub(crate) fn header(
        world: &World<'_>,
        key: &str,
        read: impl FnOnce(&dyn Files) -> Result<Facts, DataError>,
    ) -> Result<Facts, DataError> {
        let Some(memo) = &world.memo else { return read(world.files) };
        if let Some(known) = memo.borrow().headers.get(key)
            && known.stamps.iter().all(|(path, stamp)| world.files.stamp(path) == Some(*stamp))
        {
            return known.found.clone();
        }
        let recorder = Recorder::new(world.files);
        let found = read(&recorder);
        let mut memo = memo.borrow_mut();
        match recorder.stamps() {
            Some(stamps) => {
                let found = found.clone();
                memo.headers.insert(key.to_string(), Header { stamps, found });
            }
            None => {
                memo.headers.remove(key);
            }
        }
        found
    }

    /// All that a declaration came from; `None` when something of it has mistakes or is not known yet.
    fn key(&self, world: &World<'_>, decl: Decl) -> Option<Key> {
        if let Some(known) = self.keys.borrow().get(&decl) {
            return known.clone();
        }
        let mut way = Way { memo: self, world, hash: DefaultHasher::new(), items: Vec::new() };
        let key =
            way.follow(decl).then(|| Key { hash: way.hash.finish(), items: way.items.into() });
        self.keys.borrow_mut().insert(decl, key.clone());
        key
    }

    fn about(&self, world: &World<'_>, decl: Decl) -> Arc<About> {
        if let Some(known) = self.abouts.borrow().get(&decl) {
            return known.clone();
        }
        let item = world.item(decl);
        let said = self.said_of(world, item);
        let mut hash = DefaultHasher::new();
        said.hash.hash(&mut hash);
        world.module(decl.module).std.hash(&mut hash);
        (decl.module == ModuleId::MAIN).hash(&mut hash);
        let mut about = About { hash: 0, names: Vec::new(), whole: !item.broken };
        for name in &said.names {
            match world.lookup(decl.module, name) {
                None => 0_u8.hash(&mut hash),
                Some(Entry::Broken) => about.whole = false,
                Some(Entry::Known(other, kind)) => {
                    (name, kind as u8 + 1).hash(&mut hash);
                    let constants = world.constants.borrow();
                    if kind == Kind::Const && matches!(constants.get(&other), Some(None)) {
                        about.whole = false;
                    }
                    if kind == Kind::Data {
                        let facts = self.facts_hash(world, other);
                        facts.hash(&mut hash);
                        about.whole &= facts.is_some();
                    }
                    about.names.push(other);
                }
            }
        }
        about.hash = hash.finish();
        let about = Arc::new(about);
        self.abouts.borrow_mut().insert(decl, about.clone());
        about
    }

    fn facts_hash(&self, world: &World<'_>, decl: Decl) -> Option<u64> {
        if let Some(known) = self.facts.borrow().get(&decl) {
            return Some(*known);
        }
        let facts = world.facts.borrow().get(&decl).cloned()??;
        let hash = hash_of(&format!("{facts:?}"));
        self.facts.borrow_mut().insert(decl, hash);
        Some(hash)
    }
}

/// A walk over what a declaration names.
struct Way<'a, 'w, 'f> {
    memo: &'a Memo,
    world: &'w World<'f>,
    hash: DefaultHasher,
    items: Vec<(Decl, Arc<Item>)>,
}

impl Way<'_, '_, '_> {
    fn follow(&mut self, first: Decl) -> bool {
        let mut waiting = vec![first];
        // Each declaration with the place at which it was met.
        let mut met = BTreeMap::from([(first, 0)]);
        while let Some(decl) = waiting.pop() {
            met.get(&decl).hash(&mut self.hash);
            self.items.push((decl, self.world.item(decl).clone()));
            let about = self.memo.about(self.world, decl);
            if !about.whole {
                return false;
            }
            about.hash.hash(&mut self.hash);
            for other in &about.names {
                let next = met.len();
                let place = *met.entry(*other).or_insert(next);
                place.hash(&mut self.hash);
                if place == next {
                    waiting.push(*other);
                }
            }
        }
        true
    }
}

fn hash_of(what: &impl Hash) -> u64 {
    let mut hash = DefaultHasher::new();
    what.hash(&mut hash);
    hash.finish()
}
