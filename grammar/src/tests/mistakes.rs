//! What people are told: the common mistakes, one diagnostic each.

use super::{fixed, parsed, told};

mod items;
mod rows;

/// Texts and what is said of them.
fn cases() -> impl Iterator<Item = &'static (&'static str, &'static [&'static str])> {
    rows::CASES.iter().chain(items::CASES)
}

#[test]
fn each_mistake_is_told_once() {
    for (text, expected) in cases() {
        assert_eq!(told(text), *expected, "{text}");
    }
}

#[test]
fn a_sure_fix_leaves_one_mistake_less() {
    for (text, expected) in cases() {
        let diags = parsed(text).diags;
        if diags.first().and_then(|diag| diag.fixes.first()).is_some_and(|fix| fix.sure) {
            let after = told(&fixed(text));
            assert!(after.len() < expected.len(), "{text} became {}: {after:?}", fixed(text));
        }
    }
}

#[test]
fn a_mistake_leaves_the_others_alone() {
    let text = "width = 3\nmodel M(x: [1]) {\n    a = x -> conv(8, 3\n    b = a ->\n    c = b -> relu\n    c\n}\n\ndata D {\n    epochs 20\n    seed = 1\n}\ndepth = 2\n";
    let tree = parsed(text).tree;
    let broken: Vec<bool> = tree.items.iter().map(|item| item.broken).collect();
    assert_eq!(broken, [false, true, true, false]);
    let crate::tree::ItemKind::Model(model) = &tree.items[1].kind else { panic!("a model") };
    let names: Vec<&str> = model
        .body
        .statements
        .iter()
        .map(|statement| match statement {
            crate::tree::Statement::Binding(it) => it.name.text.as_str(),
            _ => "",
        })
        .collect();
    assert_eq!(names, ["a", "b", "c", ""]);
    let settings = tree.items[2].settings().expect("settings");
    assert!(settings.get("seed").is_some());
}

#[test]
fn half_typed_calls_keep_what_they_know() {
    let text = "model M(x: [1]) {\n    x -> conv(8, kernel = 3\n}\n";
    let shape = super::shape(text);
    assert!(shape.contains(r#"text: "kernel""#) && shape.contains("Int(8)"), "{shape}");
}

#[test]
fn the_examples_of_the_codes_are_what_they_say() {
    for code in dlm_base::diag::codes::syntax::CODES {
        let mut blocks = code.doc.split("```dlm\n").skip(1).map(|block| {
            let block = block.split("```").next().unwrap_or("");
            block
                .lines()
                .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
                .collect::<String>()
        });
        let (bad, good) = (blocks.next().expect("a bad one"), blocks.next().expect("a good one"));
        assert!(told(&bad).iter().any(|line| line.contains(code.id)), "{bad}");
        assert_eq!(told(&good), [""; 0], "{good}");
    }
}
