//! Teachers and students.

use super::artifacts::Side;
use super::code;
use super::names::Hint;
use crate::diag::Diag;
use crate::span::Span;

code! {
    /// A teacher and its student must answer the same question: the same classes in the same order, or the
    /// same values, for inputs of the same shape. Features that a loss term compares must have shapes
    /// that can be compared.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// data Iris { source = builtin("iris") }
    /// model Large(features: [4]) { features -> dense(64) -> relu -> dense(3) }
    /// model Small(image: [1, 8, 8]) { image -> flatten -> dense(10) }
    /// train Large on Iris
    /// distill Small from Large on Digits
    /// ```
    ///
    /// The message shows what each of them takes or gives.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Large(image: [1, 8, 8]) { image -> flatten -> dense(64) -> relu -> dense(10) }
    /// model Small(image: [1, 8, 8]) { image -> flatten -> dense(10) }
    /// train Large on Digits
    /// distill Small from Large on Digits
    /// ```
    E0701 = "E0701", "teacher and student answer different questions";

    /// A loss term compares the results of two layers or blocks, one in the teacher and one in the
    /// student, and there is none of this path.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Large(features: [4]) { features -> dense(64) as body -> relu -> dense(3) }
    /// model Small(features: [4]) { features -> dense(8) as body -> relu -> dense(3) }
    /// train Large on Iris
    /// distill Small from Large on Iris {
    ///     loss = cross_entropy + hint(teacher = bdy, student = body)
    /// }
    /// ```
    ///
    /// `dlm show` lists the paths of a network. A path to a block means its last layer. Of several
    /// teachers the path says which it means: `Large.body`. In a network that `quantize` trains, a product runs in
    /// one step with the normalisation and the `relu` behind it: there the last of them is named.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Large(features: [4]) { features -> dense(64) as body -> relu -> dense(3) }
    /// model Small(features: [4]) { features -> dense(8) as body -> relu -> dense(3) }
    /// train Large on Iris
    /// distill Small from Large on Iris {
    ///     loss = cross_entropy + hint(teacher = body, student = body)
    /// }
    /// ```
    E0702 = "E0702", "a layer path of a loss term leads nowhere";

    /// A closed teacher, a quantized one and recorded answers tell what they answer, and nothing of what
    /// lies between. Recorded answers have been given to the samples of the training part, and to no
    /// mixture of them.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Large(features: [4]) { features -> dense(64) as body -> relu -> dense(3) }
    /// model Small(features: [4]) { features -> dense(8) as body -> relu -> dense(3) }
    /// policy Edge { method = static }
    /// train Large on Iris
    /// quantize Large with Edge on Iris as Large8
    /// distill Small from Large8 on Iris {
    ///     loss = cross_entropy + hint(teacher = body, student = body)
    /// }
    /// ```
    ///
    /// Compare answers, or take a teacher whose network is known.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Large(features: [4]) { features -> dense(64) as body -> relu -> dense(3) }
    /// model Small(features: [4]) { features -> dense(8) as body -> relu -> dense(3) }
    /// policy Edge { method = static }
    /// train Large on Iris
    /// quantize Large with Edge on Iris as Large8
    /// distill Small from Large8 on Iris {
    ///     loss = soft_targets(temperature = 2) + cross_entropy
    /// }
    /// ```
    E0703 = "E0703", "a teacher of which only answers are known cannot give features";

    /// Distillation makes a network smaller. A student with as many parameters as its teacher gains
    /// little but a second training; the same model twice is self-distillation, and is not reported.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Large(features: [4]) { features -> dense(64) -> relu -> dense(3) }
    /// model Small(features: [4]) { features -> dense(8) -> relu -> dense(3) }
    /// train Small on Iris
    /// distill Large from Small on Iris
    /// ```
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Large(features: [4]) { features -> dense(64) -> relu -> dense(3) }
    /// model Small(features: [4]) { features -> dense(8) -> relu -> dense(3) }
    /// train Large on Iris
    /// distill Small from Large on Iris
    /// ```
    W1006 = "W1006", "the student is no smaller than its teacher";

    /// A high temperature asks the student to reproduce the smallest differences between the teacher's
    /// answers. Trainings with rounded weights are known to collapse above 2 with weights under 4 bits, and
    /// from 5 on with 4 bits. A small student of dense layers spends its few units on what matters little:
    /// with 30 units a layer 2.5 to 4 was better than higher temperatures and lower ones, with 300 all above
    /// 8 were alike. Reported from 8 on where no inner layer has 64 units.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Large(features: [4]) { features -> dense(64) -> relu -> dense(3) }
    /// model Small(features: [4]) { features -> dense(8) -> relu -> dense(3) }
    /// train Large on Iris
    /// distill Small from Large on Iris {
    ///     loss = 0.9 * soft_targets(temperature = 20) + 0.1 * cross_entropy
    /// }
    /// ```
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Large(features: [4]) { features -> dense(64) -> relu -> dense(3) }
    /// model Small(features: [4]) { features -> dense(8) -> relu -> dense(3) }
    /// train Large on Iris
    /// distill Small from Large on Iris {
    ///     loss = 0.9 * soft_targets(temperature = 3) + 0.1 * cross_entropy
    /// }
    /// ```
    ///
    /// Hinton, Vinyals, Dean 2015, section 3.
    W1010 = "W1010", "a temperature that is too high";

    /// Recorded answers were given to the samples as they are. Augmentation changes the samples anew in
    /// each epoch, and the student is told to give the old answer to what the teacher never saw.
    ///
    /// Take the network as the teacher instead of its answers, or leave `augment` out.
    W1015 = "W1015", "recorded answers to inputs that augmentation changes";

    /// The teacher learnt from these very labels, and the student is shown none of them: it learns the
    /// teacher's mistakes, and cannot correct one.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Large(features: [4]) { features -> dense(64) -> relu -> dense(3) }
    /// model Small(features: [4]) { features -> dense(8) -> relu -> dense(3) }
    /// train Large on Iris
    /// distill Small from Large on Iris { loss = soft_targets(temperature = 4) }
    /// ```
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Large(features: [4]) { features -> dense(64) -> relu -> dense(3) }
    /// model Small(features: [4]) { features -> dense(8) -> relu -> dense(3) }
    /// train Large on Iris
    /// distill Small from Large on Iris {
    ///     loss = 0.9 * soft_targets(temperature = 4) + 0.1 * cross_entropy
    /// }
    /// ```
    W1016 = "W1016", "labels that only the teacher learnt from";
}

