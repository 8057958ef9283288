// Plain networks of dense layers.

/// Dense layers with relu between them, and dropout after each relu where `drop` is above 0. The
/// last dense layer, of `units` units, is left without activation: it gives logits, or values.
///
/// Rosenblatt 1958, The perceptron; Rumelhart, Hinton and Williams 1986, Learning representations by
/// back-propagating errors.
///
/// ```dlm
/// use std.mlp: Mlp
///
/// model Iris(features: [4]) { features -> Mlp([64, 64], 3) }
/// model Digits(image: [1, 28, 28]) { image -> flatten -> Mlp([512, 256], 10, drop = 0.2) }
/// ```
layer Mlp(x: [F], hidden: list, units: int, drop: real = 0.0) {
    assert units > 0, "units is {units}, it must be positive"
    assert drop >= 0, "drop is {drop}, it must not be negative"
    assert drop < 1, "drop is {drop}, it must be under 1: nothing would be left"
    x -> repeat n in hidden { dense(n) -> relu -> if drop > 0 { dropout(drop) } }
      -> dense(units)
}
