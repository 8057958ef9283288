//! Checkpoints: all that a training needs to go on as if it had never stopped.

use crate::record::Epoch;
use crate::sealed;
use crate::weights::Weights;
use dlm_graph::States;
use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};

/// Where a training stands. Random numbers are counted, not drawn, so that the step stands for the state of every
/// generator and for the place in the data.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// Updates made.
    pub(super) step: u64,
    /// Passes completed.
    pub(super) epochs: u64,
    /// What the updates of a pass that is not completed add up to.
    pub(super) partial: Partial,
    /// What the schedule has learnt.
    pub(super) schedule: Vec<f64>,
    /// Snapshots in the averages of `swa`.
    pub(super) averaged: u64,
    /// The best validation so far.
    pub(super) best: Option<Best>,
    /// Why the training is over before its length, if it is.
    pub(super) stopped: Option<String>,
    /// The passes so far.
    pub(super) history: Vec<Epoch>,
    /// Seconds so far.
    pub(super) seconds: f64,
}

/// The updates of a pass so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Partial {
    /// The sum of the losses of all samples.
    pub(super) loss: f64,
    /// Samples.
    pub(super) samples: usize,
    /// Seconds.
    pub(super) seconds: f64,
}

/// The best validation so far.
#[derive(Clone, Debug)]
pub(super) struct Best {
    pub(super) figure: f64,
    pub(super) epoch: u64,
    pub(super) weights: Option<Weights>,
}

/// What the header of a checkpoint says. Floats that decide anything are kept as their bits.
#[derive(Serialize, Deserialize)]
struct About {
    key: String,
    step: u64,
    epochs: u64,
    loss: u64,
    samples: usize,
    pass_seconds: f64,
    schedule: Vec<u64>,
    averaged: u64,
    best: Option<(u64, u64)>,
    stopped: Option<String>,
    history: Vec<Epoch>,
    seconds: f64,
}

/// The bytes of a checkpoint of the training with that key.
///
/// # Errors
/// When the file format cannot hold it.
pub(super) fn write(key: &str, standing: &Standing, states: &States) -> Result<Vec<u8>, String> {
    let Standing { partial, best, .. } = standing;
    let about = About {
        key: key.to_string(),
        step: standing.step,
        epochs: standing.epochs,
        loss: partial.loss.to_bits(),
        samples: partial.samples,
        pass_seconds: partial.seconds,
        schedule: standing.schedule.iter().map(|x| x.to_bits()).collect(),
        averaged: standing.averaged,
        best: best.as_ref().map(|best| (best.figure.to_bits(), best.epoch)),
        stopped: standing.stopped.clone(),
        history: standing.history.clone(),
        seconds: standing.seconds,
    };
    let bytes =
        |numbers: &[f32]| -> Vec<u8> { numbers.iter().flat_map(|x| x.to_le_bytes()).collect() };
    let mut stored: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, _) in states.names() {
        stored.extend(states.get(name).map(|numbers| (format!("state/{name}"), bytes(numbers))));
    }
    let best = best.as_ref().and_then(|best| best.weights.as_ref());
    for (name, numbers) in best.into_iter().flat_map(|weights| &weights.0) {
        stored.push((format!("best/{name}"), bytes(numbers)));
    }
    let tensors: Vec<sealed::Tensor<'_>> = stored
        .iter()
        .map(|(name, bytes)| (name.clone(), Dtype::F32, vec![bytes.len() / 4], bytes.as_slice()))
        .collect();
    sealed::write(&about, &tensors)
}

/// The key of the training that a checkpoint is of; `None` where it is damaged, or none.
pub(crate) fn key_of(bytes: &[u8]) -> Option<String> {
    let (_, about): (_, About) = sealed::read(bytes).ok()?;
    Some(about.key)
}

/// Where the training with that key stood, with its states put into `states`; `None` where the bytes are those
/// of another training, or damaged.
pub(super) fn read(bytes: &[u8], key: &str, states: &mut States) -> Option<Standing> {
    let (file, about): (_, About) = sealed::read(bytes).ok()?;
    if about.key != key {
        return None;
    }
    let numbers = |name: &str| -> Option<Vec<f32>> {
        let tensor = file.tensor(name).ok()?;
        let bytes = tensor.data().chunks_exact(4);
        Some(bytes.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    };
    let names: Vec<String> = states.names().map(|(name, _)| name.to_string()).collect();
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let numbers = numbers(&format!("state/{name}"))?;
        if states.get(&name).map(<[f32]>::len) != Some(numbers.len()) {
            return None;
        }
        found.push((name, numbers));
    }
    Weights(found.into_iter().collect()).put(states, "");
    let best = about.best.map(|(figure, epoch)| {
        let own = file.names().into_iter().filter_map(|name| name.strip_prefix("best/"));
        let own =
            own.filter_map(|name| Some((name.to_string(), numbers(&format!("best/{name}"))?)));
        let weights = Weights(own.collect());
        let weights = (!weights.0.is_empty()).then_some(weights);
        Best { figure: f64::from_bits(figure), epoch, weights }
    });
    Some(Standing {
        step: about.step,
        epochs: about.epochs,
        partial: Partial {
            loss: f64::from_bits(about.loss),
            samples: about.samples,
            seconds: about.pass_seconds,
        },
        schedule: about.schedule.into_iter().map(f64::from_bits).collect(),
        averaged: about.averaged,
        best,
        stopped: about.stopped,
        history: about.history,
        seconds: about.seconds,
    })
}