/// E0701: at `at` a teacher and what it is to teach do not go together. `does` is what both do ("takes",
/// "answers with"), what each side takes or gives stands in it.
pub fn unlike(at: Span, does: &str, teacher: Side<'_>, other: Side<'_>, help: &str) -> Diag {
    Diag::new(
        &E0701,
        format!(
            "`{}` {does} {}, and `{}` {does} {}",
            teacher.name, teacher.is, other.name, other.is
        ),
        at,
        format!("{does} {}", teacher.is),
    )
    .because(teacher.at, format!("`{}` {does} {}", teacher.name, teacher.is))
    .because(other.at, format!("`{}` {does} {}", other.name, other.is))
    .help(help)
}

/// E0701 for a fact that belongs to one side: the message, what stands at `at`, and labels that say why.
pub fn different(at: Span, message: &str, label: &str, why: &[(Span, &str)], help: &str) -> Diag {
    let diag = Diag::new(&E0701, message, at, label);
    why.iter().fold(diag, |diag, (span, text)| diag.because(*span, *text)).help(help)
}

/// E0702: the network of `owner` has no layer or block of this path.
pub fn no_layer(at: Span, path: &str, owner: &str, hint: Hint) -> Diag {
    let message = format!("`{owner}` has no layer `{path}`");
    let diag = Diag::new(&E0702, message, at, "leads nowhere");
    match hint {
        Hint::Near(near) => match near.first() {
            Some(first) => diag.help(format!("did you mean `{first}`?")).fix(
                format!("write `{first}`"),
                at,
                first.as_str(),
                near.len() == 1,
            ),
            None => diag,
        },
        Hint::Say(text) => diag.help(text),
        Hint::Foreign(_) | Hint::Import { .. } | Hint::None => diag,
    }
}

