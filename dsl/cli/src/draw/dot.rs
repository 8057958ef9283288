//! A network as a graph for Graphviz.

use crate::human::count;
use dlm_check::program::{Flow, Network};
use std::fmt::Write;

/// The text of a `digraph`: a box for each layer, shapes on the edges.
pub(crate) fn dot(network: &Network, name: &str) -> String {
    let mut out = String::new();
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let id = |flow: Flow| match flow {
        Flow::Input(i) => format!("in{i}"),
        Flow::Layer(i) => format!("n{i}"),
    };
    let mut put = |line: String| {
        // Writing into a string succeeds.
        let _ = writeln!(out, "{line}");
    };
    put(format!("digraph {} {{", quoted(name)));
    put("    rankdir = TB".into());
    put("    node [shape = box, style = rounded, fontname = \"Helvetica\", fontsize = 11]".into());
    put("    edge [fontname = \"Helvetica\", fontsize = 9, color = \"#667085\"]".into());
    for (i, (input, ty)) in network.inputs.iter().enumerate() {
        put(format!(
            "    in{i} [shape = ellipse, label = {}]",
            quoted(&format!("{input} {}", ty.shape))
        ));
    }
    for (i, layer) in network.layers.iter().enumerate() {
        let params: u64 =
            layer.weights.iter().filter(|w| w.trained).map(|w| w.shape.len() as u64).sum();
        let mut label = format!("{}\\n{}", super::call(layer).replace('"', "\\\""), layer.path);
        if params > 0 {
            label = format!("{label} · {}", count(params));
        }
        put(format!("    n{i} [label = \"{label}\"]"));
    }
    for (i, layer) in network.layers.iter().enumerate() {
        for flow in &layer.inputs {
            let shape = quoted(&network.ty(*flow).shape.to_string());
            put(format!("    {} -> n{i} [label = {shape}]", id(*flow)));
        }
    }
    let shape = network.ty(network.output).shape.to_string();
    put(format!("    out [shape = ellipse, label = {}]", quoted(&format!("output {shape}"))));
    put(format!("    {} -> out", id(network.output)));
    put("}".into());
    out
}
