//! The sections of the page, in their order; each gives nothing where it has nothing to say.

use crate::page::{Artifact, Page};
use crate::part::Section;

mod confusion;
mod curves;
mod head;
mod judged;
mod layers;
mod mistakes;
mod program;
mod quantized;
mod results;
mod students;

pub(crate) use head::head;

/// The sections that this page has.
pub(crate) fn all(page: &Page) -> Vec<Section> {
    const SECTIONS: &[fn(&Page) -> Option<Section>] = &[
        judged::expectations,
        judged::warnings,
        results::results,
        curves::curves,
        confusion::confusion,
        mistakes::mistakes,
        layers::layers,
        quantized::quantized,
        students::students,
        program::program,
    ];
    SECTIONS.iter().filter_map(|section| section(page)).collect()
}

/// What is told of the first of several seeds.
fn first_seed(page: &Page) -> &'static str {
    if page.run.seeds.len() > 1 { "first seed" } else { "" }
}

/// Facts that are known, in a row.
fn facts<const N: usize>(facts: [String; N]) -> String {
    let known: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    known.join(" · ")
}

/// The score of an artifact by which it is compared with others, and its name.
fn score(artifact: &Artifact) -> Option<(Score, f64)> {
    let accuracy = artifact.scores.accuracy.mean().map(|x| (Score::Accuracy, x));
    accuracy.or_else(|| artifact.scores.r2.mean().map(|x| (Score::R2, x)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Score {
    Accuracy,
    R2,
}

impl Score {
    fn name(self) -> &'static str {
        match self {
            Score::Accuracy => "accuracy",
            Score::R2 => "R²",
        }
    }

    fn print(self, x: f64) -> String {
        match self {
            Score::Accuracy => crate::figure::share(x),
            Score::R2 => crate::figure::number(x),
        }
    }
}