/// E0702: there are several teachers, and the path does not say whose layer it is; `meant` are paths that
/// do.
pub fn no_owner(at: Span, path: &str, meant: &[String]) -> Diag {
    let message = format!("`{path}` does not say whose layer it is: there are several teachers");
    let diag = Diag::new(&E0702, message, at, "of which teacher?");
    let paths: Vec<String> = meant.iter().map(|path| format!("`{path}`")).collect();
    match meant {
        [] => diag.help("put the name of a teacher before it; `dlm show` lists the layers"),
        [one] => diag.help(format!("write `{one}`")).fix(format!("write `{one}`"), at, one, true),
        _ => diag.help(format!("write {}", paths.join(" or "))),
    }
}

/// E0702: in the quantized `artifact` the layer at `path` is run in one step from the layer `main` to the
/// layer `end`, and has no result of its own.
pub fn within_unit(at: Span, path: &str, artifact: &str, main: &str, end: &str) -> Diag {
    let message =
        format!("`{path}` has no result in `{artifact}`: `{main}` to `{end}` run as one step");
    Diag::new(&E0702, message, at, "not the end of its step")
        .help(format!("name the layer that ends it: `{end}`"))
        .fix(format!("write `{end}`"), at, end, true)
}

/// E0703: `teacher`, named at `named`, is `kind` ("a closed network"), and the term at `at` wants more of it
/// than answers.
pub fn no_features(at: Span, term: &str, teacher: &str, kind: &str, named: Span) -> Diag {
    Diag::new(
        &E0703,
        format!(
            "`{term}` compares features, and `{teacher}` is {kind}: only its answers are known"
        ),
        at,
        "wants features",
    )
    .because(named, format!("`{teacher}` is {kind}"))
    .help("compare answers: `soft_targets(temperature = 4)`")
}

/// E0703: the data at `at` mix samples, to which the recorded answers of `teacher` were not given.
pub fn mixed(at: Span, teacher: &str, data: &str, word: &str) -> Diag {
    Diag::new(
        &E0703,
        format!(
            "`{data}` mixes samples with `{word}`, and `{teacher}` has answered to none of them"
        ),
        at,
        format!("mixed by `{word}`"),
    )
    .help(format!("leave `{word}` out, or take the network as the teacher instead of its answers"))
}

/// W1006: the student named at `at` has `params` parameters, the teacher at `named` only `theirs`, in
/// words.
pub fn no_smaller(
    at: Span,
    student: &str,
    params: &str,
    teacher: &str,
    theirs: &str,
    named: Span,
) -> Diag {
    let message = format!("`{student}` is no smaller than its teacher `{teacher}`");
    Diag::new(&W1006, message, at, format!("{params} parameters"))
        .because(named, format!("{theirs} parameters"))
        .help("let the larger network teach the smaller one")
}

/// W1010: a temperature at `at`, too high for weights of so many bits; `most` is one that is not.
pub fn hot_for_bits(at: Span, temperature: &str, bits: u8, most: u8) -> Diag {
    let message =
        format!("a temperature of {temperature} is known to collapse with weights of {bits} bits");
    Diag::new(&W1010, message, at, "too high")
        .help(format!("write `temperature = {most}`, or less"))
}

/// W1010: a temperature at `at`, high for `student`, whose widest inner layer has so many units.
pub fn hot_for_small(at: Span, temperature: &str, student: &str, units: usize) -> Diag {
    let message = format!("a temperature of {temperature} is high for `{student}`, which is small");
    Diag::new(&W1010, message, at, format!("the widest inner layer has {units} units"))
        .help("write `temperature = 4`: 2.5 to 4 taught layers of 30 units best")
}

/// W1015: `data` at `at` changes samples with `words` after `teacher` has answered to them.
pub fn changed(at: Span, teacher: &str, data: &str, words: &str) -> Diag {
    Diag::new(
        &W1015,
        format!(
            "the answers of `{teacher}` were given to samples that `{data}` changes with {words}"
        ),
        at,
        "changes its samples",
    )
    .help("leave `augment` out, or take the network as the teacher instead of its answers")
}

/// W1016: the loss at `at` compares with the teacher at `named` alone, which learnt from the labels of
/// `data`.
pub fn labels_unused(at: Span, teacher: &str, named: Span, data: &str) -> Diag {
    Diag::new(
        &W1016,
        format!("`{teacher}` learnt from the labels of `{data}`, and the student is shown none"),
        at,
        "compares with the teacher alone",
    )
    .because(named, format!("learnt from the labels of `{data}`"))
    .help("add the labels with a small weight: `+ 0.1 * cross_entropy`")
}
