//! Samples on their way into a batch: shuffled, normalised, augmented, mixed.

use super::Loaded;
use dlm_check::program::Split;
use dlm_kernels::{par, rng};
use dlm_vocab::data::Numbers;
use std::ops::Range;

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

/// How the samples of a batch were mixed: each with the one behind it, the last with the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixing(f32);

impl Loaded {
    /// The order in which one pass goes through the training part: places in it.
    pub fn order(&self, seed: u64, epoch: u64) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.len(Split::Train) as u32).collect();
        rng::Stream::new(rng::key(seed, epoch)).shuffle(&mut order);
        order
    }

    /// The samples of a range of a part, normalised, for `input`.
    pub fn fill(&self, split: Split, range: Range<usize>, input: &mut [f32]) {
        let part = self.part(split);
        self.read(part.source, &part.rows[range], input);
    }

    /// The targets of a range of a part.
    ///
    /// # Panics
    /// When the part has none.
    pub fn fill_targets(&self, split: Split, range: Range<usize>, target: TargetMut<'_>) {
        let part = self.part(split);
        let width = self.preprocess.target_mean.len();
        match target {
            TargetMut::Classes(out) => {
                out.iter_mut().zip(&part.classes[range]).for_each(|(out, &c)| *out = c as i32);
            }
            TargetMut::Floats(out) => {
                let values = &part.values[range.start * width..range.end * width];
                self.preprocess.targets(values, out);
            }
        }
    }

    /// Training samples at these places of the training part, normalised and augmented. The random
    /// numbers depend on `key` and on the sample alone.
    pub fn fill_train(&self, places: &[u32], key: u64, input: &mut [f32]) -> Option<Mixing> {
        let part = self.part(Split::Train);
        let size = self.facts.shape.len();
        let rows: Vec<u32> = places.iter().map(|&place| part.rows[place as usize]).collect();
        self.read(part.source, &rows, input);
        if !self.augments.is_empty() {
            let shape = self.facts.shape.sizes();
            let work = input.len() * 16 * self.augments.len();
            par::chunks(input, size, work, |i, sample| {
                let mut spare = vec![0.0; size];
                for (number, augment) in self.augments.iter().enumerate() {
                    let key = rng::key(rng::key(key, u64::from(places[i])), number as u64);
                    augment.sample(sample, shape, key, &mut spare);
                }
            });
        }
        let mut shares = self.augments.iter().filter_map(|augment| augment.mix(key));
        let share = shares.next()?;
        mix(input, size, share);
        Some(Mixing(share))
    }

    /// The targets of the same samples, mixed as they were.
    pub fn fill_train_targets(
        &self,
        places: &[u32],
        mixing: Option<Mixing>,
        target: TargetMut<'_>,
    ) {
        let part = self.part(Split::Train);
        match target {
            TargetMut::Classes(out) => {
                for (out, &place) in out.iter_mut().zip(places) {
                    *out = part.classes[place as usize] as i32;
                }
            }
            TargetMut::Floats(out) if part.values.is_empty() => {
                let width = out.len() / places.len().max(1);
                out.fill(0.0);
                for (out, &place) in out.chunks_exact_mut(width).zip(places) {
                    out[part.classes[place as usize] as usize] = 1.0;
                }
                if let Some(Mixing(share)) = mixing {
                    mix(out, width, share);
                }
            }
            TargetMut::Floats(out) => {
                let width = self.preprocess.target_mean.len();
                for (out, &place) in out.chunks_exact_mut(width).zip(places) {
                    let values = &part.values[place as usize * width..][..width];
                    self.preprocess.targets(values, out);
                }
                if let Some(Mixing(share)) = mixing {
                    mix(out, width, share);
                }
            }
        }
    }

    /// Samples of a source, normalised.
    fn read(&self, source: usize, rows: &[u32], input: &mut [f32]) {
        let size = self.facts.shape.len();
        let work = input.len() * 4;
        match &self.sources[source].inputs {
            Numbers::U8 { bytes, .. } => {
                let channels = self.preprocess.mean.len();
                par::chunks(input, size, work, |i, sample| {
                    let bytes = &bytes[rows[i] as usize * size..][..size];
                    self.lookup(bytes, channels, sample);
                });
            }
            Numbers::F32(all) => par::chunks(input, size, work, |i, sample| {
                sample.copy_from_slice(&all[rows[i] as usize * size..][..size]);
                self.preprocess.apply(sample);
            }),
        }
    }

    fn lookup(&self, bytes: &[u8], channels: usize, sample: &mut [f32]) {
        if channels == 1 {
            let table = &self.table[..256];
            for (x, &byte) in sample.iter_mut().zip(bytes) {
                *x = table[usize::from(byte)];
            }
            return;
        }
        for (i, (x, &byte)) in sample.iter_mut().zip(bytes).enumerate() {
            *x = self.table[self.lanes.lane(i) * 256 + usize::from(byte)];
        }
    }
}

/// Each row becomes `share` of itself and the rest of the row behind it.
fn mix(rows: &mut [f32], size: usize, share: f32) {
    let first = rows[..size].to_vec();
    let count = rows.len() / size;
    for i in 0..count {
        let (here, behind) = rows[i * size..].split_at_mut(size);
        let other = if i + 1 < count { &behind[..size] } else { &first[..] };
        here.iter_mut().zip(other).for_each(|(x, y)| *x = share * *x + (1.0 - share) * y);
    }
}
