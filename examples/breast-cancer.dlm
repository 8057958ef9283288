// Breast cancer (diagnostic): thirty measurements of cell nuclei, two classes. Training ends when the
// validation loss stops falling, with the best weights.
use std.mlp: Mlp

data Nuclei {
    source = csv("data/breast_cancer.csv", target = "c31", header = false, skip = 1)
    valid  = 15%
    test   = 20%
}

model Diagnosis(measures: [F]) {
    measures -> Mlp([32, 16], Nuclei.classes)
}

train Diagnosis on Nuclei {
    optimizer = adamw(lr = 2e-3)
    epochs    = 100
    batch     = 32
    stop      = early(patience = 15 epochs, metric = valid.loss)
    keep_best = true
}

expect {
    Diagnosis.accuracy >= 95%
}
