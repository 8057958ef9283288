//! How inputs become the network's numbers, and its answers the user's.

use super::measure::{Lane, Lanes, measure, one_hot, or_one};
use dlm_check::program::Normalize;
use dlm_vocab::data::{Column, Facts, Format, InputKind, Numbers, Samples, Target, Tokens};
use serde::{Deserialize, Serialize};

/// How inputs become the network's numbers, and its answers the user's: `(x − mean) / std` for each
/// channel of an image or feature of a table, bytes divided by `scale` first and gaps filled; values
/// as `y · std + mean`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preprocess {
    /// What the inputs are.
    pub kind: InputKind,
    /// The shape of one sample.
    pub shape: Vec<usize>,
    /// The byte that becomes 1; 1 where inputs are no bytes.
    pub scale: f32,
    /// Subtracted, one for each channel or feature.
    pub mean: Vec<f32>,
    /// Divided by, one for each channel or feature.
    pub std: Vec<f32>,
    /// What stands for a gap, one for each channel or feature, before normalisation: the mean of the
    /// training part. Empty where there are no gaps.
    pub gaps: Vec<f32>,
    /// The columns of a table with names.
    pub columns: Vec<Column>,
    /// What tokens stand for, where the inputs are tokens.
    #[serde(default)]
    pub tokens: Option<Tokens>,
    /// How the rows of a table of text are written.
    pub format: Option<Format>,
    /// The targets with their names.
    pub target: Target,
    /// The mean of each target value on the training part.
    pub target_mean: Vec<f32>,
    /// The deviation of each target value on the training part.
    pub target_std: Vec<f32>,
}

impl Preprocess {
    /// Measured on the samples `rows` of the training source alone, whose target values are `values`.
    /// A number that tells whether a text is there (one-hot) is left as it is, unless the program gives
    /// means and deviations itself.
    pub(super) fn fit(
        normalize: &Normalize,
        facts: &Facts,
        samples: &Samples,
        rows: &[u32],
        values: &[f32],
    ) -> Preprocess {
        let lanes = Lanes::of(facts.shape.sizes());
        let scale = match &samples.inputs {
            Numbers::U8 { scale, .. } => *scale,
            Numbers::F32(_) => 1.0,
        };
        // A table may have gaps later, in new inputs.
        let gaps = match &samples.inputs {
            Numbers::U8 { .. } => false,
            Numbers::F32(all) => facts.kind == InputKind::Table || all.iter().any(|x| x.is_nan()),
        };
        let measured = matches!(normalize, Normalize::Standard | Normalize::MinMax);
        let found = match gaps || measured {
            true => measure(&samples.inputs, rows, lanes, facts.shape.len()),
            false => Vec::new(),
        };
        let spread = |given: &[f64]| -> Vec<f32> {
            (0..lanes.count).map(|i| given[i.min(given.len() - 1)] as f32).collect()
        };
        let (mut mean, mut std): (Vec<f32>, Vec<f32>) = match normalize {
            Normalize::None => (vec![0.0; lanes.count], vec![1.0; lanes.count]),
            Normalize::Given { mean, std } => (spread(mean), spread(std)),
            Normalize::Standard => {
                found.iter().map(|l| (l.mean as f32, or_one(l.deviation(), l))).unzip()
            }
            Normalize::MinMax => {
                let min = |lane: &Lane| if lane.min.is_finite() { lane.min as f32 } else { 0.0 };
                found.iter().map(|l| (min(l), or_one(l.range(), l))).unzip()
            }
        };
        if measured {
            let hot = one_hot(&facts.columns);
            for (i, _) in hot.iter().enumerate().filter(|(_, hot)| **hot) {
                (mean[i], std[i]) = (0.0, 1.0);
            }
        }
        let gaps = match gaps {
            true => found.iter().map(|lane| lane.mean as f32).collect(),
            false => Vec::new(),
        };
        let targets = target_lanes(&facts.target, values);
        Preprocess {
            kind: facts.kind,
            shape: facts.shape.0.clone(),
            scale,
            mean,
            std,
            gaps,
            columns: facts.columns.clone(),
            tokens: facts.tokens.clone(),
            format: samples.format.clone().or_else(|| usual(facts)),
            target: facts.target.clone(),
            target_mean: targets.iter().map(|lane| lane.mean as f32).collect(),
            target_std: targets.iter().map(|lane| or_one(lane.deviation(), lane)).collect(),
        }
    }

    /// How many numbers a sample has.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// Fills the gaps of samples in place.
    pub fn fill_gaps(&self, samples: &mut [f32]) {
        let lanes = Lanes::of(&self.shape);
        for sample in samples.chunks_exact_mut(self.size().max(1)) {
            for (i, x) in sample.iter_mut().enumerate().filter(|(_, x)| x.is_nan()) {
                *x = self.gaps.get(lanes.lane(i)).copied().unwrap_or(0.0);
            }
        }
    }

