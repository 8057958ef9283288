//! Programs that use every construct of the language.

/// One after the other.
pub(super) const ALL: &[&str] = &[
    r##"// A teacher, a student a tenth of its size, and the student in int8.
use std.vision: ResidualBlock

data Digits {
    source = builtin("digits")      // 1,797 handwritten digits, 8×8, inside the binary
    valid  = 10%
    test   = 20%
}

model Teacher(image: [1, 8, 8]) {
    image
        -> conv(32, 3) as stem -> batch_norm -> relu
        -> repeat 2 { ResidualBlock(32) } as stage
        -> max_pool(2)
        -> flatten -> dense(128) -> relu -> dropout(0.3)
        -> dense(Digits.classes) as head
}

model Student(image: [1, 8, 8]) {
    image -> flatten -> dense(24) -> relu -> dense(10) as head
}

train Teacher on Digits {
    loss      = cross_entropy(smoothing = 0.05)
    optimizer = adamw(lr = 1e-3, weight_decay = 1e-4)
    schedule  = cosine(warmup = 1 epoch)
    epochs    = 20
    batch     = 64
    seed      = 1
}

distill Student from Teacher on Digits {
    loss      = 0.9 * soft_targets(temperature = 4) + 0.1 * cross_entropy
    optimizer = adam(lr = 2e-3)
    epochs    = 60
    batch     = 64
}

policy Edge {
    method      = static
    weights     = int8(per = channel)
    activations = uint8(range = percentile(99.99))
    keep        = []                // layers that stay in float32
}

quantize Student with Edge on Digits as Student8

export Student8 to "student8.onnx"

expect {
    Student8.accuracy >= 93%
    Student8.accuracy >= Student.accuracy - 1%
    Student8.size     <= 4 KiB
}
"##,
    r##"width  = 32                                  // a constant of the file; order does not matter
depths = [2, 2, 2]
use std.vision: ResidualBlock, SeparableConv // the standard library, inside the binary
use "blocks.dlm": SqueezeExcite              // a file, relative to this one
"##,
    r##"data Cifar {
    train     = cifar("data_batch_1.bin", "data_batch_2.bin")
    test      = cifar("test_batch.bin")
    valid     = 5%
    normalize = standard
    augment   = [shift(4), flip(horizontal)]
}
"##,
    r##"/// Two 3×3 convolutions and a skip connection (He et al. 2015).
layer ResidualBlock(x: [C, H, W], channels: int = C, stride: int = 1) {
    main = x -> conv(channels, 3, stride = stride, bias = false) -> batch_norm -> relu
             -> conv(channels, 3, bias = false) -> batch_norm
    skip = if stride == 1 and channels == C { x }
           else { x -> conv(channels, 1, stride = stride, bias = false) -> batch_norm }
    main + skip -> relu
}

model ResNet(image: [3, H, W], depth: int = 3, width: int = 16) -> [10] {
    image
        -> conv(width, 3, bias = false) -> batch_norm -> relu
        -> repeat depth { ResidualBlock(width) }
        -> repeat c in [2 * width, 4 * width] {
               ResidualBlock(c, stride = 2) -> repeat depth - 1 { ResidualBlock(c) }
           }
        -> global_avg_pool -> dense(10)
}
"##,
    r##"load ResNet(depth = 9) from "teacher.safetensors" as Teacher   // weights for a declared model
load "oracle.onnx" as Oracle                                   // a closed teacher: it answers, it is not trained
load "o.onnx" as Other { input = pixels   normalize = standard(mean = [0.1307], std = [0.3081]) }
load answers("answers.npy", kind = probabilities) on Digits as Api // a teacher of whom only the answers to train are known
"##,
    r##"policy Edge {
    method      = qat                       // dynamic | static | qat
    weights     = int8(per = channel)       // int8 | int4 | float16 | float32;  per = tensor | channel | group(32);  symmetric = true
    activations = uint8(range = minmax)     // uint8 | int8 | float32;  range = minmax | moving(0.99) | percentile(99.99) | mse | entropy;  symmetric = false
    calibrate   = 512 samples
    keep        = [head]                    // stay in float32
    max_drop    = 0.5%                      // give the most sensitive layers back to float32 until validation accuracy drops by no more
    override stem        { weights = int8(per = tensor) }
    override kind(dense) { weights = int4(per = group(32)) }
    override stage[*].*  { activations = uint8(range = entropy) }
}

quantize Student with Edge on Digits as Student8 { epochs = 3   optimizer = sgd(lr = 1e-3) }
"##,
    r##"
/// Documented.
/// Twice.
allow W1003, W1006
layer Mixed(x: int[64], y: [..], n: int = 3, name: string = "a\u{e9}\"b", on: bool = true, l: list = [1, 2]) -> [n * 2, 4] {
    assert not on or n >= 1 and n != 7, "n is {n}, {name}"
    a = if n == 1 { x } else if n == 2 { x -> relu } else { -x * 2 / (y + 1) }
    b = concat(x -> relu, y, axis = 0) -> if n > 2 { relu } else if n > 1 { gelu -> tanh } else { identity }
    c = x -> repeat i in 0..n { dense(2 * i) as row -> if on { relu } } as stack
    a + b - c
}

model Tiny(x: [4]) { x -> dense(2) }

freeze_me = [stem, stage[0].conv1, stage[*].*, *.head]
some      = if width > 3 { 0.5 } else { 1_000e-3 }
third     = depths[0] + Digits.shape[0]

data Lonely {}

load answers("a.npy", kind = probabilities) on Digits as Api
quantize A with B from [0.7 * C, 0.3 * D] on E as F { epochs = 3   freeze_ranges = 1 epoch }
distill M from [A, B] on D as N { loss = hint(teacher = stage[0].conv1, student = stem) }

expect {
    Student8.agreement(Teacher) >= 97%
    Student8.latency < 1.5 ms
    F.valid.accuracy > 0.5 + 3 * 2%
}
"##,
];
