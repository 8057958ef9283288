// A network of depthwise-separable convolutions, in the manner of MobileNet, and what one scale a
// layer does to it.
//
// A depthwise channel sees one channel of the layer before. Fast training with strong weight decay
// silences some of those: they are 0 for every image, so their variance is 0, and folding the
// normalisation divides their weights by √ε. Behind the fold they are a hundred times as large as all
// others, and multiply nothing but zeros. A scale for the whole layer (`per = tensor`) is made for them,
// and the channels that do the work are left with a code or two; with a scale for each channel nothing
// is lost. Where a target knows but one scale a layer, the network is trained on with rounded weights
// and grows around it (Sheng et al. 2018; Nagel et al. 2019).
use std.vision: ConvBlock, SeparableConv

train_images = "data/mnist/train-images-idx3-ubyte.gz"
train_labels = "data/mnist/train-labels-idx1-ubyte.gz"
test_images  = "data/mnist/t10k-images-idx3-ubyte.gz"
test_labels  = "data/mnist/t10k-labels-idx1-ubyte.gz"

data Mnist {
    train = idx(train_images, train_labels)
    test  = idx(test_images, test_labels)
    valid = 5%
}

model Mobile(image: [1, 28, 28]) -> [10] {
    image
        -> ConvBlock(24)
        -> SeparableConv(32, stride = 2)
        -> SeparableConv(64, stride = 2)
        -> SeparableConv(64)
        -> SeparableConv(64)
        -> SeparableConv(64)
        -> global_avg_pool
        -> dense(Mnist.classes)
}

train Mobile on Mnist {
    optimizer = adamw(lr = 5e-2, weight_decay = 0.1)
    schedule  = cosine
    epochs    = 4
    batch     = 64
}

policy EachChannel {
    method  = static
    weights = int8(per = channel)
}

policy WholeLayer {
    method  = static
    weights = int8(per = tensor)
}

policy WholeLayerTrained {
    method  = qat
    weights = int8(per = tensor)
}

quantize Mobile with EachChannel on Mnist as MobileChannel
quantize Mobile with WholeLayer on Mnist as MobileTensor
quantize Mobile with WholeLayerTrained on Mnist as MobileTrained {
    optimizer = adam(lr = 5e-3)
    schedule  = cosine
    epochs    = 6
    batch     = 64
}

export MobileTrained to "mobile.onnx"

expect {
    Mobile.accuracy        >= 98%
    MobileChannel.accuracy >= Mobile.accuracy - 0.3%
    MobileChannel.accuracy >= MobileTensor.accuracy + 10%
    MobileTrained.accuracy >= Mobile.accuracy - 1%
    MobileTrained.size     <= 0.27 * Mobile.size
}
