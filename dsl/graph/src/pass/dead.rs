//! Leaves out what nobody reads.

use crate::graph::Graph;

/// Removes nodes from which neither an output of the graph nor a change of a state follows. Values
/// keep their numbers.
pub fn remove_dead(mut g: Graph) -> Graph {
    let mut live = vec![false; g.values.len()];
    g.outputs.iter().for_each(|v| live[v.0 as usize] = true);
    let mut kept = Vec::with_capacity(g.nodes.len());
    for node in g.nodes.drain(..).rev() {
        let writes = !node.op.writes().is_empty();
        if writes || node.outputs.iter().any(|v| live[v.0 as usize]) {
            node.inputs.iter().for_each(|v| live[v.0 as usize] = true);
            kept.push(node);
        }
    }
    kept.reverse();
    g.nodes = kept;
    g.renumber();
    g
}
