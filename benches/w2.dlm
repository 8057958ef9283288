// W2: a network of dense layers on 28×28 digits, batch 128, SGD with momentum. What costs here is
// products of matrices.
train_images = "../examples/data/mnist/train-images-idx3-ubyte.gz"
train_labels = "../examples/data/mnist/train-labels-idx1-ubyte.gz"
test_images  = "../examples/data/mnist/t10k-images-idx3-ubyte.gz"
test_labels  = "../examples/data/mnist/t10k-labels-idx1-ubyte.gz"

data Mnist {
    train = idx(train_images, train_labels)
    test  = idx(test_images, test_labels)
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
