// Wine: a table with a header, thirteen measurements, three cultivars. Columns of a table are
// standardised by the training part unless told otherwise.
use std.mlp: Mlp

data Wine {
    source = csv("data/wine.csv", target = "class")
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
