//! Data in memory, cut into parts, normalised, and put into batches.

mod batches;
mod inputs;
mod measure;
mod preprocess;
#[cfg(test)]
mod tests;

pub use batches::{Mixing, TargetMut};
pub use inputs::inputs_from_file;
pub(crate) use measure::Lanes;
pub use preprocess::Preprocess;

use crate::run::RunError;
use dlm_base::Files;
use dlm_check::program::{Dataset, Normalize, Part, SourceUse, Split};
use dlm_vocab::augment::Augment;
use dlm_vocab::data::fit::{adapt, fits, whole};
use dlm_vocab::data::split::{Take, split_counts, split_in_order, split_samples};
use dlm_vocab::data::{Facts, Numbers, Samples, Target, Targets, TokenUnit, Tokens};
use preprocess::Scaler;
use std::sync::{Arc, Mutex};

/// A dataset that has been read.
#[derive(Debug)]
pub struct Loaded {
    /// Its name.
    pub name: String,
    /// What is known of the whole.
    pub facts: Facts,
    /// How inputs become the network's numbers, and answers the user's.
    pub preprocess: Preprocess,
    sources: Vec<Samples>,
    parts: [Rows; 3],
    augments: Vec<Arc<dyn Augment>>,
    scaler: Scaler,
    /// Scratch memory of augmentations.
    spare: Mutex<Vec<f32>>,
}

/// Which samples of which source a part is, with their targets.
#[derive(Debug)]
struct Rows {
    source: usize,
    rows: Vec<u32>,
    classes: Vec<u32>,
    values: Vec<f32>,
}

impl Loaded {
    /// Reads a dataset and cuts it into parts.
    ///
    /// # Errors
    /// When a file cannot be read, or is not what the checker saw of it.
    pub fn load(dataset: &Dataset, files: &dyn Files) -> Result<Loaded, RunError> {
        let read = |used: &SourceUse| {
            (used.source.load)(&used.args, files, dataset.seed).map_err(|error| RunError {
                message: format!("`{}`: {error}", dataset.name),
                help: error.advice().map(str::to_string),
                span: Some(used.span),
            })
        };
        let mut sources = vec![read(&dataset.train)?];
        let mut place = [0usize; 3];
        for (at, part) in [(1, &dataset.valid), (2, &dataset.test)] {
            if let Part::Own(used) = part {
                place[at] = sources.len();
                sources.push(read(used)?);
            }
        }
        let others: Vec<&Facts> = sources[1..].iter().rev().map(|samples| &samples.facts).collect();
        let facts = whole(&sources[0].facts, &others);
        for (at, part) in [(0, "train"), (1, "valid"), (2, "test")] {
            fits(&facts, part, &sources[place[at]].facts).map_err(|misfit| RunError {
                message: format!("`{}`: {}", dataset.name, misfit.message),
                help: misfit.help,
                span: Some(dataset.span),
            })?;
        }
        unchanged(dataset, &facts)?;
        let mut sources: Vec<Samples> = sources.into_iter().map(|s| adapt(s, &facts)).collect();
        for samples in &sources {
            known_tokens(dataset, &facts, &samples.inputs)?;
        }
        let counts = taken(dataset, &place, &sources)?;
        let classes = match &sources[0].targets {
            Targets::Classes(classes) if dataset.stratify => Some(classes.as_slice()),
            _ => None,
        };
        let first = sources[0].facts.samples;
        let mut cut = match &facts.target {
            Target::Sequence { .. } => split_in_order(first, counts),
            _ => split_samples(first, counts, classes, dataset.seed),
        };
        for at in [1, 2] {
            if place[at] > 0 {
                cut[at] = (0..sources[place[at]].facts.samples as u32).collect();
            }
        }
        let mut places = place.into_iter();
        let parts = cut.map(|rows| {
            let source = places.next().unwrap_or(0);
            Rows::new(source, rows, &sources[source].targets, &facts.target)
        });
        let Rows { rows, values, .. } = &parts[0];
        let preprocess = Preprocess::fit(&dataset.normalize, &facts, &sources[0], rows, values);
        for samples in &mut sources {
            if let Numbers::F32(values) = &mut samples.inputs {
                preprocess.fill_gaps(values);
            }
        }
        let augments = dataset.augment.iter().map(|used| (used.word.make)(&used.args)).collect();
        Ok(Loaded {
            name: dataset.name.clone(),
            scaler: Scaler::new(&preprocess),
            facts,
            preprocess,
            sources,
            parts,
            augments,
            spare: Mutex::default(),
        })
    }

