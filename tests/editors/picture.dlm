use std.vision: ResidualBlock

data Digits {
    source = builtin("digits")
    test   = 20%
}

model Teacher(image: [1, 8, 8]) {
    image
        -> conv(32, 3) -> relu
        -> repeat 2 { ResidualBlock(32) }
        -> max_pool(2)
        -> flatten -> dense(128) -> relu
        -> dense(Digits.classes)
}

model Student(image: [1, 8, 8]) {
    image
        -> conv(8, 3) -> relu
        -> max_pool(2)
        -> dense(10)
}

train Teacher on Digits { epochs = 20 }

distill Student from Teacher on Digits {
    loss = 0.9 * soft_targets(temperature = 4) + 0.1 * cross_entropy
}
