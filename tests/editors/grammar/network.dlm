// SYNTAX TEST "source.dlm" "layers and models"

/// Two convolutions and a skip connection.
// <--- comment.line.documentation.dlm
layer Block(x: [C, H, W], channels: int = C, ratio: real = 0.5) {
// <----- storage.type.dlm
//    ^^^^^ entity.name.type.declaration.dlm
//          ^ variable.parameter.dlm
//              ^ entity.name.type.dlm
//                        ^^^^^^^^ variable.parameter.dlm
//                                  ^^^ storage.type.primitive.dlm
//                                      ^ keyword.operator.assignment.dlm
//                                                  ^^^^ storage.type.primitive.dlm
//                                                         ^^^ constant.numeric.dlm
    assert ratio > 0, "ratio is {ratio}, it must be positive\n"
//  ^^^^^^ keyword.control.flow.dlm
//               ^ keyword.operator.comparison.dlm
//                              ^^^^^^^ string.quoted.double.dlm constant.other.placeholder.dlm
//                                                          ^^ constant.character.escape.dlm
    main = x -> conv(channels, 3, bias = false) -> batch_norm -> relu
//  ^^^^ variable.other.dlm
//           ^^ keyword.operator.arrow.dlm
//              ^^^^ support.function.dlm
//                                ^^^^ variable.parameter.dlm
//                                       ^^^^^ constant.language.dlm
//                                                 ^^^^^^^^^^ support.function.dlm
    mean = x -> mean(axis = -1)
//  ^^^^ variable.other.dlm
//              ^^^^ support.function.dlm
    skip = if channels == C and not main { x } else { x -> conv(channels, 1) }
//         ^^ keyword.control.flow.dlm
//                     ^^ keyword.operator.comparison.dlm
//                          ^^^ keyword.operator.logical.dlm
//                              ^^^ keyword.operator.logical.dlm
//                                             ^^^^ keyword.control.flow.dlm
    main + skip -> relu
//       ^ keyword.operator.arithmetic.dlm
//                 ^^^^ support.function.dlm
}

model Net(image: [1, 28, 28], tokens: int[64]) -> [10] {
// <----- storage.type.dlm
//                                    ^^^ storage.type.primitive.dlm
//                                             ^^ keyword.operator.arrow.dlm
    image -> repeat c in [16, 32] { Block(c) -> max_pool(2) } as stage
//           ^^^^^^ keyword.control.flow.dlm
//                  ^ variable.other.dlm
//                    ^^ keyword.control.flow.dlm
//                                  ^^^^^ entity.name.type.dlm
//                                              ^^^^^^^^ support.function.dlm
//                                                            ^^ keyword.other.clause.dlm
//                                                               ^^^^^ entity.name.label.dlm
          -> repeat i in 0..3 { conv(8, [3, 5], padding = same) }
//                       ^ constant.numeric.dlm
//                        ^^ keyword.operator.range.dlm
//                          ^ constant.numeric.dlm
//                              ^^^^ support.function.dlm
//                                              ^^^^^^^ variable.parameter.dlm
//                                                        ^^^^ variable.other.enummember.dlm
          -> dense(Digits.classes) -> conv(
//                 ^^^^^^ entity.name.type.dlm
//                        ^^^^^^^ variable.other.property.dlm

train Net on Digits
// <----- keyword.control.item.dlm
