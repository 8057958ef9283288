//! What an item says by itself, whatever its names stand for.

use super::unused;
use super::walk::mentions;
use super::{Decl, World};
use crate::session::Memo;
use dlm_grammar::tree::{Item, ItemKind};
use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// It.
#[derive(Debug)]
pub(crate) struct Said {
    /// The item, which is kept so that no other takes its address.
    _item: Arc<Item>,
    /// Of its text.
    pub(crate) hash: u64,
    /// The names that it mentions, sorted.
    pub(crate) names: Vec<String>,
    /// The rows of its body that its result does not need, as their places among the statements.
    pub(crate) rows: Vec<usize>,
    /// The parameters that nothing in it uses, as their places.
    pub(crate) params: Vec<usize>,
}

impl Said {
    /// What an item says.
    pub(crate) fn of(world: &World<'_>, item: &Arc<Item>) -> Said {
        let mut hash = DefaultHasher::new();
        world.text(item.span).hash(&mut hash);
        let mut names = BTreeSet::new();
        mentions(item, &mut names);
        let (rows, params) = match &item.kind {
            ItemKind::Layer(network) | ItemKind::Model(network) => {
                (unused::bindings(network), unused::params(network))
            }
            _ => (Vec::new(), Vec::new()),
        };
        Said {
            _item: item.clone(),
            hash: hash.finish(),
            names: names.into_iter().map(str::to_string).collect(),
            rows,
            params,
        }
    }
}

impl World<'_> {
    /// What an item says by itself.
    pub(crate) fn said(&self, decl: Decl) -> Arc<Said> {
        Memo::said(self, decl)
    }
}
