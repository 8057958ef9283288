use super::{check, clean, found, layers, only};

const TWO: &str = "model N(x: [5, 8], told: [7, 6], there: int[7]) {\n  \
    memory = told -> dense(8)\n  \
    x -> attention(2, memory = memory, mask = there)\n}\n";

#[test]
fn flows_enter_by_the_names_of_parameters() {
    let checked = clean(TWO);
    assert_eq!(layers(&checked), ["dense1 [7, 8]", "attention1 [5, 8]"]);
    let attention = checked.program.networks[0].layers.last().unwrap();
    let flow = |name: &str| attention.args.flow(name).map(|place| attention.inputs[place]);
    use crate::program::Flow;
    assert_eq!(flow("memory"), Some(Flow::Layer(0)));
    assert_eq!(flow("mask"), Some(Flow::Input(2)));
    // Whatever a flow may be: another flow, a sum, a flow in parentheses, by place.
    for memory in ["memory = x", "memory = x + x", "memory = (x -> relu)", "memory = relu(x)"] {
        clean(&format!("model N(x: [5, 8]) {{ x -> attention(2, {memory}) }}\n"));
    }
    clean("model N(x: [5, 8], y: [3, 8]) { x -> attention(2, false, y) }\n");
    clean(
        "layer L(x: [T, D], m: int[T]) { x -> gru(D, mask = m) }\nmodel N(x: [5, 8], m: int[5]) { L(x, m) }\n",
    );
}

#[test]
fn what_is_no_flow_is_said_so() {
    let text = |arg: &str| format!("model N(x: [5, 8]) {{ x -> attention(2, {arg}) }}\n");
    let diag = only(&text("memory = 3"), "E0303 3");
    assert_eq!(diag.message, "a flow is needed here, not the whole number 3");
    only(&text("memory = enc"), "E0201 enc");
    only(&text("memory = x, memory = x"), "E0304 memory = x");
    let diag = only(&text("mask = x"), "E0303 x");
    assert!(diag.message.starts_with("`mask` takes whole numbers, `int[5]`"), "{}", diag.message);
    only(&text("memory = (x -> dense(6))"), "E0303 (x -> dense(6))");
    only(&text("context = x"), "E0301 context");
    let heads = only("model N(x: [5, 8]) { x -> attention(3) }\n", "E0303 3");
    assert_eq!(heads.help.as_deref(), Some("write `heads = 2` or `heads = 4`"));
}

#[test]
fn a_flow_that_enters_by_name_is_used() {
    let text = "model N(x: [5, 8]) {\n  m = x -> dense(8)\n  x -> attention(2, memory = m)\n}\n";
    clean(text);
    let unused = text.replace("memory = m", "memory = x");
    assert_eq!(found(&check(&unused)), ["W1001 m"]);
    clean(
        "model N(x: [5, 8], m: [3, 8]) { repeat2 = x -> repeat 2 { attention(2, memory = m) }\n repeat2 + x }\n",
    );
}
