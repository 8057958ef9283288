//! Depth, length and speed.

use super::{parsed, programs};
use crate::{format, parse};
use dlm_base::FileId;

/// Runs in a thread with a stack of 2 MB, as those of a language server.
fn in_small_thread(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread");
    thread.join().expect("no panic");
}

#[test]
fn endless_nesting_is_one_mistake() {
    let many = 100_000;
    let texts = [
        format!("a = {}", "(".repeat(many)),
        format!("a = {}1{}", "(".repeat(many), ")".repeat(many)),
        format!("a = {}", "[".repeat(many)),
        format!("a = {}{}", "(".repeat(many), "]".repeat(many)),
        format!("a = {}", "f(".repeat(many)),
        format!("model M(x: [1]) {}", "{".repeat(many)),
        format!("model M(x: [1]) {{ x {}", "-> repeat 2 { relu ".repeat(many)),
        format!("a = {}x", "not ".repeat(many)),
        format!("a = {}x", "-".repeat(many)),
        format!("a = {}x", "if ".repeat(many)),
        format!("a = 1{}", " + 1".repeat(many)),
        format!("a = b{}", ".c".repeat(many)),
        format!("a = b{}", "[0]".repeat(many)),
    ];
    for text in texts {
        in_small_thread(move || {
            let parsed = parsed(&text);
            assert_eq!(parsed.diags.len(), 1, "{}: {:?}", &text[..20], parsed.diags.first());
            assert_eq!(parsed.tree.items.len(), 1);
        });
    }
}

#[test]
fn nesting_up_to_the_limit_is_parsed_and_formatted() {
    let depth = 127;
    let nest = |open: &str, close: &str, inner: &str| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    let texts = [
        format!("a = {}\n", nest("(", ")", "1")),
        format!("a = {}\n", nest("[", "]", "1")),
        format!("a = {}\n", nest("f(x = ", ")", "1")),
        format!(
            "model M(x: [1]) {{ x -> {} }}\n",
            nest("repeat 2 { ", " }", "relu").replacen("repeat 2 { ", "", 1).replacen(" }", "", 1)
        ),
        format!("a = {}\n", nest("if c { ", " } else { 2 }", "1")),
        format!("a = 1{}\n", " + 1".repeat(depth)),
        format!("a = if c {{ 1 }} {}else {{ 3 }}\n", "else if c { 2 } ".repeat(10_000)),
    ];
    for text in texts {
        in_small_thread(move || {
            let parsed = parsed(&text);
            assert!(parsed.diags.is_empty(), "{}: {:?}", &text[..40], parsed.diags.first());
            let formatted = format(&parsed.tree, &text);
            assert_eq!(super::shape(&formatted), super::shape(&text));
        });
    }
}

#[test]
fn long_texts_end() {
    let many = 200_000;
    let texts = [
        format!("a = [{}]", "1, ".repeat(many / 2)),
        format!("a = \"{}", "\\u{".repeat(many)),
        format!("a = {}", "'".repeat(many)),
        format!("a = {}", "“ ".repeat(many)),
        format!("a = {}", "@ ".repeat(many)),
        "/*".repeat(many),
        "use ".repeat(many),
        format!("model M(x: [1]) {{ {}", "x ".repeat(many)),
        format!("model M(x: [1]) {{ {}", ", = ".repeat(many)),
        format!("model M(x: [1]) {{ {}", "a = b(\n".repeat(many)),
        format!("data D {{ {}", "a b c ".repeat(many)),
        "a = 1 ;\n".repeat(many / 4),
    ];
    for text in texts {
        let diags = parsed(&text).diags.len();
        assert!(diags <= 1000, "{diags} diagnostics");
    }
}

#[test]
fn a_text_that_is_too_large_is_refused() {
    let text = " ".repeat(crate::MAX_BYTES + 1);
    let parsed = parsed(&text);
    assert_eq!(parsed.diags.len(), 1);
    assert!(parsed.diags[0].message.contains("at most 10485760 are read"));
    assert!(super::parsed(&text[1..]).diags.is_empty());
}

/// Prints how long 10,000 lines take; a figure for people, not for the test to judge.
#[test]
fn ten_thousand_lines() {
    let mut text = String::new();
    for (_, program) in programs().iter().cycle() {
        if text.lines().count() >= 10_000 {
            break;
        }
        text.push_str(program);
        text.push('\n');
    }
    let start = std::time::Instant::now();
    let parsed = parse(FileId(0), &text);
    let took = start.elapsed();
    eprintln!("parsed {} lines, {} bytes in {took:?}", text.lines().count(), text.len());
    assert!(parsed.diags.is_empty());
}
