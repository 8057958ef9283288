use super::{check, check_among, clean, found, layers, mended, only};

#[test]
fn an_unknown_step_has_the_nearest_name_as_its_fix() {
    let text = "model N(x: [4]) { x -> dnse(3) }\n";
    let diag = only(text, "E0201 dnse");
    assert_eq!(diag.help.as_deref(), Some("did you mean `dense`?"));
    clean(&mended(text));
}

#[test]
fn names_of_other_systems_are_known() {
    for (theirs, ours) in
        [("Linear", "dense"), ("BatchNorm2d", "batch_norm"), ("MultiheadAttention", "attention")]
    {
        let text = format!("model N(x: [4]) {{ x -> {theirs}(3) }}\n");
        let diag = only(&text, &format!("E0201 {theirs}"));
        assert_eq!(diag.help, Some(format!("`{theirs}` is called `{ours}` here")));
    }
    let diag = only("model N(x: [1, 8, 8]) { x -> ReLU }\n", "E0201 ReLU");
    assert_eq!(diag.fixes[0].edits[0].text, "relu");
}

#[test]
fn a_block_of_the_library_brings_its_import() {
    let text = "model N(x: [1, 8, 8]) { x -> ConvBlock(3) }\n";
    only(text, "E0201 ConvBlock");
    assert!(mended(text).starts_with("use std.vision: ConvBlock\n\nmodel"));
    clean(&mended(text));
    let text =
        "use std.vision: ConvBlock\nmodel N(x: [1, 8, 8]) { x -> ConvBlock -> SqueezeExcite(1) }\n";
    assert!(mended(text).starts_with("use std.vision: ConvBlock, SqueezeExcite\n"));
    clean(&mended(text));
}

#[test]
fn unknown_values_are_told_apart_from_names_of_another_kind() {
    only("width = wdth\nwide = 3\n", "E0201 wdth");
    let diag = only("act = relu\n", "E0203 relu");
    assert!(diag.message.contains("an operator"), "{}", diag.message);
    only("model N(x: [4]) { x -> dense(x) }\n", "E0203 x");
    only("n = 3\nmodel N(x: [4]) { x -> n }\n", "E0203 n");
}

#[test]
fn a_name_is_declared_once() {
    let diag = only("width = 32\nwidth = 64\n", "E0202 width");
    assert_eq!(diag.primary.span.start, 11);
    assert_eq!(diag.labels[0].span.start, 0);
    only(
        "width = 3\nmodel width(x: [4]) { x -> dense(width) }\n"
            .replace("dense(width)", "dense(3)")
            .as_str(),
        "E0202 width",
    );
    only(
        "layer relu(x: [F]) { x -> dense(F) }\nmodel N(x: [1, 2, 2]) { x -> relu }\n",
        "E0202 relu",
    );
    only("model N(x: [4]) { a = x -> dense(3)\n a = x -> dense(4)\n a -> relu }\n", "E0202 a");
    only("model N(x: [4]) { x -> dense(4) as h -> dense(4) as h }\n", "E0202 h");
    only("layer L(x: [F], n: int, n: int) { x -> dense(n) }\n", "E0202 n");
}

#[test]
fn two_verbs_do_not_give_one_artifact() {
    let text = "data D { source = builtin(\"iris\") }\nmodel N(x: [4]) { x -> dense(3) }\n\
                train N on D\ntrain N on D as N\n";
    let diag = only(text, "E0202 N");
    assert_eq!(diag.primary.span.start as usize, text.rfind('N').unwrap());
}

#[test]
fn constants_and_imports_do_not_go_round() {
    let diag = only("a = b + 1\nb = c\nc = a\n", "E0204 b");
    assert_eq!(diag.message, "constants go round in a circle: `a` → `b` → `c` → `a`");
    only("a = a\n", "E0204 a");
    let checked = check_among(&[
        ("main.dlm", "use \"other.dlm\": A\nlayer B(x: [F]) { x -> A }\n"),
        ("other.dlm", "use \"main.dlm\": B\nlayer A(x: [F]) { x -> B }\n"),
    ]);
    assert_eq!(found(&checked), ["E0204 \"other.dlm\""], "{:#?}", checked.diags);
}

