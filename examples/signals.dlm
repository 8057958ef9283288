// Short signals of ten kinds (MNIST-1D, Greydanus and Kobak 2024), by convolutions along time and by a recurrent
// network that reads them step by step.
//
//     dlm run examples/signals.dlm
data Signals {
    source    = npz("data/mnist1d_train.npz", input = "x", target = "y")
    test      = 10%
    normalize = standard
}

model Convolutions(signal: [40]) {
    signal
        -> reshape([1, 40])
        -> conv1d(32, 5, stride = 2) -> relu
        -> repeat c in [64, 64] { conv1d(c, 3, bias = false) -> batch_norm -> relu }
        -> flatten -> dropout(0.3) -> dense(Signals.classes)
}

model Recurrent(signal: [40]) {
    signal
        -> reshape([20, 2])
        -> gru(64, sequence = true) -> gru(64)
        -> dense(Signals.classes)
}

train Convolutions on Signals {
    optimizer = adamw(lr = 3e-3)
    schedule  = cosine
    epochs    = 40
    batch     = 64
}

train Recurrent on Signals {
    optimizer = adamw(lr = 5e-3)
    schedule  = cosine(warmup = 2 epochs)
    epochs    = 40
    batch     = 64
    clip      = 1
}

expect {
    Convolutions.accuracy >= 88%
    Recurrent.accuracy    >= 80%
}
