use super::{check, clean, found, mended, only};

/// A model of the steps behind a map `[4, 8, 8]`.
fn on_map(steps: &str) -> String {
    format!("model N(x: [4, 8, 8]) {{ x -> {steps} }}\n")
}

#[test]
fn arguments_come_by_place_and_by_name() {
    for steps in [
        "conv(8, 3)",
        "conv(channels = 8, kernel = 3)",
        "conv(8, kernel = [3, 5], stride = [1, 2])",
        "conv(8, 3, padding = valid)",
        "conv(8, 3, padding = \"same\")",
        "conv(8, 3, padding = 2)",
        "conv(8, 3, init = normal(0.02))",
        "max_pool(2)",
    ] {
        clean(&on_map(steps));
    }
}

#[test]
fn defaults_are_filled_in() {
    let checked = clean(&on_map("max_pool(2)"));
    let layer = &checked.program.networks[0].layers[0];
    assert_eq!(layer.args.pair("size"), [2, 2]);
    assert_eq!(layer.args.pair("stride"), [2, 2]);
    let checked = clean(&on_map("conv(8, 3, init = normal(0.5))"));
    assert_eq!(checked.program.networks[0].layers[0].init_normal, Some(0.5));
}

#[test]
fn unknown_parameters_are_mended() {
    let text = on_map("conv(filters = 8, kernel_size = 3)");
    let checked = check(&text);
    assert_eq!(found(&checked), ["E0301 filters", "E0301 kernel_size"]);
    let text = on_map("conv(8, 3, strid = 2)");
    let diag = only(&text, "E0301 strid");
    assert_eq!(diag.help.as_deref(), Some("did you mean `stride`?"));
    clean(&mended(&text));
}

#[test]
fn missing_and_superfluous_arguments_show_the_signature() {
    let diag = only(&on_map("conv(8)"), "E0302 conv(8)");
    assert_eq!(diag.message, "`conv` needs `kernel`");
    assert!(diag.help.unwrap().contains("conv(channels, kernel, stride = 1"));
    only(&on_map("relu(3)"), "E0304 3");
    only(&on_map("conv(8, 3, kernel = 5)"), "E0304 kernel = 5");
    only(&on_map("max_pool(2, 2, 2, 2)"), "E0304 2");
}

#[test]
fn values_have_a_type_and_a_range() {
    let diag = only(&on_map("dropout(1.5)"), "E0303 1.5");
    assert_eq!(diag.message, "`p` is 1.5, and must be at least 0 and under 1");
    only(&on_map("conv(\"a\", 3)"), "E0303 \"a\"");
    only(&on_map("conv(0, 3)"), "E0303 0");
    only(&on_map("conv(8, [3, 3, 3])"), "E0303 [3, 3, 3]");
    only(&on_map("conv(8, 3, bias = 1)"), "E0303 1");
    only(&on_map("conv(8, 3, padding = sme)"), "E0303 sme");
    only(&on_map("conv(8, 3, init = normal(0 - 1))"), "E0303 normal(0 - 1)");
    only(&on_map("conv(8, 3, init = uniform(1))"), "E0303 uniform");
    only(&on_map("conv(8, 3.5)"), "E0303 3.5");
}

#[test]
fn two_wrong_arguments_are_two_mistakes() {
    let checked = check(&on_map("conv(0, 3, bias = 2)"));
    assert_eq!(found(&checked), ["E0303 0", "E0303 2"]);
}

#[test]
fn a_wrong_argument_makes_the_flow_unknown() {
    only(&on_map("conv(0, 3) -> dense(3) -> max_pool(100) -> conv(3, 3)"), "E0303 0");
}

#[test]
fn settings_of_models_come_from_verbs() {
    let program = |verb: &str| {
        format!(
            "data Iris {{ source = builtin(\"iris\") }}\n\
             model N(x: [4], width: int = 8, deep: bool = false, rate: real = 0.1) {{\n\
             x -> dense(width) -> if deep {{ dense(5) }} -> dropout(rate) -> dense(3) }}\n\
             train {verb} on Iris as T\n"
        )
    };
    let checked = clean(&program("N(16, deep = true)"));
    let net = &checked.program.networks[0];
    assert_eq!(net.title, "N(width = 16, deep = true)");
    assert_eq!(net.layers.len(), 4);
    clean(&program("N(rate = 0)"));
    only(&program("N(widht = 16)"), "E0301 widht");
    only(&program("N(deep = 3)"), "E0303 3");
    only(&program("N(x = 3)"), "E0301 x");
    only(&program("N(1, true, 0.5, 4)"), "E0304 4");
}
