//! E02xx: names, what they stand for, and where they come from.

use super::code;
use crate::diag::Diag;
use crate::span::Span;

code! {
    /// A name is used that nothing declares: no declaration of the file, no import, no operator, no
    /// size or parameter of the layer.
    ///
    /// ```dlm
    /// model Net(image: [1, 8, 8]) {
    ///     image -> flatten -> dnse(10)
    /// }
    /// ```
    ///
    /// The help shows the nearest names that are known here. Names of PyTorch, Keras and ONNX are
    /// known too: for `Linear` it says `dense`.
    ///
    /// ```dlm
    /// model Net(image: [1, 8, 8]) {
    ///     image -> flatten -> dense(10)
    /// }
    /// ```
    E0201 = "E0201", "unknown name";

    /// Two declarations have one name, or two verbs give one artifact, so that a use of the name could
    /// mean either.
    ///
    /// ```dlm
    /// width = 32
    /// width = 64
    /// model Net(features: [4]) { features -> dense(width) -> relu -> dense(3) }
    /// ```
    ///
    /// Rename one of the two; the artifact of a verb is named with `as`.
    ///
    /// ```dlm
    /// width = 32
    /// wide  = 64
    /// model Net(features: [4]) { features -> dense(width) -> dense(wide) -> relu -> dense(3) }
    /// ```
    E0202 = "E0202", "a name is declared twice";

    /// The name is known, and stands for something that does not belong here: a model where data are
    /// needed, an operator where a number is.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(10) }
    /// train Digits on Net
    /// ```
    ///
    /// The message says what the name is and what is needed.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(10) }
    /// train Net on Digits
    /// ```
    E0203 = "E0203", "a name of the wrong kind";

    /// The value of a constant needs the value itself, by way of other constants or not; or files
    /// import each other.
    ///
    /// ```dlm
    /// width = depth * 8
    /// depth = width / 16
    /// model Net(features: [4]) { features -> dense(width) -> relu -> dense(3) }
    /// ```
    ///
    /// One of them has to begin on its own. Of files, put what both need into a third.
    ///
    /// ```dlm
    /// width = depth * 8
    /// depth = 2
    /// model Net(features: [4]) { features -> dense(width) -> relu -> dense(3) }
    /// ```
    E0204 = "E0204", "imports or constants go round in a circle";

    /// `use` names a file that is not there, a part of the standard library that does not exist, or a
    /// name that the file does not declare.
    ///
    /// ```dlm
    /// use std.vision: ResidualBlok
    /// model Net(image: [1, 8, 8]) { image -> ResidualBlok(8) -> flatten -> dense(10) }
    /// ```
    ///
    /// The help shows the nearest names that can be imported from there.
    ///
    /// ```dlm
    /// use std.vision: ResidualBlock
    /// model Net(image: [1, 8, 8]) { image -> ResidualBlock(8) -> flatten -> dense(10) }
    /// ```
    E0205 = "E0205", "an imported file or name is not there";

    /// A layer uses itself, by way of other layers or not: its network would have no end.
    ///
    /// ```dlm
    /// layer Deep(x: [F], n: int) { x -> dense(F) -> relu -> Deep(n - 1) }
    /// model Net(features: [4]) { features -> Deep(3) -> dense(3) }
    /// ```
    ///
    /// Repetition is written with `repeat`.
    ///
    /// ```dlm
    /// layer Deep(x: [F], n: int) { x -> repeat n { dense(F) -> relu } }
    /// model Net(features: [4]) { features -> Deep(3) -> dense(3) }
    /// ```
    E0207 = "E0207", "a layer contains itself";
}

/// What the help of [`unknown`] can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Other systems call so what is called this here.
    Foreign(String),
    /// The nearest known names, nearest first.
    Near(Vec<String>),
    /// The library has it: the line of `use` to write, and the edit that imports it.
    Import {
        /// `use std.vision: ResidualBlock`
        line: String,
        /// Where the import goes.
        at: Span,
        /// What is inserted there.
        text: String,
    },
    /// Something else.
    Say(String),
    /// Nothing.
    None,
}

