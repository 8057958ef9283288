// W3: a convolutional network on 28×28 digits, batch 128, SGD with momentum. What costs here is
// convolution.
train_images = "../examples/data/mnist/train-images-idx3-ubyte.gz"
train_labels = "../examples/data/mnist/train-labels-idx1-ubyte.gz"
test_images  = "../examples/data/mnist/t10k-images-idx3-ubyte.gz"
test_labels  = "../examples/data/mnist/t10k-labels-idx1-ubyte.gz"

data Mnist {
    train = idx(train_images, train_labels)
    test  = idx(test_images, test_labels)
    valid = 128 samples
    limit = 2560
}

model Cnn(image: [1, 28, 28]) {
    image
        -> conv(32, 3, padding = valid) -> relu
        -> conv(64, 3, padding = valid) -> relu
        -> max_pool(2)
        -> flatten -> dense(128) -> relu -> dense(Mnist.classes)
}

train Cnn on Mnist {
    optimizer = sgd(lr = 0.05, momentum = 0.9)
    epochs    = 2
    batch     = 128
}
