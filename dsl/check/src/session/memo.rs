//! What outlives a check: items as they were parsed, networks as they were built, facts of data as they were
//! read. Only what was found without anything to say is kept, so that nothing that should be said goes
//! unsaid, and each is kept under all that it came from.

use crate::diags::Diags;
use crate::names::{Decl, Entry, Kind, ModuleId, World, mentions};
use crate::network::Built;
use crate::network::seen::Seen;
use crate::program::Network;
use crate::session::recorder::Recorder;
use dlm_base::{Files, Span};
use dlm_graph::Ty;
use dlm_vocab::data::{DataError, Facts};
use std::cell::RefCell;
use std::collections::hash_map::{DefaultHasher, HashMap};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// It all.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    networks: HashMap<u64, Kept<Network>>,
    declarations: HashMap<u64, Kept<Vec<(Decl, Span)>>>,
    /// By the source and its arguments: what its files' headers tell, and the stamps of these files.
    headers: BTreeMap<String, Header>,
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

/// Something that was found, with the items that it came from as they stood then.
#[derive(Debug)]
struct Kept<T> {
    items: Vec<(Decl, Span)>,
    what: T,
    noted: Noted,
    turn: u64,
}

/// What is noted of places in the text on the way.
#[derive(Clone, Debug, Default)]
struct Noted {
    shapes: BTreeMap<Span, Ty>,
    seen: Seen,
}

/// All that a declaration came from.
#[derive(Clone, Debug)]
struct Key {
    hash: u64,
    /// The items, each once, in an order that depends on the texts alone.
    items: Vec<(Decl, Span)>,
}

/// What a declaration says by itself.
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
    from: &'a [(Decl, Span)],
    to: &'a [(Decl, Span)],
}

impl Moves<'_> {
    fn is_none(&self) -> bool {
        self.from == self.to
    }

    fn span(&self, span: &mut Span) -> bool {
        let inside = |(_, item): &(Decl, Span)| {
            item.file == span.file && item.start <= span.start && span.end <= item.end
        };
        let Some(place) = self.from.iter().position(inside) else { return false };
        let (from, to) = (self.from[place].1, self.to[place].1);
        *span = Span {
            file: to.file,
            start: span.start - from.start + to.start,
            end: span.end - from.start + to.start,
        };
        true
    }

    fn decl(&self, decl: &mut Decl) -> bool {
        let place = self.from.iter().position(|(known, _)| known == decl);
        place.map(|place| *decl = self.to[place].0).is_some()
    }
}

/// What has places in the text.
trait Moving {
    /// Moves them; `false` when one of them is in none of the items.
    fn moved(&mut self, moves: &Moves<'_>) -> bool;
}

impl Moving for Network {
    fn moved(&mut self, moves: &Moves<'_>) -> bool {
        self.layers
            .iter_mut()
            .fold(moves.span(&mut self.span), |all, layer| moves.span(&mut layer.span) && all)
    }
}

impl Moving for Vec<(Decl, Span)> {
    fn moved(&mut self, moves: &Moves<'_>) -> bool {
        self.iter_mut().fold(true, |all, (decl, span)| moves.decl(decl) && moves.span(span) && all)
    }
}

impl Moving for Noted {
    fn moved(&mut self, moves: &Moves<'_>) -> bool {
        let span = |mut at: Span| moves.span(&mut at).then_some(at);
        let decl = |mut decl: Decl| moves.decl(&mut decl).then_some(decl);
        let Noted { shapes, seen } = std::mem::take(self);
        let shapes = shapes.into_iter().map(|(at, ty)| Some((span(at)?, ty)));
        match (shapes.collect::<Option<_>>(), seen.moved(span, decl)) {
            (Some(shapes), Some(seen)) => {
                *self = Noted { shapes, seen };
                true
            }
            _ => false,
        }
    }
}

impl<T: Moving + Clone> Kept<T> {
    /// What was found, where its items stand now.
    fn at(&mut self, items: &[(Decl, Span)], turn: u64) -> (T, Noted) {
        self.turn = turn;
        let moves = Moves { from: &self.items, to: items };
        if !moves.is_none() {
            self.what.moved(&moves);
            self.noted.moved(&moves);
            self.items = items.to_vec();
        }
        (self.what.clone(), self.noted.clone())
    }

    /// Something to keep, unless a place of it is in none of its items.
    fn new(items: &[(Decl, Span)], what: &T, noted: &Noted, turn: u64) -> Option<Kept<T>> {
        let here = Moves { from: items, to: items };
        let (mut what, mut noted) = (what.clone(), noted.clone());
        let inside = what.moved(&here) && noted.moved(&here);
        inside.then(|| Kept { items: items.to_vec(), what, noted, turn })
    }
}

impl Memo {
    /// Begins a check.
    pub(crate) fn begin(&mut self) {
        self.turn += 1;
        self.keys.borrow_mut().clear();
        self.facts.borrow_mut().clear();
        self.abouts.borrow_mut().clear();
    }

