// SYNTAX TEST "source.dlm" "data, verbs and settings"

use std.vision: ConvBlock, ResidualBlock
// <--- keyword.control.import.dlm
//  ^^^^^^^^^^ entity.name.namespace.dlm
//              ^^^^^^^^^ entity.name.type.dlm
use "blocks.dlm": SqueezeExcite
// <--- keyword.control.import.dlm
//  ^^^^^^^^^^^^ string.quoted.double.dlm
allow W1003, E0401
// <----- keyword.control.directive.dlm
//    ^^^^^ constant.other.code.dlm
//           ^^^^^ constant.other.code.dlm

width = 10_000 // a constant
// <----- variable.other.dlm
//      ^^^^^^ constant.numeric.dlm
//             ^^^^^^^^^^^^^ comment.line.double-slash.dlm
train = 3
// <----- variable.other.dlm - keyword

data Cifar {
// <---- storage.type.dlm
//   ^^^^^ entity.name.type.declaration.dlm
    train     = cifar("data_batch_1.bin")
//  ^^^^^ variable.other.property.setting.dlm - keyword
//              ^^^^^ variable.other.enummember.dlm
    valid     = 5%
//  ^^^^^ variable.other.property.setting.dlm
//              ^^ constant.numeric.dlm
    augment   = [shift(4), flip(horizontal)]
//               ^^^^^ variable.other.enummember.dlm
//                              ^^^^^^^^^^ variable.other.enummember.dlm
}

distill Student from 0.7 * Teacher on Cifar as Pupil {
// <------- keyword.control.item.dlm
//      ^^^^^^^ entity.name.type.dlm
//              ^^^^ keyword.other.clause.dlm
//                   ^^^ constant.numeric.dlm
//                                 ^^ keyword.other.clause.dlm
//                                          ^^ keyword.other.clause.dlm
//                                             ^^^^^ entity.name.type.dlm
    loss     = 0.9 * soft_targets(temperature = 4) + cross_entropy
//  ^^^^ variable.other.property.setting.dlm
//                   ^^^^^^^^^^^^ variable.other.enummember.dlm
//                                ^^^^^^^^^^^ variable.parameter.dlm
//                                                   ^^^^^^^^^^^^^ variable.other.enummember.dlm
    schedule = cosine(warmup = 1 epoch)   from = Teacher
//             ^^^^^^ variable.other.enummember.dlm
//                             ^ constant.numeric.dlm
//                               ^^^^^ keyword.other.unit.dlm
//                                        ^^^^ variable.other.property.setting.dlm - keyword
}

policy Edge {
    override stage[*].conv1 { weights = int4(per = group(32)) }
//  ^^^^^^^^ keyword.control.override.dlm
//                 ^ keyword.operator.arithmetic.dlm
//                    ^^^^^ variable.other.property.dlm
//                            ^^^^^^^ variable.other.property.setting.dlm
//                                      ^^^^ variable.other.enummember.dlm
//                                                 ^^^^^ variable.other.enummember.dlm
}

quantize Student with Edge on Cifar as Student8
// <-------- keyword.control.item.dlm
//               ^^^^ keyword.other.clause.dlm
export Student8 to "student8.onnx"
// <------ keyword.control.item.dlm

expect {
// <------ keyword.control.item.dlm
    Student8.accuracy >= 93.5%
//           ^^^^^^^^ variable.other.property.metric.dlm
//                    ^^ keyword.operator.comparison.dlm
//                       ^^^^^ constant.numeric.dlm
    Student8.size <= 1.5e3 KiB
//           ^^^^ variable.other.property.metric.dlm
//                   ^^^^^ constant.numeric.dlm
//                         ^^^ keyword.other.unit.dlm
}

load "oracle.onnx" as Oracle { input = pixels }
// <---- keyword.control.item.dlm
//   ^^^^^^^^^^^^^ string.quoted.double.dlm
data Open {
    source = "no quote
train Net
// <----- keyword.control.item.dlm
