//! The samples to which an artifact answers wrongly.

use super::made::Made;
use super::{RunError, Runner, World};
use crate::data::Loaded;
use crate::metrics::{Answers, class};
use crate::record::{Mistake, Picture};
use dlm_check::program::Split;
use dlm_vocab::data::{InputKind, Target};

/// So many are kept at the most.
const MOST: usize = 24;
/// So many bytes of pictures are kept at the most, and at least four pictures.
const BYTES: usize = 64 << 10;
/// Rows with more columns are not kept.
const COLUMNS: usize = 64;

impl Runner<'_> {
    /// The wrong answers of an artifact on test, or else on valid: those of which it was most sure; of
    /// values those that are farthest off.
    pub(super) fn mistakes(
        &self,
        made: &Made<'_>,
        world: &mut dyn World,
    ) -> Result<Vec<Mistake>, RunError> {
        let Some(index) = made.dataset else { return Ok(Vec::new()) };
        let data = self.data(index, world)?;
        let found = [Split::Test, Split::Valid].into_iter().find_map(|split| {
            let answers = made.answers.get(&(index, split))?;
            (data.len(split) > 0 && data.labelled(split)).then_some((split, answers))
        });
        Ok(found.map_or(Vec::new(), |(split, answers)| of(&data, split, answers)))
    }
}

fn of(data: &Loaded, split: Split, answers: &Answers) -> Vec<Mistake> {
    let rows = answers.outputs.chunks_exact(answers.width.max(1));
    let mut worst: Vec<(f64, Mistake)> = match &data.facts.target {
        Target::None | Target::Sequence { .. } => return Vec::new(),
        Target::Classes(names) => {
            let name = |class: u32| names.get(class as usize).cloned().unwrap_or_default();
            let wrong = rows.zip(data.classes(split)).enumerate();
            let wrong = wrong.filter(|(_, (row, right))| class(row) != **right);
            let each = wrong.map(|(sample, (row, &right))| {
                let sure = probability(row);
                let (right, answer) = (name(right), name(class(row)));
                let probability = Some(sure);
                (sure, Mistake { sample, right, answer, probability, ..Mistake::default() })
            });
            each.collect()
        }
        Target::Values(_) => {
            let width = answers.width.max(1);
            let each = rows.zip(data.values(split).chunks_exact(width)).enumerate();
            let each = each.map(|(sample, (row, right))| {
                let off: f64 = row.iter().zip(right).map(|(a, b)| f64::from((a - b).abs())).sum();
                let words =
                    |all: &[f32]| all.iter().map(|x| x.to_string()).collect::<Vec<_>>().join(", ");
                let (right, answer) = (words(right), words(row));
                (off, Mistake { sample, right, answer, ..Mistake::default() })
            });
            each.collect()
        }
    };
    worst.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.sample.cmp(&b.1.sample)));
    let size = data.facts.shape.len().max(1);
    worst.truncate(MOST.min((BYTES / size).max(4)));
    let shown = worst.into_iter().map(|(_, mistake)| {
        let x = data.sample(split, mistake.sample);
        let (picture, row) = (picture(data, &x), row(data, &x));
        Mistake { picture, row, ..mistake }
    });
    shown.collect()
}

/// How sure an answer is of its class, from 0 to 1.
fn probability(row: &[f32]) -> f64 {
    if let &[logit] = row {
        return 1.0 / (1.0 + (-f64::from(logit).abs()).exp());
    }
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = row.iter().map(|&x| f64::from(x - largest).exp()).sum();
    1.0 / sum
}

/// A sample as an image, where it is one: darkest 0, brightest 255 of what bytes were, and of floats from the
/// smallest to the largest.
fn picture(data: &Loaded, x: &[f32]) -> Option<Picture> {
    let &[channels @ (1 | 3), height, width] = data.facts.shape.sizes() else { return None };
    let (lo, hi) = match data.facts.kind {
        InputKind::Image => (0.0, 1.0),
        _ => {
            let ends = (f32::INFINITY, f32::NEG_INFINITY);
            x.iter().fold(ends, |(lo, hi), &x| (lo.min(x), hi.max(x)))
        }
    };
    let scale = if hi > lo { 255.0 / (hi - lo) } else { 0.0 };
    let pixels = x.iter().map(|x| ((x - lo) * scale).round().clamp(0.0, 255.0) as u8).collect();
    Some(Picture { width, height, channels, pixels })
}

/// A sample as a row of a table, where its columns have names: of a text column what stands in it.
fn row(data: &Loaded, x: &[f32]) -> Vec<(String, f32)> {
    let names = data.facts.features();
    if names.is_empty() || names.len() != x.len() || names.len() > COLUMNS {
        return Vec::new();
    }
    names.into_iter().zip(x.iter().copied()).collect()
}
