//! The gradient of a graph is more graph: one sweep from the loss backwards.

use crate::basic::{Accumulate, One};
use crate::graph::{Graph, NodeId, ValueId};

/// Adds the nodes that compute the gradient of `loss`, a single float, with respect to each value of
/// `wrt`. `None` where the loss does not depend on it.
///
/// Nodes are visited from the last to the first; each asks its operator for the gradients of its
/// inputs, and the gradients of a value that is used twice are added in the order of the sweep.
pub fn differentiate(g: &mut Graph, loss: ValueId, wrt: &[ValueId]) -> Vec<Option<ValueId>> {
    let leads = depends_on(g, wrt);
    let mut grads: Vec<Option<ValueId>> = vec![None; g.values.len()];
    grads[loss.0 as usize] = Some(g.add(One, &[]));
    for number in (0..g.nodes.len()).rev() {
        let id = NodeId(number as u32);
        let node = g.node(id).clone();
        // Nodes made by this sweep stand behind every node that it visits.
        let known = |v: &ValueId| grads.get(v.0 as usize).copied().flatten();
        let dys: Vec<Option<ValueId>> = node.outputs.iter().map(known).collect();
        let wanted = |v: &ValueId| leads.get(v.0 as usize).copied().unwrap_or(false);
        if dys.iter().all(Option::is_none) || !node.inputs.iter().any(wanted) {
            continue;
        }
        g.enter(node.path);
        let dxs = node.op.grad(g, id, &dys);
        debug_assert_eq!(dxs.len(), node.inputs.len(), "gradients of {}", node.op.name());
        for (input, dx) in node.inputs.iter().zip(dxs) {
            let Some(dx) = dx.filter(|_| wanted(input)) else { continue };
            debug_assert_eq!(g.ty(dx), g.ty(*input), "gradient of an input of {}", node.op.name());
            let slot = input.0 as usize;
            grads[slot] = Some(match grads[slot] {
                None => dx,
                Some(before) => g.add(Accumulate, &[before, dx]),
            });
        }
    }
    wrt.iter().map(|v| grads[v.0 as usize]).collect()
}

/// For each value whether it is one of `sources` or made from one.
fn depends_on(g: &Graph, sources: &[ValueId]) -> Vec<bool> {
    let mut depends = vec![false; g.values.len()];
    sources.iter().for_each(|v| depends[v.0 as usize] = true);
    for node in &g.nodes {
        if node.inputs.iter().any(|v| depends[v.0 as usize]) {
            node.outputs.iter().for_each(|v| depends[v.0 as usize] = true);
        }
    }
    depends
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::{Clock, Frame, Op};
    use crate::pass::remove_dead;
    use crate::plan::Plan;
    use crate::run::{States, Workspace};
    use crate::ty::Ty;

    /// `a · b`, element by element.
    #[derive(Debug)]
    struct Times;

    impl Op for Times {
        fn name(&self) -> &'static str {
            "times"
        }
        fn outputs(&self, ins: &[Ty]) -> Vec<Ty> {
            vec![ins[0].clone()]
        }
        fn forward(&self, frame: &mut Frame<'_>) {
            let y = frame.out(0);
            let b = frame.f32(1);
            if !frame.taken {
                y.copy_from_slice(frame.f32(0));
            }
            y.iter_mut().zip(b).for_each(|(y, b)| *y *= b);
        }
        fn grad(&self, g: &mut Graph, id: NodeId, dys: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
            let (dy, inputs) = (dys[0].expect("one output"), g.node(id).inputs.clone());
            vec![Some(g.add(Times, &[dy, inputs[1]])), Some(g.add(Times, &[dy, inputs[0]]))]
        }
        fn in_place(&self) -> Option<usize> {
            Some(0)
        }
    }

    /// y = (x · x) · w with its gradients, at x = 3, w = 5.
    fn graph() -> Graph {
        let mut g = Graph::new();
        let x = g.input(Ty::scalar());
        let w = g.state("w", Ty::scalar());
        let square = g.add(Times, &[x, x]);
        let y = g.add(Times, &[square, w]);
        let unused = g.add(Times, &[y, y]);
        assert!(g.maker(unused).is_some());
        let grads = differentiate(&mut g, y, &[x, w, unused]);
        assert_eq!(grads[2], None);
        g.outputs = vec![y, grads[0].expect("x"), grads[1].expect("w")];
        g
    }

    #[test]
    fn a_value_used_twice_gets_both_gradients() {
        let whole = graph();
        let before = whole.nodes.len();
        let g = remove_dead(whole);
        assert!(g.nodes.len() < before);
        let plan = Plan::new(&g, 1);
        let mut states = States::new([&plan]);
        let mut work = Workspace::new([&plan]);
        states.get_mut("w").expect("w")[0] = 5.0;
        let bound = plan.bind(&states);
        for x in [3.0, 4.0] {
            plan.input_f32(&mut work, 0)[0] = x;
            plan.run(&mut work, &mut states, &bound, Clock::default());
            let out = |i| plan.output_f32(&work, &states, i)[0];
            assert_eq!([out(0), out(1), out(2)], [5.0 * x * x, 10.0 * x, x * x]);
        }
    }

    #[test]
    fn tensors_alive_together_lie_apart() {
        let mut g = Graph::new();
        let x = g.input(Ty::flow(vec![16]));
        let mut values = vec![x];
        for i in 0..40usize {
            let (a, b) = (values[i * 7 % values.len()], values[i * 3 % values.len()]);
            values.push(g.add(Times, &[a, b]));
        }
        g.outputs = vec![values[40], values[5]];
        let g = remove_dead(g);
        let plan = Plan::new(&g, 4);
        let total: usize = g.nodes.len() * 256;
        assert!(plan.bytes < total, "{} bytes of {total} are shared", plan.bytes);
        // The same numbers as with a memory of its own for each value.
        let input: Vec<f32> = (0..64).map(|i| 1.0 + i as f32 / 640.0).collect();
        let mut naive: Vec<Vec<f32>> = vec![Vec::new(); g.values.len()];
        naive[x.0 as usize] = input.clone();
        for node in &g.nodes {
            let [a, b] = [0, 1].map(|i| naive[node.inputs[i].0 as usize].clone());
            naive[node.outputs[0].0 as usize] = a.iter().zip(b).map(|(a, b)| a * b).collect();
        }
        let (mut states, mut work) = (States::new([&plan]), Workspace::new([&plan]));
        plan.input_f32(&mut work, 0).copy_from_slice(&input);
        let bound = plan.bind(&states);
        plan.run(&mut work, &mut states, &bound, Clock::default());
        for (i, v) in g.outputs.iter().enumerate() {
            assert_eq!(plan.output_f32(&work, &states, i), naive[v.0 as usize]);
        }
    }
}