/// E0201: nothing is called `name`; `what` is needed there ("operator or layer", "value", "model"), and
/// `scope` says where was looked ("not a constant, a size or a parameter of this layer").
pub fn unknown(at: Span, what: &str, name: &str, scope: &str, hint: Hint) -> Diag {
    hinted(Diag::new(&E0201, format!("unknown {what} `{name}`"), at, scope), at, name, hint)
}

/// E0202: `name` is declared at `first` already; both in words ("the constant `width`").
pub fn twice(at: Span, what: &str, name: &str, first: Span, first_what: &str) -> Diag {
    Diag::new(&E0202, format!("the name `{name}` is declared twice"), at, format!("{what} here"))
        .because(first, format!("{first_what} here"))
        .help("rename one of the two")
}

/// E0202: `name` is an operator of the language.
pub fn is_operator(at: Span, what: &str, name: &str) -> Diag {
    Diag::new(
        &E0202,
        format!("`{name}` is an operator already"),
        at,
        format!("{what} of the same name would hide it"),
    )
    .help("choose another name; what a file declares is written in `CamelCase` by convention")
}

/// E0202: the verbs at `first` and at `at` both give the artifact `name`; `verb` is the second's word.
pub fn artifact_twice(at: Span, name: &str, verb: &str, first: Span) -> Diag {
    Diag::new(
        &E0202,
        format!("two verbs give the artifact `{name}`"),
        at,
        format!("this `{verb}` gives `{name}` too"),
    )
    .because(first, format!("`{name}` is given here"))
    .help(format!("name the second one: `… as {name}2`"))
}

/// E0202: a `quantize` gives its artifact no name, and that of the float artifact `name`, which it quantizes
/// at `at`, is taken by the verb at `first`. `insert` is where ` as NAME` goes.
pub fn quantized_unnamed(at: Span, name: &str, first: Span, insert: Span) -> Diag {
    let text = format!(" as {name}8");
    Diag::new(
        &E0202,
        format!("the quantized artifact needs another name than `{name}`"),
        at,
        "without `as` it would be called so too",
    )
    .because(first, format!("`{name}` is given here"))
    .help(format!("name it: `quantize {name} … as {name}8`"))
    .fix(format!("write `as {name}8`"), insert, text, false)
}

/// E0202: two steps of one body have the name `name`.
pub fn step_twice(at: Span, name: &str, first: Span) -> Diag {
    Diag::new(&E0202, format!("two steps are named `{name}`"), at, "named so again here")
        .because(first, "named so here")
        .help("a path must lead to one layer: rename one of the two")
}

/// E0203: `name` stands for `is` ("an operator"), and `wanted` ("a model") is needed at `at`.
/// `declared` is where it was declared.
pub fn wrong_kind(
    at: Span,
    name: &str,
    is: &str,
    wanted: &str,
    declared: Option<Span>,
    help: Option<&str>,
) -> Diag {
    let mut diag = Diag::new(
        &E0203,
        format!("`{name}` is {is}, and {wanted} is needed here"),
        at,
        format!("{wanted} is needed here"),
    );
    if let Some(span) = declared {
        diag = diag.because(span, format!("`{name}` is declared here as {is}"));
    }
    match help {
        Some(help) => diag.help(help),
        None => diag,
    }
}

