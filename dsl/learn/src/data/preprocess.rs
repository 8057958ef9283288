//! How inputs become the network's numbers, and its answers the user's.

use crate::run::RunError;
use dlm_base::{Files, Shape};
use dlm_check::program::{Dataset, Normalize};
use dlm_vocab::data::csv::format;
use dlm_vocab::data::{Column, Facts, Format, InputKind, Numbers, Samples, Target, inputs};
use serde::{Deserialize, Serialize};

/// How inputs become the network's numbers, and its answers the user's: `(x · scale − mean) / deviation`
/// for each channel of an image or feature of a table, gaps as the mean of the training part, and
/// values as `y · deviation + mean`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preprocess {
    /// What the inputs are.
    pub kind: InputKind,
    /// The shape of one sample.
    pub shape: Vec<usize>,
    /// The factor for bytes.
    pub scale: f32,
    /// Subtracted, one for each channel or feature.
    pub mean: Vec<f32>,
    /// Divided by, one for each channel or feature.
    pub std: Vec<f32>,
    /// What stands for a gap, one for each feature of a table; before normalisation.
    pub gaps: Vec<f32>,
    /// The columns of a table with names.
    pub columns: Vec<Column>,
    /// How its rows are written.
    pub format: Option<Format>,
    /// The targets with their names.
    pub target: Target,
    /// The mean of each target value on the training part.
    pub target_mean: Vec<f32>,
    /// The deviation of each target value on the training part.
    pub target_std: Vec<f32>,
}

impl Preprocess {
    /// Measured on the samples `rows` of the training source alone.
    pub(super) fn fit(
        dataset: &Dataset,
        facts: &Facts,
        samples: &Samples,
        rows: &[u32],
        values: &[f32],
    ) -> Preprocess {
        let lanes = Lanes::of(&facts.shape);
        let scale = match &samples.inputs {
            Numbers::U8 { scale, .. } => *scale,
            Numbers::F32(_) => 1.0,
        };
        let found = || measure(samples, rows, lanes, facts.shape.len());
        let spread = |given: &[f64]| -> Vec<f32> {
            (0..lanes.count).map(|i| given[i.min(given.len() - 1)] as f32).collect()
        };
        let (mean, std) = match &dataset.normalize {
            Normalize::None => (vec![0.0; lanes.count], vec![1.0; lanes.count]),
            Normalize::Given { mean, std } => (spread(mean), spread(std)),
            Normalize::Standard => {
                let found = found();
                let mean = found.iter().map(|lane| lane.mean() as f32).collect();
                (mean, found.iter().map(|lane| or_one(lane.deviation())).collect())
            }
            Normalize::MinMax => {
                let found = found();
                let mean = found.iter().map(|lane| lane.min as f32).collect();
                (mean, found.iter().map(|lane| or_one(lane.max - lane.min)).collect())
            }
        };
        let gaps = match &samples.inputs {
            Numbers::F32(all) if all.iter().any(|x| x.is_nan()) => {
                found().iter().map(|lane| lane.mean() as f32).collect()
            }
            _ => Vec::new(),
        };
        let width = match &facts.target {
            Target::Values(names) => names.len(),
            _ => 0,
        };
        let targets: Vec<Lane> = (0..width)
            .map(|at| {
                let mut lane = Lane::default();
                values.iter().skip(at).step_by(width).for_each(|&y| lane.add(f64::from(y)));
                lane
            })
            .collect();
        Preprocess {
            kind: facts.kind,
            shape: facts.shape.0.clone(),
            scale,
            mean,
            std,
            gaps,
            columns: facts.columns.clone(),
            format: format(&dataset.train.args).ok().filter(|_| !facts.columns.is_empty()),
            target: facts.target.clone(),
            target_mean: targets.iter().map(|lane| lane.mean() as f32).collect(),
            target_std: targets.iter().map(|lane| or_one(lane.deviation())).collect(),
        }
    }

    /// Normalises one sample in place; gaps are filled first.
    pub fn apply(&self, sample: &mut [f32]) {
        let lanes = Lanes::of(&Shape(self.shape.clone()));
        if !self.gaps.is_empty() {
            for (i, x) in sample.iter_mut().enumerate().filter(|(_, x)| x.is_nan()) {
                *x = self.gaps[lanes.lane(i)];
            }
        }
        for (i, x) in sample.iter_mut().enumerate() {
            let lane = lanes.lane(i);
            *x = (*x * self.scale - self.mean[lane]) / self.std[lane];
        }
    }

    /// For bytes: the number that each value of each channel becomes, 256 for a channel.
    pub(super) fn table(&self) -> Vec<f32> {
        let lanes = self.mean.iter().zip(&self.std);
        lanes
            .flat_map(|(mean, std)| {
                (0..256).map(move |byte| (byte as f32 * self.scale - mean) / std)
            })
            .collect()
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
            format: None,
            target: Target::None,
            target_mean: Vec::new(),
            target_std: Vec::new(),
        }
    }
}

/// Which channel or feature a number of a sample belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes {
    pub(super) count: usize,
    inner: usize,
}

