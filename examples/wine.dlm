// Wine: thirteen measurements, three cultivars. The first line of the file holds counts and is
// skipped; columns without names are c1, c2, … Columns of a table are standardised by the training
// part unless told otherwise.
use std.mlp: Mlp

data Wine {
    source = csv("data/wine.csv", target = "c14", header = false, skip = 1)
    valid  = 10%
    test   = 20%
}

model Cellar(measures: [F]) {
    measures -> Mlp([32], Wine.classes, drop = 0.1)
}

train Cellar on Wine {
    optimizer = adamw(lr = 5e-3)
    epochs    = 60
    batch     = 16
}

expect {
    Cellar.accuracy >= 94%
}
