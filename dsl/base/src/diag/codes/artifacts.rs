//! Artifacts: what they need, how they fit their data, and what is expected of them.

use super::code;
use crate::diag::Diag;
use crate::span::Span;
use crate::suggest::nearest;

code! {
    /// An artifact is made from a second one, and that one from the first: neither can be made.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris as A { from = B }
    /// train Net on Iris as B { from = A }
    /// ```
    ///
    /// One of them has to begin on its own.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris as A
    /// train Net on Iris as B { from = A }
    /// ```
    E0206 = "E0206", "artifacts need each other in a circle";

    /// A sample of the data has another shape than the model's input.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [3, 32, 32]) { image -> flatten -> dense(10) }
    /// train Net on Digits
    /// ```
    ///
    /// Write the data's shape, or leave the sizes open: names are bound by the data.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [C, H, W]) { image -> flatten -> dense(10) }
    /// train Net on Digits
    /// ```
    E0405 = "E0405", "the model's input does not fit the data";

    /// A classifier has one output for each class, a regression one for each value.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(12) }
    /// train Net on Digits
    /// ```
    ///
    /// Ask the data how many classes there are, and the number is right for ever.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits
    /// ```
    E0406 = "E0406", "the model's output does not fit the data's classes";

    /// An artifact is a network with weights, and some verb must give it: `train`, `distill`,
    /// `quantize` or `load`. A model alone has no weights yet.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// export Net to "net.safetensors"
    /// ```
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// export Net to "net.safetensors"
    /// ```
    E0601 = "E0601", "an artifact is used that no verb gives";

    /// Some losses compare with classes, some with real values, and some need no labels at all: those that
    /// compare with a teacher alone are all there is where no sample has a label.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { loss = mse }
    /// ```
    ///
    /// The message says what the targets are and which losses fit them.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { loss = cross_entropy }
    /// ```
    E0602 = "E0602", "the loss does not fit the target";

    /// An expectation that the network alone decides (`params`, `macs`, `size`, `memory`) does not hold.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// expect { Net.params <= 100 }
    /// ```
    ///
    /// The message shows the figure and the limit. `dlm show` says which layers it comes from.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(8) -> relu -> dense(3) }
    /// train Net on Iris
    /// expect { Net.params <= 100 }
    /// ```
    E0901 = "E0901", "a static expectation cannot be met";

    /// A metric asks for something that this artifact does not have: `accuracy` needs classes, `r2`
    /// needs values, and all of them samples with labels. `stop`, `keep_best`, `schedule = plateau(…)` and
    /// `max_drop` look at the validation part, which must have labels.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// expect { Net.r2 >= 0.9 }
    /// ```
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// expect { Net.accuracy >= 90% }
    /// ```
    E0902 = "E0902", "a metric that this artifact does not have";
}

/// E0206: artifacts that need each other, in the order of need, each with the place where it names
/// the next; the last names the first.
///
/// # Panics
/// When the circle is empty.
pub fn circle(needs: &[(&str, Span)]) -> Diag {
    let (first, at) = needs[0];
    if needs.len() == 1 {
        return Diag::new(&E0206, format!("`{first}` is made from itself"), at, "needs itself")
            .help("give the result another name with `as`");
    }
    let mut names: Vec<String> = needs.iter().map(|(name, _)| format!("`{name}`")).collect();
    names.push(format!("`{first}`"));
    let label = |i: usize| {
        let (from, to) = (needs[i].0, needs[(i + 1) % needs.len()].0);
        format!("`{from}` needs `{to}`")
    };
    let message = format!("artifacts need each other in a circle: {}", names.join(" → "));
    let diag = Diag::new(&E0206, message, at, label(0));
    let others = needs.iter().enumerate().skip(1);
    others
        .fold(diag, |diag, (i, &(_, span))| diag.because(span, label(i)))
        .help("one of them has to begin on its own")
}

/// What an input or output is said to be, and where that was fixed.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The name: of the model, of the data.
    pub name: &'a str,
    /// What it is, in words and numbers: "[3, 32, 32]", "10 classes".
    pub is: &'a str,
    /// Where that was fixed.
    pub at: Span,
}

/// E0405: the model named at `at` takes something else than the data has.
pub fn input_unfit(at: Span, model: Side<'_>, data: Side<'_>, help: &str) -> Diag {
    Diag::new(
        &E0405,
        format!("`{}` takes {}, but `{}` has {}", model.name, model.is, data.name, data.is),
        at,
        format!("takes {}", model.is),
    )
    .because(model.at, format!("`{}` takes {}", model.name, model.is))
    .because(data.at, format!("a sample is {}", data.is))
    .help(help)
}

