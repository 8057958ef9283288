// Static quantization: weights, and all that flows between layers, become 8-bit integers with scales
// that are found once, on a few hundred samples of the training part. Every product and every sum of the
// network is then one of integers. Normalisation disappears into the weights before it, relu into the
// rounding of the layer before it: of fourteen layers seven steps are left.
//
//     dlm run examples/quantize-static.dlm
use std.vision: ConvBlock

data Digits {
    source = builtin("digits")
    test   = 20%
}

model Reader(image: [1, 8, 8]) {
    image
        -> ConvBlock(32) -> ConvBlock(32) -> max_pool(2)
        -> ConvBlock(64) -> flatten -> dense(64) -> relu
        -> dense(Digits.classes)
}

train Reader on Digits {
    optimizer = adamw(lr = 2e-3)
    schedule  = cosine
    epochs    = 8
}

policy Edge {
    method      = static
    weights     = int8(per = channel)
    activations = uint8(range = minmax)
    calibrate   = 256 samples
}

quantize Reader with Edge on Digits as Reader8

export Reader8 to "quantize-static.onnx"

expect {
    Reader.accuracy           >= 97%
    Reader8.accuracy          >= Reader.accuracy - 1%
    Reader8.agreement(Reader) >= 99%
    Reader8.size              <= 0.27 * Reader.size
}
