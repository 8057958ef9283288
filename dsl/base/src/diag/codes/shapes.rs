//! E04xx: shapes that do not fit.

use super::code;
use crate::diag::Diag;
use crate::span::Span;

code! {
    /// An operator or a layer gets a flow of a shape that it does not take.
    ///
    /// ```dlm
    /// model Net(image: [1, 28, 28]) {
    ///     image -> conv(8, 3) -> relu -> dense(10)
    /// }
    /// ```
    ///
    /// The label shows both shapes; the help what to put between, with the numbers worked out.
    ///
    /// ```dlm
    /// model Net(image: [1, 28, 28]) {
    ///     image -> conv(8, 3) -> relu -> flatten -> dense(10)
    /// }
    /// ```
    E0401 = "E0401", "an operator does not take this shape";

    /// Two flows meet (`+`, `*`, `concat`, a layer with two inputs) whose sizes do not go together. In
    /// `+ - * /` shapes are compared from the last axis; a size of 1 stretches to the other's.
    ///
    /// ```dlm
    /// layer Residual(x: [C, H, W], channels: int) {
    ///     x + (x -> conv(channels, 3))
    /// }
    /// model Net(image: [3, 32, 32]) {
    ///     image -> Residual(64) -> global_avg_pool -> dense(10)
    /// }
    /// ```
    ///
    /// A 1×1 convolution brings one of them to the size of the other.
    ///
    /// ```dlm
    /// layer Residual(x: [C, H, W], channels: int) {
    ///     (x -> conv(channels, 1)) + (x -> conv(channels, 3))
    /// }
    /// model Net(image: [3, 32, 32]) {
    ///     image -> Residual(64) -> global_avg_pool -> dense(10)
    /// }
    /// ```
    E0402 = "E0402", "shapes cannot be combined";

    /// A layer or model declares its result's shape, and its body gives another.
    ///
    /// ```dlm
    /// model Net(features: [13]) -> [10] {
    ///     features -> dense(32) -> relu -> dense(3)
    /// }
    /// ```
    ///
    /// Correct the body, or the declaration.
    ///
    /// ```dlm
    /// model Net(features: [13]) -> [3] {
    ///     features -> dense(32) -> relu -> dense(3)
    /// }
    /// ```
    E0403 = "E0403", "the declared result differs from the real one";

    /// A window is larger than what it slides over, or a size is computed that is not positive.
    ///
    /// ```dlm
    /// model Net(image: [1, 4, 4]) {
    ///     image -> conv(8, 5, padding = valid) -> flatten -> dense(10)
    /// }
    /// ```
    ///
    /// The message shows the formula with its numbers.
    ///
    /// ```dlm
    /// model Net(image: [1, 4, 4]) {
    ///     image -> conv(8, 3, padding = valid) -> flatten -> dense(10)
    /// }
    /// ```
    E0404 = "E0404", "a size comes out as zero or negative";
}

/// E0401: what stands at `at` does not take its input; the fact, what it `expects` and what it `found`.
pub fn not_taken(at: Span, message: &str, expects: &str, found: &str) -> Diag {
    Diag::new(&E0401, message, at, format!("{expects}, found {found}"))
}

/// E0402: two flows do not go together at `at`.
pub fn not_combined(at: Span, message: &str, label: &str) -> Diag {
    Diag::new(&E0402, message, at, label)
}

/// E0403: the result is declared at `at` as `declared`, and is `real`, as `from` gives it.
pub fn other_result(at: Span, name: &str, declared: &str, real: &str, from: Span) -> Diag {
    Diag::new(
        &E0403,
        format!("`{name}` declares the result {declared}, but gives {real}"),
        at,
        format!("declared as {declared}"),
    )
    .because(from, format!("produces {real}"))
}

/// E0404: a size at `at` is not positive; `what` has it, and `formula` shows the numbers.
pub fn no_size(at: Span, message: &str, formula: &str) -> Diag {
    Diag::new(&E0404, message, at, formula)
}

/// E0302: the operator or layer `name` at `at` gets `given` flows, and needs more.
pub fn no_flow(at: Span, name: &str, given: usize, signature: &str) -> Diag {
    let arrow = if signature == name { name.to_string() } else { signature.to_string() };
    match given {
        0 => Diag::new(
            &super::settings::E0302,
            format!("`{name}` needs a flow"),
            at,
            "no flow enters here",
        )
        .help(format!("let a flow enter along an arrow: `x -> {arrow}`")),
        _ => Diag::new(
            &super::settings::E0302,
            format!("`{name}` needs another flow"),
            at,
            "only one flow enters here",
        )
        .help(format!("give it in the parentheses: `x -> {name}(y)`")),
    }
}

/// E0302: the layer or model `name` has no flow among its parameters.
pub fn no_input(at: Span, what: &str, name: &str) -> Diag {
    Diag::new(
        &super::settings::E0302,
        format!("the {what} `{name}` has no input"),
        at,
        "no parameter is a flow",
    )
    .help(format!("give it one, such as `{name}(x: [C, H, W])`"))
}
