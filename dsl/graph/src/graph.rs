//! The graph: values, and nodes that make values from values. Inputs of a node precede it.

use crate::op::Op;
use crate::ty::Ty;
use std::sync::Arc;

/// The number of a value in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub u32);

/// The number of a node in its graph; nodes run in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Filled by the caller before each run.
    Input,
    /// Lives from run to run in the executor's states (weights, running statistics, moments);
    /// the number is the state's place in [`Graph::states`].
    State(u32),
    /// Made by a node, as its output of that place.
    Made(NodeId, u32),
}

/// A tensor of the graph.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its type.
    pub ty: Ty,
    /// Where it comes from.
    pub kind: Kind,
}

/// An operator applied to values.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is computed.
    pub op: Arc<dyn Op>,
    /// From these values, flows before weights.
    pub inputs: Vec<ValueId>,
    /// The results; at least one, or the operator writes a state.
    pub outputs: Vec<ValueId>,
    /// The path of the layer that this node belongs to: `stem`, `stage[0].conv1`.
    pub path: Arc<str>,
}

/// A state: its name, by which graphs share it and files store it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// `stem.weight`, or `stem.weight/adam.m` for what an optimiser keeps.
    pub name: String,
    /// The value that reads it.
    pub value: ValueId,
}

/// Values and nodes; see the module's documentation.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// All values.
    pub values: Vec<Value>,
    /// All nodes, in the order in which they run.
    pub nodes: Vec<Node>,
    /// The inputs, in the order in which the caller fills them.
    pub inputs: Vec<ValueId>,
    /// The states, each name once.
    pub states: Vec<State>,
    /// The values that the caller reads after a run.
    pub outputs: Vec<ValueId>,
    path: Option<Arc<str>>,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Graph {
        Graph::default()
    }

    /// Adds a value that the caller fills.
    pub fn input(&mut self, ty: Ty) -> ValueId {
        let id = self.value(ty, Kind::Input);
        self.inputs.push(id);
        id
    }

    /// The state of that name, added at its first mention.
    ///
    /// # Panics
    /// When the state is there with another type.
    pub fn state(&mut self, name: &str, ty: Ty) -> ValueId {
        if let Some(state) = self.states.iter().find(|s| s.name == name) {
            assert_eq!(self.values[state.value.0 as usize].ty, ty, "state {name}");
            return state.value;
        }
        let id = self.value(ty, Kind::State(self.states.len() as u32));
        self.states.push(State { name: name.to_string(), value: id });
        id
    }

    /// Adds a node and returns its outputs.
    pub fn add_all(&mut self, op: Arc<dyn Op>, inputs: &[ValueId]) -> Vec<ValueId> {
        let tys: Vec<Ty> = inputs.iter().map(|&i| self.ty(i).clone()).collect();
        let node = NodeId(self.nodes.len() as u32);
        let outputs: Vec<ValueId> = op
            .outputs(&tys)
            .into_iter()
            .enumerate()
            .map(|(port, ty)| self.value(ty, Kind::Made(node, port as u32)))
            .collect();
        let path = self.path.clone().unwrap_or_else(|| Arc::from(""));
        self.nodes.push(Node { op, inputs: inputs.to_vec(), outputs: outputs.clone(), path });
        outputs
    }

    /// Adds a node and returns its first output.
    ///
    /// # Panics
    /// When the operator has no output.
    pub fn add(&mut self, op: impl Op + 'static, inputs: &[ValueId]) -> ValueId {
        self.add_all(Arc::new(op), inputs)[0]
    }

    /// The nodes added from here on belong to the layer of this path.
    pub fn enter(&mut self, path: Arc<str>) {
        self.path = Some(path);
    }

    /// The type of a value.
    pub fn ty(&self, id: ValueId) -> &Ty {
        &self.values[id.0 as usize].ty
    }

    /// The node of that number.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The node that makes a value, unless it is an input or a state.
    pub fn maker(&self, id: ValueId) -> Option<NodeId> {
        match self.values[id.0 as usize].kind {
            Kind::Made(node, _) => Some(node),
            _ => None,
        }
    }

    fn value(&mut self, ty: Ty, kind: Kind) -> ValueId {
        self.values.push(Value { ty, kind });
        ValueId(self.values.len() as u32 - 1)
    }
}

impl Graph {
    /// Makes the makers of all values agree with the list of nodes, after a pass has changed it.
    pub(crate) fn renumber(&mut self) {
        for (number, node) in self.nodes.iter().enumerate() {
            for (port, v) in node.outputs.iter().enumerate() {
                self.values[v.0 as usize].kind = Kind::Made(NodeId(number as u32), port as u32);
            }
        }
    }
}
