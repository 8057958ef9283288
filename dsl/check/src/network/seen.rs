//! What an editor shows of steps: what enters them, and with which values. Each place in the text is kept as
//! it first occurred.

use super::builder::Builder;
use crate::consts::{Const, Local};
use crate::names::Decl;
use crate::program::NetLayer;
use dlm_base::Span;
use dlm_grammar::tree;
use dlm_graph::{Layer, Ty};
use dlm_vocab::Args;
use dlm_vocab::ops::Operator;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is known of places in flows, also of models that have mistakes.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Operators and layers, by the place of the call.
    pub steps: BTreeMap<Span, SeenStep>,
    /// Names that stand for flows, by their place; parameters among them.
    pub names: BTreeMap<Span, Ty>,
    /// What comes along the arrow to a step, by the step's place; steps that are not there yet among them.
    pub arrivals: BTreeMap<Span, Ty>,
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
    /// Takes what is known of further places; what is known already stays.
    pub(crate) fn add(&mut self, other: Seen) {
        for (at, step) in other.steps {
            self.steps.entry(at).or_insert(step);
        }
        for (at, ty) in other.names {
            self.names.entry(at).or_insert(ty);
        }
        for (at, ty) in other.arrivals {
            self.arrivals.entry(at).or_insert(ty);
        }
    }

    /// The same at other places; `None` where `span` or `decl` knows no other for one.
    pub(crate) fn moved(
        self,
        span: impl Fn(Span) -> Option<Span>,
        decl: impl Fn(Decl) -> Option<Decl>,
    ) -> Option<Seen> {
        let step = |(at, mut step): (Span, SeenStep)| {
            if let Applied::Layer { decl: used, .. } = &mut step.what {
                *used = decl(*used)?;
            }
            Some((span(at)?, step))
        };
        let ty = |(at, ty): (Span, Ty)| Some((span(at)?, ty));
        Some(Seen {
            steps: self.steps.into_iter().map(step).collect::<Option<_>>()?,
            names: self.names.into_iter().map(ty).collect::<Option<_>>()?,
            arrivals: self.arrivals.into_iter().map(ty).collect::<Option<_>>()?,
        })
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
