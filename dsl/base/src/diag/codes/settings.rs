//! E03xx: parameters of words and settings of blocks.

use super::code;
use crate::diag::Diag;
use crate::span::Span;
use crate::suggest::nearest;

code! {
    /// A call or a block names a parameter that its word does not have. Nothing is ever ignored: a
    /// setting that is misspelt would otherwise leave its default in force without a word.
    ///
    /// ```dlm
    /// model Net(image: [1, 8, 8]) {
    ///     image -> conv(filters = 8, kernel = 3) -> flatten -> dense(10)
    /// }
    /// ```
    ///
    /// The message says what the word takes. Names of other systems are known: `filters` is
    /// `channels` here, `learning_rate` is `lr`.
    ///
    /// ```dlm
    /// model Net(image: [1, 8, 8]) {
    ///     image -> conv(channels = 8, kernel = 3) -> flatten -> dense(10)
    /// }
    /// ```
    E0301 = "E0301", "unknown setting or parameter";

    /// A parameter without a default was not given.
    ///
    /// ```dlm
    /// model Net(image: [1, 8, 8]) {
    ///     image -> conv(8) -> flatten -> dense(10)
    /// }
    /// ```
    ///
    /// The message shows the signature; what has no `=` in it must be given.
    ///
    /// ```dlm
    /// model Net(image: [1, 8, 8]) {
    ///     image -> conv(8, 3) -> flatten -> dense(10)
    /// }
    /// ```
    E0302 = "E0302", "a required setting or argument is missing";

    /// A value is of another kind than its parameter, or outside its range.
    ///
    /// ```dlm
    /// model Net(features: [13]) {
    ///     features -> dense(32) -> relu -> dropout(1.5) -> dense(3)
    /// }
    /// ```
    ///
    /// The message says what the parameter takes and what stands there.
    ///
    /// ```dlm
    /// model Net(features: [13]) {
    ///     features -> dense(32) -> relu -> dropout(0.5) -> dense(3)
    /// }
    /// ```
    E0303 = "E0303", "a value of the wrong type, or out of its range";

    /// A call has more arguments than its word has parameters, or one parameter gets two values: by
    /// place and by name, or by two settings of which only one may stand (`epochs` and `steps`).
    ///
    /// ```dlm
    /// model Net(features: [13]) {
    ///     features -> dense(32, units = 16) -> relu -> dense(3)
    /// }
    /// ```
    ///
    /// Keep one of the two.
    ///
    /// ```dlm
    /// model Net(features: [13]) {
    ///     features -> dense(32) -> relu -> dense(3)
    /// }
    /// ```
    E0304 = "E0304", "too many arguments, or one given twice";

    /// `/` between whole numbers must be exact, because a size that was silently rounded shows up far
    /// from here, as a shape that does not fit.
    ///
    /// ```dlm
    /// width = 64
    /// model Net(features: [13]) {
    ///     features -> dense(width / 3) -> relu -> dense(3)
    /// }
    /// ```
    ///
    /// Choose numbers that divide.
    ///
    /// ```dlm
    /// width = 63
    /// model Net(features: [13]) {
    ///     features -> dense(width / 3) -> relu -> dense(3)
    /// }
    /// ```
    E0305 = "E0305", "an integer division that is not exact";

    /// A layer states with `assert` what its arguments must fulfil; this call does not. The error
    /// stands at the call, because that is what has to change.
    ///
    /// ```dlm
    /// layer Squeeze(x: [F], ratio: int = 4) {
    ///     assert ratio > 0, "ratio is {ratio}, it must be positive"
    ///     x -> dense(F * ratio)
    /// }
    /// model Net(features: [12]) {
    ///     features -> Squeeze(ratio = 0) -> relu -> dense(3)
    /// }
    /// ```
    ///
    /// The label shows the assertion.
    ///
    /// ```dlm
    /// layer Squeeze(x: [F], ratio: int = 4) {
    ///     assert ratio > 0, "ratio is {ratio}, it must be positive"
    ///     x -> dense(F * ratio)
    /// }
    /// model Net(features: [12]) {
    ///     features -> Squeeze(ratio = 2) -> relu -> dense(3)
    /// }
    /// ```
    E0306 = "E0306", "an `assert` of a layer does not hold";
}

/// E0301: `word` has no parameter `given`. `foreign` is the parameter that other systems call so.
pub fn unknown_param(
    at: Span,
    word: &str,
    given: &str,
    known: &[&str],
    foreign: Option<&str>,
) -> Diag {
    unknown(at, format!("`{word}` has no parameter `{given}`"), given, known, foreign, "takes")
}

/// E0301: the block of `block` (`train`, `data`) has no setting `given`. `foreign` is the setting
/// that other systems call so.
pub fn unknown_setting(
    at: Span,
    block: &str,
    given: &str,
    known: &[&str],
    foreign: Option<&str>,
) -> Diag {
    unknown(at, format!("`{block}` has no setting `{given}`"), given, known, foreign, "has")
}

/// E0301: the setting `given` of a `load` at `at`, which loads no closed network.
pub fn of_closed(at: Span, given: &str) -> Diag {
    let message = format!("`{given}` is a setting of closed networks, and this `load` gives none");
    Diag::new(&E0301, message, at, "does not belong here")
        .help(format!("leave it out; `load \"net.onnx\" as NAME {{ {given} = … }}` has it"))
}

