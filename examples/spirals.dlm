// Two-dimensional spirals: a linear model cannot separate them, a small network can. One program
// trains both and says so.
data Spirals {
    source = builtin("spirals")
    test   = 20%
}

model Line(point: [2]) {
    point -> dense(Spirals.classes)
}

model Curve(point: [2]) {
    point
        -> dense(64) -> tanh
        -> dense(64) -> tanh
        -> dense(Spirals.classes)
}

train Line on Spirals {
    optimizer = adam(lr = 1e-2)
    epochs    = 40
}

train Curve on Spirals {
    optimizer = adam(lr = 1e-2)
    schedule  = cosine
    epochs    = 100
}

expect {
    Curve.accuracy >= 95%
    Curve.accuracy >= Line.accuracy + 20%
}
