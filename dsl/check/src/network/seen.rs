//! What an editor shows of steps: what enters them, and with which values. Each place in the text is kept as
//! it first occurred.

use super::builder::Builder;
use crate::consts::{Const, Local};
use crate::names::{Decl, World};
use crate::program::NetLayer;
use dlm_base::{FileId, Span};
use dlm_grammar::tree::{self, Item};
use dlm_graph::{Layer, Ty};
use dlm_vocab::Args;
use dlm_vocab::ops::Operator;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// What is known of places in flows, also of models that have mistakes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) results: BTreeMap<Span, Ty>,
    pub(crate) steps: BTreeMap<Span, SeenStep>,
    pub(crate) names: BTreeMap<Span, Ty>,
    pub(crate) arrivals: BTreeMap<Span, Ty>,
}

/// An operator or a layer in a flow.
#[derive(Clone, Debug)]
pub struct SeenStep {
    /// What it is.
    pub what: Applied,
    /// What enters it.
    pub enters: Vec<Ty>,
    /// Its path in the network in which it first occurs: `stage[0].conv1`.
    pub path: Arc<str>,
    /// What it costs; `None` where it does not take what enters it.
    pub cost: Option<Cost>,
}

/// What a step costs, with all that is inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The numbers that training changes.
    pub params: u64,
    /// Multiply-adds for one sample.
    pub macs: u64,
}

impl Cost {
    /// What some operators cost together.
    pub fn of(layers: &[NetLayer]) -> Cost {
        let weights = layers.iter().flat_map(|layer| &layer.weights);
        let trained = weights.filter(|weight| weight.trained);
        Cost {
            params: trained.map(|weight| weight.shape.len() as u64).sum(),
            macs: layers.iter().map(|layer| layer.macs).sum(),
        }
    }
}

/// What a step applies.
#[derive(Clone, Debug)]
pub enum Applied {
    /// An operator.
    Operator {
        /// The word.
        operator: &'static Operator,
        /// Its arguments.
        args: Args,
        /// The operator with its arguments.
        layer: Arc<dyn Layer>,
    },
    /// A declared layer.
    Layer {
        /// Its declaration.
        decl: Decl,
        /// The values of its sizes and settings, sizes first.
        values: Vec<(String, Const)>,
    },
}

impl Seen {
    /// The same at other places; `None` where `span` or `decl` knows no other for one.
    pub(crate) fn moved(
        &self,
        span: impl Fn(Span) -> Option<Span>,
        decl: impl Fn(Decl) -> Option<Decl>,
    ) -> Option<Seen> {
        let step = |(at, step): (&Span, &SeenStep)| {
            let mut step = step.clone();
            if let Applied::Layer { decl: used, .. } = &mut step.what {
                *used = decl(*used)?;
            }
            Some((span(*at)?, step))
        };
        let ty = |(at, ty): (&Span, &Ty)| Some((span(*at)?, ty.clone()));
        Some(Seen {
            results: self.results.iter().map(ty).collect::<Option<_>>()?,
            steps: self.steps.iter().map(step).collect::<Option<_>>()?,
            names: self.names.iter().map(ty).collect::<Option<_>>()?,
            arrivals: self.arrivals.iter().map(ty).collect::<Option<_>>()?,
        })
    }

    fn is_empty(&self) -> bool {
        let Seen { results, steps, names, arrivals } = self;
        results.is_empty() && steps.is_empty() && names.is_empty() && arrivals.is_empty()
    }

    /// Whether `inside` holds of every place.
    pub(crate) fn lies(&self, inside: impl Fn(Span) -> bool) -> bool {
        let Seen { results, steps, names, arrivals } = self;
        let keys = results.keys().chain(names.keys()).chain(arrivals.keys());
        keys.chain(steps.keys()).all(|at| inside(*at))
    }
}

/// What is known of the places of a program. Each was seen in the expansion of some declaration: of several that
/// show the same place, the first speaks.
#[derive(Debug, Default)]
pub struct Notes {
    parts: Vec<(Arc<Seen>, Where)>,
    /// Made when it is first needed.
    index: OnceLock<Index>,
}

/// Which parts may know a place, by their numbers.
#[derive(Debug, Default)]
struct Index {
    /// File and start of each item with a part that lies there, sorted.
    items: Vec<(FileId, u32, usize)>,
    /// The parts that lie anywhere.
    anywhere: Vec<usize>,
}

/// Where the places of a part lie.
#[derive(Clone, Debug)]
pub(crate) enum Where {
    /// In these items.
    Items(Arc<[(Decl, Arc<Item>)]>),
    /// Anywhere.
    Anywhere,
}

impl Notes {
    /// Adds what an expansion has shown.
    pub(crate) fn add(&mut self, seen: Arc<Seen>, at: Where) {
        self.parts.push((seen, at));
        self.index.take();
    }

    /// What the step at a place gives.
    pub fn result(&self, at: Span) -> Option<&Ty> {
        self.parts_at(at).find_map(|part| part.results.get(&at))
    }

    /// The operator or layer that is applied at a place.
    pub fn step(&self, at: Span) -> Option<&SeenStep> {
        self.parts_at(at).find_map(|part| part.steps.get(&at))
    }

    /// The flow that the name at a place stands for; parameters among them.
    pub fn name(&self, at: Span) -> Option<&Ty> {
        self.parts_at(at).find_map(|part| part.names.get(&at))
    }

