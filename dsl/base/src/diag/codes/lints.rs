//! W10xx: the program runs, and probably does not do what was meant.

use super::code;
use crate::diag::Diag;
use crate::span::Span;

code! {
    /// Something is declared and nothing uses it. Of a file without verbs, which is there to be
    /// imported from, nothing is said.
    ///
    /// ```dlm
    /// width = 32
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(64) -> relu -> dense(3) }
    /// train Net on Iris
    /// ```
    ///
    /// Use it, remove it, or let its name begin with `_`.
    ///
    /// ```dlm
    /// width = 32
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(width) -> relu -> dense(3) }
    /// train Net on Iris
    /// ```
    W1001 = "W1001", "declared, never used";

    /// `cross_entropy` takes logits and applies softmax itself. A softmax before it makes the answers
    /// flatter and the gradients smaller; training still runs, and ends at a worse place. The same
    /// holds of a sigmoid before `binary_cross_entropy`.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) {
    ///     features -> dense(16) -> relu -> dense(3) -> softmax
    /// }
    /// train Net on Iris { loss = cross_entropy }
    /// ```
    ///
    /// Leave it out: what is largest before softmax is largest after it.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) {
    ///     features -> dense(16) -> relu -> dense(3)
    /// }
    /// train Net on Iris { loss = cross_entropy }
    /// ```
    W1002 = "W1002", "softmax before `cross_entropy`, which expects logits";

    /// `batch_norm` subtracts each channel's mean, and with it whatever a bias before it has added.
    ///
    /// ```dlm
    /// model Net(image: [1, 8, 8]) {
    ///     image -> conv(8, 3) -> batch_norm -> relu -> flatten -> dense(10)
    /// }
    /// ```
    ///
    /// ```dlm
    /// model Net(image: [1, 8, 8]) {
    ///     image -> conv(8, 3, bias = false) -> batch_norm -> relu -> flatten -> dense(10)
    /// }
    /// ```
    W1003 = "W1003", "a bias straight before `batch_norm` has no effect";

    /// Nothing of a network runs in integers, and no weights are stored in fewer bits: the quantized
    /// artifact is the float one.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { keep = [*] }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) as head }
    /// train Net on Iris
    /// policy Edge { keep = [head] }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    W1005 = "W1005", "no layer would be quantized";

    /// A relu-like step at the end of a classifier, or before softmax, makes all classes with negative
    /// evidence equal, and their gradients 0.
    ///
    /// ```dlm
    /// model Net(features: [4]) {
    ///     features -> dense(16) -> relu -> dense(3) -> relu -> softmax
    /// }
    /// ```
    ///
    /// ```dlm
    /// model Net(features: [4]) {
    ///     features -> dense(16) -> relu -> dense(3) -> softmax
    /// }
    /// ```
    W1007 = "W1007", "a relu-like step before `softmax` or at the end of a classifier";

    /// A batch holds more samples than the training part has, so each step sees all of them.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { batch = 1000 }
    /// ```
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { batch = 16 }
    /// ```
    W1008 = "W1008", "batch larger than the training split";

    /// A setting is there, is valid, and changes nothing.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris {
    ///     epochs   = 5
    ///     schedule = cosine(warmup = 10 epochs)
    /// }
    /// ```
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris {
    ///     epochs   = 50
    ///     schedule = cosine(warmup = 10 epochs)
    /// }
    /// ```
    W1009 = "W1009", "a setting without effect";

    /// The operators of these layers have no integer form, so codes become floats before them and are
    /// rounded again behind them. The network runs, and is slower there than it could be.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> tanh -> dense(3) }
    /// train Net on Iris
    /// policy Edge { method = static }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    ///
    /// Choose an operator that has one (`dlm show FILE NAME` says how each layer runs), or say with `keep`
    /// that float32 is meant.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { method = static }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    W1011 = "W1011", "a layer stays float32 because its operator has no integer form";

    /// A network that learns which token follows looks at the tokens behind: it reads the answer off its input,
    /// its loss falls to nothing, and it can continue no text.
    ///
    /// ```dlm
    /// data Text { source = text("plays.txt", context = 64) }
    /// model Net(tokens: int[64]) {
    ///     tokens -> embedding(Text.tokens, 32) -> attention(4) -> dense(Text.tokens)
    /// }
    /// train Net on Text
    /// ```
    ///
    /// Let attention look back alone, and recurrent layers run forwards.
    ///
    /// ```dlm
    /// data Text { source = text("plays.txt", context = 64) }
    /// model Net(tokens: int[64]) {
    ///     tokens -> embedding(Text.tokens, 32) -> attention(4, causal = true) -> dense(Text.tokens)
    /// }
    /// train Net on Text
    /// ```
    W1018 = "W1018", "a step sees what the network is to tell";

    /// The floor of a schedule is a learning rate of its own, no share of `lr`. One above `lr` lets the rate
    /// rise all along, and most trainings with it fall apart.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris {
    ///     optimizer = adam(lr = 1e-3)
    ///     schedule  = cosine(floor = 0.1)
    /// }
    /// ```
    ///
    /// Write the rate at which the training is to end.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris {
    ///     optimizer = adam(lr = 1e-3)
    ///     schedule  = cosine(floor = 1e-4)
    /// }
    /// ```
    W1019 = "W1019", "a schedule that ends above its learning rate";
}

