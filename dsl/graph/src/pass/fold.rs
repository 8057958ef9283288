//! What depends on weights alone is computed once, not in each run.

use crate::graph::{Graph, Kind, Node, NodeId, ValueId};
use crate::op::{Frame, Op};
use crate::pass::{fuse, remove_dead};
use crate::ty::Ty;
use std::sync::Arc;

/// An answering graph in two parts.
#[derive(Clone, Debug)]
pub struct Folded {
    /// Makes the folded states from the weights; to be run once whenever the weights have changed.
    pub prepare: Graph,
    /// The rest, which reads the folded states.
    pub answer: Graph,
}

/// Folds an answering graph: normalisation with fixed statistics moves into the weights of the
/// product before it (Jacob et al. 2018, §3.2), and nodes that no input reaches are moved to `prepare`, which
/// leaves their results in states named `folded/…`. Names begin with `prefix`.
///
/// # Panics
/// When a node of the graph writes a state: such a graph trains.
pub fn fold(g: Graph, prefix: &str) -> Folded {
    assert!(
        g.nodes.iter().all(|node| node.op.writes().is_empty()),
        "a training graph is not folded"
    );
    let g = remove_dead(absorb(remove_dead(g)));
    let fixed = fixed(&g);
    let (mut prepare, mut answer) = (g.clone(), g.clone());
    prepare.outputs.clear();
    prepare.nodes.retain(|node| fixed[node.outputs[0].0 as usize]);
    answer.nodes.retain(|node| !fixed[node.outputs[0].0 as usize]);
    // What crosses from one part to the other becomes a state.
    let mut crossing: Vec<ValueId> = answer.nodes.iter().flat_map(|n| n.inputs.clone()).collect();
    crossing.extend(&g.outputs);
    crossing
        .retain(|v| fixed[v.0 as usize] && matches!(g.values[v.0 as usize].kind, Kind::Made(..)));
    crossing.sort();
    crossing.dedup();
    for (number, v) in crossing.into_iter().enumerate() {
        let name = format!("{prefix}folded/{number}");
        let ty = g.ty(v).clone();
        let state = prepare.state(&name, ty.clone());
        prepare.enter(Arc::from("fold"));
        prepare.add_all(Arc::new(Keep), &[state, v]);
        let state = answer.state(&name, ty);
        let swap = |x: &mut ValueId| *x = if *x == v { state } else { *x };
        answer.nodes.iter_mut().flat_map(|node| &mut node.inputs).for_each(swap);
        answer.outputs.iter_mut().for_each(swap);
    }
    prepare.inputs.clear();
    prepare.renumber();
    answer.renumber();
    Folded { prepare: remove_dead(prepare), answer: fuse(remove_dead(answer)) }
}

/// Moves normalisation with fixed statistics into the operator before it.
fn absorb(mut g: Graph) -> Graph {
    let mut readers = vec![0usize; g.values.len()];
    let read = g.nodes.iter().flat_map(|node| &node.inputs).chain(&g.outputs);
    read.for_each(|v| readers[v.0 as usize] += 1);
    let count = g.nodes.len();
    let mut gone = vec![false; count];
    for number in 0..count {
        let Node { op, inputs, outputs, path } = g.nodes[number].clone();
        let Some(maker) = inputs.first().and_then(|&v| g.maker(v)) else { continue };
        let before = g.node(maker).clone();
        let only = readers[inputs[0].0 as usize] == 1 && before.outputs.len() == 1;
        if !only || gone[maker.0 as usize] || maker.0 as usize >= count {
            continue;
        }
        g.enter(path);
        let made = g.nodes.len();
        let Some(affine) = op.affine(&mut g, &inputs) else { continue };
        match before.op.absorb(&mut g, &before.inputs, affine) {
            None => g.nodes.truncate(made),
            Some((op, inputs)) => {
                // The joined node takes the later place, behind everything that its weights need.
                gone[maker.0 as usize] = true;
                g.nodes[number] = Node { op, inputs, outputs, path: before.path };
            }
        }
    }
    // Nodes that no input reaches go first: the new weights are made before they are used.
    let fixed = fixed_unordered(&g);
    let mut number = 0;
    g.nodes.retain(|_| {
        number += 1;
        !gone.get(number - 1).copied().unwrap_or(false)
    });
    g.nodes.sort_by_key(|node| !fixed[node.outputs[0].0 as usize]);
    g.renumber();
    g
}

/// For each value whether no input of the graph reaches it. Nodes stand in order.
fn fixed(g: &Graph) -> Vec<bool> {
    let mut fixed: Vec<bool> =
        g.values.iter().map(|v| matches!(v.kind, Kind::State(_)) && !v.ty.batched).collect();
    for node in &g.nodes {
        let all = node.inputs.iter().all(|v| fixed[v.0 as usize]);
        node.outputs.iter().for_each(|v| fixed[v.0 as usize] = all && !g.ty(*v).batched);
    }
    fixed
}

/// As [`fixed`], where nodes may stand before what they need.
fn fixed_unordered(g: &Graph) -> Vec<bool> {
    let mut free = vec![true; g.values.len()];
    g.inputs.iter().for_each(|v| free[v.0 as usize] = false);
    loop {
        let mut changed = false;
        for node in &g.nodes {
            let reached = node.inputs.iter().any(|v| !free[v.0 as usize]);
            for v in &node.outputs {
                changed |= reached && std::mem::replace(&mut free[v.0 as usize], false);
            }
        }
        if !changed {
            return free;
        }
    }
}

/// Writes a value into a state. Inputs: the state (written), the value.
#[derive(Debug)]
struct Keep;

impl Op for Keep {
    fn name(&self) -> &'static str {
        "keep"
    }

    fn outputs(&self, _: &[Ty]) -> Vec<Ty> {
        Vec::new()
    }

    fn forward(&self, frame: &mut Frame<'_>) {
        let value = frame.f32(1);
        frame.state(0).copy_from_slice(value);
    }

    fn grad(&self, _: &mut Graph, _: NodeId, _: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
        vec![None, None]
    }

    fn writes(&self) -> &[usize] {
        &[0]
    }
}
