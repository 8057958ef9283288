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

model Student(image: [1, 8, 8]) {
    image -> conv(8, 3) -> relu -> max_pool(2) -> dense(10)
}

train Teacher on Digits {
    optimizer = sgd(lr = 0.05, momentum = 0.9)
    schedule  = cosine(warmup = 1 epoch)
    epochs    = 15
}