/// W1019: the schedule `name` at `at` ends with the rate `floor`, above the optimiser's `lr`.
pub fn rising_rate(at: Span, name: &str, floor: f64, lr: f64) -> Diag {
    let message =
        format!("`{name}` ends with a learning rate of {floor}, above the {lr} it begins with");
    let label = format!("rises from {lr} to {floor}");
    let share = format!("{:.2e}", floor * lr).parse::<f64>();
    let help = match share {
        Ok(share) if floor < 1.0 => {
            format!("the floor is a rate, no share of one: `floor = {share}`")
        }
        _ => "write a floor below the learning rate".to_string(),
    };
    Diag::new(&W1019, message, at, label).help(help)
}

/// W1001: the `what` (`constant`, `binding`, `layer`) of that name is never used; `detail` says
/// what follows from it ("its 1,160 parameters are left out of the model"), and may be empty.
pub fn unused(at: Span, what: &str, name: &str, detail: &str) -> Diag {
    let label = if detail.is_empty() { "nothing uses it" } else { detail };
    let help = format!("remove it, or call it `_{name}` to keep it");
    Diag::new(&W1001, format!("the {what} `{name}` is never used"), at, label).help(help).unused()
}

/// W1002: the `step` at `at` (`softmax`, `sigmoid`) ends a network that `loss` at `loss_at` trains, which
/// applies it itself; `remove` is the step with its arrow.
pub fn activation_before_loss(
    at: Span,
    step: &str,
    loss: &str,
    loss_at: Span,
    remove: Option<Span>,
) -> Diag {
    let diag = Diag::new(
        &W1002,
        format!("`{step}` before `{loss}`, which expects logits"),
        at,
        "turns logits into probabilities",
    )
    .because(loss_at, format!("`{loss}` applies `{step}` itself"))
    .help(format!("leave `{step}` out"));
    match remove {
        Some(span) => diag.fix(format!("remove `{step}`"), span, "", true),
        None => diag,
    }
}

/// W1003: the bias of `word` at `at` is cancelled by the normalisation `norm` at `norm_at`;
/// `insert` is where `, bias = false` goes.
pub fn bias_before_norm(
    at: Span,
    word: &str,
    norm: &str,
    norm_at: Span,
    insert: Option<Span>,
) -> Diag {
    let diag = Diag::new(
        &W1003,
        format!("the bias of `{word}` has no effect before `{norm}`"),
        at,
        "has a bias",
    )
    .because(norm_at, "subtracts each channel's mean, the bias with it")
    .help(format!("write `bias = false` in `{word}`"));
    match insert {
        Some(span) => diag.fix("write `bias = false`", span, ", bias = false", true),
        None => diag,
    }
}

