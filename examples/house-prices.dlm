// House prices: regression on a table with a text column (one-hot) and empty cells (the mean of the
// training part). The target is standardised for training; MAE is in dollars again.
use std.mlp: Mlp

data Houses {
    source = csv("data/california_housing.csv", target = "median_house_value", regression = true)
    valid  = 10%
    test   = 20%
}

model Price(block: [F]) -> [1] {
    block -> Mlp([64, 64], 1)
}

train Price on Houses {
    loss      = huber
    optimizer = adamw(lr = 3e-3)
    schedule  = cosine
    epochs    = 30
    batch     = 128
}

expect {
    Price.r2  >= 0.74
    Price.mae <= 45_000
}
