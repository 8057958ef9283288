// Handwritten digits, 8×8, with a small residual network. The data is inside the binary.
//
//     dlm run examples/digits.dlm
use std.vision: ResidualBlock

data Digits {
    source = builtin("digits")
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

train Teacher on Digits {
    loss      = cross_entropy(smoothing = 0.05)
    optimizer = sgd(lr = 0.05, momentum = 0.9, nesterov = true, weight_decay = 5e-4)
    schedule  = cosine(warmup = 1 epoch)
    epochs    = 15
    batch     = 64
    seed      = 1
}

expect {
    Teacher.accuracy >= 98%
    Teacher.params   <= 120_000
}
