// Spoken digits of six speakers as log-mel spectrograms, 24 bands and 40 frames (Free Spoken Digit Dataset):
// convolutions along time, quantized to integers.
//
//     dlm run examples/spoken-digits.dlm
data Spoken {
    source    = npz("data/fsdd_logmel_train.npz", input = "x", target = "y")
    test      = 10%
    normalize = standard
}

model Listener(bands: [1, 24, 40]) {
    bands
        -> reshape([24, 40])
        -> conv1d(64, 5, bias = false) -> batch_norm -> relu
        -> conv1d(64, 3, stride = 2, bias = false) -> batch_norm -> relu
        -> conv1d(64, 3, stride = 2, bias = false) -> batch_norm -> relu
        -> flatten -> dropout(0.3) -> dense(Spoken.classes)
}

train Listener on Spoken {
    optimizer = adamw(lr = 2e-3)
    schedule  = cosine(warmup = 1 epoch)
    epochs    = 20
    batch     = 32
}

policy Edge {}

quantize Listener with Edge on Spoken as Listener8

expect {
    Listener.accuracy  >= 95%
    Listener8.accuracy >= Listener.accuracy - 1%
    Listener8.size     <= 64 KiB
}
