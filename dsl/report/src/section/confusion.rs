//! What was taken for what, and figures for each class.

use super::{facts, first_seed};
use crate::figure::{count, plural, share};
use crate::page::{Artifact, Confusion, Page};
use crate::part::{Section, tabs, wide};
use crate::table::Table;
use maud::{Markup, html};
use std::cmp::Reverse;

/// A matrix of more classes than this is not shown whole.
const CLASSES: usize = 20;

/// How many confusions are shown of more classes.
const WORST: usize = 12;

/// The matrix and the classes of each artifact.
pub(super) fn confusion(page: &Page) -> Option<Section> {
    let known: Vec<&Artifact> =
        page.artifacts.iter().filter(|it| !it.confusion.counts.is_empty()).collect();
    let panels: Vec<(String, Markup)> =
        known.iter().map(|it| (it.name.clone(), panel(&it.name, &it.confusion))).collect();
    let split = known.first()?.confusion.split.clone();
    let on = if split.is_empty() { split } else { format!("on {split}") };
    let note = facts([on, first_seed(page).into()]);
    Some(Section { id: "confusion", title: "Confusion", note, body: tabs("confusion", &panels) })
}

fn panel(artifact: &str, it: &Confusion) -> Markup {
    html! {
        div.side {
            div {
                @if it.counts.len() > CLASSES { (worst(artifact, it)) } @else { (matrix(artifact, it)) }
            }
            div { (classes(artifact, it)) }
        }
    }
}

fn matrix(artifact: &str, it: &Confusion) -> Markup {
    let classes = it.counts.len();
    let long = (0..classes).any(|class| name(it, class).chars().count() > 3);
    let table = html! {
        table.matrix {
            thead {
                tr {
                    td {}
                    @for class in 0..classes {
                        th.tall[long] scope="col" { span { (name(it, class)) } }
                    }
                }
            }
            tbody { @for (i, row) in it.counts.iter().enumerate() {
                @let all: u64 = row.iter().sum();
                tr {
                    th scope="row" { (name(it, i)) }
                    @for (j, &n) in row.iter().enumerate() {
                        @if n == 0 { td.zero { "·" } }
                        @else { td.right[i == j] style={ "--n:" (shade(n, all, i == j)) } { (count(n)) } }
                    }
                }
            } }
        }
    };
    html! {
        p.legend { "rows: the right class · columns: the answer" }
        (wide(&format!("Confusion of {artifact}"), &table))
    }
}

/// How dark a cell is, in percent: by its share of its row; few confusions are seen as well.
fn shade(n: u64, all: u64, right: bool) -> u64 {
    let share = n as f64 / all.max(1) as f64;
    let strength = if right { share } else { share.sqrt() };
    (8.0 + 62.0 * strength).round() as u64
}

fn worst(artifact: &str, it: &Confusion) -> Markup {
    let mut pairs: Vec<(u64, usize, usize)> = Vec::new();
    for (i, row) in it.counts.iter().enumerate() {
        let wrong = row.iter().enumerate().filter(|&(j, &n)| i != j && n > 0);
        pairs.extend(wrong.map(|(j, &n)| (n, i, j)));
    }
    pairs.sort_by_key(|&(n, i, j)| (Reverse(n), i, j));
    pairs.truncate(WORST);
    let of = |i: usize| it.counts[i].iter().sum::<u64>().max(1) as f64;
    html! {
        p.legend { "the most frequent confusions of " (plural(it.counts.len(), "class")) }
        (Table::new(format!("Worst confusions of {artifact}"))
            .text("Right class", pairs.iter().map(|&(_, i, _)| name(it, i)))
            .text("Answer", pairs.iter().map(|&(_, _, j)| name(it, j)))
            .figures("Samples", pairs.iter().map(|&(n, ..)| count(n)))
            .figures("Of the class", pairs.iter().map(|&(n, i, _)| share(n as f64 / of(i))))
            .markup())
    }
}

fn classes(artifact: &str, it: &Confusion) -> Markup {
    let figures: Vec<[f64; 4]> = (0..it.counts.len()).map(|class| per_class(it, class)).collect();
    let mut shown: Vec<usize> = (0..figures.len()).collect();
    let some = shown.len() > CLASSES;
    if some {
        shown.sort_by(|&a, &b| figures[a][3].total_cmp(&figures[b][3]));
        shown.truncate(CLASSES);
    }
    let mean = |column: usize| {
        let sum: f64 = figures.iter().map(|row| row[column]).sum();
        share(sum / figures.len() as f64)
    };
    let column = |i: usize| {
        shown.iter().map(|&class| share(figures[class][i])).chain([mean(i)]).collect::<Vec<_>>()
    };
    let samples = |class: usize| figures[class][0] as u64;
    let all: u64 = (0..figures.len()).map(samples).sum();
    let mean_of = format!("mean of {}", plural(figures.len(), "class"));
    html! {
        @if some { p.legend { "the " (CLASSES) " classes with the lowest F1" } }
        @else { p.legend { "figures for each class" } }
        (Table::new(format!("Classes of {artifact}"))
            .text("Class", shown.iter().map(|&class| name(it, class)).chain([mean_of]))
            .figures("Samples", shown.iter().map(|&class| count(samples(class))).chain([count(all)]))
            .figures("Precision", column(1))
            .figures("Recall", column(2))
            .figures("F1", column(3))
            .summary()
            .markup())
    }
}

/// Samples, precision, recall and F1 of a class: `P = hits / answered`, `R = hits / samples`,
/// `F1 = 2 P R / (P + R)`; 0 where there is nothing to divide by.
fn per_class(it: &Confusion, class: usize) -> [f64; 4] {
    let at = |row: &[u64]| row.get(class).copied().unwrap_or(0) as f64;
    let row = &it.counts[class];
    let (hits, samples) = (at(row), row.iter().sum::<u64>() as f64);
    let answered: f64 = it.counts.iter().map(|row| at(row)).sum();
    let ratio = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
    let (precision, recall) = (ratio(hits, answered), ratio(hits, samples));
    [samples, precision, recall, ratio(2.0 * precision * recall, precision + recall)]
}

fn name(it: &Confusion, class: usize) -> String {
    it.classes.get(class).cloned().unwrap_or_else(|| class.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_class_are_those_of_its_row_and_column() {
        let counts = vec![vec![3, 1, 0], vec![0, 0, 2], vec![0, 0, 0]];
        let it = Confusion { counts, ..Confusion::default() };
        let [samples, precision, recall, f1] = per_class(&it, 0);
        assert_eq!([samples, precision, recall], [4.0, 1.0, 0.75]);
        assert!((f1 - 6.0 / 7.0).abs() < 1e-12);
        assert_eq!(per_class(&it, 1), [2.0, 0.0, 0.0, 0.0]);
        assert_eq!(per_class(&it, 2), [0.0; 4]);
    }
}
