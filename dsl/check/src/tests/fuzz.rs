//! Half-typed and damaged programs: a check always ends, without a panic.

use super::check;

const PROGRAM: &str = "use std.vision: ResidualBlock\nwidth = 32\ndata Digits { source = builtin(\"digits\")\n valid = 10% }\n\
    layer B(x: [C, H, W], c: int = C) {\n assert c > 0, \"c is {c}\"\n m = x -> conv(c, 3, stride = [1, 1]) -> relu\n m + x * 0.5 -> relu\n}\n\
    model T(image: [1, 8, 8], n: int = 2) -> [10] {\n image -> conv(width / 4, 3) as stem -> repeat n { B } as stage\n \
    -> repeat c in [8, 16] { if c > 8 { conv(c, 3) } else { ResidualBlock(c) } }\n -> flatten -> dense(Digits.classes) }\n\
    train T(n = 1) on Digits { epochs = 2\n optimizer = adam(lr = 1e-3) }\nexpect { T.params <= 4_000 }\n\
    policy P { method = qat\n keep = [stem]\n override stage[*].* { weights = int4(per = group(8))\n activations = uint8(range = percentile(99.9)) }\n \
    override kind(dense) { weights = int8 } }\n\
    quantize T with P on Digits as T8 { epochs = 3\n freeze_ranges = 30% }\n";

#[test]
fn every_prefix_can_be_checked() {
    for end in (0..PROGRAM.len()).step_by(3).filter(|&end| PROGRAM.is_char_boundary(end)) {
        check(&PROGRAM[..end]);
    }
}

#[test]
fn programs_with_a_token_missing_or_doubled_can_be_checked() {
    let mut rest = PROGRAM;
    let mut at = 0;
    while let Some(cut) = rest.find([' ', '\n', '(', ')', '{', '}', '[', ']', ',']) {
        let next = at + cut + 1;
        check(&format!("{}{}", &PROGRAM[..at], &PROGRAM[next..]));
        check(&format!("{}{}", &PROGRAM[..next], &PROGRAM[at..]));
        at = next;
        rest = &PROGRAM[at..];
    }
}

#[test]
fn declarations_without_a_name_can_be_checked() {
    check(
        "= 3\nlayer (x: [F]) { x -> relu }\nmodel (x: [4]) { x -> relu }\ndata { }\ntrain on\nuse : A\nallow\n",
    );
}

#[test]
fn the_program_itself_is_well() {
    let checked = check(PROGRAM);
    assert_eq!(checked.errors(), 1, "{:?}", super::found(&checked));
    assert_eq!(checked.diags[0].code.id, "E0901");
    assert_eq!(checked.program.quantizations.len(), 1);
}
