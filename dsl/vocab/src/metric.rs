//! Metrics that `expect` may name.

mod accuracy;
mod agreement;
mod bits_per_character;
mod drop;
mod error;
mod error_overlap;
mod kl;
mod latency;
mod loss;
mod macs;
mod mae;
mod memory;
mod params;
mod perplexity;
mod r2;
mod size;
mod top5;

use crate::data::Target;
use crate::word::Word;

/// A metric that a program may name.
#[derive(Debug)]
pub struct Metric {
    /// Name, documentation, parameters.
    pub word: Word,
    /// When it is known, and of what.
    pub kind: MetricKind,
    /// Its unit, for printing.
    pub unit: MetricUnit,
    /// Whether more is better.
    pub rises: bool,
}

/// When a metric is known, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// From the network alone, before anything runs: params, macs, size, memory.
    Static,
    /// From answers on a split, with class targets.
    Classes,
    /// From answers on a split, with a class at each step: perplexity.
    Sequence,
    /// From answers on a split, with value targets.
    Values,
    /// From answers on a split, whatever the targets: loss.
    Answers,
    /// From answers of two artifacts on a split, of classes: agreement, kl.
    Pair,
    /// The same, with class targets: drop, error_overlap.
    LabelledPair,
    /// By a clock: latency.
    Timed,
}

impl MetricKind {
    /// Whether two artifacts are compared.
    pub fn compares(self) -> bool {
        matches!(self, MetricKind::Pair | MetricKind::LabelledPair)
    }

    /// Whether it can be had of such targets.
    pub fn fits(self, target: &Target) -> bool {
        match self {
            MetricKind::Static | MetricKind::Timed => true,
            MetricKind::Classes | MetricKind::Pair | MetricKind::LabelledPair => {
                target.classes().is_some()
            }
            MetricKind::Sequence => matches!(target, Target::Sequence { .. }),
            MetricKind::Values => matches!(target, Target::Values(_)),
            MetricKind::Answers => *target != Target::None,
        }
    }
}

/// How a metric is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricUnit {
    /// A share, printed as a percentage.
    Share,
    /// A plain number.
    Number,
    /// A whole number.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
}

/// All metrics, by name.
pub static METRICS: &[&Metric] = &[
    &accuracy::ACCURACY,
    &agreement::AGREEMENT,
    &bits_per_character::BITS_PER_CHARACTER,
    &drop::DROP,
    &error::ERROR,
    &error_overlap::ERROR_OVERLAP,
    &kl::KL,
    &latency::LATENCY,
    &loss::LOSS,
    &macs::MACS,
    &mae::MAE,
    &memory::MEMORY,
    &params::PARAMS,
    &perplexity::PERPLEXITY,
    &r2::R2,
    &size::SIZE,
    &top5::TOP5,
];

/// The metric of that name.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().copied().find(|metric| metric.word.name == name)
}
