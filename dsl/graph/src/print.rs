//! Graphs and plans as text, for `dlm dump`.

use crate::graph::{Graph, Kind, ValueId};
use crate::plan::{Place, Plan};
use crate::ty::Ty;
use std::fmt::Write;

/// One node a line: outputs with types, operator, inputs, layer.
pub fn graph(g: &Graph) -> String {
    let mut text = String::new();
    for v in &g.inputs {
        line(&mut text, format_args!("{} = input", typed(g, *v)));
    }
    for state in &g.states {
        line(&mut text, format_args!("{} = state {}", typed(g, state.value), state.name));
    }
    for node in &g.nodes {
        let outputs: Vec<String> = node.outputs.iter().map(|v| typed(g, *v)).collect();
        let inputs: Vec<String> = node.inputs.iter().map(|v| name(g, *v)).collect();
        let (outputs, inputs) = (outputs.join(", "), inputs.join(", "));
        line(&mut text, format_args!("{outputs} = {}({inputs})  // {}", node.op.name(), node.path));
    }
    let outputs: Vec<String> = g.outputs.iter().map(|v| name(g, *v)).collect();
    line(&mut text, format_args!("output {}", outputs.join(", ")));
    text
}

/// One step a line: operator, layer, places of what it reads and writes.
pub fn plan(p: &Plan) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("batch {}, {} bytes", p.batch, p.bytes));
    for step in &p.steps {
        let reads: Vec<String> = (step.reads.iter())
            .map(|place| match place {
                Some(Place::Work(slot)) => format!("{}+{}", slot.offset, slot.len),
                Some(Place::State(i)) => p.states[*i].0.clone(),
                None => "-".to_string(),
            })
            .collect();
        let mut writes: Vec<String> =
            step.writes.iter().map(|(_, slot)| format!("{}+{}", slot.offset, slot.len)).collect();
        writes.extend(step.changes.iter().map(|&i| p.states[i].0.clone()));
        line(
            &mut text,
            format_args!(
                "{:<24} {:<28} [{}] -> [{}]{}",
                step.op.name(),
                step.path,
                reads.join(", "),
                writes.join(", "),
                if step.taken { " in place" } else { "" }
            ),
        );
    }
    text
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{content}");
}

fn name(g: &Graph, v: ValueId) -> String {
    match g.values[v.0 as usize].kind {
        Kind::State(i) => g.states[i as usize].name.clone(),
        _ => format!("%{}", v.0),
    }
}

fn typed(g: &Graph, v: ValueId) -> String {
    let Ty { dtype, batched, shape } = g.ty(v);
    format!("{}: {dtype:?}{}{shape}", name(g, v), if *batched { " N×" } else { " " })
}
