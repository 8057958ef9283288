// Handwritten digits, 8×8 pixels, told apart by a small convolutional network. The data is inside dlm,
// so this runs as it is; then make it yours.
//
//     dlm check {{name}}.dlm      what is wrong with it, before anything runs
//     dlm show {{name}}.dlm       every layer with its shape and its cost
//     dlm run {{name}}.dlm        train, measure, judge

data Digits {
    source = builtin("digits")
    valid  = 10%
    test   = 20%
}

model {{Model}}(image: [1, 8, 8]) {
    image
        -> conv(16, 3, bias = false) -> batch_norm -> relu
        -> max_pool(2)
        -> flatten -> dense(64) -> relu -> dropout(0.2)
        -> dense(Digits.classes)
}

train {{Model}} on Digits {
    optimizer = adamw(lr = 2e-3)
    schedule  = cosine(warmup = 1 epoch)
    epochs    = 15
    batch     = 64
    seed      = 1
}

expect {
    {{Model}}.accuracy >= 95%
    {{Model}}.size     <= 100 KiB
}