    /// What comes along the arrow to the step at a place; steps that are not there yet among them.
    pub fn arrival(&self, at: Span) -> Option<&Ty> {
        self.parts_at(at).find_map(|part| part.arrivals.get(&at))
    }

    /// The shortest operator or layer of those that begin at a byte: of `f(x) + y` and `f(x)` the latter.
    pub fn shortest(&self, file: FileId, start: u32) -> Option<Span> {
        let (from, to) =
            (Span { file, start, end: start }, Span { file, start: start + 1, end: 0 });
        let own = |part: &'_ Seen| part.steps.range(from..to).next().map(|(at, _)| *at);
        self.parts_at(from).filter_map(own).min()
    }

    /// All results by their places.
    pub fn results(&self) -> BTreeMap<Span, &Ty> {
        let mut all = BTreeMap::new();
        for (at, ty) in self.parts.iter().flat_map(|(part, _)| &part.results) {
            all.entry(*at).or_insert(ty);
        }
        all
    }

    /// All operators and layers by their places.
    pub fn steps(&self) -> BTreeMap<Span, &SeenStep> {
        let mut all = BTreeMap::new();
        for (at, step) in self.parts.iter().flat_map(|(part, _)| &part.steps) {
            all.entry(*at).or_insert(step);
        }
        all
    }

    /// The parts that may know a place, in their order.
    fn parts_at(&self, at: Span) -> impl Iterator<Item = &Seen> {
        let Index { items, anywhere } = self.index.get_or_init(|| self.index());
        let key = |(file, start, _): &(FileId, u32, usize)| (*file, *start);
        let behind = items.partition_point(|it| key(it) <= (at.file, at.start));
        let first = match behind.checked_sub(1) {
            Some(last) => items.partition_point(|it| key(it) < key(&items[last])),
            None => behind,
        };
        let mut inside = items[first..behind].iter().map(|(.., part)| *part).peekable();
        let mut others = anywhere.iter().copied().peekable();
        let next = move || match (inside.peek(), others.peek()) {
            (Some(one), Some(other)) if other < one => others.next(),
            (Some(_), _) => inside.next(),
            (None, _) => others.next(),
        };
        std::iter::from_fn(next).map(|part| &*self.parts[part].0)
    }

    fn index(&self) -> Index {
        let mut index = Index::default();
        for (part, (_, at)) in self.parts.iter().enumerate() {
            match at {
                Where::Anywhere => index.anywhere.push(part),
                Where::Items(items) => index
                    .items
                    .extend(items.iter().map(|(_, item)| (item.span.file, item.span.start, part))),
            }
        }
        index.items.sort_unstable();
        index
    }
}

impl World<'_> {
    /// Notes what a declaration has shown, behind all that was seen before.
    pub(crate) fn note(&self, seen: Arc<Seen>, at: Where) {
        let mut notes = self.notes.borrow_mut();
        let before = self.seen.take();
        if !before.is_empty() {
            notes.add(Arc::new(before), Where::Anywhere);
        }
        notes.add(seen, at);
    }
}

impl<'w> Builder<'w, '_> {
    /// Remembers an operator.
    pub(crate) fn saw_operator(
        &self,
        at: Span,
        operator: &'static Operator,
        args: &Args,
        layer: &Arc<dyn Layer>,
        (enters, path): (&[Ty], &Arc<str>),
    ) {
        self.world.seen.borrow_mut().steps.entry(at).or_insert_with(|| {
            let (args, layer) = (args.clone(), layer.clone());
            let what = Applied::Operator { operator, args, layer };
            SeenStep { what, enters: enters.to_vec(), path: path.clone(), cost: None }
        });
    }

    /// Remembers the use of a layer.
    pub(crate) fn saw_layer(
        &self,
        at: Span,
        decl: Decl,
        values: &[(&'w str, Const)],
        (flows, path): (&[(&'w tree::Param, usize)], &Arc<str>),
    ) {
        self.world.seen.borrow_mut().steps.entry(at).or_insert_with(|| {
            let values = values.iter().map(|(name, value)| (name.to_string(), value.clone()));
            let what = Applied::Layer { decl, values: values.collect() };
            let enters = flows.iter().map(|(_, id)| self.values[*id].ty.clone()).collect();
            SeenStep { what, enters, path: path.clone(), cost: None }
        });
    }

    /// Remembers what a step costs: the operators from `first` on.
    pub(crate) fn saw_cost(&self, at: Span, first: usize) {
        if let Some(step) = self.world.seen.borrow_mut().steps.get_mut(&at) {
            step.cost.get_or_insert_with(|| Cost::of(&self.layers[first..]));
        }
    }

    /// Remembers a name that stands for a flow.
    pub(crate) fn saw_name(&self, at: Span, local: &Local) {
        if let Local::Flow(Some(id)) = local {
            let mut seen = self.world.seen.borrow_mut();
            seen.names.entry(at).or_insert_with(|| self.values[*id].ty.clone());
        }
    }

    /// Remembers what comes along the arrow to a step.
    pub(crate) fn saw_arrival(&self, at: Span, local: &Local) {
        if let Local::Flow(Some(id)) = local {
            let mut seen = self.world.seen.borrow_mut();
            seen.arrivals.entry(at).or_insert_with(|| self.values[*id].ty.clone());
        }
    }
}