    /// Normalises samples without gaps in place; bytes have been divided by `scale`.
    pub fn normalize(&self, samples: &mut [f32]) {
        let lanes = Lanes::of(&self.shape);
        for sample in samples.chunks_exact_mut(self.size().max(1)) {
            for (i, x) in sample.iter_mut().enumerate() {
                let lane = lanes.lane(i);
                *x = (*x - self.mean[lane]) / self.std[lane];
            }
        }
    }

    /// Standardises target values.
    pub(super) fn targets(&self, values: &[f32], out: &mut [f32]) {
        let width = self.target_mean.len();
        for (i, (y, out)) in values.iter().zip(out).enumerate() {
            *out = (y - self.target_mean[i % width]) / self.target_std[i % width];
        }
    }

    /// Puts answers of a network into the targets' own unit; leaves logits alone.
    pub fn undo_targets(&self, outputs: &mut [f32]) {
        let width = self.target_mean.len();
        if width > 0 {
            for (i, y) in outputs.iter_mut().enumerate() {
                *y = *y * self.target_std[i % width] + self.target_mean[i % width];
            }
        }
    }
}

/// How new rows of a table that came from no file are written: with names, separated by commas.
fn usual(facts: &Facts) -> Option<Format> {
    (!facts.columns.is_empty()).then_some(Format { header: true, separator: ',', skip: 0 })
}

impl Default for Preprocess {
    /// Of inputs without numbers.
    fn default() -> Preprocess {
        Preprocess {
            kind: InputKind::Tensor,
            shape: Vec::new(),
            scale: 1.0,
            mean: vec![0.0],
            std: vec![1.0],
            gaps: Vec::new(),
            columns: Vec::new(),
            tokens: None,
            format: None,
            target: Target::None,
            target_mean: Vec::new(),
            target_std: Vec::new(),
        }
    }
}

/// [`Preprocess`] laid out for whole samples.
#[derive(Debug)]
pub(super) struct Scaler {
    /// The input that each byte becomes before normalisation.
    unit: Vec<f32>,
    /// The number that each byte of each channel becomes, 256 for a channel.
    table: Vec<f32>,
    /// For each number of a sample.
    mean: Vec<f32>,
    /// For each number of a sample.
    std: Vec<f32>,
    channels: usize,
    /// Whether normalisation changes nothing.
    plain: bool,
}

impl Scaler {
    pub(super) fn new(preprocess: &Preprocess) -> Scaler {
        let lanes = Lanes::of(&preprocess.shape);
        let unit: Vec<f32> = (0..=255u8).map(|byte| f32::from(byte) / preprocess.scale).collect();
        let bytes = matches!(preprocess.kind, InputKind::Image | InputKind::Tokens);
        let pairs = preprocess.mean.iter().zip(&preprocess.std).filter(|_| bytes);
        let table = pairs.flat_map(|(m, s)| unit.iter().map(move |x| (x - m) / s)).collect();
        let all = |of: &[f32]| (0..preprocess.size()).map(|i| of[lanes.lane(i)]).collect();
        Scaler {
            table,
            unit,
            mean: all(&preprocess.mean),
            std: all(&preprocess.std),
            channels: lanes.count,
            plain: preprocess.mean.iter().all(|&m| m == 0.0)
                && preprocess.std.iter().all(|&s| s == 1.0),
        }
    }

    /// Normalised inputs of a sample of bytes.
    pub(super) fn bytes(&self, bytes: &[u8], out: &mut [f32]) {
        let tables = || self.table.chunks_exact(256);
        match self.channels {
            1 => look_up(bytes, &self.table, out),
            channels => {
                for (out, bytes) in out.chunks_exact_mut(channels).zip(bytes.chunks_exact(channels))
                {
                    for ((x, &byte), table) in out.iter_mut().zip(bytes).zip(tables()) {
                        *x = table[usize::from(byte)];
                    }
                }
            }
        }
    }

    /// Inputs of a sample of bytes before normalisation.
    pub(super) fn units(&self, bytes: &[u8], out: &mut [f32]) {
        look_up(bytes, &self.unit, out);
    }

    /// Normalised inputs of a sample of floats.
    pub(super) fn floats(&self, sample: &[f32], out: &mut [f32]) {
        out.copy_from_slice(sample);
        self.normalize(out);
    }

    /// Normalises a sample in place.
    pub(super) fn normalize(&self, sample: &mut [f32]) {
        if !self.plain {
            for ((x, mean), std) in sample.iter_mut().zip(&self.mean).zip(&self.std) {
                *x = (*x - mean) / std;
            }
        }
    }
}

/// What a table of 256 says of each byte.
fn look_up(bytes: &[u8], table: &[f32], out: &mut [f32]) {
    let table: &[f32; 256] = table[..256].try_into().expect("256 numbers");
    for (x, &byte) in out.iter_mut().zip(bytes) {
        *x = table[usize::from(byte)];
    }
}

/// What the values of each target are like.
fn target_lanes(target: &Target, values: &[f32]) -> Vec<Lane> {
    let width = match target {
        Target::Values(names) => names.len(),
        _ => 0,
    };
    let mut lanes = vec![Lane::default(); width];
    for (i, &y) in values.iter().enumerate() {
        lanes[i % width].add(f64::from(y), 1.0);
    }
    lanes
}
