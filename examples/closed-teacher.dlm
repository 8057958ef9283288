// A teacher of which only a file is known: the MNIST network of the ONNX model zoo, trained elsewhere by
// other software. It answers, and a small network learns from its answers; no label is read but
// those that judge the result. The README says where the files come from.
//
// A closed teacher must be fed with what it was trained on. This one tells the right class for bytes
// (`input = pixels`) as well, but with logits hundreds of times too large: no usual temperature softens them,
// and the student makes almost twice the errors.
//
//     dlm run examples/closed-teacher.dlm
train_images = "data/mnist/train-images-idx3-ubyte.gz"
test_images  = "data/mnist/t10k-images-idx3-ubyte.gz"
test_labels  = "data/mnist/t10k-labels-idx1-ubyte.gz"

data Photos {
    train = idx(train_images)
    test  = idx(test_images, test_labels)
    valid = 5%
}

load "data/mnist/mnist-8.onnx" as Oracle { input = unit }

model Small(image: [1, 28, 28]) -> [10] {
    image
        -> conv(8, 3, stride = 2) -> relu
        -> conv(16, 3, stride = 2) -> relu
        -> flatten -> dense(10)
}

distill Small from Oracle on Photos {
    loss      = soft_targets(temperature = 4)
    optimizer = adam(lr = 2e-3)
    epochs    = 10
    batch     = 64
}

expect {
    Oracle.accuracy         >= 98%
    Oracle.loss             <= 0.2
    Small.accuracy          >= 96.5%
    Small.agreement(Oracle) >= 96.5%
}
