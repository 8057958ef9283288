// Breast cancer (diagnostic): thirty measurements of cell nuclei, two classes. Smoothed labels and
// dropout against overconfidence; training ends when the validation loss stops falling, with the
// weights that did best.
use std.mlp: Mlp

data Nuclei {
    source = csv("data/breast_cancer.csv", target = "c31", header = false, skip = 1)
    valid  = 15%
    test   = 20%
}

model Diagnosis(measures: [F]) {
    measures -> Mlp([32, 16], Nuclei.classes, drop = 0.2)
}

train Diagnosis on Nuclei {
    loss      = cross_entropy(smoothing = 0.1)
    optimizer = adamw(lr = 2e-3)
    epochs    = 200
    batch     = 32
    stop      = early(patience = 15 epochs, metric = valid.loss)
    keep_best = true
}

expect {
    Diagnosis.accuracy >= 95%
}
