// The smallest experiment: 150 flowers, four measurements, three species. It runs in a moment and
// shows that every setting of `train` has a default but that these data want more epochs.
use std.mlp: Mlp

data Iris {
    source = builtin("iris")
    valid  = 10%
    test   = 20%
}

model Flower(measures: [4]) -> [3] {
    measures -> Mlp([32], Iris.classes)
}

train Flower on Iris {
    optimizer = adam(lr = 1e-2)
    epochs    = 60
    batch     = 16
}

expect {
    Flower.accuracy >= 93%
}
