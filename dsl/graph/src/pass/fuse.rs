//! Elementwise functions move into the epilogue of the operator before them.

use crate::graph::{Graph, NodeId, ValueId};
use crate::op::Op;
use std::sync::Arc;

/// Joins an operator and the activation behind it where nobody else reads what is between them and
/// the operator offers a fused form ([`Op::fuse`]).
pub fn fuse(mut g: Graph) -> Graph {
    let mut readers: Vec<Vec<NodeId>> = vec![Vec::new(); g.values.len()];
    for (number, node) in g.nodes.iter().enumerate() {
        let id = NodeId(number as u32);
        node.inputs.iter().for_each(|v| readers[v.0 as usize].push(id));
    }
    let mut gone = vec![false; g.nodes.len()];
    for number in 0..g.nodes.len() {
        if gone[number] {
            continue;
        }
        while let Some((next, op)) = fused(&g, &readers, NodeId(number as u32)) {
            let output = g.node(next).outputs[0];
            gone[next.0 as usize] = true;
            g.nodes[number].op = op;
            g.nodes[number].outputs[0] = output;
        }
    }
    let mut number = 0;
    g.nodes.retain(|_| {
        number += 1;
        !gone[number - 1]
    });
    g.renumber();
    g
}

/// The only reader of the first output of `id`, and the operator that does the work of both.
fn fused(g: &Graph, readers: &[Vec<NodeId>], id: NodeId) -> Option<(NodeId, Arc<dyn Op>)> {
    let node = g.node(id);
    let between: ValueId = *node.outputs.first()?;
    let &[next] = readers[between.0 as usize].as_slice() else { return None };
    let after = g.node(next);
    if g.outputs.contains(&between) || after.inputs.len() != 1 {
        return None;
    }
    after.op.activation()?;
    Some((next, node.op.fuse(&*after.op)?))
}
