//! Networks as tables.

use crate::ide::facts;
use dlm_check::budget::grouped;
use dlm_check::program::Network;

/// The most rows of a table.
const MOST: usize = 40;

/// The layers of a network with their figures.
pub(super) fn table(net: &Network) -> String {
    let inputs: Vec<String> =
        net.inputs.iter().map(|(name, ty)| format!("`{name}: {}`", facts::shape(ty))).collect();
    let output = facts::shape(net.ty(net.output));
    let mut out = format!(
        "{} → `{output}`  \n{}\n\n| layer | operator | output | parameters | MACs |\n|---|---|---|--:|--:|\n",
        inputs.join(", "),
        facts::of_network(net)
    );
    let figure = |n: u64| if n == 0 { String::new() } else { grouped(n) };
    for layer in net.layers.iter().take(MOST) {
        let weights = layer.weights.iter().filter(|weight| weight.trained);
        let params: u64 = weights.map(|weight| weight.shape.len() as u64).sum();
        out += &format!(
            "| {} | {} | `{}` | {} | {} |\n",
            layer.path,
            layer.operator.word.name,
            facts::shape(&layer.ty),
            figure(params),
            figure(layer.macs)
        );
    }
    if net.layers.len() > MOST {
        out += &format!("\nand {} more", facts::plural((net.layers.len() - MOST) as u64, "layer"));
    }
    out
}