#[test]
fn imports_come_from_files_and_from_the_library() {
    let checked = check_among(&[
        (
            "main.dlm",
            "use \"lib/blocks.dlm\": Block, wide\nmodel N(x: [4]) { x -> Block -> dense(wide) }\n",
        ),
        (
            "lib/blocks.dlm",
            "use \"../base.dlm\": Base\nwide = 7\nlayer Block(x: [F]) { x -> Base -> relu }\n",
        ),
        ("base.dlm", "layer Base(x: [F]) { x -> dense(2 * F) }\n"),
    ]);
    assert_eq!(found(&checked), [""; 0], "{:#?}", checked.diags);
    assert_eq!(layers(&checked), ["Block1.Base1.dense1 [8]", "Block1.relu1 [8]", "dense1 [7]"]);
}

#[test]
fn what_cannot_be_imported_is_said_where_it_stands() {
    only("use \"no.dlm\": A\nmodel N(x: [4]) { x -> A }\n", "E0205 \"no.dlm\"");
    let diag =
        only("use std.vison: ConvBlock\nmodel N(x: [4]) { x -> ConvBlock }\n", "E0205 std.vison");
    assert_eq!(diag.fixes[0].edits[0].text, "std.vision");
    let diag =
        only("use std.vision: ConvBlok\nmodel N(x: [4]) { x -> ConvBlok }\n", "E0205 ConvBlok");
    assert_eq!(diag.help.as_deref(), Some("did you mean `ConvBlock`?"));
    let checked = check_among(&[
        ("main.dlm", "use \"other.dlm\": T\nmodel N(x: [4]) { x -> T }\n"),
        ("other.dlm", "model M(x: [4]) { x -> dense(3) }\ntrain M on D as T\n"),
    ]);
    assert!(found(&checked).contains(&"E0205 T".to_string()), "{:#?}", checked.diags);
}

#[test]
fn a_layer_does_not_contain_itself() {
    let diag = only(
        "layer Deep(x: [F], n: int) { x -> dense(F) -> Deep(n - 1) }\nmodel N(x: [4]) { x -> Deep(3) }\n",
        "E0207 Deep",
    );
    assert_eq!(diag.message, "the layer `Deep` contains itself");
    let checked =
        check("layer A(x: [F]) { x -> B }\nlayer B(x: [F]) { if F > 1 { x -> A } else { x } }\n");
    assert_eq!(found(&checked), ["E0207 A"]);
    assert!(checked.diags[0].message.ends_with("`A` → `B` → `A`"), "{}", checked.diags[0].message);
}

#[test]
fn types_of_other_languages_are_known() {
    let text = "layer L(x: [F], p: float) { x -> dropout(p) }\n";
    let diag = only(text, "E0201 float");
    assert_eq!(diag.help.as_deref(), Some("`float` is called `real` here"));
    clean(&mended(text));
}

#[test]
fn a_broken_declaration_harms_no_other() {
    let checked = check(
        "layer Block(x: [F] { x -> dense(F) -> }\nmodel N(x: [4]) { x -> Block -> dense(y) }\n\
         model M(x: [4]) { x -> dens(3) }\n",
    );
    let codes: Vec<String> = found(&checked);
    assert!(codes.iter().any(|code| code == "E0201 y"), "{codes:?}");
    assert!(codes.iter().any(|code| code == "E0201 dens"), "{codes:?}");
    assert!(!codes.iter().any(|code| code.contains("Block")), "{codes:?}");
}

#[test]
fn names_in_a_branch_that_is_not_taken_are_looked_up_all_the_same() {
    only(
        "deep = false\nmodel N(x: [4]) { x -> if deep { dense(unknwn) } else { relu } }\n",
        "E0201 unknwn",
    );
    // Its values are not computed: the division is never done.
    clean("n = 0\nmodel N(x: [4]) { x -> if n > 0 { dense(9 / n) } else { relu } }\n");
}
