//! Mistakes inside bodies and settings, and open brackets.

/// Texts and what is said of them.
pub(super) const CASES: &[(&str, &[&str])] = &[
    (
        r#"model M(x: [1, 8, 8]) {
    h = x -> conv(8, 3
    h -> relu
}
"#,
        &["2:18-19 E0102 `(` is not closed"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    h = x -> conv(8, kernel = 3 -> relu
    h -> relu
}
"#,
        &["2:18-19 E0102 `(` is not closed"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> conv(8, 3
}
"#,
        &["2:14-15 E0102 `(` is not closed"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    h = x -> conv(8, 3) ->
    h -> relu
}
"#,
        &["2:25-27 E0101 no step follows `->` on its line"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> conv(8, 3) ->
}
"#,
        &["2:21-23 E0101 no step follows `->`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    h =
    h -> relu
}
"#,
        &["2:5-8 E0101 no value follows `h =` on its line"],
    ),
    (
        r#"train M on D {
    epochs
    batch = 64
}
"#,
        &["2:5-11 E0101 `epochs` has no value"],
    ),
    (
        r#"train M on D {
    epochs: 20
    optimizer = adam(lr: 1e-3)
}
"#,
        &[
            "2:11-12 E0101 `:` gives a type; a value is bound to `epochs` by `=`",
            "3:24-25 E0101 `:` gives a type; a value is bound to `lr` by `=`",
        ],
    ),
    (
        r#"train M on D {
    epochs = 20,
    batch = 64,
}
"#,
        &[
            "2:16-17 E0101 rows in braces are not separated by commas",
            "3:15-16 E0101 rows in braces are not separated by commas",
        ],
    ),
    (
        r#"train M on D {
    epochs == 20
    batch = 64
}
"#,
        &["2:12-14 E0101 `==` compares; a value is bound to `epochs` by `=`"],
    ),
    (
        r#"train M on D {
    epochs 20
    batch = 64
}
"#,
        &["2:5-11 E0101 expected `=` after `epochs`"],
    ),
    (
        r#"train M on D {
    epochs = 20;
    batch = 64;
}
"#,
        &["2:16-17 E0101 no `;` ends a line of dlm", "3:15-16 E0101 no `;` ends a line of dlm"],
    ),
    (
        r#"train M on D {
    epochs =
    batch = 64
}
"#,
        &["2:5-13 E0101 a value is missing after `epochs =`"],
    ),
    (
        r#"export A to student.onnx
load net.onnx as T
use blocks.dlm: X
"#,
        &[
            "1:13-25 E0101 a file's name stands in quotes",
            "2:6-14 E0101 a file's name stands in quotes",
            "3:5-15 E0101 a file's name stands in quotes",
        ],
    ),
    (
        r#"data D {
    source = builtin("digits)
    test = 20%
}
"#,
        &["2:22-23 E0102 a string is not closed"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> reshape('a')
}
"#,
        &["2:18-21 E0101 strings stand in double quotes, not in `'`"],
    ),
    (
        r#"data D {
    source = builtin('digits')
}
"#,
        &["2:22-30 E0101 strings stand in double quotes, not in `'`"],
    ),
    (
        r#"data D {
    source = builtin(“digits”)
}
"#,
        &["2:22-30 E0101 strings stand in double quotes, not in `“`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x |> relu => tanh → gelu
}
"#,
        &[
            "2:7-9 E0101 `|>` is not the arrow of dlm",
            "2:15-17 E0101 `=>` is not the arrow of dlm",
            "2:23-24 E0101 `→` is not the arrow of dlm",
        ],
    ),
    (
        r#"width = 3
  model M(x: [1]) {
    x -> relu
}
"#,
        &["2:3-8 E0101 `model` does not begin at the start of its line"],
    ),
    (
        r#"modle M(x: [1]) {
    x -> relu
}
trian M on D
dataset D { source = builtin("digits") }
import std.vision: X
"#,
        &[
            "1:1-6 E0101 `modle` begins no declaration",
            "4:1-6 E0101 `trian` begins no declaration",
            "5:1-8 E0101 `dataset` begins no declaration",
            "6:1-7 E0101 `import` begins no declaration",
        ],
    ),
    (
        r#"# a comment
width = 3 # other
/* block */
model M(x: [1]) {
    # here
    x -> relu /* there */ -> tanh
}
"#,
        &[
            "1:1-12 E0101 comments begin with `//`, not with `#`",
            "2:11-18 E0101 comments begin with `//`, not with `#`",
            "3:1-3 E0101 comments run from `//` to the end of the line",
            "5:5-11 E0101 comments begin with `//`, not with `#`",
            "6:15-17 E0101 comments run from `//` to the end of the line",
        ],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> conv (8, 3) -> relu
}
"#,
        &["2:14-15 E0101 the parenthesis of a call touches its name"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> conv(widths [0]) -> relu
}
"#,
        &["2:21-22 E0101 the bracket of an index touches its name"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    y = if a == 1 { x } else x -> relu
    y
}
"#,
        &["2:30-31 E0101 `else` is followed by a block in braces"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    y = if a == 1 x else { x }
    y
}
"#,
        &["2:19-20 E0101 the condition is followed by a block in braces"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> if a == 1 relu -> tanh
}
"#,
        &["2:13-19 E0101 a block `{ … }` is missing after `a == 1`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    y = if a == 1 { x }
    y
}
"#,
        &["2:9-11 E0101 an `if` that gives a value needs an `else`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> relu
    x -> tanh
}
"#,
        &["2:5-14 E0101 a flow without a name that is not the last row"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> conv(8) relu -> tanh
}
"#,
        &["2:18-22 E0101 expected `->` before `relu`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> repat 2 { relu } -> tanh
}
model N(x: [1, 8, 8]) {
    x -> repeat 2 { tanh -> repaet i in 0..3 { relu } }
}
"#,
        &["2:10-15 E0101 `repat` begins no step", "5:29-35 E0101 `repaet` begins no step"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    y = x -> relu
}
"#,
        &["3:1-2 E0101 `M` has no result"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> conv(8,, 3)
}
"#,
        &["2:17-18 E0101 an argument is missing before `,`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> conv(8 3)
}
"#,
        &["2:17-18 E0101 expected `,` before the number `3`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> reshape([1 2, 3])
}
"#,
        &["2:21-22 E0101 expected `,` before the number `2`"],
    ),
    (
        r#"model M(x: [1]) {
    x -> relu
}
}
width = 3
"#,
        &["4:1-2 E0101 `}` closes nothing"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> relu)
}
width = 3
"#,
        &["2:14-15 E0101 `)` closes nothing"],
    ),
    (
        r#"model M(x: [1]) {
    x -> repeat 2 {
        relu
    -> tanh
}
width = 3
model N(x: [1]) {
    x -> relu
}
"#,
        &["2:19-20 E0102 `{` is not closed"],
    ),
    (
        r#"model M(x: [1]) {
    x -> relu

model N(x: [1]) {
    x -> relu
}
width = 3
"#,
        &["1:17-18 E0102 `{` is not closed"],
    ),
    (
        r#"model M(x: [1]) {
    x -> relu

width = 3
"#,
        &["1:17-18 E0102 `{` is not closed"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> reshape([1, 2))
}
width = 3
"#,
        &["2:18-19 E0102 `[` is not closed"],
    ),
    (
        r#"train M on D {
    valid = .5
    b = 5.
    c = 0x10
    d = 1e
}
"#,
        &[
            "2:13-15 E0101 digits stand on both sides of the point: `0.5`",
            "3:9-11 E0101 digits stand on both sides of the point: `5.0`",
            "4:9-13 E0101 `0x10` is no number",
            "5:9-11 E0101 `1e` is no number",
        ],
    ),
    (
        r#"train M on D {
    valid = 4KiB
    b = 97 %
}
"#,
        &[
            "2:13-17 E0101 a unit stands apart from its number",
            "3:12-13 E0101 the `%` of a percentage touches its number",
        ],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    y = if a && !b { x } else { x }
    y
}
"#,
        &["2:14-16 E0101 `&&` is written `and`", "2:17-18 E0101 `!` is written `not`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    größe = x -> relu
    größe
}
"#,
        &["2:5-10 E0101 `größe` is no name", "3:5-10 E0101 `größe` is no name"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x @ y -> relu
}
"#,
        &["2:7-8 E0101 `@` means nothing in dlm"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> relu as -> tanh
}
"#,
        &["2:15-17 E0101 a name is missing after `as`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> repeat 2 { -> relu }
}
"#,
        &["2:21-23 E0101 a block begins with a step, not with `->`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    -> relu
}
"#,
        &["2:5-7 E0101 nothing flows into `->`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> 3 -> relu
}
"#,
        &[
            "2:10-11 E0101 expected a step (an operator, a layer, `repeat` or `if`), found the number `3`",
        ],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> repeat { relu }
}
"#,
        &["2:10-16 E0101 a number of times is missing after `repeat`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> repeat c in { relu }
}
"#,
        &["2:19-21 E0101 a list or a range is missing after `in`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> repeat 3 relu
}
"#,
        &["2:17-23 E0101 a block `{ … }` is missing after `3 relu`"],
    ),
    (
        r#"data {
}
data D
data D = {
 a = 1
}
policy
"#,
        &[
            "1:1-5 E0101 a name is missing after `data`",
            "3:6-7 E0101 a block `{ … }` is missing after `D`",
            "4:8-9 E0101 expected `{`, found `=`",
            "7:1-7 E0101 a name is missing after `policy`",
        ],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> repeat 2 x { relu }
}
"#,
        &["2:17-18 E0101 a block `{ … }` is missing after `2`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> conv(32, 3), relu
}
"#,
        &["2:21-22 E0101 rows in braces are not separated by commas"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    x -> conv(32, 3).relu
}
"#,
        &["2:21-22 E0101 steps follow each other along `->`, not `.`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    return x
}
"#,
        &["2:5-11 E0101 a body has no `return`"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    y: [1] = x
    y
}
"#,
        &["2:6-7 E0101 only parameters have a type"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    if a == 1: x else: y
}
"#,
        &["2:8-14 E0101 a block `{ … }` is missing after the condition"],
    ),
    (
        r#"model M(x: [1, 8, 8]) {
    y = x -> conv(32
           -> relu
    y -> tanh
}
"#,
        &["2:18-19 E0102 `(` is not closed"],
    ),
    (
        r#"data D {
    source = csv("a
b")
    test = 10%
}
"#,
        &["2:18-19 E0102 a string is not closed", "3:2-3 E0102 a string is not closed"],
    ),
    (
        r#"data D {
    source = csv("a", features = ["a", "b")
    test = 10%
}
"#,
        &["2:34-35 E0102 `[` is not closed"],
    ),
    (
        r#"train A on D {
    optimizer = sgd(lr 0.1)
    epochs = 3
}
"#,
        &["2:24-27 E0101 expected `,` before the number `0.1`"],
    ),
];
