// Fashion-MNIST: augmentation, normalisation and dropout for a set of which little is at hand. The
// files lie in examples/data/fashion-mnist; the README says where they come from.
use std.vision: ConvBlock

train_images = "data/fashion-mnist/train-images-idx3-ubyte.gz"
train_labels = "data/fashion-mnist/train-labels-idx1-ubyte.gz"
test_images  = "data/fashion-mnist/t10k-images-idx3-ubyte.gz"
test_labels  = "data/fashion-mnist/t10k-labels-idx1-ubyte.gz"

data Fashion {
    train     = idx(train_images, train_labels)
    test      = idx(test_images, test_labels)
    valid     = 5%
    normalize = standard
    augment   = [shift(1), flip(horizontal)]
}

model Wardrobe(image: [1, 28, 28]) -> [10] {
    image
        -> repeat c in [32, 64] { ConvBlock(c) -> max_pool(2) -> dropout(0.1) }
        -> flatten -> dense(128) -> relu -> dropout(0.3)
        -> dense(Fashion.classes)
}

train Wardrobe on Fashion {
    loss      = cross_entropy(smoothing = 0.1)
    optimizer = adamw(lr = 2e-4)
    schedule  = one_cycle(peak = 4e-3)
    epochs    = 16
    batch     = 64
}

// On 8-bit integers, normalisation folded into the convolutions.
policy Edge {
    method = static
}

quantize Wardrobe with Edge on Fashion as Wardrobe8

expect {
    Wardrobe.accuracy             >= 86.5%
    Wardrobe8.accuracy            >= Wardrobe.accuracy - 0.5%
    Wardrobe8.agreement(Wardrobe) >= 99%
    Wardrobe8.size                <= 0.27 * Wardrobe.size
}
