// MNIST with a network in the manner of LeNet. The four files keep their official names and lie in
// examples/data/mnist; the README says where they come from. Raw files do as well:
//
//     dlm run examples/mnist.dlm --set train_images=data/mnist/train-images-idx3-ubyte …
train_images = "data/mnist/train-images-idx3-ubyte.gz"
train_labels = "data/mnist/train-labels-idx1-ubyte.gz"
test_images  = "data/mnist/t10k-images-idx3-ubyte.gz"
test_labels  = "data/mnist/t10k-labels-idx1-ubyte.gz"

data Mnist {
    train = idx(train_images, train_labels)
    test  = idx(test_images, test_labels)
    valid = 5%
}

model LeNet(image: [1, 28, 28]) -> [10] {
    image
        -> conv(16, 5) -> relu -> max_pool(2)
        -> conv(32, 5) -> relu -> max_pool(2)
        -> flatten -> dense(128) -> relu
        -> dense(Mnist.classes)
}

train LeNet on Mnist {
    optimizer = adam(lr = 2e-3)
    schedule  = cosine
    epochs    = 5
    batch     = 64
}

// The same network on 8-bit integers: a quarter of the size, the same answers.
policy Edge {
    method = static
}

quantize LeNet with Edge on Mnist as LeNet8

expect {
    LeNet.accuracy          >= 98%
    LeNet8.accuracy         >= LeNet.accuracy - 0.5%
    LeNet8.agreement(LeNet) >= 99.5%
    LeNet8.size             <= 0.27 * LeNet.size
}
