//! Data in memory, cut into parts, normalised, and put into batches.

mod batches;
mod preprocess;

pub use batches::{Mixing, TargetMut};
pub use preprocess::{Preprocess, inputs_from_file};

use crate::run::RunError;
use preprocess::Lanes;
use dlm_base::Files;
use dlm_check::program::{Dataset, Part, SourceUse, Split};
use dlm_vocab::augment::Augment;
use dlm_vocab::data::fit::{adapt, fits, whole};
use dlm_vocab::data::split::split_samples;
use dlm_vocab::data::{Facts, Samples, Target, Targets};
use std::sync::Arc;

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
    lanes: Lanes,
    /// What each byte becomes; see [`Preprocess`].
    table: Vec<f32>,
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
                help: None,
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
        let others: Vec<&Facts> = sources[1..].iter().map(|samples| &samples.facts).collect();
        let facts = whole(&sources[0].facts, &others);
        for (at, part) in [(0, "train"), (1, "valid"), (2, "test")] {
            fits(&facts, part, &sources[place[at]].facts).map_err(|misfit| RunError {
                message: format!("`{}`: {}", dataset.name, misfit.message),
                help: misfit.help,
                span: Some(dataset.span),
            })?;
        }
        let sources: Vec<Samples> = sources.into_iter().map(|s| adapt(s, &facts)).collect();
        let counts = taken(dataset, &place, &sources[0])?;
        let classes = match &sources[0].targets {
            Targets::Classes(classes) if dataset.stratify => Some(classes.as_slice()),
            _ => None,
        };
        let first = sources[0].facts.samples;
        let mut cut = split_samples(first, counts, classes, dataset.seed);
        for at in [1, 2] {
            if place[at] > 0 {
                cut[at] = (0..sources[place[at]].facts.samples as u32).collect();
            }
        }
        let width = width(&facts.target);
        let mut places = place.into_iter();
        let parts = cut.map(|rows| {
            let source = places.next().unwrap_or(0);
            Rows::new(source, rows, &sources[source].targets, width)
        });
        let Rows { rows, values, .. } = &parts[0];
        let preprocess = Preprocess::fit(dataset, &facts, &sources[0], rows, values);
        let augments = dataset.augment.iter().map(|used| (used.word.make)(&used.args)).collect();
        Ok(Loaded {
            name: dataset.name.clone(),
            lanes: Lanes::of(&facts.shape),
            table: preprocess.table(),
            facts,
            preprocess,
            sources,
            parts,
            augments,
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

    /// The right classes of a part.
    pub fn classes(&self, split: Split) -> &[u32] {
        &self.part(split).classes
    }

    /// The right values of a part, sample after sample, in their own unit.
    pub fn values(&self, split: Split) -> &[f32] {
        &self.part(split).values
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
    fn new(source: usize, rows: Vec<u32>, targets: &Targets, width: usize) -> Rows {
        let (mut classes, mut values) = (Vec::new(), Vec::new());
        match targets {
            Targets::None => {}
            Targets::Classes(all) => classes = rows.iter().map(|&r| all[r as usize]).collect(),
            Targets::Values(all) => {
                let of = |r: &u32| &all[*r as usize * width..(*r as usize + 1) * width];
                values = rows.iter().flat_map(of).copied().collect();
            }
        }
        Rows { source, rows, classes, values }
    }
}

/// How many classes or values there are.
fn width(target: &Target) -> usize {
    match target {
        Target::None => 0,
        Target::Classes(names) | Target::Values(names) => names.len(),
    }
}

/// How many samples each part takes from the training source.
fn taken(dataset: &Dataset, place: &[usize; 3], first: &Samples) -> Result<[usize; 3], RunError> {
    let mut counts = dataset.counts;
    counts[1] *= usize::from(place[1] == 0);
    counts[2] *= usize::from(place[2] == 0);
    let (asked, there) = (counts.iter().sum::<usize>(), first.facts.samples);
    if asked > there {
        return Err(RunError {
            message: format!(
                "`{}` has {there} samples now and had {asked} or more when it was checked",
                dataset.name
            ),
            help: Some("run it again".to_string()),
            span: Some(dataset.span),
        });
    }
    Ok(counts)
}