/// E0204: the values of constants (or files that import each other) in the order of need, each with the
/// place where it names the next; the last names the first.
///
/// # Panics
/// When the circle is empty.
pub fn circle(what: &str, needs: &[(String, Span)]) -> Diag {
    let (first, at) = &needs[0];
    if needs.len() == 1 {
        return Diag::new(&E0204, format!("{what} `{first}` needs itself"), *at, "names itself")
            .help("write a value that does not depend on it");
    }
    let mut round: Vec<String> = needs.iter().map(|(name, _)| format!("`{name}`")).collect();
    round.push(format!("`{first}`"));
    let mut diag = Diag::new(
        &E0204,
        format!("{what}s go round in a circle: {}", round.join(" → ")),
        *at,
        format!("`{first}` needs `{}`", needs[1].0),
    );
    for (i, (name, span)) in needs.iter().enumerate().skip(1) {
        let next = &needs[(i + 1) % needs.len()].0;
        diag = diag.because(*span, format!("`{name}` needs `{next}`"));
    }
    diag.help("one of them has to stand on its own")
}

/// E0205: the file at `at` cannot be imported, because of `why` ("there is no such file").
pub fn no_file(at: Span, path: &str, why: &str) -> Diag {
    Diag::new(&E0205, format!("cannot import from `{path}`: {why}"), at, why)
        .help("paths are relative to the file in which they stand")
}

/// E0205: the file that is checked cannot be read, because of `why`.
pub fn unreadable(at: Span, path: &str, why: &str) -> Diag {
    Diag::new(&E0205, format!("`{path}` cannot be read: {why}"), at, "the file that is checked")
}

/// E0205: there is no part `path` of the standard library; `parts` are those that there are.
pub fn no_std(at: Span, path: &str, parts: &[String], near: Option<&str>) -> Diag {
    let diag = Diag::new(
        &E0205,
        format!("the standard library has no `{path}`"),
        at,
        "not a part of the standard library",
    );
    match near {
        Some(part) => diag.help(format!("did you mean `{part}`?")).fix(
            format!("write `{part}`"),
            at,
            part,
            true,
        ),
        None => diag.help(format!("it has `{}`", parts.join("`, `"))),
    }
}

/// E0205: the file `from` does not declare `name`. `all` is what it does.
pub fn not_in_file(at: Span, name: &str, from: &str, hint: Hint, all: &[String]) -> Diag {
    let empty = matches!(&hint, Hint::None) || hint == Hint::Near(Vec::new());
    let diag = Diag::new(
        &E0205,
        format!("`{from}` declares no `{name}`"),
        at,
        format!("not declared in `{from}`"),
    );
    match (empty, all) {
        (false, _) => hinted(diag, at, name, hint),
        (true, []) => diag.help(format!("`{from}` declares nothing")),
        (true, all) if all.len() <= 12 => diag.help(format!("it has `{}`", all.join("`, `"))),
        _ => diag,
    }
}

/// E0207: the layer `name` contains itself; `round` are the layers on the way, from `name` to `name`.
pub fn contains_itself(at: Span, name: &str, round: &[String], declared: Span) -> Diag {
    let way = match round.len() {
        0..=2 => String::new(),
        _ => format!(": `{}`", round.join("` → `")),
    };
    Diag::new(&E0207, format!("the layer `{name}` contains itself{way}"), at, "used within itself")
        .because(declared, format!("inside `{name}`"))
        .help("write the repetition with `repeat n { … }`")
}

/// Adds what a hint says to a diagnostic about `name` at `at`.
pub(super) fn hinted(diag: Diag, at: Span, name: &str, hint: Hint) -> Diag {
    match hint {
        Hint::Foreign(ours) => diag.help(format!("`{name}` is called `{ours}` here")).fix(
            format!("write `{ours}`"),
            at,
            ours,
            true,
        ),
        Hint::Near(near) => match near.first() {
            Some(first) => {
                let sure = near.len() == 1;
                diag.help(format!("did you mean `{}`?", near.join("`, `"))).fix(
                    format!("write `{first}`"),
                    at,
                    first.clone(),
                    sure,
                )
            }
            None => diag,
        },
        Hint::Import { line, at, text } => diag
            .help(format!("it is in the standard library: `{line}`"))
            .fix(format!("import it: `{line}`"), at, text, true),
        Hint::Say(text) => diag.help(text),
        Hint::None => diag,
    }
}
