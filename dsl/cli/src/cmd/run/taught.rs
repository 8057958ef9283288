//! What a run says of students beside their teachers, and what it warns of.

use super::deviation;
use super::outside::Warned;
use crate::console::{Style, paint};
use crate::human::{number, share};
use crate::written::part;
use dlm_check::program::Split;
use dlm_learn::event::split_word;
use dlm_learn::metrics::Taught;
use dlm_learn::{Outcome, Summary, record};

/// A line for each student and teacher: how far they agree, and which is right more often; the mean of
/// several runs.
pub(super) fn report(runs: &[Outcome], color: bool) -> String {
    let Some(first) = runs.first() else { return String::new() };
    let mut lines = Vec::new();
    for (i, student) in first.artifacts.iter().enumerate() {
        for (j, taught) in student.taught.iter().enumerate() {
            let artifacts = runs.iter().filter_map(|run| run.artifacts.get(i));
            let all: Vec<(&Summary, &Taught)> =
                artifacts.filter_map(|it| Some((it, it.taught.get(j)?))).collect();
            let cells = cells(&all);
            if cells.iter().any(|cell| !cell.is_empty()) {
                let teacher = part(&taught.teacher, taught.weight);
                let rest = format!(" beside {teacher} on {}:", taught.split);
                lines.push((student.artifact.as_str(), rest, cells));
            }
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    let length = |text: &str| text.chars().count();
    let longest =
        lines.iter().map(|(name, rest, _)| length(name) + length(rest)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..LABELS.len())
        .map(|column| lines.iter().map(|(.., cells)| length(&cells[column])).max().unwrap_or(0))
        .collect();
    let mut out = String::from("\n");
    for (name, rest, cells) in &lines {
        let pad = " ".repeat(longest - length(name) - length(rest));
        let mut line = format!("{}{rest}{pad}", paint(color, Style::Bold, name));
        let mut gap = "  ";
        for ((label, cell), &width) in LABELS.iter().zip(cells).zip(&widths) {
            if width == 0 {
                continue;
            }
            let label = if cell.is_empty() { " ".repeat(length(label)) } else { label.to_string() };
            let label = paint(color, Style::Dim, label);
            let pad = " ".repeat(width - length(cell));
            line += &format!("{gap}{label} {pad}{cell}");
            gap = "   ";
        }
        out += &format!("{}\n", line.trim_end());
    }
    out
}

/// Adds the warnings of one more run. What an artifact was warned of in an earlier one is not told again.
pub(super) fn join(warned: &mut Vec<Warned>, new: Vec<Warned>) {
    let known = warned.len();
    for warning in new {
        let same = |old: &Warned| (&old.artifact, &old.code) == (&warning.artifact, &warning.code);
        if !warned[..known].iter().any(same) {
            warned.push(warning);
        }
    }
}

/// The warnings of the runs, but for those that the reports of quantized artifacts tell.
pub(super) fn warnings(warned: &[Warned], runs: &[Outcome], color: bool) -> String {
    let quantized = || {
        let artifacts = runs.iter().flat_map(|run| &run.artifacts);
        artifacts.filter(|it| it.quantized.is_some())
    };
    let told = |warning: &Warned| {
        quantized().any(|it| {
            let same = |own: &record::Warned| {
                (&own.code, &own.message) == (&warning.code, &warning.message)
            };
            it.artifact == warning.artifact && it.warnings.iter().any(same)
        })
    };
    let lines: String = (warned.iter().filter(|warning| !told(warning)))
        .map(|warning| format!("{}\n", self::warning(warning, color)))
        .collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// A warning on one line: `warning[W1017]: …`.
pub(super) fn warning(warned: &Warned, color: bool) -> String {
    let head = paint(color, Style::Yellow, format!("warning[{}]", warned.code));
    format!("{head}: {}", warned.message)
}

/// What stands before the figures of a line.
const LABELS: [&str; 4] = ["agreement", "KL", "error overlap", "accuracy"];

/// The figures of a student beside one teacher over several runs; empty where there are none.
fn cells(all: &[(&Summary, &Taught)]) -> [String; 4] {
    let figure = |pick: fn(&Summary, &Taught) -> Option<f64>, print: fn(f64) -> String| {
        let values: Vec<f64> = all.iter().filter_map(|(it, taught)| pick(it, taught)).collect();
        if values.is_empty() { String::new() } else { deviation(&values, print) }
    };
    let own = figure(|student, taught| accuracy(student, &taught.split), share);
    let theirs = figure(|_, taught| taught.accuracy, share);
    [
        figure(|_, taught| taught.agreement, share),
        figure(|_, taught| taught.kl, number),
        figure(|_, taught| taught.error_overlap, share),
        match (own.is_empty(), theirs.is_empty()) {
            (_, true) => own,
            (true, false) => format!("of the teacher {theirs}"),
            (false, false) => format!("{own} (teacher {theirs})"),
        },
    ]
}

/// The accuracy of an artifact on the part of that name.
fn accuracy(artifact: &Summary, part: &str) -> Option<f64> {
    let split = [Split::Train, Split::Valid, Split::Test].into_iter();
    let split = split.into_iter().find(|split| split_word(*split) == part)?;
    artifact.scores.get(&split)?.accuracy
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlm_base::diag::codes::runs::{W1012, W1017};
    use dlm_learn::metrics::Scores;

    fn student(name: &str, accuracy: f64, taught: Vec<Taught>) -> Summary {
        let scores = Scores { accuracy: Some(accuracy), ..Scores::default() };
        Summary {
            artifact: name.into(),
            model: "Small".into(),
            dataset: "Digits".into(),
            params: Some(1000),
            macs: Some(1000),
            size: 4000,
            scores: [(Split::Test, scores)].into(),
            seconds: 1.0,
            taught,
            ..Summary::default()
        }
    }

    fn beside(teacher: &str, weight: f64, figures: [f64; 4]) -> Taught {
        let [accuracy, agreement, kl, overlap] = figures.map(Some);
        let (teacher, split) = (teacher.to_string(), "test".to_string());
        Taught { teacher, weight, split, accuracy, agreement, kl, error_overlap: overlap }
    }

    fn outcome(artifacts: Vec<Summary>) -> Outcome {
        Outcome { artifacts, ..Outcome::default() }
    }

    #[test]
    fn one_teacher_is_one_line() {
        let taught = beside("Teacher", 1.0, [0.978, 0.978, 0.0412, 0.61]);
        let run = outcome(vec![student("Student", 0.969, vec![taught])]);
        let line = "Student beside Teacher on test:  agreement 97.80%   KL 0.0412   \
                    error overlap 61.00%   accuracy 96.90% (teacher 97.80%)";
        assert_eq!(report(&[run], false), format!("\n{line}\n"));
        assert_eq!(report(&[outcome(vec![student("Alone", 0.9, Vec::new())])], false), "");
    }

    #[test]
    fn figures_of_several_teachers_stand_under_each_other() {
        let recorded = Taught {
            teacher: "Api".into(),
            weight: 0.3,
            split: "train".into(),
            agreement: Some(1.0),
            kl: Some(1.25),
            ..Taught::default()
        };
        let taught = vec![beside("A", 0.7, [0.978, 0.978, 0.0412, 0.0]), recorded];
        let last = beside("Student", 1.0, [0.969, 0.95, 0.0611, 0.5]);
        let run =
            outcome(vec![student("Student", 0.969, taught), student("Tiny", 0.9, vec![last])]);
        let expected = "
Student beside 0.7 × A on test:     agreement  97.80%   KL 0.0412   error overlap  0.00%   accuracy 96.90% (teacher 97.80%)
Student beside 0.3 × Api on train:  agreement 100.00%   KL  1.250
Tiny beside Student on test:        agreement  95.00%   KL 0.0611   error overlap 50.00%   accuracy 90.00% (teacher 96.90%)
";
        assert_eq!(report(&[run], false), expected);
    }

    #[test]
    fn figures_of_several_seeds_are_means() {
        let run = |accuracy, agreement| {
            let taught = beside("Teacher", 1.0, [0.9, agreement, 0.5, 0.5]);
            outcome(vec![student("Student", accuracy, vec![taught])])
        };
        let text = report(&[run(0.8, 0.7), run(0.9, 0.9)], false);
        assert!(text.contains("agreement 80.00% ± 14.14%   KL 0.5000 ± 0   "), "{text}");
        assert!(text.contains("accuracy 85.00% ± 7.07% (teacher 90.00% ± 0.00%)"), "{text}");
    }

    #[test]
    fn values_have_nothing_to_show() {
        let taught =
            Taught { teacher: "T".into(), weight: 1.0, split: "test".into(), ..Taught::default() };
        let mut one = student("Student", 0.5, vec![taught]);
        one.scores.clear();
        assert_eq!(report(&[outcome(vec![one])], false), "");
    }

    #[test]
    fn warnings_are_told_once() {
        let warned = |code: &'static dlm_base::diag::Code, message: &str| Warned {
            artifact: "Student8".into(),
            code: code.id.into(),
            message: message.into(),
        };
        let (dead, worse) = (warned(&W1012, "never fires"), warned(&W1017, "is worse"));
        let mut all = Vec::new();
        join(&mut all, vec![dead.clone(), dead.clone(), worse.clone()]);
        join(&mut all, vec![warned(&W1017, "is worse with this seed, too")]);
        assert_eq!(all, [dead.clone(), dead.clone(), worse]);
        let mut quantized = student("Student8", 0.9, Vec::new());
        let plain = outcome(vec![quantized.clone()]);
        let text = warnings(&all, &[plain], false);
        assert_eq!(text.matches("warning[W1012]: never fires\n").count(), 2);
        let code = W1012.id.to_string();
        quantized.warnings.push(record::Warned { code, message: "never fires".into() });
        quantized.quantized = Some(Box::default());
        let run = outcome(vec![quantized]);
        assert_eq!(warnings(&all, &[run], false), "\nwarning[W1017]: is worse\n");
    }
}
