use super::*;
use crate::ide::tests::{caret, edited, snapshot, with_files};

/// The text that the definition at the caret leads to, with its line.
fn goes(text: &str) -> Option<String> {
    let (it, at) = caret(text);
    let place = definition(&it, at)?;
    let module = it.checked.modules.iter().find(|module| module.name == place.file)?;
    let source = it.checked.sources.get(module.file);
    let line = source.line(source.line_of(place.range.start)).trim();
    Some(format!("{}: {} in {line}", place.file, &source.text[place.range]))
}

const PROGRAM: &str = "\
use std.vision: ResidualBlock
n = 2
data Digits { source = builtin(\"digits\") }
layer Head(x: [C], units: int = C) {
    main = x -> dense(units) as inner
    main
}
model Net(image: [1, 8, 8], width: int = 4) {
    image -> conv(width, 3) as stem -> repeat n { ResidualBlock(width) } as stage
        -> flatten -> Head(units = Digits.classes)
}
train Net(width = 6) on Digits
policy Edge { keep = [stem, Head1.inner, stage[*].conv1] }
quantize Net with Edge on Digits as Net8
export Net8 to \"a.onnx\"
";

fn at(before: &str, after: &str) -> String {
    let whole = format!("{before}{after}");
    assert!(PROGRAM.contains(&whole), "{whole}");
    PROGRAM.replacen(&whole, &format!("{before}$0{after}"), 1)
}

#[test]
fn names_lead_to_their_declarations() {
    let main = |text: &str| Some(format!("main.dlm: {text}"));
    assert_eq!(
        goes(&at("repeat n { Residual", "Block")),
        Some(
            "std/vision.dlm: ResidualBlock in \
             layer ResidualBlock(x: [C, H, W], channels: int = C, stride: int = 1) {"
                .to_string()
        )
    );
    let head = "Head in layer Head(x: [C], units: int = C) {";
    assert_eq!(goes(&at("repeat ", "n { ")), main("n in n = 2"));
    assert_eq!(
        goes(&at("units = Dig", "its.classes")),
        main("Digits in data Digits { source = builtin(\"digits\") }")
    );
    assert_eq!(goes(&at("flatten -> He", "ad(")), main(head));
    assert_eq!(goes(&at("Head(un", "its = ")), main(&head.replacen("Head", "units", 1)));
    assert_eq!(goes(&at("dense(un", "its)")), main(&head.replacen("Head", "units", 1)));
    assert_eq!(goes(&at("units: int = ", "C)")), main(&head.replacen("Head", "C", 1)));
    let net = "model Net(image: [1, 8, 8], width: int = 4) {";
    assert_eq!(goes(&at("train N", "et(")), main(&format!("Net in {net}")));
    assert_eq!(goes(&at("Net(wid", "th = 6")), main(&format!("width in {net}")));
    let step = "image -> conv(width, 3) as stem -> repeat n { ResidualBlock(width) } as stage";
    assert_eq!(goes(&at("keep = [st", "em")), main(&format!("stem in {step}")));
}

#[test]
fn paths_lead_into_layers() {
    let main = |text: &str| Some(format!("main.dlm: {text}"));
    let path = |before: &str, after: &str| goes(&at(before, after));
    assert_eq!(path("Head1.in", "ner"), main("inner in main = x -> dense(units) as inner"));
    assert_eq!(path("stem, He", "ad1"), main("Head in -> flatten -> Head(units = Digits.classes)"));
    assert_eq!(
        path("stage[*].con", "v1"),
        Some(
            "std/vision.dlm: conv in main = x -> conv(channels, 3, stride = stride, bias = false) \
             -> batch_norm -> relu"
                .to_string()
        )
    );
}

#[test]
fn artifacts_lead_to_their_verbs() {
    let main = |text: &str| Some(format!("main.dlm: {text}"));
    assert_eq!(
        goes(&at("export Ne", "t8")),
        main("Net8 in quantize Net with Edge on Digits as Net8")
    );
    assert_eq!(goes(&at("quantize Ne", "t ")), main("Net in train Net(width = 6) on Digits"));
    assert_eq!(
        goes(&at("with Ed", "ge")),
        main("Edge in policy Edge { keep = [stem, Head1.inner, stage[*].conv1] }")
    );
}

#[test]
fn imports_lead_to_files() {
    let others = [("blocks.dlm", "k = 3\nlayer Block(x: [C]) { x -> dense(k) }\n")];
    let text = "use \"blocks.dlm\": Block\nuse std.vision: ConvBlock\n";
    let it = with_files("main.dlm", text, &others);
    let file = |at: usize| definition(&it, at).map(|place| (place.file, place.range));
    assert_eq!(file(7), Some(("blocks.dlm".to_string(), 0..0)));
    assert_eq!(
        file(text.find("Block\n").expect("a name")),
        Some(("blocks.dlm".to_string(), 12..17))
    );
    assert_eq!(
        file(text.find("vision").expect("a part")),
        Some(("std/vision.dlm".to_string(), 0..0))
    );
}

#[test]
fn a_rename_reaches_every_use_and_back() {
    for (before, after, to) in [
        ("repeat n { Residual", "Block", None),
        ("repeat ", "n {", Some("turns")),
        ("flatten -> He", "ad(", Some("Tail")),
        ("Head(un", "its = ", Some("size")),
        ("units: int = ", "C)", Some("N")),
        ("model N", "et(", Some("Other")),
        ("quantize Ne", "t ", Some("Other")),
        ("keep = [st", "em", Some("root")),
        ("Head1.in", "ner", Some("core")),
        ("stem, He", "ad1", Some("Tail")),
        ("with Ed", "ge", Some("Tiny")),
        ("export Ne", "t8", Some("Small")),
        ("mai", "n = x", Some("rest")),
        ("ima", "ge -> conv", Some("picture")),
    ] {
        let (it, offset) = caret(&at(before, after));
        let Some(to) = to else {
            let why = rename(&it, offset, "Other", &[]).expect_err(before);
            assert!(why.contains("library"), "{why}");
            continue;
        };
        let old = prepare_rename(&it, offset).expect(before);
        let old = it.text[old].to_string();
        let edits = rename(&it, offset, to, &[]).expect(before);
        let renamed = edited("main.dlm", PROGRAM, &edits);
        let after = snapshot(&renamed);
        assert_ne!(renamed, PROGRAM);
        let ids = |it: &Snapshot| it.checked.diags.iter().map(|d| d.code.id).collect::<Vec<_>>();
        assert_eq!(ids(&after), ids(&it), "{to}: {renamed}");
        let back = edits.iter().map(|edit| edit.place.range.start).min().expect("an edit");
        let edits = rename(&after, back, &old, &[]).expect(before);
        assert_eq!(edited("main.dlm", &renamed, &edits), PROGRAM);
    }
}

#[test]
fn a_rename_says_why_not() {
    let why = |before: &str, after: &str, to: &str| {
        let (it, offset) = caret(&at(before, after));
        rename(&it, offset, to, &[]).expect_err(before)
    };
    assert_eq!(why("-> con", "v(", "x"), "`conv` is an operator of the language");
    assert_eq!(why("tra", "in Net", "x"), "`train` is a word of the language");
    assert_eq!(why("ke", "ep", "x"), "`keep` is a word of the language");
    assert_eq!(why("\"a.o", "nnx", "x"), "there is no name here");
    assert_eq!(why("repeat ", "n {", "Net"), "`Net` is a model already");
    assert_eq!(why("repeat ", "n {", "Net8"), "`Net8` is an artifact already");
    assert_eq!(why("repeat ", "n {", "width"), "`width` is a name in `Net` already");
    assert_eq!(why("repeat ", "n {", "train"), "`train` is a word of the language");
    assert_eq!(why("repeat ", "n {", "repeat"), "`repeat` is a word of the language");
    assert_eq!(why("layer He", "ad", "conv"), "`conv` is an operator already");
    assert!(why("repeat ", "n {", "2x").starts_with("`2x` is no name"));
    assert_eq!(why("as st", "em", "stage"), "a step of `Net` is called `stage` already");
    assert_eq!(why("as st", "em", "flatten1"), "a step of `Net` is called `flatten1` already");
    assert_eq!(why("units: int = ", "C", "main"), "`main` is a name in `Head` already");
    assert_eq!(why("units: int = ", "C", "n"), "`n` is a constant already");
}

#[test]
fn files_that_import_are_renamed_too() {
    let blocks = "layer Block(x: [C], units: int = 3) { x -> dense(units) }\n";
    let main = "use \"blocks.dlm\": Block\nmodel Net(x: [4]) { x -> Block(units = 5) }\n";
    let this = snapshot_named("blocks.dlm", blocks);
    let other = with_files("main.dlm", main, &[("blocks.dlm", blocks)]);
    let at = blocks.find("units").expect("a parameter");
    let edits = rename(&this, at, "size", std::slice::from_ref(&other)).expect("a name");
    assert_eq!(edited("main.dlm", main, &edits), main.replace("units", "size"));
    assert_eq!(edited("blocks.dlm", blocks, &edits), blocks.replace("units", "size"));
    let why = rename(&this, 6, "Net", std::slice::from_ref(&other)).expect_err("taken");
    assert_eq!(why, "`Net` is a model already");
    let all = references(&this, 6, true, std::slice::from_ref(&other));
    assert_eq!(all.len(), 3);
    assert_eq!(references(&this, 6, false, &[other]).len(), 2);
}

fn snapshot_named(name: &str, text: &str) -> Snapshot {
    with_files(name, text, &[])
}

#[test]
fn uses_in_this_file_are_shown() {
    let (it, at) = caret(&at("model N", "et("));
    let shown: Vec<(usize, bool)> =
        highlight(&it, at).into_iter().map(|(range, declares)| (range.start, declares)).collect();
    let places: Vec<usize> = PROGRAM.match_indices("Net").map(|(at, _)| at).collect();
    // `Net8` is a name of its own.
    let expected: Vec<(usize, bool)> =
        [(places[0], true), (places[1], false), (places[2], false)].to_vec();
    assert_eq!(shown, expected);
}
