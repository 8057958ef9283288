// W2: a network of dense layers on 28×28 digits, batch 128, SGD with momentum. What costs here is
// products of matrices.
data Mnist {
    train = idx("../examples/data/mnist/train-images-idx3-ubyte.gz", "../examples/data/mnist/train-labels-idx1-ubyte.gz")
    test  = idx("../examples/data/mnist/t10k-images-idx3-ubyte.gz", "../examples/data/mnist/t10k-labels-idx1-ubyte.gz")
    valid = 10%
}

model Mlp(image: [1, 28, 28]) {
    image -> flatten -> dense(512) -> relu -> dense(256) -> relu -> dense(Mnist.classes)
}

train Mlp on Mnist {
    optimizer = sgd(lr = 0.05, momentum = 0.9)
    epochs    = 5
    batch     = 128
}
