// Distillation where it helps: labels are few. The teacher has learnt from 1,294 labelled digits. A small
// network that is given 100 of them gets 87 of 100 test images right. Given the teacher's softened
// answers instead, for the same 100 images and in as many steps, it gets 92 right: they say of a 4 how much of
// a 9 is in it. And answers cost nothing: with those to all images, and not a single label, the small
// network is as good as one that was given all labels.
//
//     dlm run examples/distill.dlm
use std.vision: ConvBlock

data Digits {
    source = builtin("digits")
    valid  = 10%
    test   = 20%
}

// The same split, so that all are judged by the same test images.
data Hundred {
    source = builtin("digits")
    valid  = 10%
    test   = 20%
    limit  = 100
}

model Large(image: [1, 8, 8]) {
    image
        -> ConvBlock(32) -> ConvBlock(32) -> max_pool(2)
        -> ConvBlock(64) -> flatten -> dropout(0.3)
        -> dense(Digits.classes)
}

model Small(image: [1, 8, 8]) {
    image -> flatten -> dense(32) -> relu -> dense(Digits.classes)
}

train Large on Digits as Teacher {
    optimizer = adamw(lr = 2e-3)
    schedule  = cosine
    epochs    = 12
    batch     = 64
}

// 100 labels.
train Small on Hundred as Plain {
    optimizer = adam(lr = 3e-3)
    steps     = 1_200
}

// The same 100 images with the teacher's answers.
distill Small from Teacher on Hundred as Taught {
    loss      = soft_targets(temperature = 4)
    optimizer = adam(lr = 3e-3)
    steps     = 1_200
}

// All images with the teacher's answers; the student is shown no label, and the checker is told that
// this is meant.
allow W1016
distill Small from Teacher on Digits as TaughtByAll {
    loss      = soft_targets(temperature = 4)
    optimizer = adam(lr = 3e-3)
    steps     = 1_200
}

// For comparison, all labels.
train Small on Digits as AllLabels {
    optimizer = adam(lr = 3e-3)
    steps     = 1_200
}

expect {
    Teacher.accuracy     >= 97%
    Taught.accuracy      >= Plain.accuracy + 1.5%
    TaughtByAll.accuracy >= Plain.accuracy + 6%
    TaughtByAll.accuracy >= AllLabels.accuracy - 2%
    Taught.params        <= 0.07 * Teacher.params
}