/// E0302: the call that ends at `at` lacks `param`; `signature` is the word with its parameters.
pub fn missing_param(at: Span, word: &str, param: &str, signature: &str) -> Diag {
    Diag::new(&E0302, format!("`{word}` needs `{param}`"), at, format!("`{param}` is not given"))
        .help(format!("it is called as `{signature}`"))
}

/// E0302: the block of `what` lacks the setting `key`; `example` is the line to write.
pub fn missing_setting(at: Span, what: &str, key: &str, example: &str) -> Diag {
    Diag::new(&E0302, format!("{what} needs `{key}`"), at, format!("`{key}` is not given"))
        .help(format!("add a line such as `{example}`"))
}

/// E0303: the value of `param` is of another kind; both kinds in words ("a whole number").
pub fn wrong_type(at: Span, param: &str, expected: &str, found: &str) -> Diag {
    Diag::new(
        &E0303,
        format!("`{param}` takes {expected}, not {found}"),
        at,
        format!("expected {expected}, found {found}"),
    )
}

/// E0303: the value of `param` is outside its range; `bounds` in words ("at least 1").
pub fn out_of_range(at: Span, param: &str, value: &str, bounds: &str) -> Diag {
    Diag::new(
        &E0303,
        format!("`{param}` is {value}, and must be {bounds}"),
        at,
        format!("must be {bounds}"),
    )
}

/// E0303: `param` takes one of the names `known`, and `given` is none of them. `foreign` is the
/// name for what other systems call `given`.
pub fn unknown_choice(
    at: Span,
    param: &str,
    given: &str,
    known: &[&str],
    foreign: Option<&str>,
) -> Diag {
    let diag = Diag::new(
        &E0303,
        format!("`{param}` cannot be `{given}`"),
        at,
        format!("must be {}", one_of(known)),
    );
    suggest(diag, at, given, known, foreign)
}

/// E0303 of any other kind: the fact, what is expected there, and what to write.
pub fn unfit_value(at: Span, message: &str, label: &str, help: Option<&str>) -> Diag {
    let diag = Diag::new(&E0303, message, at, label);
    match help {
        Some(help) => diag.help(help),
        None => diag,
    }
}

/// E0304: the argument at `at` is one more than the `max` that `word` takes.
pub fn too_many(at: Span, word: &str, max: usize, signature: &str) -> Diag {
    let takes = match max {
        0 => "no arguments".to_string(),
        1 => "one argument".to_string(),
        n => format!("{n} arguments"),
    };
    Diag::new(&E0304, format!("`{word}` takes {takes}"), at, "this is one too many")
        .help(format!("it is called as `{signature}`"))
}

/// E0304: `name` gets a value at `first` and another at `at`.
pub fn given_twice(at: Span, first: Span, name: &str) -> Diag {
    Diag::new(&E0304, format!("`{name}` is given twice"), at, "given again here")
        .because(first, "first given here")
        .help("keep one of the two")
}

/// E0304: `given` at `at` and `other` at `first` exclude each other.
pub fn excluded(at: Span, given: &str, first: Span, other: &str) -> Diag {
    Diag::new(
        &E0304,
        format!("`{given}` and `{other}` cannot both be given"),
        at,
        format!("says the same as `{other}` in another way"),
    )
    .because(first, format!("`{other}` is given here"))
    .help("keep one of the two")
}

/// E0305: `a / b` of whole numbers leaves a rest, or `b` is 0.
pub fn inexact_division(at: Span, a: i64, b: i64) -> Diag {
    if b == 0 {
        return Diag::new(&E0305, format!("{a} / 0 has no value"), at, "divides by 0");
    }
    let diag = Diag::new(
        &E0305,
        format!("{a} / {b} is not a whole number"),
        at,
        format!("{a} = {b} × {} + {}", a.div_euclid(b), a.rem_euclid(b)),
    );
    match a.checked_sub(a.rem_euclid(b)) {
        Some(below) if below > 0 && b > 0 => {
            diag.help(format!("the next numbers that {b} divides are {below} and {}", below + b))
        }
        _ => diag,
    }
}

/// E0306: an assertion does not hold for the call at `at`; `message` is the layer's own.
pub fn assert_failed(at: Span, message: &str, assertion: Span) -> Diag {
    Diag::new(&E0306, message, at, "the arguments of this call do not fulfil it")
        .because(assertion, "asserted here")
}

fn unknown(
    at: Span,
    message: String,
    given: &str,
    known: &[&str],
    foreign: Option<&str>,
    takes: &str,
) -> Diag {
    let label = if known.is_empty() { "not known here" } else { "not one of its names" };
    let diag = suggest(Diag::new(&E0301, message, at, label), at, given, known, foreign);
    match diag.help.is_none() && !known.is_empty() {
        true => diag.help(format!("it {takes} {}", and(known))),
        false => diag,
    }
}

/// Adds the foreign name's meaning, or the nearest names, as help and fix.
fn suggest(diag: Diag, at: Span, given: &str, known: &[&str], foreign: Option<&str>) -> Diag {
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
        Some(first) => diag.help(format!("did you mean {}?", or(&near))).fix(
            format!("write `{first}`"),
            at,
            *first,
            near.len() == 1,
        ),
        None => diag,
    }
}

fn one_of(names: &[&str]) -> String {
    match names.len() {
        1 => or(names),
        _ => format!("one of {}", or(names)),
    }
}

fn or(names: &[&str]) -> String {
    list(names, "or")
}

fn and(names: &[&str]) -> String {
    list(names, "and")
}

fn list(names: &[&str], word: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}
