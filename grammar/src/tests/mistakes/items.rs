//! Mistakes in verbs, heads, constants and expectations.

/// Texts and what is said of them.
pub(super) const CASES: &[(&str, &[&str])] = &[
    (
        r#"train M
train M on
train M with D
train on D
distill S on D
distill S from T
quantize A on D with P
quantize A
export A
export A to
load M
load "x.onnx"
load
train A on D as B as C
train A on D epochs = 3
distill S frm Net on D
quantize A wih P on D
"#,
        &[
            "1:7-8 E0101 `train` needs the data",
            "2:9-11 E0101 the data is missing after `on`",
            "3:9-13 E0101 `train` takes no `with`",
            "4:1-6 E0101 a name is missing after `train`",
            "5:9-10 E0101 `distill` needs a teacher",
            "6:16-17 E0101 `distill` needs the data",
            "7:17-21 E0101 `with` stands before `on`",
            "8:10-11 E0101 `quantize` needs a policy",
            "9:8-9 E0101 `export` needs a file",
            "10:10-12 E0101 a file's name in quotes is missing after `to`",
            "11:6-7 E0101 no file to load from",
            "12:6-14 E0101 what is loaded has no name",
            "13:1-5 E0101 a name is missing after `load`",
            "14:19-21 E0101 `as` stands here twice",
            "15:14-20 E0101 expected `as` or `{`, found `epochs`",
            "16:11-14 E0101 expected `from` or `on` or `as`, found `frm`",
            "17:12-15 E0101 expected `with` or `from` or `on` or `as`, found `wih`",
        ],
    ),
    (
        r#"train M on D
    epochs = 3

width = 3
"#,
        &["2:5-11 E0101 expected `as` or `{`, found `epochs`"],
    ),
    (
        r#"layer A {
    x
}
layer B(x) {
    x
}
layer C(x: , n: int =) {
    x
}
layer D(x: [1] n: int) { x }
layer E(x: [1])
layer F(n = 3) { n }
model G(x: float[3]) -> { x }
"#,
        &[
            "1:7-8 E0101 `A` has no parameters",
            "4:9-10 E0101 the parameter `x` has no type",
            "7:9-11 E0101 a type is missing after `x:`",
            "10:16-17 E0101 expected `,` before `n`",
            "11:15-16 E0101 `E` has no body",
            "12:9-10 E0101 the parameter `n` has no type",
            "13:12-17 E0101 `float` is no type of tensors",
        ],
    ),
    (
        r#"a = 1 b = 2
c =
d
e == 3
f: 3
x -> relu
3
) foo
let y = 3
"#,
        &[
            "1:7-8 E0101 expected a line break, found `b`",
            "2:1-4 E0101 a value is missing after `c =`",
            "3:1-2 E0101 `d` begins no declaration",
            "4:3-5 E0101 `==` compares; a value is bound to `e` by `=`",
            "5:2-3 E0101 `:` gives a type; a value is bound to `f` by `=`",
            "6:1-2 E0101 `x` begins no declaration",
            "9:1-4 E0101 `let` begins no declaration",
        ],
    ),
    (
        r#"layer A(x: [1], n: int) {
    assert n > 0 "text"
    assert
    assert n > 0,
    assert n > 0, "{n + 1} and {m}"
    x
}
"#,
        &[
            "2:18-24 E0101 expected `,` before the text of `assert`",
            "3:5-11 E0101 a condition is missing after `assert`",
            "4:17-18 E0101 a text in quotes is missing after `,`",
            "5:20-27 E0101 braces in a text hold one name",
        ],
    ),
    (
        r#"expect {
    A.accuracy > = 3
    A.accuracy >= 
    A. >= 3
    A.x >= 1, B.x >= 2
    = 3
    a < b < c
}
expect
expect A.x > 3
"#,
        &[
            "2:16-17 E0101 a value is missing after `>`",
            "4:6-7 E0101 a name is missing after `.`",
            "5:13-14 E0101 rows in braces are not separated by commas",
            "6:5-6 E0101 `=` binds; it compares nothing",
            "7:11-12 E0101 comparisons form no chain: `<` after `<`",
            "9:1-7 E0101 a block `{ … }` is missing after `expect`",
            "10:8-9 E0101 expected `{`, found `A`",
        ],
    ),
    (
        r#"data D {
    source = csv("a\b.csv", target = "\x")
}
"#,
        &[r#"2:20-22 E0101 `\b` is no escape"#],
    ),
    (
        r#"if = 3
model not(x: [1]) {
    else = x
    in -> relu
}
"#,
        &[
            "1:1-3 E0101 `if` is a word of the language, not a name",
            "2:7-10 E0101 `not` is a word of the language, not a name",
            "3:5-9 E0101 `else` is a word of the language, not a name",
            "4:5-7 E0101 `in` is a word of the language, not a name",
        ],
    ),
    (
        r#"use std.vision
use std.vision:
use std.vision: A B
use
use std.vision: *
use vision.: A
allow
allow 3
"#,
        &[
            "1:5-15 E0101 the names to import are missing",
            "2:15-16 E0101 a name to import is missing after `:`",
            "3:19-20 E0101 expected `,` before `B`",
            "4:1-4 E0101 a source is missing after `use`",
            "5:17-18 E0101 names are imported one by one",
            "6:11-12 E0101 a name is missing after `.`",
            "7:1-6 E0101 the code of a warning is missing after `allow`",
            "8:7-8 E0101 expected the code of a warning, as `W1003`, found the number `3`",
        ],
    ),
    (
        r#"policy P {
    override { a = 1 }
    override stem
    override kind(dense) weights = int4
}
"#,
        &[
            "2:5-13 E0101 a layer path is missing after `override`",
            "3:14-18 E0101 a block `{ … }` is missing after the path",
            "4:14-25 E0101 a block `{ … }` is missing after the path",
        ],
    ),
    (
        r#"a = 1 +
b = * 3
c = (1, 2)
d = ()
e = [1, , 2]
f = not
g = 99999999999999999999
h = a..b..c
"#,
        &[
            "1:7-8 E0101 a value is missing after `+`",
            "2:7-8 E0101 expected a line break, found the number `3`",
            "3:9-10 E0101 parentheses hold one value",
            "4:5-6 E0101 a value is missing after `(`",
            "5:9-10 E0101 a value is missing before `,`",
            "6:5-8 E0101 a value is missing after `not`",
            "7:5-25 E0101 `99999999999999999999` is too large for a whole number",
        ],
    ),
    (
        r#"model M(x: [1]) {
    y = x -> relu,
    y
}
"#,
        &["2:18-19 E0101 rows in braces are not separated by commas"],
    ),
    (
        r#"data D {
    "source": builtin("x")
}
"#,
        &[r#"2:5-13 E0101 expected a setting `name = value`, found the string `"source"`"#],
    ),
    (
        r#"train: M
"#,
        &["1:6-7 E0101 `:` gives a type; a value is bound to `train` by `=`"],
    ),
    (
        r#"model M(x: [1]) {
    x
    -> conv(3,
    -> relu
}
"#,
        &["3:12-13 E0102 `(` is not closed"],
    ),
    (
        r#"model Net(image: [1, 28, 28]):
    x = conv(image, 32)
    return x
"#,
        &["1:30-31 E0101 expected `{` or `->` and the result's shape, found `:`"],
    ),
    (
        r#"model M(x: [1]) {
    h = x -> conv(
    h -> relu
}
"#,
        &["2:18-19 E0102 `(` is not closed"],
    ),
    (
        r#"model M(x: [1]) {
    h = x -> conv(channels =
    h -> relu
}
"#,
        &["2:18-19 E0102 `(` is not closed"],
    ),
    (
        r#"model M(x: [1]) -> 10 {
    x
}
"#,
        &["1:17-19 E0101 a shape is missing after `->`"],
    ),
    (
        r#"expect {
    A.accuracy = 93%
    A.loss < 0.1
}
"#,
        &["2:16-17 E0101 `=` binds; it compares nothing"],
    ),
    (
        r#"quantize A with P on D to A8
"#,
        &["1:24-26 E0101 `quantize` takes no `to`"],
    ),
    (
        r#"Model M(x: [1]) {
    x -> relu
}
TRAIN M on D
"#,
        &["1:1-6 E0101 `Model` begins no declaration", "4:1-6 E0101 `TRAIN` begins no declaration"],
    ),
    (
        r#"model M(x: [1]) {
    x -> relu
} model N(x: [1]) { x }
"#,
        &["3:3-8 E0101 expected the end of the declaration, found `model`"],
    ),
    (
        r#"use std.vision import ResidualBlock
use std.vision.ResidualBlock
from std.vision import X
"#,
        &[
            "1:16-22 E0101 expected `:` and the names to import, found `import`",
            "2:5-29 E0101 the names to import are missing",
            "3:1-5 E0101 `from` begins no declaration",
            "3:17-23 E0101 expected `:` and the names to import, found `import`",
        ],
    ),
    (
        r#"train A on D as {
    epochs = 3
}
"#,
        &["1:14-16 E0101 a name is missing after `as`"],
    ),
    (
        r#"layer A(x: [C, H, W]) 
    x -> relu

width = 3
"#,
        &["2:5-6 E0101 expected `{` or `->` and the result's shape, found `x`"],
    ),
    (
        r#"layer A(x: [C, H, W] {
    x -> relu
}
"#,
        &["1:8-9 E0102 `(` is not closed"],
    ),
    (
        r#"export A to "x.onnx"
export A "x.onnx"
"#,
        &[r#"2:10-18 E0101 expected `to`, found the string `"x.onnx"`"#],
    ),
];
