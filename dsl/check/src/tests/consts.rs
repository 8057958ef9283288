use super::{check, clean, found, only};
use crate::consts::Const;
use crate::session::Checked;
use dlm_base::files::{MemFiles, NoFiles};

/// The value of the constant `name`.
fn value(checked: &Checked, name: &str) -> Option<Const> {
    let found = checked.constants.iter().find(|(decl, _)| {
        let item = &checked.modules[decl.module.0 as usize].tree.items[decl.item as usize];
        item.declared().is_some_and(|declared| declared.text == name)
    });
    found.map(|(_, value)| value.clone())
}

/// The value of an expression.
fn eval(text: &str) -> String {
    let checked = clean(&format!("xs = [2, 4, 6]\nn = 12\nit = {text}\n"));
    value(&checked, "it").unwrap().to_string()
}

#[test]
fn expressions_have_the_values_one_expects() {
    for (text, expected) in [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("n / 4", "3"),
        ("n / 5.0", "2.4"),
        ("-n", "-12"),
        ("97%", "0.97"),
        ("10 - 2 - 3", "5"),
        ("xs[1]", "4"),
        ("xs + [8]", "[2, 4, 6, 8]"),
        ("0..3", "[0, 1, 2]"),
        ("n > 3 and not (n == 4)", "true"),
        ("1 == 1.0", "true"),
        ("\"a\" == \"b\" or n <= 12", "true"),
        ("false and 1 / 0 == 3", "false"),
        ("if n > 10 { 1 } else { 2 }", "1"),
        ("if n > 20 { 1 } else if n > 15 { 2 } else { 3 }", "3"),
        ("2 * 3 epochs", "6 epochs"),
        ("4 KiB", "4096 B"),
        ("1.5 MiB / 1 KiB", "1536.0"),
        ("1e-3", "0.001"),
        ("1e-9", "1e-9"),
    ] {
        assert_eq!(eval(text), expected, "{text}");
    }
}

#[test]
fn division_of_whole_numbers_is_exact_or_an_error() {
    let diag = only("c = 64\nd = c / 3\n", "E0305 c / 3");
    assert_eq!(diag.message, "64 / 3 is not a whole number");
    assert_eq!(diag.help.as_deref(), Some("the next numbers that 3 divides are 63 and 66"));
    only("d = 1 / 0\n", "E0305 1 / 0");
    only("d = 1.0 / 0\n", "E0303 1.0 / 0");
}

#[test]
fn what_cannot_be_computed_is_said_at_its_place() {
    only("a = 9223372036854775807 + 1\n", "E0303 9223372036854775807 + 1");
    only("a = [1, 2][2]\n", "E0303 2");
    only("a = [1, 2][0 - 1]\n", "E0303 0 - 1");
    only("n = 3\na = n[0]\n", "E0303 n");
    only("a = not 3\n", "E0303 not 3");
    only("a = true and 3\n", "E0303 3");
    only("a = 5 epochs + 2 steps\n", "E0303 5 epochs + 2 steps");
    only("a = \"x\" * 2\n", "E0303 \"x\" * 2");
    only("a = if 1 { 2 } else { 3 }\n", "E0303 1");
    only("a = 3 epoch_s\n", "E0303 epoch_s");
    only("a = 0..1_000_000_000\n", "E0303 0..1_000_000_000");
}

#[test]
fn functions_of_values() {
    let text = "a = floor(0.75 * 10)\nb = ceil(7 / 2.0)\nc = floor(-0.5)\nd = max(8, 3, 5)\n\
                e = min(1, 0.5)\nf = len([1, 2] + [3])\ng = max(1, 2.0)\n";
    let checked = clean(text);
    let values = ["a", "b", "c", "d", "f"].map(|name| value(&checked, name));
    assert_eq!(values, [7, 4, -1, 8, 3].map(|v| Some(Const::Int(v))));
    assert_eq!(value(&checked, "e"), Some(Const::Real(0.5)));
    assert_eq!(value(&checked, "g"), Some(Const::Real(2.0)));
    let layers = "layer Half(x: [C, H, W], c: int = max(1, floor(C * 0.5))) {\n  \
                  wide = floor(c * 1.5)\n  x -> conv(wide, 1) -> conv(max(c, 2), 1)\n}\n\
                  model N(x: [5, 4, 4]) { x -> Half }\n";
    assert_eq!(super::layers(&clean(layers)), ["Half1.conv1 [3, 4, 4]", "Half1.conv2 [2, 4, 4]"]);
    let own = "layer max(a: [F], b: [F]) { a + b }\nmodel N(x: [4]) { max(x, x -> relu) }\n";
    assert_eq!(super::layers(&clean(own)), ["relu1 [4]", "max1.add1 [4]"]);
    let diag = only("a = floor(1, 2)\n", "E0303 floor(1, 2)");
    assert_eq!(diag.message, "`floor` takes one value, not 2");
    assert_eq!(diag.help.as_deref(), Some("write `floor(x)`"));
    only("a = max(3)\n", "E0303 max(3)");
    only("a = floor(x = 3)\n", "E0303 x = 3");
    only("a = len(3)\n", "E0303 len");
    only("a = floor(1e300)\n", "E0303 floor");
    only("a = min(1, [2])\n", "E0303 min");
    only("a = max(1, wdth)\n", "E0201 wdth");
}

