//! Weights in memory and in files: safetensors with PyTorch's names, shapes and order of axes.

use crate::data::Preprocess;
use crate::sealed;
use dlm_check::lower::{WeightInfo, from_memory, to_memory, weights};
use dlm_check::program::Network;
use dlm_graph::States;
use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The weights and running statistics of an artifact, by name, in the order in which graphs keep them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights(pub BTreeMap<String, Vec<f32>>);

/// What a weights file says beside the numbers: enough to use them on new inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The version of dlm that wrote the file.
    pub dlm: String,
    /// The artifact.
    pub artifact: String,
    /// The model with its settings.
    pub model: String,
    /// The seed of its training.
    pub seed: u64,
    /// How inputs become the network's numbers, and answers the user's.
    pub preprocess: Preprocess,
    /// Of a quantized artifact: the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Of a quantized artifact: the layers that were given back to float32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_back: Vec<String>,
}

impl Weights {
    /// These weights as they stand in `states`, under names behind `prefix`.
    pub fn take(owned: &[WeightInfo], states: &States, prefix: &str) -> Weights {
        let named = owned.iter().filter_map(|w| {
            let numbers = states.get(&format!("{prefix}{}", w.name))?.to_vec();
            Some((w.name.clone(), numbers))
        });
        Weights(named.collect())
    }

    /// Writes the weights into `states`, under names behind `prefix`.
    pub fn put(&self, states: &mut States, prefix: &str) {
        for (name, numbers) in &self.0 {
            if let Some(state) = states.get_mut(&format!("{prefix}{name}")) {
                state.copy_from_slice(numbers);
            }
        }
    }

    /// The bytes of a safetensors file. The same weights give the same bytes.
    ///
    /// # Errors
    /// When the file format cannot hold them.
    pub fn to_bytes(&self, network: &Network, about: &About) -> Result<Vec<u8>, String> {
        let stored: Vec<(String, Vec<usize>, Vec<u8>)> = weights(network)
            .iter()
            .filter_map(|w| {
                let numbers = self.0.get(&w.name)?;
                let numbers = from_memory(numbers, &w.shape, &w.order);
                let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
                Some((w.name.clone(), w.shape.0.clone(), bytes))
            })
            .collect();
        let tensors: Vec<_> = stored
            .iter()
            .map(|(name, shape, bytes)| (name.clone(), Dtype::F32, shape.clone(), bytes.as_slice()))
            .collect();
        sealed::write(about, &tensors)
    }

    /// The weights of a network from the bytes of a file that [`Weights::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the bytes are no such file, or a weight is missing or has another shape.
    pub fn from_bytes(network: &Network, bytes: &[u8]) -> Result<(Weights, About), String> {
        let (file, about): (_, About) =
            sealed::read(bytes).map_err(|fault| fault.words("train it again"))?;
        let mut read = BTreeMap::new();
        for w in weights(network) {
            let tensor = file.tensor(&w.name).map_err(|_| {
                format!("it has no `{}`: the model has changed since; train it again", w.name)
            })?;
            if tensor.shape() != w.shape.sizes() || tensor.dtype() != Dtype::F32 {
                return Err(format!(
                    "`{}` is {:?} there and {} in the model, which has changed since; train it again",
                    w.name,
                    tensor.shape(),
                    w.shape
                ));
            }
            let numbers: Vec<f32> = (tensor.data().chunks_exact(4))
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect();
            read.insert(w.name.clone(), to_memory(&numbers, &w.shape, &w.order));
        }
        Ok((Weights(read), about))
    }
}
