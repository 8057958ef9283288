//! Small trainings: their first losses, which change only when arithmetic changes, and that they learn.

use crate::support::run;
use dlm_learn::Options;

#[test]
fn first_losses_of_a_dense_network() {
    pinned(
        r#"
data Iris { source = builtin("iris") }
model Net(measures: [4]) { measures -> dense(16) -> relu -> dense(3) }
train Net on Iris {
    optimizer = sgd(lr = 0.1, momentum = 0.9)
    batch     = 16
    steps     = 6
}
"#,
        &[1.4216790, 1.3534180, 0.7448956, 0.6414203, 0.4541810, 0.3450135],
    );
}

#[test]
fn first_losses_of_a_convolutional_network() {
    pinned(
        r#"
use std.vision: ResidualBlock
data Digits {
    source = builtin("digits")
    limit  = 300
}
model Net(image: [1, 8, 8]) {
    image -> conv(8, 3, bias = false) -> batch_norm -> relu -> ResidualBlock(16, stride = 2)
        -> global_avg_pool -> dropout(0.1) -> dense(10)
}
train Net on Digits {
    optimizer = adamw(lr = 3e-3)
    schedule  = cosine(warmup = 3 steps)
    steps     = 6
}
"#,
        &[2.4541948, 2.5025778, 2.5278418, 2.3620439, 2.3438711, 2.1984849],
    );
}

#[test]
fn first_losses_of_a_regression() {
    pinned(
        r#"
data Iris {
    source = csv("tests/fixtures/iris.csv", target = "petal_width", regression = true)
}
model Net(measures: [F]) { measures -> dense(16) -> tanh -> dense(1) }
train Net on Iris {
    loss      = huber
    optimizer = rmsprop(lr = 1e-2)
    batch     = 10
    steps     = 6
}
"#,
        &[0.5949520, 0.1040371, 0.0558885, 0.0410936, 0.0163727, 0.0434980],
    );
}

/// Runs the program's only training and compares the loss of each update. Other processors add
/// in another order, so the last digits are free. Where these numbers change, [`dlm_learn::key::NUMERICS`] is one more, so
/// that artifacts of before are made anew.
fn pinned(program: &str, expected: &[f64]) {
    let (world, outcome) = run(program, &Options::default());
    let losses = world.losses(&outcome.artifacts[0].artifact);
    let close = |(a, e): (&f64, &f64)| (a - e).abs() <= 2e-5 * e.abs();
    let same = losses.len() == expected.len() && losses.iter().zip(expected).all(close);
    assert!(same, "the losses are now {losses:.7?}");
}

#[test]
fn what_is_timed_is_an_answer_without_a_loss() {
    let text = "data Digits { source = builtin(\"digits\") }
model Net(image: [1, 8, 8]) { image -> flatten -> dense(32) -> batch_norm -> relu -> dense(10) }
train Net on Digits { steps = 3 }
expect { Net.latency <= 10 s }
";
    let (_, outcome) = run(text, &Options::default());
    assert!(outcome.judged[0].held);
}

#[test]
fn iris_is_learnt() {
    let text = std::fs::read_to_string(crate::tidy::root().join("examples/iris.dlm")).unwrap();
    let (_, outcome) = run(&text, &Options::default());
    assert!(!outcome.judged.is_empty());
    assert!(outcome.judged.iter().all(|judged| judged.held), "{:?}", outcome.judged);
}
