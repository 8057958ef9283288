// Who earns more than 50,000 dollars a year (Adult, 1994 census): a Parquet file with numbers, texts and
// gaps.
//
//     dlm run examples/adult.dlm
use std.mlp: Mlp

data Adult {
    source = parquet("data/adult_train.parquet", target = "income")
    test   = 10%
}

model Income(features: [F]) {
    features -> Mlp([64, 32], Adult.classes, drop = 0.2)
}

train Income on Adult {
    optimizer = adamw(lr = 2e-3)
    schedule  = cosine
    epochs    = 10
    batch     = 128
}

expect {
    Income.accuracy >= 85%
}
