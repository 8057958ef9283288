//! The tree of each construct.

use super::parsed;
use crate::tree::{BinaryOp, Expr, ExprKind, ItemKind, LoadSource, PathPart, StepKind, TypeKind};

/// The expression with its structure in parentheses.
fn structure(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Name(name) => name.text.clone(),
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Real(value) => format!("{value:?}"),
        ExprKind::Percent(value) => format!("{value}%"),
        ExprKind::Str(value) => format!("{value:?}"),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Quantity { value, unit } => format!("<{value} {}>", unit.text),
        ExprKind::List(list) => {
            format!("[{}]", list.iter().map(structure).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Call { base, name, args } => {
            let args: Vec<String> = args
                .list
                .iter()
                .map(|arg| match &arg.name {
                    Some((name, _)) => format!("{}={}", name.text, structure(&arg.value)),
                    None => structure(&arg.value),
                })
                .collect();
            let base = base.as_ref().map_or(String::new(), |base| structure(base) + ".");
            format!("{base}{}({})", name.text, args.join(", "))
        }
        ExprKind::Index { base, index } => format!("{}[{}]", structure(base), structure(index)),
        ExprKind::Field { base, name } => format!("{}.{}", structure(base), name.text),
        ExprKind::Unary { op, operand, .. } => format!("({} {})", op.word(), structure(operand)),
        ExprKind::Binary { op, left, right, .. } => {
            format!("({} {} {})", structure(left), op.word(), structure(right))
        }
        ExprKind::Range { from, to, .. } => format!("({}..{})", structure(from), structure(to)),
        ExprKind::If(it) => {
            let arms = it.arms.iter().map(|arm| {
                format!("{} ? {} : ", structure(&arm.condition), structure(&arm.block.inner))
            });
            let last =
                it.otherwise.as_ref().map_or("".into(), |(_, block)| structure(&block.inner));
            format!("({}{last})", arms.collect::<String>())
        }
        ExprKind::Pipe { source, steps } => {
            let steps = steps.iter().map(|step| {
                let name =
                    step.name.as_ref().map_or(String::new(), |it| format!(" as {}", it.name.text));
                let kind = match &step.kind {
                    StepKind::Apply { name, args } => {
                        let count =
                            args.as_ref().map_or(String::new(), |it| format!("/{}", it.list.len()));
                        format!("{}{count}", name.text)
                    }
                    StepKind::Repeat(it) => format!(
                        "repeat {}{} x{}",
                        it.variable
                            .as_ref()
                            .map_or(String::new(), |(name, _)| format!("{} in ", name.text)),
                        structure(&it.over),
                        it.block.inner.len()
                    ),
                    StepKind::If(it) => {
                        format!("if x{}", it.arms.len() + usize::from(it.otherwise.is_some()))
                    }
                    other => format!("{other:?}"),
                };
                format!(" -> {kind}{name}")
            });
            format!("({}{})", structure(source), steps.collect::<String>())
        }
        ExprKind::Paren(inner) => structure(inner),
        ExprKind::All => "*".to_owned(),
        ExprKind::Missing => "?".to_owned(),
        ExprKind::Error => "!".to_owned(),
    }
}

fn constant(text: &str) -> String {
    let parsed = parsed(&format!("a = {text}\n"));
    assert!(parsed.diags.is_empty(), "{text}: {:?}", parsed.diags);
    match &parsed.tree.items[0].kind {
        ItemKind::Const(it) => structure(&it.value),
        other => panic!("{other:?}"),
    }
}

#[test]
fn operators_bind_as_in_the_reference() {
    let cases = [
        ("1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)"),
        ("a - b - c", "((a - b) - c)"),
        ("-a * b", "((- a) * b)"),
        ("2 * -3", "(2 * (- 3))"),
        ("not a == b and c or d", "(((not (a == b)) and c) or d)"),
        ("a or not b and c", "(a or ((not b) and c))"),
        ("1 + 2 <= 3", "((1 + 2) <= 3)"),
        ("0..n + 1", "(0..(n + 1))"),
        ("main + skip -> relu", "((main + skip) -> relu)"),
        ("x -> concat(y -> relu) -> tanh as t", "(x -> concat/1 -> tanh as t)"),
        ("(a + b) * c", "((a + b) * c)"),
        ("if a { 1 } else if b { 2 } else { 3 } + 4", "((a ? 1 : b ? 2 : 3) + 4)"),
        ("a - 1 -> relu", "((a - 1) -> relu)"),
        ("a -1", "(a - 1)"),
        ("if c { x } else { x -> conv(3) }", "(c ? x : (x -> conv/1))"),
    ];
    for (text, expected) in cases {
        assert_eq!(constant(text), expected, "{text}");
    }
}

#[test]
fn literals_have_their_values() {
    let cases = [
        ("10_000", "10000"),
        ("1e-3", "0.001"),
        ("0.5", "0.5"),
        ("1_0.5e2", "1050.0"),
        ("97%", "0.97%"),
        ("99.9%", "0.999%"),
        ("0.5%", "0.005%"),
        ("4 KiB", "<4 KiB>"),
        ("1.5 ms", "<1.5 ms>"),
        ("true", "true"),
        (r#""a\n\t\"\\\u{e9}""#, r#""a\n\t\"\\é""#),
        ("[1, 2, 3,]", "[1, 2, 3]"),
        ("[]", "[]"),
        ("depths[0]", "depths[0]"),
        ("Digits.shape[0]", "Digits.shape[0]"),
        ("A.agreement(B, c = 1)", "A.agreement(B, c=1)"),
        ("stage[*].*", "stage[*].*"),
        ("*.head", "*.head"),
        ("1 epoch + 2 epochs", "(<1 epoch> + <2 epochs>)"),
    ];
    for (text, expected) in cases {
        assert_eq!(constant(text), expected, "{text}");
    }
}

#[test]
fn steps_have_their_kinds() {
    let text = "x -> repeat 2 { a -> b } as s -> repeat c in [1, 2] { d } -> repeat i in 0..3 { e } -> if q { f } else if r { g } else { h }";
    let expected =
        "(x -> repeat 2 x2 as s -> repeat c in [1, 2] x1 -> repeat i in (0..3) x1 -> if x3)";
    assert_eq!(constant(text), expected);
}

#[test]
fn units_are_on_the_line_of_their_number_and_no_keys() {
    let text = "train M on D { epochs = 3   batch = 64\n    seed = 1\n    clip = 2 }\n";
    let tree = parsed(text).tree;
    let values: Vec<String> = tree.items[0]
        .settings()
        .expect("settings")
        .settings()
        .map(|it| structure(&it.value))
        .collect();
    assert_eq!(values, ["3", "64", "1", "2"]);
}

#[test]
fn verbs_have_their_parts() {
    let text = "load R(depth = 9) from \"t.st\" as T\nload \"o.onnx\" as O { input = pixels }\n\
                load answers(\"a.npy\", kind = p) on D as Api\ntrain R(depth = 9)\non D\nas T\n\
                distill S from [0.7 * A, 0.3 * B] on D as X {}\n\
                quantize S with P from T on D as S8\nexport S8 to \"s.onnx\"\n";
    let parsed = parsed(text);
    assert!(parsed.diags.is_empty(), "{:?}", parsed.diags);
    let kinds: Vec<&ItemKind> = parsed.tree.items.iter().map(|item| &item.kind).collect();
    let [ItemKind::Load(weights), ItemKind::Load(network), ItemKind::Load(answers), rest @ ..] =
        kinds.as_slice()
    else {
        panic!("{kinds:?}")
    };
    assert!(
        matches!(&weights.source, LoadSource::Weights { model, file, .. } if model.name.text == "R" && file.value == "t.st")
    );
    assert!(matches!(&network.source, LoadSource::Network(file) if file.value == "o.onnx"));
    assert!(
        matches!(&answers.source, LoadSource::Answers { args, on, .. } if args.list.len() == 2 && on.name.text == "D")
    );
    let [
        ItemKind::Train(train),
        ItemKind::Distill(distill),
        ItemKind::Quantize(quantize),
        ItemKind::Export(export),
    ] = rest
    else {
        panic!("{rest:?}")
    };
    assert_eq!(
        (train.on.name.text.as_str(), train.name.as_ref().map(|it| it.name.text.as_str())),
        ("D", Some("T"))
    );
    assert_eq!(structure(&distill.from.1), "[(0.7 * A), (0.3 * B)]");
    assert_eq!(quantize.with.name.text, "P");
    assert_eq!(quantize.from.as_ref().map(|(_, it)| structure(it)).as_deref(), Some("T"));
    assert_eq!((export.artifact.text.as_str(), export.file.value.as_str()), ("S8", "s.onnx"));
    let declared: Vec<Option<&str>> = parsed
        .tree
        .items
        .iter()
        .map(|item| item.declared().map(|name| name.text.as_str()))
        .collect();
    assert_eq!(
        declared,
        [Some("T"), Some("O"), Some("Api"), Some("T"), Some("X"), Some("S8"), None]
    );
}

#[test]
fn types_have_their_kinds() {
    let text = "layer L(x: [C, 2 * H], y: int[64], z: [..], n: int = 3, s: string) -> [10] { x }\n";
    let parsed = parsed(text);
    assert!(parsed.diags.is_empty(), "{:?}", parsed.diags);
    let ItemKind::Layer(layer) = &parsed.tree.items[0].kind else { panic!("a layer") };
    let kinds: Vec<String> = layer
        .params
        .iter()
        .map(|param| match &param.ty.kind {
            TypeKind::Tensor { int, sizes } => {
                let sizes =
                    sizes.as_ref().map(|sizes| sizes.iter().map(structure).collect::<Vec<_>>());
                format!("{}{sizes:?}", if int.is_some() { "int" } else { "" })
            }
            TypeKind::Word(name) => name.text.clone(),
            TypeKind::Missing => "?".to_owned(),
        })
        .collect();
    assert_eq!(kinds, [r#"Some(["C", "(2 * H)"])"#, r#"intSome(["64"])"#, "None", "int", "string"]);
    assert!(layer.result.is_some() && layer.body.result().is_some());
}

#[test]
fn documentation_reaches_over_allow() {
    let text = "/// One.\n//   no documentation\n/// Two.\nallow W1003, W1001\nlayer L(x: [1]) { x }\n/// Of b.\nb = 1\nc = 2\n";
    let tree = parsed(text).tree;
    let docs: Vec<Option<&str>> =
        tree.items.iter().map(|item| item.doc.as_ref().map(|doc| doc.text.as_str())).collect();
    assert_eq!(docs, [Some("One.\nTwo."), Some("One.\nTwo."), Some("Of b."), None]);
    let allowed: Vec<&str> = tree.allowed(1).map(|code| code.text.as_str()).collect();
    assert_eq!(allowed, ["W1003", "W1001"]);
}

#[test]
fn paths_have_their_parts() {
    let parsed = parsed("a = stage[0].conv1.*\n");
    let ItemKind::Const(it) = &parsed.tree.items[0].kind else { panic!("a constant") };
    let parts = it.value.as_path().expect("a path");
    assert!(matches!(
        parts.as_slice(),
        [PathPart::Name(_), PathPart::Index(_), PathPart::Name(_), PathPart::AnyName(_)]
    ));
    assert!(matches!(&it.value.kind, ExprKind::Field { .. }));
    assert!(BinaryOp::Le.compares() && !BinaryOp::And.compares());
}

#[test]
fn every_kind_of_line_break_and_blank_is_white_space() {
    let plain = "model M(x: [1]) {\n    // c\n    y = x -> relu\n    y\n}\na = 1\n";
    for text in [
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        format!("\u{FEFF}{plain}"),
        plain.replace("    ", "\t"),
        plain.replace(" -> ", "\u{A0}->\u{A0}"),
        plain.replace(" = ", "\u{2028}=\u{200B}"),
    ] {
        assert!(parsed(&text).diags.is_empty(), "{text:?}: {:?}", parsed(&text).diags);
        assert_eq!(super::shape(&text), super::shape(plain), "{text:?}");
    }
}

#[test]
fn a_node_is_found_at_its_offset() {
    let text = "model M(x: [1]) {\n    x -> conv(8, kernel = 3) -> relu\n}\n";
    let parsed = parsed(text);
    let at = |word: &str| {
        let nodes = crate::walk::nodes_at(&parsed.tree, text.find(word).expect("there") + 1);
        let texts = nodes.iter().map(|node| text[node.span().range()].to_owned());
        texts.collect::<Vec<_>>()
    };
    assert_eq!(at("kernel").last().map(String::as_str), Some("kernel"));
    assert_eq!(
        at("conv")[2..],
        ["x -> conv(8, kernel = 3) -> relu", "conv(8, kernel = 3)", "conv"]
    );
    let mut names = Vec::new();
    crate::walk::walk(&parsed.tree, &mut |node| {
        if let crate::walk::Node::Name(name) = node {
            names.push(name.text.clone());
        }
        true
    });
    assert_eq!(names, ["M", "x", "conv", "kernel", "relu"]);
}
