//! Weights for a declared model from files that others wrote: safetensors, and what PyTorch's
//! `torch.save(model.state_dict(), …)` writes (`.pt`, `.pth`).
//!
//! Names and shapes are PyTorch's in files, as in our own: a dense layer is `[out, in]`, a convolution
//! `[out, in / groups, h, w]`. Where names differ, order and shape decide. No code of a file is run: of
//! a pickle only the steps are taken that build dictionaries of tensors.

mod numbers;
mod pairs;
mod pickle;
mod pytorch;

use crate::weights::Weights;
use dlm_check::lower::{WeightInfo, to_memory, weights};
use dlm_check::program::Network;
use numbers::{Element, Tensor};
use pairs::{bare, leaf, missing, natural, pair};
use safetensors::SafeTensors;
use std::collections::{BTreeMap, BTreeSet};

/// What of a file became what.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fitted {
    /// The name in the file and the name in the model, in the model's order.
    pub taken: Vec<(String, String)>,
    /// How many of them bear one name in both; the others were paired by order and shape.
    pub named: usize,
    /// The names in the file that nothing in the model takes, in the file's order; counters of batches
    /// (`num_batches_tracked`) do not count.
    pub left: Vec<String>,
}

/// Every weight and running statistic of a network, from the bytes of a safetensors file, or of a state
/// dict that PyTorch stored, alone or in a dictionary beside other things.
///
/// A tensor belongs to the weight of its name, if the shapes are the same; the prefixes `module.` and
/// `_orig_mod.` do not count. Of what has no namesake, tensors whose names end alike (`weight`,
/// `running_mean`) and whose shapes are the same belong to the weights in their order, where there are as
/// many in the file as in the model. Where names pair at most half of the weights and order pairs all,
/// names are not looked at: layers without a name of their own share theirs (`conv1`) by accident.
/// Safetensors files do not keep the order of layers: there the numbers in names decide, and names must
/// differ in numbers alone. Floats of 16, 32 and 64 bits become `f32`.
///
/// # Errors
/// When the bytes are no such file, or nothing in it fits a weight; three of them are named.
pub fn read(network: &Network, bytes: &[u8]) -> Result<(Weights, Fitted), String> {
    let (tensors, ordered) = match bytes {
        [b'P', b'K', 3, 4, ..] => (pytorch::tensors(bytes)?, true),
        [0x80, 0..=5, ..] => {
            return Err("it is a pickle as PyTorch stored state dicts before version 1.6; \
                        load it in PyTorch and store it again with torch.save"
                .to_string());
        }
        _ => (from_safetensors(bytes)?, false),
    };
    fit(&weights(network), &tensors, ordered)
}

/// The tensors of a safetensors file, in the order of their names, numbers in them taken as numbers.
fn from_safetensors(bytes: &[u8]) -> Result<Vec<Tensor<'_>>, String> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|e| format!("it is neither a safetensors file ({e}) nor one of torch.save"))?;
    let mut all: Vec<Tensor<'_>> = file
        .iter()
        .map(|(name, view)| {
            let element = Element::of_safetensors(view.dtype());
            Tensor::dense(name.to_string(), element, view.shape().to_vec(), view.data())
        })
        .collect();
    all.sort_by_cached_key(|tensor| (natural(&tensor.name), tensor.name.clone()));
    Ok(all)
}

/// Finds a tensor for each weight.
fn fit(
    owned: &[WeightInfo],
    all: &[Tensor<'_>],
    ordered: bool,
) -> Result<(Weights, Fitted), String> {
    let mut theirs: Vec<&Tensor<'_>> = all.iter().collect();
    theirs.retain(|tensor| leaf(&tensor.name) != "num_batches_tracked");
    let found = pair(owned, &theirs, ordered);
    if found.len() < owned.len() {
        return Err(missing(owned, &theirs, &found));
    }
    let mut taken = Vec::with_capacity(owned.len());
    let mut read = BTreeMap::new();
    for (weight, at) in owned.iter().zip(found.values()) {
        let numbers = theirs[*at].floats()?;
        if let Some(x) = numbers.iter().find(|x| !x.is_finite()) {
            return Err(format!("`{}` holds {x}, which is not a finite number", theirs[*at].name));
        }
        read.insert(weight.name.clone(), to_memory(&numbers, &weight.shape, &weight.order));
        taken.push((theirs[*at].name.clone(), weight.name.clone()));
    }
    let named = taken.iter().filter(|(theirs, ours)| bare(theirs) == ours).count();
    let used: BTreeSet<usize> = found.into_values().collect();
    let left = (0..theirs.len()).filter(|at| !used.contains(at));
    let left = left.map(|at| theirs[at].name.clone()).collect();
    Ok((Weights(read), Fitted { taken, named, left }))
}
