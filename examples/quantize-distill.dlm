// Rounding without labels: weights of four bits, a hundred images, and the float network as the teacher
// of its own rounded version. Rounding this narrow network after its training costs it dearly; training
// on with rounded numbers needs something to train for, and a teacher's answers do as well as labels.
//
//     dlm run examples/quantize-distill.dlm
use std.vision: ConvBlock

data Digits {
    source = builtin("digits")
    test   = 20%
}

data Hundred {
    source = builtin("digits")
    test   = 20%
    limit  = 100
}

model Reader(image: [1, 8, 8]) {
    image -> repeat 5 { ConvBlock(8) } -> global_avg_pool -> dense(Digits.classes)
}

train Reader on Digits {
    optimizer = adamw(lr = 1e-2)
    schedule  = cosine
    epochs    = 15
}

policy Rounded {
    method  = static
    weights = int4(per = tensor)
}

policy Trained {
    method  = qat
    weights = int4(per = tensor)
}

quantize Reader with Rounded on Digits as Reader4

// With the labels of the hundred images, for comparison.
quantize Reader with Trained on Hundred as Labelled4 {
    optimizer = adam(lr = 3e-3)
    schedule  = cosine
    steps     = 400
}

// Without them.
quantize Reader with Trained from Reader on Hundred as Taught4 {
    loss      = soft_targets(temperature = 2)
    optimizer = adam(lr = 3e-3)
    schedule  = cosine
    steps     = 400
}

expect {
    Reader.accuracy  >= 95%
    Taught4.accuracy >= Reader4.accuracy + 1%
    Taught4.accuracy >= Labelled4.accuracy - 1%
    Taught4.accuracy >= Reader.accuracy - 2%
}