#[test]
fn a_mistake_is_reported_once_however_often_it_is_used() {
    let checked =
        check("a = 7 / 2\nb = a + 1\nc = a + b\nmodel N(x: [4]) { x -> dense(c) -> dense(a) }\n");
    assert_eq!(found(&checked), ["E0305 7 / 2"]);
}

#[test]
fn order_does_not_matter() {
    let checked = clean("a = b + 1\nb = 2\n");
    assert_eq!(value(&checked, "a"), Some(Const::Int(3)));
}

#[test]
fn a_long_row_of_constants_is_no_deep_one() {
    let mut text = String::new();
    for i in (1..20_000).rev() {
        text.push_str(&format!("a{i} = a{} + 1\n", i - 1));
    }
    text.push_str("a0 = 0\n");
    let checked = clean(&text);
    assert_eq!(value(&checked, "a19999"), Some(Const::Int(19_999)));
}

#[test]
fn facts_of_data_are_values() {
    let checked = clean(
        "data Iris { source = builtin(\"iris\") }\nc = Iris.classes\nf = Iris.features\ns = Iris.shape[0]\n",
    );
    assert_eq!(value(&checked, "c"), Some(Const::Int(3)));
    assert_eq!(value(&checked, "f"), Some(Const::Int(4)));
    assert_eq!(value(&checked, "s"), Some(Const::Int(4)));
    let data = "data Iris { source = builtin(\"iris\") }\n";
    only(&format!("{data}c = Iris.clases\n"), "E0201 clases");
    only(&format!("{data}c = Iriss.classes\n"), "E0201 Iriss");
    only(&format!("{data}c = Iris\n"), "E0203 Iris");
    only("n = 3\nc = n.classes\n", "E0203 n");
}

#[test]
fn the_command_line_overrides_constants() {
    let mut files = MemFiles::default();
    files.put("a.dlm", "width = 32\npath = \"x\"\nhalf = width / 2\nboth = path + \"!\"\n");
    let set = |name: &str, raw: &str| {
        let overrides = [(name.to_string(), raw.to_string())];
        crate::check_file("a.dlm", &files, &overrides)
    };
    let checked = set("width", "64");
    assert_eq!(found(&checked), [""; 0]);
    assert_eq!(value(&checked, "half"), Some(Const::Int(32)));
    let checked = set("path", "data/x-1.gz");
    assert_eq!(found(&checked), [""; 0]);
    assert_eq!(value(&checked, "both"), Some(Const::Str("data/x-1.gz!".to_string())));
    assert_eq!(found(&set("widht", "3")), ["E0201 widht"]);
    assert_eq!(found(&set("width", "3 /")).len(), 1);
    assert_eq!(found(&set("width", "7")), ["E0305 width / 2"]);
}

#[test]
fn nonsense_on_the_command_line_is_one_mistake() {
    let mut files = MemFiles::default();
    files.put("a.dlm", "width = 32\n\nmodel Net(x: [4]) {\n    x -> dense(width)\n}\n");
    for (raw, expected) in [
        ("1; rm", "E0101 ;"),
        ("1e999", "E0101 1e999"),
        ("width", "E0204 width"),
        ("64\nheight = 2", "E0101 height = 2"),
        ("64\nmodel Other(x: [4]) { x }", "E0101 model Other(x: [4]) { x }"),
        ("{", "E0102 {"),
        ("// 64", "E0101 width ="),
        (&"1".repeat(10 << 20), "E0101 "),
    ] {
        let overrides = [("width".to_string(), raw.to_string())];
        let checked = crate::check_file("a.dlm", &files, &overrides);
        let start: String = raw.chars().take(40).collect();
        assert_eq!(found(&checked), [expected], "{start}");
    }
}

#[test]
fn a_missing_file_is_one_error() {
    let checked = crate::check_file("gone.dlm", &NoFiles, &[]);
    assert_eq!(checked.errors(), 1);
    assert_eq!(checked.diags[0].code.id, "E0205");
}
