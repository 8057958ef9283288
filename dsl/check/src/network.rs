//! Models become networks: settings applied, sizes bound, layers and repeats expanded, shapes known.
//!
//! # Paths
//! A step is named by `as`, or by its kind and a count of the unnamed steps of that kind in its body:
//! `conv1`, `conv2`, `ResidualBlock1`, `repeat1`; signs are `add1`, `sub1`, `mul1`, `div1`. The steps
//! inside a layer follow its own name: `ResidualBlock1.conv1`. A turn of a `repeat` has its number
//! from 0: `stage[0]`; the steps in its block follow, `stage[0].conv1`, unless the block is one step
//! without a name of its own: then the turn *is* that step, and with `repeat 2 { ResidualBlock(32) }
//! as stage` the first convolution of the first block is `stage[0].conv1`. The steps of an `if` belong
//! to the body around it; with a name, `if … { … } as head`, they follow that name by the same rule.

use crate::consts::Const;
use crate::diags::Diags;
use crate::names::{Decl, ModuleId, Wanted, World};
use crate::program::Network;
use crate::session::Memo;
use dlm_base::Span;
use dlm_grammar::tree::ModelUse;
use dlm_vocab::data::Facts;
use std::sync::Arc;

mod builder;
mod call;
mod declare;
mod flow;
mod params;
mod paths;
mod report;
pub mod seen;
mod shared;
mod sizes;
mod step;

pub use declare::check_declarations;
pub(crate) use declare::unused_inside;

/// A setting of a model, as a verb gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The place of the parameter among the model's.
    pub param: usize,
    /// Its value, of the parameter's type.
    pub value: Const,
}

/// Why there is no network.
#[derive(Clone, Debug, PartialEq)]
pub enum Unbuilt {
    /// Because of an error that has been reported.
    Reported,
    /// Sizes are open, or settings must be given, and nobody gave them.
    Open,
    /// The data has another shape than the model's input (E0405, not reported yet).
    Misfit(Misfit),
}

/// A model's input that does not take the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    /// What the input takes: `[3, H, W]`.
    pub takes: String,
    /// The place of the input's type.
    pub at: Span,
}

/// A network.
#[derive(Debug)]
pub struct Built {
    /// The network.
    pub network: Arc<Network>,
}

/// The model that a verb names, with its settings checked; `None` when something is wrong with
/// them, which has been reported.
pub fn resolve_model(
    world: &World<'_>,
    model: &ModelUse,
    diags: &mut Diags,
) -> Option<(Decl, Vec<Given>)> {
    let decl = world.resolve(ModuleId::MAIN, &model.name, Wanted::Model, diags)?;
    let given = params::settings_of(world, decl, model, diags)?;
    Some((decl, given))
}

/// Expands a model. `settings` are as [`resolve_model`] gives them; `data` bind the sizes that the
/// model leaves open; `at` is the place that asks for it (the model's name in a verb), if there is one.
///
/// # Errors
/// When there is no network; see [`Unbuilt`].
pub fn build(
    world: &World<'_>,
    model: Decl,
    settings: &[Given],
    data: Option<&Facts>,
    at: Option<Span>,
    diags: &mut Diags,
) -> Result<Built, Unbuilt> {
    if world.item(model).broken {
        // What is known of it is seen, and nothing is said.
        let mut unheard = Diags::new();
        let _ = builder::Builder::new(world, &mut unheard).model(model, settings, data, None);
        return Err(Unbuilt::Reported);
    }
    let with = || format!("{settings:?} {:?}", data.map(Facts::ty));
    Memo::network(world, model, &with, diags, |diags| {
        builder::Builder::new(world, diags).model(model, settings, data, at)
    })
}
