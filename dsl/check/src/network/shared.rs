//! Weights that several steps share under a name: `embedding(65, 128, shared = table)` and
//! `dense(65, shared = table)`.

use super::builder::Builder;
use crate::program::Borrowed;
use dlm_base::Span;
use dlm_base::diag::codes::lints;
use dlm_graph::{Reject, Weight};
use dlm_vocab::{Arg, Args};
use std::sync::Arc;

/// A weight that has a name.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    /// The layer that owns it, which is the first that names it.
    path: Arc<str>,
    weight: Weight,
    /// The step that owns it.
    at: Span,
    /// Whether another step has it too.
    used: bool,
}

impl Builder<'_, '_> {
    /// The weight that a layer at `path` borrows, which is then no longer among its `weights`. The first layer that
    /// gives a name owns the weight.
    ///
    /// # Errors
    /// When what has that name is of another shape.
    pub(crate) fn borrow(
        &mut self,
        args: &Args,
        weights: &mut Vec<Weight>,
        (path, at): (&Arc<str>, Span),
    ) -> Result<Option<Borrowed>, Reject> {
        let (Some(Arg::Name(name)), Some(first)) = (args.get("shared"), weights.first()) else {
            return Ok(None);
        };
        let Some(known) = self.shared.get_mut(name) else {
            let shared = Shared { path: path.clone(), weight: first.clone(), at, used: false };
            self.shared.insert(name.clone(), shared);
            return Ok(None);
        };
        if known.weight.shape != first.shape {
            let (own, theirs) = (&first.shape, &known.weight.shape);
            return Err(Reject::Value {
                param: "shared",
                message: format!("`{name}` is {theirs} in `{}`, and {own} here", known.path),
                help: Some("steps that share a weight have it in one shape".to_string()),
            });
        }
        known.used = true;
        let borrowed = Borrowed { from: known.path.clone(), weight: weights.remove(0) };
        let set = args.get("init").is_some();
        if set && self.frames.len() <= 1 {
            let help = "leave it out here";
            let reason = format!("the weight starts as `{}` says", borrowed.from);
            self.push_here(lints::no_effect(at, "`init`", &reason, help));
        }
        Ok(Some(borrowed))
    }

    /// W1009 for names that one step alone gives.
    pub(super) fn alone(&mut self) {
        let alone = self.shared.iter().filter(|(_, it)| !it.used);
        let alone: Vec<(String, Span)> = alone.map(|(name, it)| (name.clone(), it.at)).collect();
        for (name, at) in alone {
            if self.world.in_main(at) {
                let reason = format!("no other step shares `{name}`");
                let help = "leave it out, or name it where the same weight is to be used";
                self.diags.push(lints::no_effect(at, "`shared`", &reason, help));
            }
        }
    }
}