    /// How many samples a part has.
    pub fn len(&self, split: Split) -> usize {
        self.part(split).rows.len()
    }

    /// Whether the samples of a part have targets.
    pub fn labelled(&self, split: Split) -> bool {
        let part = self.part(split);
        !part.classes.is_empty() || !part.values.is_empty()
    }

    /// The right classes of a part, sample after sample; of a sequence one for each step.
    pub fn classes(&self, split: Split) -> &[u32] {
        &self.part(split).classes
    }

    /// How many characters the right classes of a part of a text stand for: of bytes those that begin one.
    pub fn characters(&self, split: Split) -> usize {
        let begins = |byte: u32| byte & 0xc0 != 0x80;
        let classes = self.classes(split);
        match &self.facts.tokens {
            Some(Tokens { unit: TokenUnit::Byte, .. }) => {
                classes.iter().filter(|&&byte| begins(byte)).count()
            }
            _ => classes.len(),
        }
    }

    /// The right values of a part, sample after sample, in their own unit.
    pub fn values(&self, split: Split) -> &[f32] {
        &self.part(split).values
    }

    /// The inputs of one sample of a part as they were read: bytes as shares of the brightest, floats as they
    /// are, gaps filled; an image row after row, pixel after pixel, channel after channel.
    pub fn sample(&self, split: Split, place: usize) -> Vec<f32> {
        let Rows { source, rows, .. } = self.part(split);
        let size = self.facts.shape.len();
        let start = rows[place] as usize * size;
        match &self.sources[*source].inputs {
            Numbers::U8 { bytes, scale } => {
                bytes[start..start + size].iter().map(|&byte| f32::from(byte) / scale).collect()
            }
            Numbers::F32(all) => all[start..start + size].to_vec(),
        }
    }

    /// Whether training sees other samples in each pass.
    pub fn augments(&self) -> bool {
        !self.augments.is_empty()
    }

    /// How inputs would become numbers by another normalisation, measured on the same training part.
    pub fn preprocess_by(&self, normalize: &Normalize) -> Preprocess {
        let Rows { source, rows, values, .. } = &self.parts[0];
        Preprocess::fit(normalize, &self.facts, &self.sources[*source], rows, values)
    }

    /// A hash of the inputs of the training part in their order, and of how they are normalised.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hash = blake3::Hasher::new();
        let Rows { source, rows, .. } = &self.parts[0];
        let Preprocess { shape, scale, mean, std, gaps, .. } = &self.preprocess;
        for &size in shape {
            hash.update(&(size as u64).to_le_bytes());
        }
        for x in std::iter::once(scale).chain(mean).chain(std).chain(gaps) {
            hash.update(&x.to_le_bytes());
        }
        let size = self.facts.shape.len();
        for &row in rows {
            let place = row as usize * size;
            match &self.sources[*source].inputs {
                Numbers::U8 { bytes, .. } => {
                    hash.update(&bytes[place..place + size]);
                }
                Numbers::F32(all) => {
                    let bytes = all[place..place + size].iter().flat_map(|x| x.to_le_bytes());
                    hash.update(&bytes.collect::<Vec<u8>>());
                }
            }
        }
        hash.finalize().into()
    }

    /// Whether training mixes samples, so that the targets of a batch are shares of classes.
    pub fn mixes(&self) -> bool {
        self.augments.iter().any(|augment| augment.mix(0).is_some())
    }

    /// Puts answers of a network into the targets' own unit.
    pub fn undo_targets(&self, outputs: &mut [f32]) {
        self.preprocess.undo_targets(outputs);
    }

    fn part(&self, split: Split) -> &Rows {
        &self.parts[split as usize]
    }
}

