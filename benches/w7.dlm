// W7: the network of W3 teaches a small one; its answers are computed once.
data Mnist {
    source = idx(
        "../examples/data/mnist/train-images-idx3-ubyte.gz",
        "../examples/data/mnist/train-labels-idx1-ubyte.gz"
    )
    limit  = 2560
}

model Teacher(image: [1, 28, 28]) {
    image
        -> conv(32, 3, padding = valid) -> relu
        -> conv(64, 3, padding = valid) -> relu -> max_pool(2)
        -> flatten -> dense(128) -> relu -> dense(10)
}

model Student(image: [1, 28, 28]) {
    image
        -> conv(8, 3, padding = valid) -> relu -> max_pool(2)
        -> conv(16, 3, padding = valid) -> relu -> max_pool(2)
        -> flatten -> dense(10)
}

train Teacher on Mnist {
    optimizer = sgd(lr = 0.05, momentum = 0.9)
    steps     = 1
    batch     = 128
}

distill Student from Teacher on Mnist {
    optimizer = sgd(lr = 0.05, momentum = 0.9)
    epochs    = 5
    batch     = 128
}
