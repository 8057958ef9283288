// Quantization-aware training: with weights of four bits and one scale a layer, fifteen numbers are
// all there is, and rounding a narrow network after its training costs it dearly. Training on
// with the rounded numbers in the forward pass, and gradients that pass through the rounding as if it were
// not there, moves the weights to where those fifteen numbers will do.
//
//     dlm run examples/quantize-aware.dlm
use std.vision: ConvBlock

data Digits {
    source = builtin("digits")
    test   = 20%
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
quantize Reader with Trained on Digits as Trained4 {
    optimizer = adam(lr = 3e-3)
    schedule  = cosine
    epochs    = 20
}

export Trained4 to "quantize-aware.onnx"

expect {
    Reader.accuracy   >= 95%
    Trained4.accuracy >= Reader4.accuracy + 1%
    Trained4.accuracy >= Reader.accuracy - 2%
    Trained4.size     <= 0.2 * Reader.size
}
