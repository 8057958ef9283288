//! E08xx: policies, and what they make of networks.

use super::code;
use super::names::{Hint, hinted};
use crate::diag::Diag;
use crate::span::Span;

code! {
    /// The ranges of activations are found on samples, and no data are named to take them from.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { method = static }
    /// quantize Net with Edge as Net8
    /// ```
    ///
    /// Name them, or choose `method = dynamic`, which finds ranges as the network runs.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { method = static }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    E0801 = "E0801", "static or qat without data to calibrate on";

    /// Only under `method = qat` does training go on; under the other methods the block of `quantize`
    /// has nothing to set.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { method = static }
    /// quantize Net with Edge on Iris as Net8 { epochs = 3 }
    /// ```
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { method = qat }
    /// quantize Net with Edge on Iris as Net8 { epochs = 3 }
    /// ```
    E0802 = "E0802", "training settings on a policy that does not train";

    /// Formats and operators do not all go together. Weights are symmetric, but for `int4` in groups; a
    /// group must divide the inputs of an output; a sum of products of 8-bit codes must fit into 32 bits.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(32) -> relu -> dense(10) }
    /// train Net on Digits
    /// policy Edge { weights = int4(per = group(48)) }
    /// quantize Net with Edge on Digits as Net4
    /// ```
    ///
    /// The message works the numbers out.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(32) -> relu -> dense(10) }
    /// train Net on Digits
    /// policy Edge { weights = int4(per = group(32)) }
    /// quantize Net with Edge on Digits as Net4
    /// ```
    E0803 = "E0803", "an operator cannot have this format";

    /// An entry of a policy reaches no layer of the networks that the policy is used on, or what it says
    /// is said otherwise of all its layers: of several overrides the last that matches wins, and what
    /// `keep` names stays in float32.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) as body -> relu -> dense(3) as head }
    /// train Net on Iris
    /// policy Edge { override boddy { weights = int4 } }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) as body -> relu -> dense(3) as head }
    /// train Net on Iris
    /// policy Edge { override body { weights = int4 } }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    E0804 = "E0804", "an override or `keep` matches no layer, or is wholly hidden";
}

/// E0801: `method` of `policy` needs data, which the verb with the header at `at` does not name;
/// `insert` is where ` on DATA` goes. `data` are the names of those that there are, and `method_at` the
/// place of the method, if it is written.
pub fn no_data(
    at: Span,
    insert: Span,
    (policy, method): (&str, &str),
    method_at: Span,
    data: &[&str],
) -> Diag {
    let name = data.first().copied().unwrap_or("DATA");
    let diag = Diag::new(
        &E0801,
        format!("`{policy}` is `{method}`, which needs data to find ranges on"),
        at,
        "names no data",
    )
    .because(method_at, format!("`{policy}` is `{method}`"))
    .help(format!("write `on {name}` before `as`"));
    match data {
        [] => diag,
        _ => diag.fix(format!("write `on {name}`"), insert, format!(" on {name}"), data.len() == 1),
    }
}

/// E0801: `artifact` at `at` was loaded, and no verb names data for it.
pub fn no_test_data(at: Span, artifact: &str) -> Diag {
    let message = format!("`{artifact}` is loaded, and no verb says on what data it is judged");
    Diag::new(&E0801, message, at, "has no data").help("name data: `on DATA` before `as`")
}

/// E0802: the settings `given`, of which the first is at `at`, are of a training, and `policy` does not
/// train; `method_at` is the place of its method or of its name.
pub fn does_not_train(
    at: Span,
    given: &[&str],
    (policy, method): (&str, &str),
    method_at: Span,
) -> Diag {
    let names: Vec<String> = given.iter().map(|name| format!("`{name}`")).collect();
    let (names, are) = match names.as_slice() {
        [one] => (one.clone(), "is a setting"),
        [first @ .., last] => (format!("{} and {last}", first.join(", ")), "are settings"),
        [] => ("the block".to_string(), "is"),
    };
    let what = match given {
        ["from"] => "the teacher",
        ["from", ..] => "the teacher and the block",
        _ => "the block",
    };
    Diag::new(
        &E0802,
        format!("{names} {are} of a training, and `{policy}` does not train"),
        at,
        "nothing is trained here",
    )
    .because(method_at, format!("`{policy}` is `{method}`"))
    .help(format!("leave {what} out, or write `method = qat` in `{policy}`"))
}

/// E0803: the format at `at` does not go with what stands at `other`; the fact, the labels, and what to
/// write.
pub fn format_unfit(
    at: Span,
    message: &str,
    label: &str,
    other: Option<(Span, &str)>,
    help: &str,
) -> Diag {
    let diag = Diag::new(&E0803, message, at, label);
    match other {
        Some((span, text)) => diag.because(span, text),
        None => diag,
    }
    .help(help)
}

/// E0804: the entry `text` at `at` leads to no layer of `networks`.
pub fn matches_nothing(at: Span, text: &str, networks: &[&str], hint: Hint) -> Diag {
    let names: Vec<String> = networks.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("`{text}` matches no layer of {}", names.join(" or "));
    hinted(Diag::new(&E0804, message, at, "matches no layer"), at, text, hint)
}

/// E0804: the entry `text` at `at` gives a format of weights to layers that have none of which one could
/// be rounded.
pub fn matches_no_weights(at: Span, text: &str) -> Diag {
    let message = format!("`{text}` matches no layer whose weights can be rounded");
    Diag::new(&E0804, message, at, "sets the format of weights alone")
        .help("weights of `dense` and of convolutions are rounded; results of any layer have `activations`")
}

/// E0804: what the override `text` at `at` says is said otherwise of all its layers: by a later one at
/// `hider`, or because `keep` names them.
pub fn hidden(at: Span, text: &str, hider: Span, kept: bool) -> Diag {
    let (by, label, help) = match kept {
        true => {
            ("`keep` names all its layers", "stays in float32, whatever overrides say", "remove it")
        }
        false => (
            "later ones say otherwise of all its layers",
            "the last match wins",
            "put it behind the later ones, or remove it",
        ),
    };
    let message = format!("the override of `{text}` has no effect: {by}");
    Diag::new(&E0804, message, at, "changes nothing").because(hider, label).help(help)
}
