//! Samples on their way into a batch: shuffled, normalised, augmented, mixed.

use super::Loaded;
use dlm_check::program::Split;
use dlm_kernels::{par, rng};
use dlm_vocab::data::Numbers;
use std::ops::Range;

/// Operations that a number costs on its way into a batch, and with each augmentation.
const COST: usize = 4;
const AUGMENT_COST: usize = 64;

/// Where the targets of a batch go.
#[derive(Debug)]
pub enum TargetMut<'a> {
    /// A class number for each sample.
    Classes(&'a mut [i32]),
    /// Shares of classes, or values, sample after sample.
    Floats(&'a mut [f32]),
}

impl TargetMut<'_> {
    /// Writes zeros.
    pub fn clear(self) {
        match self {
            TargetMut::Classes(classes) => classes.fill(0),
            TargetMut::Floats(values) => values.fill(0.0),
        }
    }
}

/// How the samples of a batch were mixed: the first with the last, the second with the last but one, …
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixing(f32);

impl Loaded {
    /// The order in which one pass goes through the training part: places in it.
    pub fn order(&self, seed: u64, epoch: u64) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.len(Split::Train) as u32).collect();
        rng::Stream::new(rng::key(seed, epoch)).shuffle(&mut order);
        order
    }

    /// The samples of a range of a part in the order of its source, normalised, for `input`.
    pub fn fill(&self, split: Split, range: Range<usize>, input: &mut [f32]) {
        let part = self.part(split);
        self.fill_rows(part.source, &part.rows[range], input);
    }

    /// Samples at these places of a part, normalised, for `input`.
    pub fn fill_places(&self, split: Split, places: &[u32], input: &mut [f32]) {
        let part = self.part(split);
        let rows: Vec<u32> = places.iter().map(|&place| part.rows[place as usize]).collect();
        self.fill_rows(part.source, &rows, input);
    }

    fn fill_rows(&self, source: usize, rows: &[u32], input: &mut [f32]) {
        let size = self.facts.shape.len();
        match &self.sources[source].inputs {
            Numbers::U8 { bytes, .. } => {
                par::chunks(input, size, input_cost(rows.len() * size, 0), |i, sample| {
                    self.scaler.bytes(of(bytes, rows[i], size), sample);
                });
            }
            Numbers::F32(all) => {
                par::chunks(input, size, input_cost(rows.len() * size, 0), |i, sample| {
                    self.scaler.floats(of(all, rows[i], size), sample);
                });
            }
        }
    }

    /// The targets of a range of a part; values are standardised.
    ///
    /// # Panics
    /// When the part has none.
    pub fn fill_targets(&self, split: Split, range: Range<usize>, target: TargetMut<'_>) {
        let part = self.part(split);
        match target {
            TargetMut::Classes(out) => {
                let steps = self.facts.target.steps();
                let classes = &part.classes[range.start * steps..range.end * steps];
                out.iter_mut().zip(classes).for_each(|(out, &c)| *out = c as i32);
            }
            TargetMut::Floats(out) if part.values.is_empty() => {
                self.one_hot(part.classes[range].iter().copied(), out);
            }
            TargetMut::Floats(out) => {
                let width = self.preprocess.target_mean.len();
                let values = &part.values[range.start * width..range.end * width];
                self.preprocess.targets(values, out);
            }
        }
    }

    /// Training samples at these places of the training part, normalised and augmented: images before
    /// they are normalised, in units of [0, 1], all else afterwards. The random numbers of a sample
    /// depend on `key` and on the sample alone, those of a mixture on `key`.
    pub fn fill_train(&self, places: &[u32], key: u64, input: &mut [f32]) -> Option<Mixing> {
        let part = self.part(Split::Train);
        let size = self.facts.shape.len();
        let input = &mut input[..places.len() * size];
        let row = |i: usize| part.rows[places[i] as usize];
        let work = input_cost(input.len(), self.augments.len());
        let inputs = &self.sources[part.source].inputs;
        if self.augments.is_empty() {
            match inputs {
                Numbers::U8 { bytes, .. } => par::chunks(input, size, work, |i, sample| {
                    self.scaler.bytes(of(bytes, row(i), size), sample);
                }),
                Numbers::F32(all) => par::chunks(input, size, work, |i, sample| {
                    self.scaler.floats(of(all, row(i), size), sample);
                }),
            }
            return None;
        }
        // Scratch memory of the batch's size, made once.
        let mut spare = self.spare.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if spare.len() < input.len() {
            spare.resize(input.len(), 0.0);
        }
        let spare = &mut spare[..input.len()];
        par::chunks2((input, size), (spare, size), work, |i, sample, spare| {
            let key = rng::key(key, u64::from(places[i]));
            match inputs {
                Numbers::U8 { bytes, .. } => {
                    self.scaler.units(of(bytes, row(i), size), sample);
                    self.augment(sample, key, spare);
                    self.scaler.normalize(sample);
                }
                Numbers::F32(all) => {
                    self.scaler.floats(of(all, row(i), size), sample);
                    self.augment(sample, key, spare);
                }
            }
        });
        let share = self.augments.iter().find_map(|augment| augment.mix(key))?;
        mix(input, size, share);
        Some(Mixing(share))
    }

    /// The targets of the same samples, mixed as they were; values are standardised.
    pub fn fill_train_targets(
        &self,
        places: &[u32],
        mixing: Option<Mixing>,
        target: TargetMut<'_>,
    ) {
        let part = self.part(Split::Train);
        let steps = self.facts.target.steps();
        let classes = places.iter().flat_map(|&place| of(&part.classes, place, steps)).copied();
        let (out, width) = match target {
            TargetMut::Classes(out) => {
                out.iter_mut().zip(classes).for_each(|(out, class)| *out = class as i32);
                return;
            }
            TargetMut::Floats(out) if part.values.is_empty() => {
                let width = self.one_hot(classes, out);
                (out, width)
            }
            TargetMut::Floats(out) => {
                let width = self.preprocess.target_mean.len();
                for (out, &place) in out.chunks_exact_mut(width).zip(places) {
                    self.preprocess.targets(of(&part.values, place, width), out);
                }
                (out, width)
            }
        };
        if let Some(Mixing(share)) = mixing {
            mix(&mut out[..places.len() * width], width, share);
        }
    }

    /// Every augmentation in turn.
    fn augment(&self, sample: &mut [f32], key: u64, spare: &mut [f32]) {
        let shape = self.facts.shape.sizes();
        for (number, augment) in self.augments.iter().enumerate() {
            augment.sample(sample, shape, rng::key(key, number as u64), spare);
        }
    }

    /// A row for each class number: 1 at its place. How long a row is.
    fn one_hot(&self, classes: impl Iterator<Item = u32>, out: &mut [f32]) -> usize {
        let width = self.facts.target.width().max(1);
        out.fill(0.0);
        for (out, class) in out.chunks_exact_mut(width).zip(classes) {
            out[class as usize] = 1.0;
        }
        width
    }
}

