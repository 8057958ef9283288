//! Steps, losses and verbs in the words of a program, with what is default filled in or left out.

use crate::human::{count, plural};
use dlm_check::Program;
use dlm_check::program::{Load, Loaded, LossUse, NetLayer, SourceUse, TeacherUse};
use dlm_vocab::{Arg, Args, Default, Param, Word};

/// The step as a program would have it, without what is default: `conv(32, 3, stride = 2)`.
pub(crate) fn call(layer: &NetLayer) -> String {
    let word = &layer.operator.word;
    let name = sign(word.name).unwrap_or(word.name);
    with_arguments(name, word, &layer.args, false)
}

/// A source as a program would have it, without what is default: `builtin("digits")`.
pub(crate) fn source(used: &SourceUse) -> String {
    let word = &used.source.word;
    let mut text = with_arguments(word.name, word, &used.args, false);
    let rest: String = used.args.rest().iter().map(|arg| format!(", {arg}")).collect();
    text.insert_str(text.len() - usize::from(text.ends_with(')')), &rest);
    text
}

/// A loss as a program would have it: `0.9 * soft_targets(temperature = 4) + 0.1 * cross_entropy`. Of terms
/// that compare with a teacher every argument is told, of others those that are not default.
pub(crate) fn loss(terms: &[LossUse]) -> String {
    let term = |term: &LossUse| {
        let word = &term.loss.word;
        let call = with_arguments(word.name, word, &term.args, term.loss.has_teacher());
        match term.weight {
            1.0 => call,
            weight => format!("{} * {call}", decimal(weight)),
        }
    };
    terms.iter().map(term).collect::<Vec<_>>().join(" + ")
}

/// Whom a student learns from: `Teacher`, `0.7 × A + 0.3 × B`.
pub(crate) fn teachers(teachers: &[TeacherUse]) -> String {
    let one = |teacher: &TeacherUse| part(&teacher.artifact, teacher.weight);
    teachers.iter().map(one).collect::<Vec<_>>().join(" + ")
}

/// A teacher with its share of the answers, if it is not all of them: `0.7 × A`.
pub(crate) fn part(teacher: &str, weight: f64) -> String {
    match weight {
        1.0 => teacher.to_string(),
        weight => format!("{} × {teacher}", decimal(weight)),
    }
}

/// What a `load` reads: `closed network · oracle.onnx · 10 classes`.
pub(crate) fn load(program: &Program, load: &Load) -> String {
    match &load.what {
        Loaded::Weights { network, file, .. } => {
            format!("weights of {} · {file}", program.networks[*network].title)
        }
        Loaded::Closed { file, classes, .. } => {
            let classes = classes.map(|n| format!(" · {}", classes_in_words(n)));
            format!("closed network · {file}{}", classes.unwrap_or_default())
        }
        Loaded::Answers { file, classes, dataset, .. } => {
            let samples = count(program.datasets[*dataset].counts[0] as u64);
            format!("recorded answers · {samples} × {classes} · {file}")
        }
    }
}

/// `10 classes`; a single number tells two apart.
fn classes_in_words(numbers: usize) -> String {
    match if numbers == 1 { 2 } else { numbers } {
        1 => plural(1, "class"),
        n => format!("{n} classes"),
    }
}

/// A weight with at most three digits behind the point: `0.9`, `0.333`.
fn decimal(x: f64) -> String {
    let rounded = format!("{x:.3}");
    if (rounded.parse::<f64>().unwrap_or(x) - x).abs() > 1e-3 * x.abs() {
        return x.to_string();
    }
    rounded.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A word with its arguments; those that are default only if `all`.
fn with_arguments(name: &str, word: &Word, args: &Args, all: bool) -> String {
    let mut parts = Vec::new();
    for param in word.params {
        let Some(arg) = args.get(param.name) else { continue };
        let path = matches!(param.ty, dlm_vocab::Type::Path);
        let text = match arg {
            Arg::Str(text) if path => text.clone(),
            arg => arg.to_string(),
        };
        if param.default == Default::Required && !path {
            parts.push(text);
        } else if all || path || !is_default(param, arg, args) {
            parts.push(format!("{} = {text}", param.name));
        }
    }
    if parts.is_empty() { name.into() } else { format!("{name}({})", parts.join(", ")) }
}

/// The sign of the language that an operator stands for.
fn sign(name: &str) -> Option<&'static str> {
    if dlm_vocab::ops::find(name).is_some() {
        return None;
    }
    match name {
        "add" => Some("+"),
        "sub" => Some("−"),
        "mul" => Some("×"),
        "div" => Some("÷"),
        _ => None,
    }
}

fn is_default(param: &Param, arg: &Arg, args: &Args) -> bool {
    match (&param.default, arg) {
        (Default::Int(d), Arg::Int(v)) => d == v,
        (Default::Int(d), Arg::Ints(v)) => v.iter().all(|x| x == d),
        (Default::Int(d), Arg::Real(v)) => *d as f64 == *v,
        (Default::Real(d), Arg::Real(v)) => d == v,
        (Default::Real(d), Arg::Int(v)) => *d == *v as f64,
        (Default::Bool(d), Arg::Bool(v)) => d == v,
        (Default::Name(d), Arg::Name(v)) | (Default::Str(d), Arg::Str(v)) => d == v,
        (Default::Quantity(d, unit), Arg::Quantity(v, u)) => d == v && unit == u,
        (Default::Same(other), arg) => args.get(other) == Some(arg),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlm_base::files::NoFiles;
    use dlm_check::session::check_text;

    #[test]
    fn losses_and_teachers_read_as_they_are_written() {
        let text = "data Iris { source = builtin(\"iris\") }
model Large(x: [4]) { x -> dense(9) as body -> relu -> dense(3) }
model Small(x: [4]) { x -> dense(5) as body -> relu -> dense(3) }
train Large on Iris as A
train Large on Iris as B { seed = 1   loss = cross_entropy(smoothing = 0.1) + l2(1e-4) }
distill Small from [2 * A, 1 * B] on Iris as S {
    loss = 0.25 * soft_targets + cross_entropy + 0.0625 * hint(teacher = A.body, student = body)
}
distill Small from A on Iris as T
";
        let checked = check_text("a.dlm", text, &NoFiles);
        assert!(checked.diags.is_empty(), "{:#?}", checked.diags);
        let trainings = &checked.program.trainings;
        assert_eq!(loss(&trainings[1].loss), "cross_entropy(smoothing = 0.1) + l2(0.0001)");
        assert_eq!(
            loss(&trainings[2].loss),
            "0.25 * soft_targets(temperature = 4) + cross_entropy \
             + 0.0625 * hint(teacher = A.body, student = body)"
        );
        assert_eq!(teachers(&trainings[2].teachers), "0.667 × A + 0.333 × B");
        assert_eq!(
            loss(&trainings[3].loss),
            "0.9 * soft_targets(temperature = 4) + 0.1 * cross_entropy"
        );
        assert_eq!(teachers(&trainings[3].teachers), "A");
    }
}
