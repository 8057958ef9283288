//! Equal steps become a `repeat`.

use super::rows::{Body, has_comment, replaced};
use super::{Action, Kind};
use crate::ide::Snapshot;
use dlm_grammar::lex::tokens;
use dlm_grammar::tree::{Step, StepKind};
use std::ops::Range;

/// Writes steps that stand behind each other several times as a `repeat`.
pub(super) fn repeat(snapshot: &Snapshot, offset: usize) -> Option<Action> {
    let body = Body::at(snapshot, offset)?;
    let (row, at) = body.step_at(offset)?;
    let texts: Vec<Option<Vec<&str>>> =
        row.steps.iter().map(|step| written(snapshot, step)).collect();
    let (steps, period) = longest(&texts, at)?;
    let span = row.steps[steps.start].span.to(row.steps[steps.end - 1].span);
    if has_comment(snapshot, &span.range()) {
        return None;
    }
    let once = row.steps[steps.start].span.to(row.steps[steps.start + period - 1].span);
    let inside = snapshot.text.get(once.range())?;
    let times = steps.len() / period;
    let text = format!("repeat {times} {{ {inside} }}");
    let edit = replaced(snapshot, body.item, &span.range(), &text)?;
    Some(Action {
        title: format!("Write as `repeat {times} {{ … }}`"),
        kind: Kind::Rewrite,
        preferred: false,
        mends: None,
        edits: vec![edit],
    })
}

/// The words of a step; `None` when its name would be lost or it cannot be read.
fn written<'t>(snapshot: &'t Snapshot, step: &Step) -> Option<Vec<&'t str>> {
    if step.name.is_some() || matches!(step.kind, StepKind::Missing | StepKind::Error) {
        return None;
    }
    let text = snapshot.text.get(step.span.range())?;
    Some(tokens(text).iter().map(|token| token.text(text)).collect())
}

/// The longest row around `at` in which so many steps return again and again, and how many. Of equally long
/// ones, that of fewer steps, then the first.
fn longest(texts: &[Option<Vec<&str>>], at: usize) -> Option<(Range<usize>, usize)> {
    let mut best: Option<(Range<usize>, usize)> = None;
    for period in 1..=texts.len() / 2 {
        for start in 0..=at {
            let equal = |i: &usize| texts[*i].is_some() && texts[*i] == texts[i + period];
            let more = (start..texts.len() - period).take_while(equal).count();
            let times = more / period + 1;
            let end = start + times * period;
            let longer = best.as_ref().is_none_or(|(best, _)| end - start > best.len());
            if times > 1 && at < end && longer {
                best = Some((start..end, period));
            }
        }
    }
    best
}
