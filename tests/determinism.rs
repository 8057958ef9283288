//! The same program and seed give the same weights, bit for bit, with any number of threads.

use crate::support::{Recorder, run};
use dlm_learn::Options;
use std::collections::BTreeMap;

/// Convolution, normalisation, dropout, pooling, augmentation, clipping and averaging.
const CNN: &str = r#"
data Digits {
    source  = builtin("digits")
    augment = [shift(1), noise(0.05)]
    limit   = 256
}

model Cnn(image: [1, 8, 8]) {
    image
        -> conv(24, 3, bias = false) -> batch_norm -> relu
        -> depthwise_conv(3) -> conv(32, 3) -> relu
        -> conv(32, 3, stride = 2) -> group_norm(4) -> silu
        -> max_pool(2) -> dropout(0.2)
        -> flatten -> dense(64) -> relu -> dense(10)
}

train Cnn on Digits {
    loss      = cross_entropy(smoothing = 0.05) + l2(1e-5)
    optimizer = adamw(lr = 2e-3)
    schedule  = cosine(warmup = 2 steps)
    steps     = 9
    batch     = 61
    clip      = 1.0
    average   = ema(0.9)
    seed      = 3
}
"#;

/// Products large enough to be cut into pieces, mixed samples, momentum.
const MLP: &str = r#"
data Digits {
    source    = builtin("digits")
    normalize = standard
    augment   = [mixup(0.2)]
}

model Mlp(image: [1, 8, 8]) {
    image -> flatten -> dense(300) -> layer_norm -> gelu -> dropout(0.1) -> dense(200) -> tanh -> dense(10)
}

train Mlp on Digits {
    optimizer = sgd(lr = 0.05, momentum = 0.9, nesterov = true)
    steps     = 8
    batch     = 200
}
"#;

/// Rows of pixels as a sequence.
const SEQUENCE: &str = r#"
data Digits { source = builtin("digits") }

model Reader(image: [1, 8, 8]) {
    rows = image -> reshape([8, 8]) -> dense(96) -> positional
    seen = rows + (rows -> layer_norm -> attention(4, causal = true))
    seen
        -> attention(3, memory = rows)
        -> lstm(64, sequence = true) -> gru(48, reverse = true) -> dense(10)
}

train Reader on Digits {
    optimizer = adam(lr = 2e-3)
    steps     = 6
    batch     = 200
}
"#;

/// A training, then ranges from samples, layers given back, and training with rounded numbers.
const QUANTIZED: &str = r#"
data Digits {
    source = builtin("digits")
    limit  = 256
}

model Cnn(image: [1, 8, 8]) {
    x = image -> conv(24, 3, bias = false) -> batch_norm -> relu -> depthwise_conv(3) -> relu6
    x + x -> conv(32, 3) -> relu -> max_pool(2) -> dropout(0.2) -> flatten -> dense(64) -> relu -> dense(10)
}

train Cnn on Digits {
    epochs = 1
    seed   = 3
}

policy Static {
    weights     = int4(per = channel)
    activations = uint8(range = entropy)
    calibrate   = 100 samples
    max_drop    = 1%
}

policy Aware { method = qat }

quantize Cnn with Static on Digits as Static8

quantize Cnn with Aware on Digits as Aware8 {
    epochs  = 1
    batch   = 61
    average = ema(0.9)
}
"#;

fn weights(
    program: &str,
    threads: usize,
    seed_offset: u64,
) -> (BTreeMap<String, Vec<u8>>, Vec<f64>) {
    let options = Options { threads: Some(threads), seed_offset, ..Options::default() };
    let (world, outcome) = run(program, &options);
    let artifact = outcome.artifacts[0].artifact.clone();
    let losses = world.losses(&artifact);
    let Recorder { saved, .. } = world;
    assert!(saved.values().any(|bytes| !bytes.is_empty()));
    (saved, losses)
}

#[test]
fn a_convolutional_network_is_the_same_with_any_number_of_threads() {
    same(CNN);
}

#[test]
fn a_dense_network_is_the_same_with_any_number_of_threads() {
    same(MLP);
}

#[test]
fn a_network_of_sequences_is_the_same_with_any_number_of_threads() {
    same(SEQUENCE);
}

#[test]
fn quantized_networks_are_the_same_with_any_number_of_threads() {
    same(QUANTIZED);
}

fn same(program: &str) {
    let one = weights(program, 1, 0);
    for threads in [2, 3, 8] {
        assert!(one == weights(program, threads, 0), "1 and {threads} threads differ");
    }
    assert!(one == weights(program, 1, 0), "two runs differ");
    assert!(one != weights(program, 1, 1), "the seed has no effect");
}
