// A teacher, a student with a fiftieth of its parameters, and the student in 8-bit integers.
//
//     dlm run examples/teacher-student-int8.dlm
use std.vision: ResidualBlock

data Digits {
    source = builtin("digits")      // 1,797 handwritten digits, 8×8, inside the binary
    valid  = 10%
    test   = 20%
}

model Teacher(image: [1, 8, 8]) {
    image
        -> conv(32, 3, bias = false) as stem -> batch_norm -> relu
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
