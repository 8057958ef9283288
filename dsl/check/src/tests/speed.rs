//! How long a check takes; figures to look at (`--nocapture`), not to hold.

use super::check;
use std::fmt::Write;
use std::time::Instant;

/// A program of about so many lines: layers, models that use them, constants.
fn program(lines: usize) -> String {
    let mut text = String::from("use std.vision: ResidualBlock\n");
    let mut i = 0;
    while text.len() < lines * 40 && i * 16 < lines {
        write!(
            text,
            "w{i} = {} * 2\n\n/// A block.\nlayer Block{i}(x: [C, H, W], c: int = C) {{\n    \
             main = x -> conv(c, 3, bias = false)\n             -> batch_norm\n             -> relu\n    \
             skip = if c == C {{ x }} else {{ x -> conv(c, 1) }}\n    main + skip -> relu\n}}\n\n\
             model Net{i}(image: [3, 16, 16]) -> [10] {{\n    image -> Block{i}(w{i}) -> repeat 2 {{ ResidualBlock(w{i}) }}\n    \
             -> global_avg_pool\n    -> dense(10)\n}}\n",
            8 + i % 5
        )
        .unwrap();
        i += 1;
    }
    text
}

#[test]
fn a_check_is_quick() {
    for lines in [100, 1_000, 10_000] {
        let text = program(lines);
        let start = Instant::now();
        dlm_grammar::parse(dlm_base::FileId(0), &text);
        let parsed = start.elapsed();
        let start = Instant::now();
        let checked = check(&text);
        let took = start.elapsed();
        assert_eq!(checked.diags.len(), 0, "{:?}", super::found(&checked));
        let layers: usize = checked.program.networks.iter().map(|net| net.layers.len()).sum();
        let lines = text.lines().count();
        println!("{lines} lines, {layers} layers: {took:?}, of which parsing {parsed:?}");
    }
}