/// The `row`-th piece of `size` numbers.
fn of<T>(all: &[T], row: u32, size: usize) -> &[T] {
    &all[row as usize * size..][..size]
}

/// The operations of a batch of so many numbers.
fn input_cost(numbers: usize, augments: usize) -> usize {
    numbers * (COST + AUGMENT_COST * augments)
}

/// Each row becomes `share` of itself and the rest of the row at its place counted from the end.
fn mix(rows: &mut [f32], size: usize, share: f32) {
    let count = rows.len() / size.max(1);
    let (front, back) = rows.split_at_mut(count.div_ceil(2) * size);
    let pairs = front.chunks_exact_mut(size.max(1)).zip(back.chunks_exact_mut(size.max(1)).rev());
    for (a, b) in pairs {
        for (a, b) in a.iter_mut().zip(b) {
            (*a, *b) = (share * *a + (1.0 - share) * *b, share * *b + (1.0 - share) * *a);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_pairs_the_first_with_the_last() {
        let mut rows = [1.0, 10.0, 2.0, 20.0, 5.0, 50.0];
        mix(&mut rows, 2, 0.75);
        assert_eq!(rows, [2.0, 20.0, 2.0, 20.0, 4.0, 40.0]);
        let mut rows = [0.0, 8.0];
        mix(&mut rows, 1, 0.25);
        assert_eq!(rows, [6.0, 2.0]);
    }
}
