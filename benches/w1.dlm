// W1: a small network on 8×8 digits, batch 32, Adam. What costs here is everything but arithmetic.
data Digits {
    source = builtin("digits")
    valid  = 10%
    test   = 20%
}

model Mlp(image: [1, 8, 8]) {
    image -> flatten -> dense(128) -> relu -> dense(64) -> relu -> dense(Digits.classes)
}

train Mlp on Digits {
    optimizer = adam(lr = 1e-3)
    epochs    = 50
    batch     = 32
}