impl Rows {
    fn new(source: usize, rows: Vec<u32>, targets: &Targets, target: &Target) -> Rows {
        let (mut classes, mut values) = (Vec::new(), Vec::new());
        match targets {
            Targets::None => {}
            Targets::Classes(all) => classes = gather(all, &rows, target.steps()),
            Targets::Values(all) => values = gather(all, &rows, target.width()),
        }
        Rows { source, rows, classes, values }
    }
}

/// The `size` numbers of each of these rows.
fn gather<T: Copy>(all: &[T], rows: &[u32], size: usize) -> Vec<T> {
    rows.iter().flat_map(|&row| &all[row as usize * size..][..size]).copied().collect()
}

/// Fails when the files are not what the checker saw of them.
fn unchanged(dataset: &Dataset, facts: &Facts) -> Result<(), RunError> {
    let seen = &dataset.facts;
    if (&seen.shape, &seen.target, seen.kind) == (&facts.shape, &facts.target, facts.kind) {
        return Ok(());
    }
    let (name, was, is) = (&dataset.name, &seen.shape, &facts.shape);
    Err(RunError {
        message: match was == is {
            true => {
                format!("the classes of `{name}` are not those that were found when it was checked")
            }
            false => format!(
                "a sample of `{name}` has the shape {is}, and had {was} when it was checked"
            ),
        },
        help: Some(
            "only the beginning of a large table is checked; or the files have changed".into(),
        ),
        span: Some(dataset.span),
    })
}

/// Fails where a token has a number that a network does not know.
fn known_tokens(dataset: &Dataset, facts: &Facts, inputs: &Numbers) -> Result<(), RunError> {
    let Some((_, &known)) = dataset.vocabulary.first_key_value() else { return Ok(()) };
    let size = facts.shape.len().max(1);
    let bad = |x: f32| !(x >= 0.0 && x < known as f32 && x.fract() == 0.0);
    let found = match inputs {
        Numbers::U8 { bytes, .. } => {
            bytes.iter().position(|&x| usize::from(x) >= known).map(|at| (at, f32::from(bytes[at])))
        }
        Numbers::F32(all) => all.iter().position(|&x| bad(x)).map(|at| (at, all[at])),
    };
    let Some((at, token)) = found else { return Ok(()) };
    let message = format!(
        "`{}`: sample {} has the token {token}, and the network knows those from 0 to {}",
        dataset.name,
        at / size,
        known - 1
    );
    let help = "give `embedding` a larger vocabulary, or mend the data".to_string();
    Err(RunError { message, help: Some(help), span: Some(dataset.span) })
}

/// How many samples each part takes from the training source.
fn taken(
    dataset: &Dataset,
    place: &[usize; 3],
    sources: &[Samples],
) -> Result<[usize; 3], RunError> {
    let take = |part: &Part, at: usize| match part {
        Part::Own(_) => Take::Own(sources[place[at]].facts.samples),
        Part::Share(share) => Take::Share(*share),
        Part::Count(count) => Take::Count(*count),
    };
    let (valid, test) = (take(&dataset.valid, 1), take(&dataset.test, 2));
    let counts = split_counts(sources[0].facts.samples, valid, test, dataset.limit);
    let mut counts = counts.map_err(|error| RunError {
        message: format!("`{}`: {}", dataset.name, error.message),
        help: Some(error.help),
        span: Some(dataset.span),
    })?;
    counts[1] *= usize::from(place[1] == 0);
    counts[2] *= usize::from(place[2] == 0);
    Ok(counts)
}
