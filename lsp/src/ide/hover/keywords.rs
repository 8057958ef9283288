//! The words that the grammar itself knows, and numbers.

use super::fence;
use dlm_check::budget;
use std::ops::Range;

/// A word that begins an item.
pub(super) fn item(word: &str) -> Option<String> {
    let (form, text) = match word {
        "allow" => ("allow W1003", "Silences these warnings in the declaration that follows."),
        "data" => (
            "data Name { source = … }",
            "Where samples come from, how they are split, normalised and augmented.",
        ),
        "layer" => (
            "layer Name(x: [C, H, W], setting: int = 1) { … }",
            "A step made of steps. Each use has weights of its own; a name in a shape binds that size.",
        ),
        "model" => ("model Name(x: [1, 8, 8]) { … }", "A network, from its input to its result."),
        "policy" => (
            "policy Name { method = static }",
            "How numbers are rounded: which formats weights and activations have, and which layers stay float32.",
        ),
        "load" => (
            "load Model from \"weights.safetensors\" as Name",
            "An artifact from a file: weights for a declared model, a closed network in ONNX, or recorded answers.",
        ),
        "train" => (
            "train Model on Data as Name { … }",
            "Trains a model. The result is an artifact: the network with its weights.",
        ),
        "distill" => (
            "distill Student from Teacher on Data { … }",
            "Trains a model to answer as a teacher does, which is never changed.",
        ),
        "quantize" => (
            "quantize Artifact with Policy on Data as Name",
            "Rounds the weights and activations of an artifact; what it gives runs in integers.",
        ),
        "export" => (
            "export Artifact to \"file.onnx\"",
            "Writes an artifact as ONNX (`.onnx`) or as its weights (`.safetensors`).",
        ),
        "expect" => (
            "expect { Artifact.accuracy >= 95% }",
            "What must hold in the end, a comparison a line. A run fails where one does not.",
        ),
        "use" => (
            "use std.vision: ResidualBlock",
            "Brings names from the standard library, or from a file: `use \"blocks.dlm\": Name`.",
        ),
        _ => return None,
    };
    Some(format!("{}\n\n{text}", fence(form)))
}

/// A word between the parts of a verb.
pub(super) fn clause(verb: &str, word: &str) -> Option<String> {
    let text = match (verb, word) {
        (_, "as") => "The name of the artifact that the verb gives.",
        ("distill", "from") => "The teacher: an artifact, or a list of them: `[0.7 * A, 0.3 * B]`.",
        ("quantize", "from") => "The teacher under whom training goes on.",
        ("load", "from") => "The file of the weights: `.safetensors`, `.pt` or `.pth`.",
        ("quantize", "on") => {
            "The data on which ranges are measured, and on which it is evaluated."
        }
        (_, "on") => "The data on which it is trained and evaluated.",
        (_, "to") => "The file that is written; its ending says the format.",
        (_, "with") => "The policy that says how numbers are rounded.",
        _ => return None,
    };
    Some(text.to_string())
}

/// A word of flows and constants.
pub(super) fn in_flow(word: &str) -> Option<String> {
    let (form, text) = match word {
        "repeat" => (
            "repeat 3 { steps }\nrepeat c in [16, 32] { steps }",
            "The steps so many times, each turn with weights of its own; or once for each value of a list or a range `0..3`.",
        ),
        "if" | "else" => (
            "if condition { … } else { … }",
            "One of two flows, values or rows of steps. The condition is known when the program is checked; without `else`, steps pass the flow on.",
        ),
        "in" => ("repeat c in [16, 32] { steps }", "The list or the range that is gone over."),
        "as" => ("-> conv(32, 3) as stem", "Names the step: its path is `stem`."),
        "assert" => (
            "assert n > 0, \"n is {n}, it must be positive\"",
            "What must hold of sizes and settings; the error stands where the layer is used.",
        ),
        "override" => (
            "override stem { weights = int8(per = tensor) }",
            "Other formats for some layers: of a path, a pattern `stage[*].*`, or `kind(dense)`. The last that fits holds.",
        ),
        "kind" => ("override kind(dense) { … }", "All layers of an operator."),
        "and" | "or" | "not" => ("a and b", "Joins conditions."),
        "true" | "false" => ("true", "A truth value."),
        _ => return None,
    };
    Some(format!("{}\n\n{text}", fence(form)))
}

/// The type of a parameter.
pub(super) fn ty(word: &str) -> Option<String> {
    let text = match word {
        "int" => "A whole number. Before a shape, `int[64]`: a flow of whole numbers.",
        "real" => "A number.",
        "bool" => "`true` or `false`.",
        "string" => "A string.",
        "list" => "A list: `[1, 2, 3]`.",
        _ => return None,
    };
    Some(format!("{}\n\n{text}", fence(word)))
}

/// A part of the data.
pub(super) fn split(word: &str) -> Option<String> {
    let text = match word {
        "train" => "Measured on the training part.",
        "valid" => "Measured on the validation part.",
        "test" => "Measured on the test part, as metrics are where nothing is said.",
        _ => return None,
    };
    Some(text.to_string())
}

/// A unit.
pub(super) fn unit(word: &str) -> Option<String> {
    let text = match word {
        "epoch" | "epochs" => "Passes over the training part.",
        "step" | "steps" => "Updates of the weights.",
        "sample" | "samples" => "Samples of data.",
        "B" => "Bytes.",
        "KiB" => "1,024 bytes.",
        "MiB" => "1,048,576 bytes.",
        "GiB" => "1,073,741,824 bytes.",
        "s" => "Seconds.",
        "ms" => "Milliseconds.",
        "us" => "Microseconds.",
        _ => return None,
    };
    Some(text.to_string())
}

/// A number with its unit: `4 KiB` is 4,096 bytes; `97%` is 0.97.
pub(super) fn number(text: &str, range: &Range<usize>) -> Option<String> {
    let written = &text[range.clone()];
    if let Some(share) = written.strip_suffix('%') {
        let value: f64 = share.replace('_', "").parse().ok()?;
        return Some(format!("`{written}` is {}", trimmed(value / 100.0)));
    }
    let value: f64 = written.replace('_', "").parse().ok()?;
    let rest = text[range.end..].strip_prefix(' ')?;
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let unit = &rest[..end];
    if !dlm_grammar::words::UNITS.contains(&unit) {
        return None;
    }
    let bytes = |factor: f64| {
        let whole = (value * factor).round() as u64;
        format!("`{written} {unit}` is {} bytes", budget::grouped(whole))
    };
    match unit {
        "KiB" => Some(bytes(1024.0)),
        "MiB" => Some(bytes(1_048_576.0)),
        "GiB" => Some(bytes(1_073_741_824.0)),
        "ms" => Some(format!("`{written} ms` is {} s", trimmed(value / 1e3))),
        "us" => Some(format!("`{written} us` is {} s", trimmed(value / 1e6))),
        _ => self::unit(unit).map(|says| format!("`{written} {unit}`: {says}")),
    }
}

/// A number without the noise of its last digits.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