impl Lanes {
    /// The channels of a map `[c, h, w]` (stored h, w, c), of a signal `[c, t]`, or each feature.
    pub(super) fn of(shape: &Shape) -> Lanes {
        match *shape.sizes() {
            [c, t] => Lanes { count: c, inner: t },
            [c, _, _] => Lanes { count: c, inner: 1 },
            _ => Lanes { count: shape.len().max(1), inner: 1 },
        }
    }

    pub(super) fn lane(self, i: usize) -> usize {
        i / self.inner % self.count
    }
}

/// The samples in a file, ready for the network that was trained with `preprocess`: an image, a table or
/// a NumPy array, by its ending.
///
/// # Errors
/// When the file cannot be read or does not hold such inputs.
pub fn inputs_from_file(
    path: &str,
    preprocess: &Preprocess,
    files: &dyn Files,
) -> Result<Vec<f32>, RunError> {
    let shape = Shape(preprocess.shape.clone());
    let name = path.strip_suffix(".gz").unwrap_or(path).to_lowercase();
    let failed = |error: dlm_vocab::data::DataError| RunError::plain(error.to_string());
    let numbers = if name.ends_with(".npy") {
        inputs::array(files, path, &shape).map_err(failed)?
    } else if [".png", ".jpg", ".jpeg"].iter().any(|end| name.ends_with(end)) {
        let bytes = inputs::image(files, path, &shape).map_err(failed)?;
        Numbers::U8 { bytes, scale: 1.0 / 255.0 }
    } else if preprocess.format.is_some() || name.ends_with(".csv") || name.ends_with(".tsv") {
        let format = preprocess.format.clone();
        let format = format.ok_or_else(|| RunError {
            message: format!("`{path}` is a table; the model was not trained on one"),
            help: Some(format!("give an image or an NPY of the shape {shape}")),
            span: None,
        })?;
        Numbers::F32(inputs::table(files, path, &format, &preprocess.columns).map_err(failed)?)
    } else {
        return Err(RunError {
            message: format!("`{path}` ends in nothing that is known"),
            help: Some("give a .png, .jpg, .npy or .csv".to_string()),
            span: None,
        });
    };
    let mut values: Vec<f32> = match numbers {
        // Bytes of a model that was trained on bytes keep its scale.
        Numbers::U8 { bytes, scale } => {
            let factor = match preprocess.kind {
                InputKind::Image if name.ends_with(".npy") => 1.0,
                _ => scale / preprocess.scale,
            };
            bytes.into_iter().map(|byte| f32::from(byte) * factor).collect()
        }
        Numbers::F32(values) => values,
    };
    values.chunks_exact_mut(shape.len().max(1)).for_each(|sample| preprocess.apply(sample));
    Ok(values)
}

/// What was seen of one channel or feature.
#[derive(Clone, Debug)]
struct Lane {
    count: f64,
    mean: f64,
    squares: f64,
    min: f64,
    max: f64,
}

impl Default for Lane {
    fn default() -> Lane {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Lane { count: 0.0, mean: 0.0, squares: 0.0, min, max }
    }
}

impl Lane {
    /// Welford 1962.
    fn add(&mut self, x: f64) {
        self.count += 1.0;
        let before = x - self.mean;
        self.mean += before / self.count;
        self.squares += before * (x - self.mean);
        self.min = self.min.min(x);
        self.max = self.max.max(x);
    }

    fn mean(&self) -> f64 {
        self.mean
    }

    /// The deviation of what was seen (divided by the count).
    fn deviation(&self) -> f64 {
        (self.squares / self.count.max(1.0)).sqrt()
    }
}

/// A divisor: 1 for what does not vary.
fn or_one(x: f64) -> f32 {
    if x.is_finite() && x > 1e-12 { x as f32 } else { 1.0 }
}

fn measure(samples: &Samples, rows: &[u32], lanes: Lanes, size: usize) -> Vec<Lane> {
    let mut found = vec![Lane::default(); lanes.count];
    match &samples.inputs {
        Numbers::F32(all) => {
            for &row in rows {
                let sample = &all[row as usize * size..][..size];
                for (i, &x) in sample.iter().enumerate().filter(|(_, x)| !x.is_nan()) {
                    found[lanes.lane(i)].add(f64::from(x));
                }
            }
        }
        Numbers::U8 { bytes, scale } => {
            // Bytes are counted first: there are only 256 of them.
            let mut counts = vec![[0u64; 256]; lanes.count];
            for &row in rows {
                let sample = &bytes[row as usize * size..][..size];
                for (i, &x) in sample.iter().enumerate() {
                    counts[lanes.lane(i)][usize::from(x)] += 1;
                }
            }
            for (lane, counts) in found.iter_mut().zip(counts) {
                let total = counts.iter().sum::<u64>() as f64;
                let values = || {
                    let at = |byte: usize| byte as f64 * f64::from(*scale);
                    counts.iter().enumerate().map(move |(byte, &n)| (at(byte), n as f64))
                };
                lane.count = total;
                lane.mean = values().map(|(x, n)| x * n).sum::<f64>() / total.max(1.0);
                lane.squares = values().map(|(x, n)| (x - lane.mean).powi(2) * n).sum();
                for (x, _) in values().filter(|(_, n)| *n > 0.0) {
                    lane.min = lane.min.min(x);
                    lane.max = lane.max.max(x);
                }
            }
        }
    }
    found
}