/// W1005: under the policy at `at` nothing of `artifact` would be quantized; `help` says why.
pub fn nothing_quantized(at: Span, policy: &str, artifact: &str, help: &str) -> Diag {
    let message = format!("`{policy}` quantizes no layer of `{artifact}`");
    Diag::new(&W1005, message, at, "all layers stay in float32").help(help)
}

/// W1007: the relu-like step `word` at `at` is followed by what is at `after` (a softmax, or the end of
/// a classifier), in words `what`.
pub fn relu_at_end(at: Span, word: &str, after: Span, what: &str) -> Diag {
    Diag::new(
        &W1007,
        format!("`{word}` before {what} cuts off negative logits"),
        at,
        "makes all negative logits equal",
    )
    .because(after, what)
    .help(format!("leave `{word}` out"))
}

/// W1008: a batch of `batch` samples at `at` from a training part of `samples`.
pub fn batch_larger(at: Span, batch: usize, samples: usize, data: Span) -> Diag {
    Diag::new(
        &W1008,
        format!("a batch of {batch} is larger than the training part of {samples} samples"),
        at,
        "each step sees every sample",
    )
    .because(data, format!("{samples} samples to train on"))
    .help(format!("write `batch = {}`", (samples / 8).clamp(1, 32)))
}

/// W1018: the step `what` (a word, or the path of a step that stands elsewhere) at `at` looks at later steps of a sequence, in a training at `training` that is to say what
/// comes next; `help` says what to write.
pub fn looks_ahead(at: Span, what: &str, training: Span, help: &str) -> Diag {
    let message = format!("`{what}` looks at the tokens that the network is to tell");
    let diag = Diag::new(&W1018, message, at, "sees what comes later").help(help);
    match at == training {
        true => diag,
        false => diag.because(training, "learns what follows each token"),
    }
}

/// W1009: `what` at `at` ("`stratify`", "the warmup") changes nothing, because of `reason` (a clause:
/// "the training has only 5 epochs"); `help` says the way out.
pub fn no_effect(at: Span, what: &str, reason: &str, help: &str) -> Diag {
    Diag::new(&W1009, format!("{what} has no effect: {reason}"), at, "changes nothing").help(help)
}

/// W1011: under the policy at `at` these layers stay in float32: path and reason of each, of which three
/// are shown.
pub fn stays_float(at: Span, policy: &str, layers: &[(&str, &str)]) -> Diag {
    let shown: Vec<String> = layers.iter().take(3).map(|(path, _)| format!("`{path}`")).collect();
    let more = layers.len() - shown.len();
    let names = match (shown.as_slice(), more) {
        (_, 1) => format!("{} and one more layer stay", shown.join(", ")),
        (_, 2..) => format!("{} and {more} more layers stay", shown.join(", ")),
        ([one], _) => format!("{one} stays"),
        ([first @ .., last], _) => format!("{} and {last} stay", first.join(", ")),
        ([], _) => "nothing stays".to_string(),
    };
    let mut reasons: Vec<&str> = Vec::new();
    for (_, reason) in layers {
        if !reasons.contains(reason) {
            reasons.push(reason);
        }
    }
    let keep: Vec<&str> = layers.iter().map(|(path, _)| *path).take(3).collect();
    let dots = if more > 0 { ", …" } else { "" };
    Diag::new(
        &W1011,
        format!("{names} in float32 under `{policy}`"),
        at,
        reasons.into_iter().take(2).collect::<Vec<_>>().join("; "),
    )
    .help(format!("if that is meant, say so: `keep = [{}{dots}]`", keep.join(", ")))
}
