// Dynamic quantization: weights become int8 once, after training; what flows through the network is
// rounded as it comes, in the range that each batch happens to have. It needs no data and no
// training, so it is the first thing to try: the file shrinks to a quarter, the answers stay. Biases and
// what lies between the dense layers remain float32.
//
//     dlm run examples/quantize-dynamic.dlm
use std.mlp: Mlp

data Digits {
    source = builtin("digits")
    test   = 20%
}

model Reader(image: [1, 8, 8]) {
    image -> flatten -> Mlp([256, 256], Digits.classes)
}

train Reader on Digits {
    optimizer = adam(lr = 1e-3)
    schedule  = cosine
    epochs    = 20
}

policy NoData {
    method  = dynamic
    weights = int8(per = channel)
}

// There is no `on`: nothing is looked at.
quantize Reader with NoData as Reader8

export Reader8 to "quantize-dynamic.onnx"

expect {
    Reader.accuracy           >= 96%
    Reader8.accuracy          >= Reader.accuracy - 1%
    Reader8.agreement(Reader) >= 99%
    Reader8.size              <= 0.27 * Reader.size
}
