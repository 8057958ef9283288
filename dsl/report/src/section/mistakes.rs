//! Samples that artifacts got wrong.

use super::{facts, first_seed};
use crate::figure::{count, maybe, share};
use crate::page::{Artifact, Mistake, Mistakes, Page};
use crate::part::{Section, tabs};
use crate::picture::address;
use crate::table::Table;
use maud::{Markup, html};

/// The worst mistakes of each artifact: as pictures, or else as a table of features.
pub(super) fn mistakes(page: &Page) -> Option<Section> {
    let known: Vec<&Artifact> =
        page.artifacts.iter().filter(|it| !it.mistakes.shown.is_empty()).collect();
    let panels: Vec<(String, Markup)> =
        known.iter().map(|it| (it.name.clone(), panel(&it.name, &it.mistakes))).collect();
    let first = &known.first()?.mistakes;
    let values = known.iter().all(|it| it.mistakes.wrong.is_none());
    let title = if values { "Largest errors" } else { "Mistakes" };
    let on = if first.split.is_empty() { String::new() } else { format!("on {}", first.split) };
    let note = facts([on, first_seed(page).into()]);
    Some(Section { id: "mistakes", title, note, body: tabs("mistakes", &panels) })
}

fn panel(artifact: &str, it: &Mistakes) -> Markup {
    let shown = it.shown.len() as u64;
    let pictures = it.shown.iter().any(|mistake| mistake.picture.is_some());
    html! {
        @if let Some(wrong) = it.wrong {
            p.legend {
                @if wrong > shown { (count(shown)) " of " }
                (count(wrong)) " wrong" @if pictures { " · below each: the answer with its probability, then the right class" }
            }
        }
        @if pictures { ul.pictures { @for mistake in &it.shown { li { (picture(mistake)) } } } }
        @else { (features(artifact, it)) }
    }
}

fn picture(it: &Mistake) -> Markup {
    let words = format!("sample {}: {} taken for {}", it.sample, it.right, it.answer);
    let address = it.picture.as_ref().and_then(address);
    html! {
        @match address {
            Some(address) => img src=(address) alt=(words) title=(words);,
            None => div.none title=(words) { "no picture" },
        }
        div { b { (it.answer) } @if let Some(p) = it.probability { " " small { (share(p)) } } }
        div.truth { (it.right) }
    }
}

fn features(artifact: &str, it: &Mistakes) -> Markup {
    let all = &it.shown;
    let mut table = Table::new(format!("Mistakes of {artifact}"))
        .figures("Sample", all.iter().map(|mistake| mistake.sample.to_string()))
        .text("Right", all.iter().map(|mistake| mistake.right.clone()))
        .text("Answer", all.iter().map(|mistake| mistake.answer.clone()))
        .figures("Probability", all.iter().map(|mistake| maybe(mistake.probability, share)));
    for (i, name) in it.features.iter().enumerate() {
        let value = |mistake: &Mistake| mistake.values.get(i).cloned().unwrap_or_default();
        table = table.figures(name, all.iter().map(value));
    }
    table.markup()
}