    /// Ends a check that met so many declarations: what has not been of use for long goes.
    pub(crate) fn end(&mut self, declarations: usize) {
        let oldest = self.turn.saturating_sub(20);
        if self.networks.len() > 2 * declarations + 100 {
            self.networks.retain(|_, kept| kept.turn >= oldest);
        }
        if self.declarations.len() > 2 * declarations + 100 {
            self.declarations.retain(|_, kept| kept.turn >= oldest);
        }
        if self.headers.len() > 100 {
            self.headers.clear();
        }
    }

    /// What `declaration` finds, or found of the same texts.
    pub(crate) fn declaration(
        world: &World<'_>,
        decl: Decl,
        diags: &mut Diags,
        find: impl FnOnce(&mut Diags) -> Vec<(Decl, Span)>,
    ) -> Vec<(Decl, Span)> {
        let Some(memo) = &world.memo else { return find(diags) };
        let key = memo.borrow().key(world, decl);
        let Some(Key { hash, items }) = key else { return find(diags) };
        {
            let mut memo = memo.borrow_mut();
            let turn = memo.turn;
            if let Some(kept) = memo.declarations.get_mut(&hash) {
                let (uses, noted) = kept.at(&items, turn);
                note(world, noted);
                return uses;
            }
        }
        let mut found = Diags::new();
        let (uses, noted) = apart(world, || find(&mut found));
        if found.is_empty() {
            let mut memo = memo.borrow_mut();
            if let Some(kept) = Kept::new(&items, &uses, &noted, memo.turn) {
                memo.declarations.insert(hash, kept);
            }
        }
        note(world, noted);
        diags.extend(found.into_vec());
        uses
    }

    /// What `build` gives of a model with settings and data, in words `with`; or gave of the same texts.
    pub(crate) fn network<E>(
        world: &World<'_>,
        decl: Decl,
        with: &dyn Fn() -> String,
        diags: &mut Diags,
        build: impl FnOnce(&mut Diags) -> Result<Built, E>,
    ) -> Result<Built, E> {
        let Some(memo) = &world.memo else { return build(diags) };
        let key = memo.borrow().key(world, decl);
        let Some(Key { hash, items }) = key else { return build(diags) };
        let hash = hash_of(&(hash, with()));
        {
            let mut memo = memo.borrow_mut();
            let turn = memo.turn;
            if let Some(kept) = memo.networks.get_mut(&hash) {
                let (network, noted) = kept.at(&items, turn);
                note(world, noted);
                return Ok(Built { network });
            }
        }
        let mut found = Diags::new();
        let (built, noted) = apart(world, || build(&mut found));
        if let (Ok(built), true) = (&built, found.is_empty()) {
            let mut memo = memo.borrow_mut();
            if let Some(kept) = Kept::new(&items, &built.network, &noted, memo.turn) {
                memo.networks.insert(hash, kept);
            }
        }
        note(world, noted);
        diags.extend(found.into_vec());
        built
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
        let key = way.follow(decl).then(|| Key { hash: way.hash.finish(), items: way.items });
        self.keys.borrow_mut().insert(decl, key.clone());
        key
    }

    fn about(&self, world: &World<'_>, decl: Decl) -> Arc<About> {
        if let Some(known) = self.abouts.borrow().get(&decl) {
            return known.clone();
        }
        let item = world.item(decl);
        let mut hash = DefaultHasher::new();
        world.text(item.span).hash(&mut hash);
        world.module(decl.module).std.hash(&mut hash);
        (decl.module == ModuleId::MAIN).hash(&mut hash);
        let mut names = BTreeSet::new();
        mentions(item, &mut names);
        let mut about = About { hash: 0, names: Vec::new(), whole: !item.broken };
        for name in names {
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
    items: Vec<(Decl, Span)>,
}

impl Way<'_, '_, '_> {
    fn follow(&mut self, first: Decl) -> bool {
        let mut waiting = vec![first];
        // Each declaration with the place at which it was met.
        let mut met = BTreeMap::from([(first, 0)]);
        while let Some(decl) = waiting.pop() {
            met.get(&decl).hash(&mut self.hash);
            self.items.push((decl, self.world.item(decl).span));
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

/// Does something with nothing noted; what it gives, and what it notes.
fn apart<T>(world: &World<'_>, find: impl FnOnce() -> T) -> (T, Noted) {
    let before = (world.shapes.take(), world.seen.take());
    let found = find();
    let (shapes, seen) = (world.shapes.replace(before.0), world.seen.replace(before.1));
    (found, Noted { shapes, seen })
}

/// Notes what is not noted yet.
fn note(world: &World<'_>, noted: Noted) {
    let mut known = world.shapes.borrow_mut();
    for (span, ty) in noted.shapes {
        known.entry(span).or_insert(ty);
    }
    world.seen.borrow_mut().add(noted.seen);
}

fn hash_of(what: &impl Hash) -> u64 {
    let mut hash = DefaultHasher::new();
    what.hash(&mut hash);
    hash.finish()
}