/// E0406: the model named at `at` answers with something else than the data's targets.
pub fn output_unfit(at: Span, model: Side<'_>, data: Side<'_>, help: &str) -> Diag {
    Diag::new(
        &E0406,
        format!("`{}` gives {}, but `{}` has {}", model.name, model.is, data.name, data.is),
        at,
        format!("gives {}", model.is),
    )
    .because(model.at, format!("{} comes from here", model.is))
    .because(data.at, format!("the targets are {}", data.is))
    .help(help)
}

/// E0601: no verb gives the artifact `name`. `model` tells whether a model of that name is declared,
/// and `given` are the artifacts that there are.
pub fn no_artifact(at: Span, name: &str, model: bool, given: &[&str]) -> Diag {
    let message = format!("no verb gives an artifact `{name}`");
    if model {
        return Diag::new(&E0601, message, at, "this model has no weights yet")
            .help(format!("train it: `train {name} on DATA`"));
    }
    let diag = Diag::new(&E0601, message, at, "not the result of any verb");
    let near = nearest(name, given.iter().copied());
    match (near.first(), given) {
        (Some(first), _) => diag.help(format!("did you mean `{first}`?")).fix(
            format!("write `{first}`"),
            at,
            *first,
            near.len() == 1,
        ),
        (None, []) => diag.help("an artifact comes from `train MODEL on DATA as NAME`"),
        (None, _) => diag.help(format!("the artifacts are {}", quoted(given))),
    }
}

/// E0602: the term `loss` at `at` needs targets of another kind (`needs`) than the `data` has (`has`).
/// `fitting` are the losses that fit.
pub fn loss_unfit(at: Span, loss: &str, needs: &str, data: Side<'_>, fitting: &[&str]) -> Diag {
    let diag = Diag::new(
        &E0602,
        format!("`{loss}` needs {needs}, but `{}` has {}", data.name, data.is),
        at,
        format!("needs {needs}"),
    )
    .because(data.at, format!("has {}", data.is));
    match fitting {
        [] => diag.help(
            "name the labels in the data's source; without them only a teacher can be learnt from",
        ),
        [one] => diag.help(format!("write `loss = {one}`")),
        _ => diag.help(format!("losses that fit: {}", quoted(fitting))),
    }
}

/// E0901: the figure of a static comparison at `at` does not hold. `left`, `figure` and `limit` in
/// words with units ("`Net.params`", "131", "at most 100"), `by` what is missing ("31 too many").
pub fn unmet(at: Span, left: &str, figure: &str, limit: &str, by: &str, help: &str) -> Diag {
    Diag::new(&E0901, format!("{left} is {figure}, and is expected to be {limit}"), at, by)
        .help(help)
}

/// E0902: `artifact` has no metric `metric`, because of `why` (a clause: "`Wine` has values, not classes").
pub fn no_metric(at: Span, artifact: &str, metric: &str, why: &str, known: &[&str]) -> Diag {
    let diag = Diag::new(
        &E0902,
        format!("`{artifact}` has no `{metric}`: {why}"),
        at,
        "not known of this artifact",
    );
    match known {
        [] => diag,
        _ => diag.help(format!("what there is: {}", quoted(known))),
    }
}

/// E0902: the setting `key` at `at` asks for a metric of an artifact on the validation part of `data`, whose
/// source stands at `source` and has no labels.
pub fn no_labels(
    at: Span,
    (artifact, metric): (&str, &str),
    key: &str,
    data: &str,
    source: Span,
) -> Diag {
    let why = format!("the validation part of `{data}` has no labels");
    Diag::new(&E0902, format!("`{artifact}` has no `{metric}`: {why}"), at, "needs labels")
        .because(source, "no labels here")
        .help(format!("leave `{key}` out, or name a source with labels: `valid = SOURCE`"))
}

/// E0902: there is no metric `given` at all; `known` are those that fit the artifact, `foreign` the one
/// that other systems call so.
pub fn unknown_metric(at: Span, given: &str, known: &[&str], foreign: Option<&str>) -> Diag {
    let diag = Diag::new(&E0902, format!("there is no metric `{given}`"), at, "not a metric");
    if let Some(name) = foreign {
        return diag.help(format!("`{given}` is called `{name}` here")).fix(
            format!("write `{name}`"),
            at,
            name,
            true,
        );
    }
    let near = nearest(given, known.iter().copied());
    match near.first() {
        Some(first) => diag.help(format!("did you mean `{first}`?")).fix(
            format!("write `{first}`"),
            at,
            *first,
            near.len() == 1,
        ),
        None => diag.help(format!("what there is: {}", quoted(known))),
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
